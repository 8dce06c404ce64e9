import { describe, expect, test } from "bun:test";
import { authenticationForm, queryValue, withoutSecrets } from "./request-uri.ts";

describe("withoutSecrets()", () => {
  test("hides what would let a reader of the log act as the sender", () => {
    const target =
      "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEXAMPLE%2F20260101&X-Amz-Date=20260101T000000Z&X-Amz-Security-Token=secret1&X-Amz-Signature=secret2&x-id=GetObject";
    expect(withoutSecrets(target)).toBe(
      "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=REDACTED&X-Amz-Date=20260101T000000Z&X-Amz-Security-Token=REDACTED&X-Amz-Signature=REDACTED&x-id=GetObject",
    );
    expect(withoutSecrets("/b/k?AWSAccessKeyId=AKIA&Signature=s%3D&Expires=1")).toBe(
      "/b/k?AWSAccessKeyId=REDACTED&Signature=REDACTED&Expires=1",
    );
  });

  test("is not fooled by case, encoding or repetition", () => {
    for (const name of ["x-amz-signature", "X-AMZ-SIGNATURE", "X-Amz%2DSignature", "%58-Amz-Signature", "Signature+"]) {
      expect(withoutSecrets(`/k?${name}=secret&${name}=secret`)).not.toContain("secret");
    }
  });

  test("leaves everything else as it was sent", () => {
    for (const target of ["/b/k", "/b/k?", "/b?continuation-token=abc&prefix=a%20b+c", "/Signature=1", "*"]) {
      expect(withoutSecrets(target)).toBe(target);
    }
  });
});

test("queryValue() finds a parameter and not its like", () => {
  expect(queryValue("versionId=a%2Bb", "versionId")).toBe("a+b");
  expect(queryValue("x=1&versionId=", "versionId")).toBeUndefined();
  expect(queryValue("my-versionId=1", "versionId")).toBeUndefined();
  expect(queryValue("", "versionId")).toBeUndefined();
});

test("authenticationForm() tells how a request was signed", () => {
  const form = (authorization: string | undefined, query = "") => {
    const { signatureVersion, authType } = authenticationForm(authorization, query);
    return [signatureVersion, authType];
  };
  expect(form("AWS4-HMAC-SHA256 Credential=…")).toEqual(["SigV4", "AuthHeader"]);
  expect(form("AWS AKIA:abc")).toEqual(["SigV2", "AuthHeader"]);
  expect(form("Bearer x")).toEqual([undefined, undefined]);
  expect(form(undefined, "X-Amz-Signature=1")).toEqual(["SigV4", "QueryString"]);
  expect(form(undefined, "AWSAccessKeyId=1&Signature=2")).toEqual(["SigV2", "QueryString"]);
  expect(form(undefined, "prefix=a")).toEqual([undefined, undefined]);
});
