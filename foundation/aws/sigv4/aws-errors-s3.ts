/** S3's words for refused signatures (S3 API Reference, "Error responses"). */

import type { SignatureFault } from "./aws-errors.ts";
import type { SignatureFailure, SignaturePlace } from "./error.ts";
import { clockSkewMsMax } from "./verify.ts";

type Fields = readonly (readonly [name: string, value: string])[];

/** S3's fault for a failure. */
export function s3Fault(failure: SignatureFailure): SignatureFault {
  switch (failure.reason) {
    case "missing":
      return fault(403, "AccessDenied", "Access Denied");
    case "ambiguous":
      return fault(
        400,
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
        [["ArgumentName", "Authorization"]],
      );
    case "malformed":
      return scopeFault(failure.place, failure.problem);
    case "missing-date":
      return fault(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
    case "unknown-key":
      return fault(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", [
        ["AWSAccessKeyId", failure.accessKeyId],
      ]);
    case "invalid-token":
      return fault(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
    case "expired-token":
      return fault(400, "ExpiredToken", "The provided token has expired.");
    case "mismatch":
      return fault(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        mismatchFields(failure),
      );
    case "expired":
      return fault(403, "AccessDenied", "Request has expired", [
        ...(failure.expiresSeconds === undefined
          ? []
          : ([["X-Amz-Expires", String(failure.expiresSeconds)]] satisfies Fields)),
        ["Expires", isoSeconds(failure.expiresAtMs)],
        ["ServerTime", isoSeconds(failure.nowMs)],
      ]);
    case "not-yet-valid":
      return fault(403, "AccessDenied", "Request is not valid yet", [
        ["X-Amz-Date", isoSeconds(failure.signedAtMs)],
        ["ServerTime", isoSeconds(failure.nowMs)],
      ]);
    case "skewed":
      return fault(
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        [
          ["RequestTime", failure.timestamp],
          ["ServerTime", isoSeconds(failure.nowMs)],
          ["MaxAllowedSkewMilliseconds", String(clockSkewMsMax)],
        ],
      );
    case "unsigned-header":
      return fault(403, "AccessDenied", "There were headers present in the request which were not signed", [
        ["HeadersNotSigned", failure.headers.join(", ")],
      ]);
    case "region-mismatch":
      return scopeFault(failure.place, `the region '${failure.region}' is wrong; expecting '${failure.expected}'`, [
        ["Region", failure.expected],
      ]);
    case "service-mismatch":
      return scopeFault(
        failure.place,
        `incorrect service "${failure.service}". This endpoint belongs to "${failure.expected}".`,
      );
    case "scope-date-mismatch":
      return scopeFault(
        failure.place,
        `Invalid credential date "${failure.scopeDate}". This date is not the same as X-Amz-Date: "${failure.expected.slice(0, 8)}".`,
      );
    case "unsupported-algorithm":
      return unsupportedAlgorithm(failure.algorithm);
    case "missing-payload-hash":
      return fault(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
    case "invalid-payload-hash":
      return fault(
        400,
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        [
          ["ArgumentName", "x-amz-content-sha256"],
          ["ArgumentValue", failure.value],
        ],
      );
    case "payload-mismatch":
      return fault(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        [
          ["ClientComputedContentSHA256", failure.claimed],
          ["S3ComputedContentSHA256", failure.computed],
        ],
      );
  }
}

function fault(status: number, code: string, message: string, fields: Fields = []): SignatureFault {
  return { status, code, message, fields, queryCode: code };
}

/** The code and the beginning of the sentence depend on where the credential was. */
function scopeFault(place: SignaturePlace, problem: string, fields: Fields = []): SignatureFault {
  switch (place) {
    case "header":
      return fault(400, "AuthorizationHeaderMalformed", `The authorization header is malformed; ${problem}`, fields);
    case "query":
      return /^(?:Query-string|X-Amz-|Invalid date)/.test(problem)
        ? fault(400, "AuthorizationQueryParametersError", problem, fields)
        : fault(
            400,
            "AuthorizationQueryParametersError",
            `Error parsing the X-Amz-Credential parameter; ${problem}`,
            fields,
          );
    case "form":
      return fault(400, "InvalidArgument", problem, fields);
  }
}

function unsupportedAlgorithm(algorithm: string): SignatureFault {
  if (/ECDSA|^AWS\b/.test(algorithm)) {
    return fault(
      400,
      "InvalidRequest",
      "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    );
  }
  return fault(400, "InvalidArgument", "Unsupported Authorization Type", [
    ["ArgumentName", "Authorization"],
    ["ArgumentValue", algorithm],
  ]);
}

function mismatchFields(failure: Extract<SignatureFailure, { reason: "mismatch" }>): Fields {
  const fields: (readonly [string, string])[] = [
    ["AWSAccessKeyId", failure.accessKeyId],
    ["StringToSign", failure.stringToSign],
    ["SignatureProvided", failure.signatureProvided],
    ["StringToSignBytes", hexBytes(failure.stringToSign)],
  ];
  if (failure.canonicalRequest !== "") {
    fields.push(
      ["CanonicalRequest", failure.canonicalRequest],
      ["CanonicalRequestBytes", hexBytes(failure.canonicalRequest)],
    );
  }
  return fields;
}

function hexBytes(text: string): string {
  return (Buffer.from(text, "latin1").toString("hex").match(/../g) ?? []).join(" ");
}

/** `2024-01-31T12:00:00Z`; an expiry beyond what a date can hold is written as the last one. */
function isoSeconds(ms: number): string {
  const lastMs = 253_402_300_799_000; // 9999-12-31T23:59:59Z
  return new Date(Math.min(ms, lastMs)).toISOString().replace(/\.\d{3}Z$/, "Z");
}
