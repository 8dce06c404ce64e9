/**
 * Signature Version 2 of S3, which AWS CLI v1 still uses for presigned URLs at some endpoints.
 *
 * Source: S3 API Reference, "Signing and authenticating REST requests (AWS signature version 2)". It covers the method, the date, two content
 * headers, the `x-amz-*` headers and the resource, not the body.
 */

import { SignatureError } from "./error.ts";
import { equalInConstantTime, hmacSha1Base64 } from "./hmac.ts";
import { queryParameters } from "./query-parameters.ts";
import type {
  ParsedV2HeaderSignature,
  ParsedV2QuerySignature,
  SignableRequest,
  VerifiedSignature,
  VerifyOptions,
} from "./types.ts";

/** The parameters that are part of the resource. */
const subresources: ReadonlySet<string> = new Set([
  "accelerate",
  "acl",
  "analytics",
  "cors",
  "defaultObjectAcl",
  "delete",
  "inventory",
  "lifecycle",
  "location",
  "logging",
  "metrics",
  "notification",
  "object-lock",
  "partNumber",
  "policy",
  "replication",
  "requestPayment",
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
  "restore",
  "select",
  "select-type",
  "storageClass",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versionId",
  "versioning",
  "versions",
  "website",
]);

/** The clock of a Version 2 header may be off as far as that of Version 4. */
const clockSkewMsMax = 15 * 60 * 1000;

/**
 * Checks a Version 2 signature.
 *
 * @throws SignatureError `unsupported-algorithm` for any service but S3, `expired`, `skewed`, `mismatch`
 */
export function verifyV2(
  parsed: ParsedV2HeaderSignature | ParsedV2QuerySignature,
  request: SignableRequest,
  secretAccessKey: string,
  options: VerifyOptions,
): VerifiedSignature {
  const services = typeof options.service === "string" ? [options.service] : options.service;
  if (!services.includes("s3")) {
    const place = parsed.kind === "v2-header" ? "header" : "query";
    throw new SignatureError({ reason: "unsupported-algorithm", place, algorithm: "AWS" });
  }
  if (parsed.kind === "v2-query") {
    const { expiresAtMs } = parsed;
    if (options.now > expiresAtMs) throw new SignatureError({ reason: "expired", expiresAtMs, nowMs: options.now });
  } else if (Math.abs(options.now - parsed.signedAtMs) > clockSkewMsMax) {
    const timestamp = request.headers.get("x-amz-date") ?? request.headers.get("date") ?? "";
    throw new SignatureError({ reason: "skewed", timestamp, signedAtMs: parsed.signedAtMs, nowMs: options.now });
  }
  const text = stringToSignV2(request, {
    expires: parsed.kind === "v2-query" ? parsed.expires : undefined,
    virtualHostBucket: options.virtualHostBucket,
  });
  if (!equalInConstantTime(hmacSha1Base64(secretAccessKey, text), parsed.signature)) {
    throw new SignatureError({
      reason: "mismatch",
      accessKeyId: parsed.accessKeyId,
      signatureProvided: parsed.signature,
      stringToSign: text,
      canonicalRequest: "",
    });
  }
  return {
    kind: "signed",
    accessKeyId: parsed.accessKeyId,
    sessionToken: parsed.sessionToken,
    scope: undefined,
    signedHeaders: [],
    payload: { kind: "unsigned" },
    seedSignature: parsed.signature,
    timestamp: "",
    signingKey: undefined,
    presigned: parsed.kind === "v2-query" ? { expiresAtMs: parsed.expiresAtMs } : undefined,
    signatureVersion: "AWS",
    authType: parsed.kind === "v2-query" ? "REST-QUERY-STRING" : "REST-HEADER",
  };
}

/**
 * The text to sign of Signature Version 2.
 *
 * @param options.expires the `Expires` parameter of a presigned URL; its `x-amz-*`, `content-type` and `content-md5` parameters count as headers then
 * @param options.virtualHostBucket the bucket when the host names it
 */
export function stringToSignV2(
  request: SignableRequest,
  options: { readonly expires?: string; readonly virtualHostBucket?: string },
): string {
  const { headers } = request;
  const parameters = queryParameters(request.query);
  const presigned = options.expires !== undefined;
  const header = (name: string) => headers.get(name) ?? (presigned ? parameters.get(name) : undefined) ?? "";
  // `x-amz-date` is among the signed headers and replaces the date, whose line stays empty.
  const date = options.expires ?? (headers.get("x-amz-date") === undefined ? (headers.get("date") ?? "") : "");
  const amz = amzHeaders(request, presigned ? parameters : undefined);
  const bucket = options.virtualHostBucket === undefined ? "" : `/${options.virtualHostBucket}`;
  return `${request.method}\n${header("content-md5")}\n${header("content-type")}\n${date}\n${amz}${bucket}${request.path}${subresourceText(parameters)}`;
}

function amzHeaders(request: SignableRequest, parameters: ReadonlyMap<string, string> | undefined): string {
  const values = new Map<string, string>();
  const add = (name: string, value: string) => {
    const before = values.get(name);
    values.set(name, before === undefined ? value.trim() : `${before},${value.trim()}`);
  };
  const { raw } = request.headers;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    if (name.startsWith("x-amz-")) add(name, raw[i + 1] ?? "");
  }
  if (parameters !== undefined) {
    for (const [name, value] of parameters) if (name.startsWith("x-amz-") && !values.has(name)) add(name, value);
  }
  return [...values.keys()]
    .sort()
    .map((name) => `${name}:${values.get(name)}\n`)
    .join("");
}

function subresourceText(parameters: ReadonlyMap<string, string>): string {
  const present = [...parameters.keys()].filter((name) => subresources.has(name)).sort();
  if (present.length === 0) return "";
  return `?${present
    .map((name) => {
      const value = parameters.get(name) ?? "";
      return value === "" ? name : `${name}=${value}`;
    })
    .join("&")}`;
}
