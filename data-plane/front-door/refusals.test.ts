import { describe, expect, test } from "bun:test";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { AwsError } from "#foundation/aws";
import { ChunkedBodyError } from "#foundation/aws/chunked";
import { SignatureError } from "#foundation/aws/sigv4";
import { BodyTimeout, BodyUsed, IncompleteBody, PayloadTooLarge, RequestAborted } from "#foundation/http";
import { refusalOf } from "./refusals.ts";

const DIALECTS = ["s3", "json", "rest-json", "query", "ec2"] as const;
const said = (thrown: unknown, dialect: (typeof DIALECTS)[number]) => {
  const { error, unexpected } = refusalOf(thrown, dialect);
  return [error.code, error.statusCode, unexpected] as const;
};

describe("refusalOf()", () => {
  test("errors of services pass unchanged", () => {
    const error = new AwsError("NoSuchKey", "The specified key does not exist.");
    for (const dialect of DIALECTS) expect(refusalOf(error, dialect)).toEqual({ error, unexpected: false });
  });

  test("what a policy does not allow has the name that the service gives it", () => {
    const denied = new AwsError("AccessDenied", "User: arn is not authorized", { statusCode: 403 });
    expect(DIALECTS.map((dialect) => said(denied, dialect))).toEqual([
      ["AccessDenied", 403, false],
      ["AccessDeniedException", 400, false],
      ["AccessDeniedException", 403, false],
      ["AccessDenied", 403, false],
      ["UnauthorizedOperation", 403, false],
    ]);
    expect(refusalOf(denied, "json").error.message).toBe(denied.message);
  });

  test("signatures are refused in the words of the service", () => {
    const error = new SignatureError({ reason: "unknown-key", accessKeyId: "AKIA" });
    expect(DIALECTS.map((dialect) => said(error, dialect))).toEqual([
      ["InvalidAccessKeyId", 403, false],
      ["UnrecognizedClientException", 400, false],
      ["UnrecognizedClientException", 403, false],
      ["InvalidClientTokenId", 403, false],
      ["AuthFailure", 401, false],
    ]);
    expect(refusalOf(error, "s3").error.fields).toEqual({ AWSAccessKeyId: "AKIA" });
  });

  test("bodies that did not arrive", () => {
    expect(
      [
        new ChunkedBodyError({ reason: "incomplete" }),
        new IncompleteBody(1, 2),
        new RequestAborted(),
        new BodyTimeout(1),
        new PayloadTooLarge(1),
      ].map((error) => [...said(error, "s3").slice(0, 2), ...said(error, "json").slice(0, 2)]),
    ).toEqual([
      ["IncompleteBody", 400, "IncompleteBody", 400],
      ["IncompleteBody", 400, "IncompleteBody", 400],
      ["IncompleteBody", 400, "IncompleteBody", 400],
      ["RequestTimeout", 400, "RequestTimeoutException", 408],
      ["MaxMessageLengthExceeded", 400, "RequestEntityTooLargeException", 413],
    ]);
  });

  test("a control plane that is away is a reason to retry", () => {
    const { error, unexpected } = refusalOf(new ControlPlaneUnavailable("gone"), "s3");
    expect([error.code, error.statusCode, unexpected, error.headers]).toEqual([
      "ServiceUnavailable",
      503,
      false,
      [["Retry-After", "1"]],
    ]);
  });

  test("everything else is our fault, and says nothing about us", () => {
    for (const thrown of [
      new Error("secret detail"),
      new BodyUsed(),
      new TypeError("x"),
      "secret",
      undefined,
      null,
      7,
    ]) {
      for (const dialect of DIALECTS) {
        const { error, unexpected } = refusalOf(thrown, dialect);
        const code = dialect === "s3" ? "InternalError" : "InternalFailure";
        expect([error.code, error.statusCode, unexpected]).toEqual([code, 500, true]);
        expect(error.message).not.toContain("secret");
        expect(error.cause).toBe(thrown);
      }
    }
  });
});
