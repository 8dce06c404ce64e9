/**
 * Finding the signature of a request and reading it, without any secret.
 *
 * Sources: S3 API Reference, "Authenticating Requests (AWS Signature Version 4)"; AWS General Reference, "Signature Version 2".
 */

import { formatAmzDate, parseAmzDate, parseDateHeader } from "./amz-date.ts";
import { hmacAlgorithm, readAuthorization } from "./authorization.ts";
import { malformed, SignatureError } from "./error.ts";
import { queryParameters } from "./query-parameters.ts";
import { parseCredential, parseSignedHeaders } from "./scope.ts";
import type {
  ParsedHeaderSignature,
  ParsedQuerySignature,
  ParsedSignature,
  ParsedV2HeaderSignature,
  ParsedV2QuerySignature,
  SignableRequest,
} from "./types.ts";

const anonymous: ParsedSignature = { kind: "anonymous" };

/** Seven days, the longest life of a presigned URL. */
const presignedSecondsMax = 7 * 24 * 60 * 60;

/**
 * Reads what a request claims about its signer.
 *
 * @returns the claim; `anonymous` when the request carries no credential of any kind
 * @throws SignatureError `malformed`, `ambiguous`, `missing-date`, `unsupported-algorithm`
 */
export function parseSignature(request: SignableRequest): ParsedSignature {
  const authorization = request.headers.get("authorization");
  const inQuery = signatureParameters(request.query);
  if (authorization === undefined) {
    if (inQuery === undefined) return anonymous;
    return isV4(inQuery) ? parseQuery(request, inQuery) : parseV2Query(request, inQuery);
  }
  if (inQuery !== undefined) throw new SignatureError({ reason: "ambiguous" });
  if (authorization.startsWith(hmacAlgorithm)) return parseHeader(request, authorization);
  if (authorization.startsWith("AWS ")) return parseV2Header(request, authorization);
  const scheme = authorization.split(/[ ,]/, 1)[0] ?? "";
  throw new SignatureError({ reason: "unsupported-algorithm", place: "header", algorithm: scheme });
}

/** The query's parameters when they hold a signature of either version. */
function signatureParameters(query: string): ReadonlyMap<string, string> | undefined {
  // The search for a substring settles nearly every request without decoding anything.
  if (!query.includes("X-Amz-") && !query.includes("AWSAccessKeyId")) return undefined;
  const parameters = queryParameters(query);
  return isV4(parameters) || parameters.has("AWSAccessKeyId") ? parameters : undefined;
}

function isV4(parameters: ReadonlyMap<string, string>): boolean {
  return parameters.has("X-Amz-Algorithm") || parameters.has("X-Amz-Signature") || parameters.has("X-Amz-Credential");
}

function parseHeader(request: SignableRequest, authorization: string): ParsedHeaderSignature {
  const { claim, signature } = readAuthorization(authorization);
  const { timestamp, signedAtMs } = dateOf(request);
  return {
    kind: "header",
    accessKeyId: claim.accessKeyId,
    sessionToken: request.headers.get("x-amz-security-token"),
    scope: claim.scope,
    credential: claim.credential,
    signedHeaders: claim.signedHeaders,
    signedHeadersText: claim.signedHeadersText,
    signature,
    timestamp,
    signedAtMs,
  };
}

function dateOf(request: SignableRequest): { timestamp: string; signedAtMs: number } {
  const amzDate = request.headers.get("x-amz-date");
  if (amzDate !== undefined) {
    const basic = parseAmzDate(amzDate);
    if (basic !== undefined) return { timestamp: amzDate, signedAtMs: basic };
  }
  const text = amzDate ?? request.headers.get("date");
  const ms = text === undefined ? undefined : parseDateHeader(text);
  if (ms === undefined) throw new SignatureError({ reason: "missing-date" });
  return { timestamp: formatAmzDate(ms), signedAtMs: ms };
}

function parseQuery(request: SignableRequest, parameters: ReadonlyMap<string, string>): ParsedQuerySignature {
  const algorithm = parameters.get("X-Amz-Algorithm");
  const credential = parameters.get("X-Amz-Credential");
  const signature = parameters.get("X-Amz-Signature");
  const timestamp = parameters.get("X-Amz-Date");
  const signedHeaders = parameters.get("X-Amz-SignedHeaders");
  if (algorithm !== undefined && algorithm !== hmacAlgorithm) {
    throw new SignatureError({ reason: "unsupported-algorithm", place: "query", algorithm });
  }
  if (
    algorithm === undefined ||
    credential === undefined ||
    signature === undefined ||
    timestamp === undefined ||
    signedHeaders === undefined
  ) {
    throw malformed(
      "query",
      "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    );
  }
  const { accessKeyId, scope } = parseCredential(credential, "query");
  const signedAtMs = parseAmzDate(timestamp);
  if (signedAtMs === undefined) {
    throw malformed("query", `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
  }
  return {
    kind: "query",
    accessKeyId,
    sessionToken: parameters.get("X-Amz-Security-Token") ?? request.headers.get("x-amz-security-token"),
    scope,
    credential,
    signedHeaders: parseSignedHeaders(signedHeaders, "query"),
    signedHeadersText: signedHeaders,
    signature,
    timestamp,
    signedAtMs,
    expiresSeconds: parseExpires(parameters.get("X-Amz-Expires")),
  };
}

function parseExpires(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw malformed("query", "X-Amz-Expires should be a number");
  const seconds = Number(text);
  if (seconds < 1) throw malformed("query", "X-Amz-Expires must be non-negative");
  if (seconds > presignedSecondsMax) {
    throw malformed(
      "query",
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${presignedSecondsMax} seconds`,
    );
  }
  return seconds;
}

function parseV2Header(request: SignableRequest, authorization: string): ParsedV2HeaderSignature {
  const colon = authorization.lastIndexOf(":");
  const accessKeyId = authorization.slice(4, colon).trim();
  if (colon === -1 || accessKeyId === "") {
    throw malformed("header", `AWS authorization header is invalid.  Expected AwsAccessKeyId:signature`);
  }
  return {
    kind: "v2-header",
    accessKeyId,
    sessionToken: request.headers.get("x-amz-security-token"),
    signature: authorization.slice(colon + 1).trim(),
    signedAtMs: dateOf(request).signedAtMs,
  };
}

function parseV2Query(request: SignableRequest, parameters: ReadonlyMap<string, string>): ParsedV2QuerySignature {
  const accessKeyId = parameters.get("AWSAccessKeyId");
  const signature = parameters.get("Signature");
  const expires = parameters.get("Expires");
  if (!accessKeyId || !signature || !expires) {
    throw malformed(
      "query",
      "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
    );
  }
  if (!/^\d{1,15}$/.test(expires))
    throw malformed("query", `Invalid date (should be seconds since epoch): ${expires.slice(0, 64)}`);
  return {
    kind: "v2-query",
    accessKeyId,
    sessionToken: parameters.get("x-amz-security-token") ?? request.headers.get("x-amz-security-token"),
    signature,
    expires,
    expiresAtMs: Number(expires) * 1000,
  };
}
