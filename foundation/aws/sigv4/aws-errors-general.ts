/** The words of every service but S3 for refused signatures (IAM User Guide, "Troubleshoot signed requests"; "Common Errors" of each service). */

import { formatAmzDate } from "./amz-date.ts";
import type { SignatureErrorDialect, SignatureFault } from "./aws-errors.ts";
import type { SignatureFailure } from "./error.ts";
import { clockSkewMsMax } from "./verify.ts";

type GeneralDialect = Exclude<SignatureErrorDialect, "s3">;

/** What is wrong, in the terms that these services have in common. */
type Class = "missing" | "incomplete" | "unknown-key" | "invalid-token" | "expired-token" | "mismatch" | "expired";

interface Wording {
  readonly status: number;
  readonly code: string;
}

const jsonCodes: Record<Class, string> = {
  missing: "MissingAuthenticationTokenException",
  incomplete: "IncompleteSignatureException",
  "unknown-key": "UnrecognizedClientException",
  "invalid-token": "UnrecognizedClientException",
  "expired-token": "ExpiredTokenException",
  mismatch: "InvalidSignatureException",
  expired: "InvalidSignatureException",
};

const queryCodes: Record<Class, string> = {
  missing: "MissingAuthenticationToken",
  incomplete: "IncompleteSignature",
  "unknown-key": "InvalidClientTokenId",
  "invalid-token": "InvalidClientTokenId",
  "expired-token": "ExpiredToken",
  mismatch: "SignatureDoesNotMatch",
  expired: "SignatureDoesNotMatch",
};

const ec2Wordings: Record<Class, Wording> = {
  missing: { status: 403, code: "MissingAuthenticationToken" },
  incomplete: { status: 400, code: "IncompleteSignature" },
  "unknown-key": { status: 401, code: "AuthFailure" },
  "invalid-token": { status: 401, code: "AuthFailure" },
  "expired-token": { status: 400, code: "RequestExpired" },
  mismatch: { status: 401, code: "AuthFailure" },
  expired: { status: 400, code: "RequestExpired" },
};

/** The fault of a service that is not S3. */
export function generalFault(dialect: GeneralDialect, failure: SignatureFailure): SignatureFault {
  const group = classOf(failure);
  const { status, code } = wordingOf(dialect, group);
  const message =
    dialect === "ec2" && code === "AuthFailure"
      ? "AWS was not able to validate the provided access credentials"
      : messageOf(failure);
  const queryCode = dialect === "ec2" ? code : queryCodes[group];
  return { status, code, message, fields: [], queryCode };
}

function wordingOf(dialect: GeneralDialect, group: Class): Wording {
  switch (dialect) {
    case "json":
      return { status: 400, code: jsonCodes[group] };
    case "rest-json":
      return { status: group === "incomplete" ? 400 : 403, code: jsonCodes[group] };
    case "query":
      return { status: group === "incomplete" ? 400 : 403, code: queryCodes[group] };
    case "ec2":
      return ec2Wordings[group];
  }
}

function classOf(failure: SignatureFailure): Class {
  switch (failure.reason) {
    case "missing":
      return "missing";
    case "ambiguous":
    case "malformed":
    case "missing-date":
    case "unsupported-algorithm":
    case "missing-payload-hash":
    case "invalid-payload-hash":
      return "incomplete";
    case "unknown-key":
      return "unknown-key";
    case "invalid-token":
      return "invalid-token";
    case "expired-token":
      return "expired-token";
    case "expired":
    case "not-yet-valid":
    case "skewed":
      return "expired";
    case "mismatch":
    case "unsigned-header":
    case "region-mismatch":
    case "service-mismatch":
    case "scope-date-mismatch":
    case "payload-mismatch":
      return "mismatch";
  }
}

const mismatchMessage =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

function messageOf(failure: SignatureFailure): string {
  switch (failure.reason) {
    case "missing":
      return "Request is missing Authentication Token";
    case "ambiguous":
      return "Only one authentication mechanism is allowed: the Authorization header or the X-Amz-Algorithm query parameter.";
    case "malformed":
      return failure.place === "header" ? `Authorization header is malformed: ${failure.problem}` : failure.problem;
    case "missing-date":
      return "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
    case "unknown-key":
    case "invalid-token":
      return "The security token included in the request is invalid.";
    case "expired-token":
      return "The security token included in the request is expired";
    case "mismatch":
      return `${mismatchMessage}\n\nThe Canonical String for this request should have been\n'${failure.canonicalRequest}'\n\nThe String-to-Sign should have been\n'${failure.stringToSign}'\n`;
    case "expired":
      return `Signature expired: ${formatAmzDate(failure.expiresAtMs)} is now earlier than ${formatAmzDate(failure.nowMs)}`;
    case "not-yet-valid":
      return notYetCurrent(formatAmzDate(failure.signedAtMs), failure.nowMs);
    case "skewed": {
      if (failure.signedAtMs > failure.nowMs) return notYetCurrent(failure.timestamp, failure.nowMs);
      const limit = formatAmzDate(failure.nowMs - clockSkewMsMax);
      return `Signature expired: ${failure.timestamp} is now earlier than ${limit} (${formatAmzDate(failure.nowMs)} - 15 min.)`;
    }
    case "unsigned-header":
      return failure.headers
        .map(
          (name) =>
            `${name === "host" ? "'Host' or ':authority'" : `'${name}'`} must be a 'SignedHeader' in the AWS Authorization.`,
        )
        .join(" ");
    case "region-mismatch":
      return `Credential should be scoped to a valid region, not '${failure.region}'. Expecting '${failure.expected}'.`;
    case "service-mismatch":
      return `Credential should be scoped to correct service: '${failure.expected}'.`;
    case "scope-date-mismatch":
      return `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${failure.scopeDate}' != '${failure.expected.slice(0, 8)}', from '${failure.expected}'.`;
    case "unsupported-algorithm":
      return `AWS authentication scheme '${failure.algorithm}' is not supported. Use 'AWS4-HMAC-SHA256'.`;
    case "missing-payload-hash":
      return "Missing required header for this request: x-amz-content-sha256";
    case "invalid-payload-hash":
      return `The value '${failure.value}' of x-amz-content-sha256 is not valid.`;
    case "payload-mismatch":
      return mismatchMessage;
  }
}

function notYetCurrent(timestamp: string, nowMs: number): string {
  const limit = formatAmzDate(nowMs + clockSkewMsMax);
  return `Signature not yet current: ${timestamp} is still later than ${limit} (${formatAmzDate(nowMs)} + 15 min.)`;
}
