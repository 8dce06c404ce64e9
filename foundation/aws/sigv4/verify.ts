/**
 * Verification of a parsed signature against the secret of its access key. Pure: the clock and everything else comes in as arguments.
 */

import { canonicalHeaders, canonicalQuery, canonicalRequest, canonicalUri, signsRawPath } from "./canonical-request.ts";
import { SignatureError, type SignaturePlace } from "./error.ts";
import { equalInConstantTime, sha256Hex, sha256OfWireText } from "./hmac.ts";
import { emptyPayloadHash, parsePayloadHash, unsignedPayload } from "./payload-hash.ts";
import { queryParameters } from "./query-parameters.ts";
import { rememberSigningKey, signingKeyFor } from "./signing-key.ts";
import type {
  CredentialScope,
  ParsedHeaderSignature,
  ParsedQuerySignature,
  ParsedSignature,
  PayloadHash,
  SignableRequest,
  VerifiedSignature,
  VerifyOptions,
} from "./types.ts";
import { encodeWirePath } from "./uri-encoding.ts";
import { verifyV2 } from "./verify-v2.ts";

/** How far a client's clock may be off: 15 minutes either way. */
export const clockSkewMsMax = 15 * 60 * 1000;

/** The life of a presigned URL of a service that does not require `X-Amz-Expires`. */
const defaultPresignedSeconds = 15 * 60;

/**
 * Checks a signature.
 *
 * @param parsed what {@link parseSignature} read from the same request; an anonymous request stays anonymous
 * @param secretAccessKey the secret of `parsed.accessKeyId`
 * @throws SignatureError with the reason; nothing about the request may be trusted then
 * @example
 * const parsed = parseSignature(request);
 * if (parsed.kind === "anonymous") return serveAnonymous(request);
 * const key = catalog.accessKey(parsed.accessKeyId);
 * if (key === undefined) throw new SignatureError({ reason: "unknown-key", accessKeyId: parsed.accessKeyId });
 * const signed = verifySignature(parsed, request, key.secret, { now: clock.now(), region: "us-east-1", service: "s3" });
 */
export function verifySignature(
  parsed: ParsedSignature,
  request: SignableRequest,
  secretAccessKey: string,
  options: VerifyOptions,
): VerifiedSignature {
  switch (parsed.kind) {
    case "anonymous":
      return parsed;
    case "header":
    case "query":
      return verifyV4(parsed, request, secretAccessKey, options);
    case "v2-header":
    case "v2-query":
      return verifyV2(parsed, request, secretAccessKey, options);
  }
}

/**
 * Whether the body must be read before {@link verifySignature} and given to it: clients such as botocore sign the hash of the body for every service
 * but S3 and do not send it.
 */
export function needsBodyToVerify(parsed: ParsedSignature, request: SignableRequest): boolean {
  return (
    (parsed.kind === "header" || parsed.kind === "query") &&
    !signsRawPath(parsed.scope.service) &&
    request.headers.get("x-amz-content-sha256") === undefined
  );
}

/**
 * Checks that a scope is one that this endpoint serves, on the day of the request.
 *
 * @throws SignatureError `region-mismatch`, `service-mismatch`, `scope-date-mismatch`
 */
export function checkScope(
  scope: CredentialScope,
  timestamp: string,
  place: SignaturePlace,
  options: Pick<VerifyOptions, "region" | "service">,
): void {
  if (!timestamp.startsWith(scope.date)) {
    throw new SignatureError({ reason: "scope-date-mismatch", place, scopeDate: scope.date, expected: timestamp });
  }
  if (!isOneOf(scope.service, options.service)) {
    throw new SignatureError({
      reason: "service-mismatch",
      place,
      service: scope.service,
      expected: firstOf(options.service),
    });
  }
  if (!isOneOf(scope.region, options.region)) {
    throw new SignatureError({
      reason: "region-mismatch",
      place,
      region: scope.region,
      expected: firstOf(options.region),
    });
  }
}

/** @throws SignatureError `skewed` */
export function checkSkew(timestamp: string, signedAtMs: number, nowMs: number): void {
  if (Math.abs(nowMs - signedAtMs) > clockSkewMsMax) {
    throw new SignatureError({ reason: "skewed", timestamp, signedAtMs, nowMs });
  }
}

function verifyV4(
  parsed: ParsedHeaderSignature | ParsedQuerySignature,
  request: SignableRequest,
  secretAccessKey: string,
  options: VerifyOptions,
): VerifiedSignature {
  const { scope, signedHeaders, timestamp } = parsed;
  checkScope(scope, timestamp, parsed.kind, options);
  const presigned = parsed.kind === "query" ? checkPresignedTime(parsed, options.now) : undefined;
  if (presigned === undefined) checkSkew(timestamp, parsed.signedAtMs, options.now);

  if (!signedHeaders.includes("host")) throw new SignatureError({ reason: "unsigned-header", headers: ["host"] });
  const headers = canonicalHeaders(request.headers, signedHeaders);
  if (headers.unsignedAmzHeaders.length > 0) {
    throw new SignatureError({ reason: "unsigned-header", headers: headers.unsignedAmzHeaders });
  }

  const payload = payloadOf(parsed, request, options.body);
  const key = signingKeyFor(parsed.credential, secretAccessKey, scope);
  const query = canonicalQuery(request.query, parsed.kind === "query" ? "X-Amz-Signature" : undefined);
  const parts = {
    method: request.method,
    query,
    headers: headers.text,
    signedHeaders: parsed.signedHeadersText,
    payloadHash: payload.text,
  };

  const uri = canonicalUri(request.path, scope.service);
  const canonical = canonicalRequest({ uri, ...parts });
  const stringToSign = stringToSignV4(timestamp, key.scopeText, canonical);
  if (!equalInConstantTime(key.sign(stringToSign), parsed.signature)) {
    // Some clients sign the path exactly as they send it although that is not the canonical form. It names the same resource.
    const asSent = signsRawPath(scope.service) ? request.path : encodeWirePath(request.path);
    const matches =
      asSent !== uri &&
      equalInConstantTime(
        key.sign(stringToSignV4(timestamp, key.scopeText, canonicalRequest({ uri: asSent, ...parts }))),
        parsed.signature,
      );
    if (!matches) {
      throw new SignatureError({
        reason: "mismatch",
        accessKeyId: parsed.accessKeyId,
        signatureProvided: parsed.signature,
        stringToSign,
        canonicalRequest: canonical,
      });
    }
  }
  rememberSigningKey(parsed.credential, secretAccessKey, key);
  if (payload.hash.kind === "sha256" && options.body !== undefined) checkBody(payload.hash.hex, options.body);

  return {
    kind: "signed",
    accessKeyId: parsed.accessKeyId,
    sessionToken: parsed.sessionToken,
    scope,
    signedHeaders,
    payload: payload.hash,
    seedSignature: parsed.signature,
    timestamp,
    signingKey: key,
    presigned,
    signatureVersion: "AWS4-HMAC-SHA256",
    authType: parsed.kind === "query" ? "REST-QUERY-STRING" : "REST-HEADER",
  };
}

/** The text to sign of Signature Version 4. */
export function stringToSignV4(timestamp: string, scopeText: string, canonical: string): string {
  return `AWS4-HMAC-SHA256\n${timestamp}\n${scopeText}\n${sha256OfWireText(canonical)}`;
}

function checkPresignedTime(parsed: ParsedQuerySignature, nowMs: number): { readonly expiresAtMs: number } {
  const { expiresSeconds, signedAtMs } = parsed;
  if (expiresSeconds === undefined && signsRawPath(parsed.scope.service)) {
    throw new SignatureError({
      reason: "malformed",
      place: "query",
      problem:
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    });
  }
  if (signedAtMs - nowMs > clockSkewMsMax) throw new SignatureError({ reason: "not-yet-valid", signedAtMs, nowMs });
  const expiresAtMs = signedAtMs + (expiresSeconds ?? defaultPresignedSeconds) * 1000;
  if (nowMs > expiresAtMs) throw new SignatureError({ reason: "expired", expiresAtMs, nowMs, expiresSeconds });
  return { expiresAtMs };
}

interface SignedPayload {
  /** The last line of the canonical request, as the client wrote it. */
  readonly text: string;
  readonly hash: PayloadHash;
}

const unsigned: SignedPayload = { text: unsignedPayload, hash: { kind: "unsigned" } };
const empty: SignedPayload = { text: emptyPayloadHash, hash: { kind: "sha256", hex: emptyPayloadHash } };

function payloadOf(
  parsed: ParsedHeaderSignature | ParsedQuerySignature,
  request: SignableRequest,
  body: Uint8Array | undefined,
): SignedPayload {
  const claimed = request.headers.get("x-amz-content-sha256");
  if (claimed !== undefined) return { text: claimed, hash: parsePayloadHash(claimed) };
  if (signsRawPath(parsed.scope.service)) {
    if (parsed.kind === "header") throw new SignatureError({ reason: "missing-payload-hash" });
    if (!request.query.includes("X-Amz-Content-Sha256")) return unsigned;
    const inQuery = queryParameters(request.query).get("X-Amz-Content-Sha256");
    return inQuery === undefined ? unsigned : { text: inQuery, hash: parsePayloadHash(inQuery) };
  }
  if (body === undefined || body.byteLength === 0) return empty;
  const hex = sha256Hex(body);
  return { text: hex, hash: { kind: "sha256", hex } };
}

function checkBody(claimed: string, body: Uint8Array): void {
  const computed = body.byteLength === 0 ? emptyPayloadHash : sha256Hex(body);
  if (computed !== claimed) throw new SignatureError({ reason: "payload-mismatch", claimed, computed });
}

function isOneOf(value: string, accepted: string | readonly string[]): boolean {
  return typeof accepted === "string" ? value === accepted : accepted.includes(value);
}

function firstOf(accepted: string | readonly string[]): string {
  return typeof accepted === "string" ? accepted : (accepted[0] ?? "");
}
