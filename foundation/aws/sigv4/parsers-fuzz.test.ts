/** Whatever arrives, parsing ends in a claim or in a SignatureError. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalQuery, normalisePath } from "./canonical-request.ts";
import { parsePostSignature, parseSignature, SignatureError } from "./index.ts";
import { canonicalisePath, decodePercent } from "./uri-encoding.ts";
import { wireRequest } from "./wire.fixture.ts";

const words = fc.constantFrom(
  ..."AWS4-HMAC-SHA256 |AWS |Credential=|SignedHeaders=|Signature=|X-Amz-|Algorithm|Date|Expires|Security-Token|AWSAccessKeyId|=|&|,|;|/|%|%2|%41|%zz|+|host|aws4_request|20260601|T120000Z|us-east-1|s3| |\u0000|é|x".split(
    "|",
  ),
);
const noise = fc.array(words, { maxLength: 14 }).map((parts) => parts.join(""));

function ends(attempt: () => unknown): void {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(SignatureError);
  }
}

describe("random input", () => {
  test("headers and queries", () => {
    fc.assert(
      fc.property(noise, noise, noise, fc.boolean(), (authorization, query, date, withHeader) => {
        const headers = [
          ["x-amz-date", date] as const,
          ...(withHeader ? [["authorization", authorization] as const] : []),
        ];
        ends(() => parseSignature(wireRequest("GET", "/", query, headers)));
      }),
      { numRuns: 3000 },
    );
  });

  test("forms", () => {
    const field = fc.constantFrom(
      "policy",
      "x-amz-algorithm",
      "x-amz-credential",
      "x-amz-date",
      "x-amz-signature",
      "signature",
      "awsaccesskeyid",
    );
    fc.assert(
      fc.property(fc.dictionary(field, fc.oneof(noise, fc.constant("AWS4-HMAC-SHA256"))), (fields) => {
        ends(() => parsePostSignature((name) => (Object.hasOwn(fields, name) ? fields[name] : undefined)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("canonical forms", () => {
  test("are fixed points", () => {
    fc.assert(
      fc.property(noise, (text) => {
        const path = canonicalisePath(text);
        expect(canonicalisePath(path)).toBe(path);
        expect(path).toMatch(/^(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})*$/);
        const query = canonicalQuery(text);
        expect(canonicalQuery(query)).toBe(query);
        expect(query).toMatch(/^(?:[A-Za-z0-9\-._~=&]|%[0-9A-F]{2})*$/);
        const normal = normalisePath(`/${text}`);
        expect(normalisePath(normal)).toBe(normal);
        decodePercent(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("names sort before values, by encoded bytes", () => {
    expect(canonicalQuery("a-=1&a=2&a=10&B=x&b&%62=0&a+b=c+d&x=%2f%7e")).toBe(
      "B=x&a=10&a=2&a%20b=c%20d&a-=1&b=&b=0&x=%2F~",
    );
  });

  test("a query of thousands of parameters stays quick", () => {
    const query = Array.from({ length: 4000 }, (_, i) => `p${(i * 7919) % 4000}=${i}`).join("&");
    expect(canonicalQuery(query).split("&").length).toBe(4000);
  });
});
