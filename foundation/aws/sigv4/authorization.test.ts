import { describe, expect, test } from "bun:test";
import { readAuthorization } from "./authorization.ts";

const SIGNATURE = "ab".repeat(32);
const PREFIX =
  "AWS4-HMAC-SHA256 Credential=AKEXAMPLE/20260601/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, ";

describe("reading a header again", () => {
  test("the claim is the same, the signature its own", () => {
    const first = readAuthorization(`${PREFIX}Signature=${SIGNATURE}`);
    const second = readAuthorization(`${PREFIX}Signature=${"cd".repeat(32)}`);
    expect(second.claim).toBe(first.claim);
    expect([first.signature, second.signature]).toEqual([SIGNATURE, "cd".repeat(32)]);
    expect(first.claim).toEqual({
      accessKeyId: "AKEXAMPLE",
      scope: { date: "20260601", region: "us-east-1", service: "s3" },
      credential: "AKEXAMPLE/20260601/us-east-1/s3/aws4_request",
      signedHeaders: ["host", "x-amz-date"],
      signedHeadersText: "host;x-amz-date",
    });
  });

  test("what follows a signature is not taken for a part of it", () => {
    readAuthorization(`${PREFIX}Signature=${SIGNATURE}`);
    expect(readAuthorization(`${PREFIX}Signature=${SIGNATURE} ,`).signature).toBe(SIGNATURE);
    expect(() =>
      readAuthorization(`${PREFIX}Signature=${SIGNATURE}, Credential=other/20260601/r/s3/aws4_request`),
    ).toThrow();
    expect(() => readAuthorization(`${PREFIX}Signature=${SIGNATURE}, Signature=${SIGNATURE}`)).toThrow();
  });

  test("a header that was refused once is refused again", () => {
    const twice = `${PREFIX}Signature=x, Signature=${SIGNATURE}`;
    for (let round = 0; round < 2; round++) expect(() => readAuthorization(twice)).toThrow();
    const none = PREFIX.slice(0, -2);
    for (let round = 0; round < 2; round++) expect(() => readAuthorization(none)).toThrow();
  });

  test("the order of the parameters does not matter", () => {
    const turned = `AWS4-HMAC-SHA256 Signature=${SIGNATURE}, SignedHeaders=host, Credential=AK/20260601/us-east-1/s3/aws4_request`;
    for (let round = 0; round < 2; round++) {
      const { claim, signature } = readAuthorization(turned);
      expect([claim.accessKeyId, claim.signedHeaders, signature]).toEqual(["AK", ["host"], SIGNATURE]);
    }
  });
});
