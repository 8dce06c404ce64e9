/** Making signatures: for our own command line, for proxying to another S3, and for tests. */

import { formatAmzDate } from "./amz-date.ts";
import { canonicalHeaders, canonicalQuery, canonicalRequest, canonicalUri, signsRawPath } from "./canonical-request.ts";
import { hmacSha1Base64, sha256Hex } from "./hmac.ts";
import { emptyPayloadHash, unsignedPayload } from "./payload-hash.ts";
import { SigningKey } from "./signing-key.ts";
import type { Credential, SignableHeaders, SignableRequest } from "./types.ts";
import { encodeUri } from "./uri-encoding.ts";
import { stringToSignV4 } from "./verify.ts";
import { stringToSignV2 } from "./verify-v2.ts";

/** What is to be signed, and for whom. */
export interface SignOptions {
  readonly credential: Credential;
  readonly region: string;
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A request to be signed. `path` and `query` are percent-encoded already; `headers` need not hold anything but `host` and what the caller wants sent. */
export interface UnsignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Name and value pairs in the order of the wire. `host` must be among them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What {@link signRequest} produced. */
export interface SignedHeaders {
  /** All headers to send: those given and those added. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Hex; the seed of a chain of chunk signatures. */
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  readonly signingKey: SigningKey;
}

/** Headers that proxies and clients change on the way and that are therefore never signed. */
const neverSigned: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);

/**
 * Signs a request in the `Authorization` header.
 *
 * @param body the whole body, or the value for `x-amz-content-sha256` (for example `UNSIGNED-PAYLOAD` or a hash)
 * @example
 * const signed = signRequest({ method: "GET", path: "/bucket/key", query: "", headers: [["host", "localhost:4566"]] }, "UNSIGNED-PAYLOAD", options);
 */
export function signRequest(request: UnsignedRequest, body: Uint8Array | string, options: SignOptions): SignedHeaders {
  const { credential, region, service } = options;
  const timestamp = formatAmzDate(options.now);
  const payloadHash = typeof body === "string" ? body : body.byteLength === 0 ? emptyPayloadHash : sha256Hex(body);
  const headers: (readonly [string, string])[] = request.headers.filter(
    ([name]) => !/^(?:authorization|x-amz-date|x-amz-content-sha256|x-amz-security-token)$/i.test(name),
  );
  headers.push(["x-amz-date", timestamp], ["x-amz-content-sha256", payloadHash]);
  if (credential.sessionToken !== undefined) headers.push(["x-amz-security-token", credential.sessionToken]);
  const signedHeaders = signableNames(headers);
  const key = new SigningKey(credential.secretAccessKey, { date: timestamp.slice(0, 8), region, service });
  const canonical = canonicalRequest({
    method: request.method,
    uri: canonicalUri(request.path, service),
    query: canonicalQuery(request.query),
    headers: canonicalHeaders(headersOf(headers), signedHeaders).text,
    signedHeaders: signedHeaders.join(";"),
    payloadHash,
  });
  const signature = key.sign(stringToSignV4(timestamp, key.scopeText, canonical));
  headers.push([
    "authorization",
    `AWS4-HMAC-SHA256 Credential=${credential.accessKeyId}/${key.scopeText}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`,
  ]);
  return { headers, signature, timestamp, signingKey: key };
}

/**
 * Makes a presigned URL.
 *
 * @param options.expiresSeconds 1…604800
 * @returns the query to send, with the signature
 */
export function presign(
  request: UnsignedRequest,
  options: SignOptions & {
    readonly expiresSeconds: number;
    /** Hex hash of the body for services other than S3; S3's presigned URLs do not cover the body. */
    readonly payloadHash?: string;
  },
): string {
  const { credential, region, service } = options;
  const timestamp = formatAmzDate(options.now);
  const key = new SigningKey(credential.secretAccessKey, { date: timestamp.slice(0, 8), region, service });
  const signedHeaders = signableNames(request.headers);
  const added: [string, string][] = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${credential.accessKeyId}/${key.scopeText}`],
    ["X-Amz-Date", timestamp],
    ["X-Amz-Expires", String(options.expiresSeconds)],
    ["X-Amz-SignedHeaders", signedHeaders.join(";")],
  ];
  if (credential.sessionToken !== undefined) added.push(["X-Amz-Security-Token", credential.sessionToken]);
  const addedText = added.map(([name, value]) => `${name}=${encodeUri(value, false)}`).join("&");
  const query = request.query === "" ? addedText : `${request.query}&${addedText}`;
  const canonical = canonicalRequest({
    method: request.method,
    uri: canonicalUri(request.path, service),
    query: canonicalQuery(query),
    headers: canonicalHeaders(headersOf(request.headers), signedHeaders).text,
    signedHeaders: signedHeaders.join(";"),
    payloadHash: options.payloadHash ?? (signsRawPath(service) ? unsignedPayload : emptyPayloadHash),
  });
  return `${query}&X-Amz-Signature=${key.sign(stringToSignV4(timestamp, key.scopeText, canonical))}`;
}

/** Makes a presigned URL of Signature Version 2; for tests and for very old stores. Returns the query to send. */
export function presignV2(
  request: SignableRequest,
  credential: Credential,
  options: { readonly expiresAtSeconds: number; readonly virtualHostBucket?: string },
): string {
  const token =
    credential.sessionToken === undefined ? "" : `&x-amz-security-token=${encodeUri(credential.sessionToken, false)}`;
  const query = (request.query + token).replace(/^&/, "");
  const expires = String(options.expiresAtSeconds);
  const text = stringToSignV2(
    { ...request, query },
    { expires, ...(options.virtualHostBucket === undefined ? {} : { virtualHostBucket: options.virtualHostBucket }) },
  );
  const signature = encodeUri(hmacSha1Base64(credential.secretAccessKey, text), false);
  return `${query === "" ? "" : `${query}&`}AWSAccessKeyId=${encodeUri(credential.accessKeyId, false)}&Expires=${expires}&Signature=${signature}`;
}

function signableNames(headers: readonly (readonly [string, string])[]): readonly string[] {
  const names = new Set<string>();
  for (const [name] of headers) {
    const lower = name.toLowerCase();
    if (!neverSigned.has(lower)) names.add(lower);
  }
  return [...names].sort();
}

function headersOf(pairs: readonly (readonly [string, string])[]): SignableHeaders {
  return {
    get: (lowerCaseName) => pairs.find(([name]) => name.toLowerCase() === lowerCaseName)?.[1],
    raw: pairs.flat(),
  };
}
