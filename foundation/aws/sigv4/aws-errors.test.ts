import { expect, test } from "bun:test";
import { SignatureError, type SignatureFailure, signatureErrorToAws } from "./index.ts";

const nowMs = Date.UTC(2026, 5, 1, 12, 0, 0);

const failures: readonly SignatureFailure[] = [
  { reason: "missing" },
  { reason: "ambiguous" },
  { reason: "malformed", place: "header", problem: "missing Credential." },
  { reason: "missing-date" },
  { reason: "unknown-key", accessKeyId: "AK" },
  { reason: "invalid-token" },
  { reason: "expired-token" },
  { reason: "mismatch", accessKeyId: "AK", signatureProvided: "00", stringToSign: "a\nb", canonicalRequest: "c" },
  { reason: "expired", expiresAtMs: nowMs - 1000, nowMs, expiresSeconds: 60 },
  { reason: "not-yet-valid", signedAtMs: nowMs + 3_600_000, nowMs },
  { reason: "skewed", timestamp: "20260601T110000Z", signedAtMs: nowMs - 3_600_000, nowMs },
  { reason: "unsigned-header", headers: ["x-amz-acl"] },
  { reason: "region-mismatch", place: "header", region: "a", expected: "b" },
  { reason: "service-mismatch", place: "header", service: "sqs", expected: "s3" },
  { reason: "scope-date-mismatch", place: "header", scopeDate: "20260602", expected: "20260601T120000Z" },
  { reason: "unsupported-algorithm", place: "header", algorithm: "AWS4-ECDSA-P256-SHA256" },
  { reason: "missing-payload-hash" },
  { reason: "invalid-payload-hash", value: "x" },
  { reason: "payload-mismatch", claimed: "aa", computed: "bb" },
];

function codes(dialect: Parameters<typeof signatureErrorToAws>[0]): readonly string[] {
  return failures.map((failure) => {
    const { status, code } = signatureErrorToAws(dialect, failure);
    return `${failure.reason} ${status} ${code}`;
  });
}

test("S3's codes", () => {
  expect(codes("s3")).toEqual([
    "missing 403 AccessDenied",
    "ambiguous 400 InvalidArgument",
    "malformed 400 AuthorizationHeaderMalformed",
    "missing-date 403 AccessDenied",
    "unknown-key 403 InvalidAccessKeyId",
    "invalid-token 400 InvalidToken",
    "expired-token 400 ExpiredToken",
    "mismatch 403 SignatureDoesNotMatch",
    "expired 403 AccessDenied",
    "not-yet-valid 403 AccessDenied",
    "skewed 403 RequestTimeTooSkewed",
    "unsigned-header 403 AccessDenied",
    "region-mismatch 400 AuthorizationHeaderMalformed",
    "service-mismatch 400 AuthorizationHeaderMalformed",
    "scope-date-mismatch 400 AuthorizationHeaderMalformed",
    "unsupported-algorithm 400 InvalidRequest",
    "missing-payload-hash 400 InvalidRequest",
    "invalid-payload-hash 400 InvalidArgument",
    "payload-mismatch 400 XAmzContentSHA256Mismatch",
  ]);
});

test("the codes of JSON services and of query services", () => {
  const pick = (dialect: Parameters<typeof signatureErrorToAws>[0], reason: string) =>
    codes(dialect).find((line) => line.startsWith(`${reason} `));
  expect(pick("json", "missing")).toBe("missing 400 MissingAuthenticationTokenException");
  expect(pick("json", "unknown-key")).toBe("unknown-key 400 UnrecognizedClientException");
  expect(pick("json", "mismatch")).toBe("mismatch 400 InvalidSignatureException");
  expect(pick("json", "expired-token")).toBe("expired-token 400 ExpiredTokenException");
  expect(pick("rest-json", "mismatch")).toBe("mismatch 403 InvalidSignatureException");
  expect(pick("query", "missing")).toBe("missing 403 MissingAuthenticationToken");
  expect(pick("query", "unknown-key")).toBe("unknown-key 403 InvalidClientTokenId");
  expect(pick("query", "mismatch")).toBe("mismatch 403 SignatureDoesNotMatch");
  expect(pick("query", "expired-token")).toBe("expired-token 403 ExpiredToken");
  expect(pick("ec2", "unknown-key")).toBe("unknown-key 401 AuthFailure");
});

test("the sentences that clients and people look for", () => {
  const say = (dialect: Parameters<typeof signatureErrorToAws>[0], failure: SignatureFailure) =>
    signatureErrorToAws(dialect, new SignatureError(failure)).message;
  expect(say("s3", { reason: "region-mismatch", place: "header", region: "us-east-1", expected: "eu-west-1" })).toBe(
    "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
  );
  expect(say("s3", { reason: "region-mismatch", place: "query", region: "us-east-1", expected: "eu-west-1" })).toBe(
    "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
  );
  expect(say("json", { reason: "skewed", timestamp: "20260601T110000Z", signedAtMs: nowMs - 3_600_000, nowMs })).toBe(
    "Signature expired: 20260601T110000Z is now earlier than 20260601T114500Z (20260601T120000Z - 15 min.)",
  );
  expect(say("query", { reason: "skewed", timestamp: "20260601T130000Z", signedAtMs: nowMs + 3_600_000, nowMs })).toBe(
    "Signature not yet current: 20260601T130000Z is still later than 20260601T121500Z (20260601T120000Z + 15 min.)",
  );
});

test("S3's error body carries the facts", () => {
  expect(
    signatureErrorToAws("s3", { reason: "expired", expiresAtMs: nowMs - 1000, nowMs, expiresSeconds: 60 }).fields,
  ).toEqual([
    ["X-Amz-Expires", "60"],
    ["Expires", "2026-06-01T11:59:59Z"],
    ["ServerTime", "2026-06-01T12:00:00Z"],
  ]);
  expect(
    signatureErrorToAws("s3", { reason: "region-mismatch", place: "header", region: "a", expected: "b" }).fields,
  ).toEqual([["Region", "b"]]);
  const mismatch = signatureErrorToAws("s3", {
    reason: "mismatch",
    accessKeyId: "AK",
    signatureProvided: "00",
    stringToSign: "a\nb",
    canonicalRequest: "c",
  });
  expect(new Map(mismatch.fields).get("StringToSignBytes")).toBe("61 0a 62");
  expect(new Map(mismatch.fields).get("CanonicalRequest")).toBe("c");
});
