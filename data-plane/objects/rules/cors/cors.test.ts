import { describe, expect, test } from "bun:test";
import type { S3 } from "#foundation/aws";
import { compileCors } from "./match.ts";
import { validateCors } from "./validate.ts";

const rule = (more: object = {}): S3.CORSConfiguration => ({
  CORSRules: [{ AllowedMethods: ["GET"], AllowedOrigins: ["*"], ...more } as S3.CORSRule],
});

test("validateCors() refuses what S3 refuses", () => {
  expect(validateCors(rule())).toEqual(rule());
  expect(() => validateCors(undefined)).toThrow("XML");
  expect(() => validateCors({ CORSRules: [] })).toThrow("XML");
  expect(() => validateCors(rule({ AllowedOrigins: undefined }))).toThrow("XML");
  expect(() => validateCors(rule({ AllowedMethods: ["PATCH"] }))).toThrow("Unsupported method is PATCH");
  expect(() => validateCors(rule({ AllowedOrigins: ["http://*.*.com"] }))).toThrow("more than one wildcard");
  expect(() => validateCors(rule({ AllowedHeaders: ["*-*"] }))).toThrow("more than one wildcard");
  expect(() => validateCors(rule({ ExposeHeaders: ["x-*"] }))).toThrow("ExposeHeader");
  expect(() => validateCors({ CORSRules: Array(101).fill(rule().CORSRules[0]) })).toThrow("100 rules");
});

describe("compileCors()", () => {
  const cors = compileCors({
    CORSRules: [
      {
        AllowedMethods: ["PUT", "GET"],
        AllowedOrigins: ["https://*.example.com"],
        AllowedHeaders: ["x-amz-*", "Content-Type"],
        ExposeHeaders: ["ETag"],
        MaxAgeSeconds: 300,
      },
      { AllowedMethods: ["GET"], AllowedOrigins: ["*"] },
    ],
  });

  test("a preflight needs origin, method and every header", () => {
    expect(cors.preflight("https://a.example.com", "PUT", "X-Amz-Date, content-type")).toEqual([
      ["Access-Control-Allow-Origin", "https://a.example.com"],
      ["Access-Control-Allow-Methods", "PUT, GET"],
      ["Access-Control-Allow-Headers", "x-amz-date, content-type"],
      ["Access-Control-Expose-Headers", "ETag"],
      ["Access-Control-Max-Age", "300"],
      ["Access-Control-Allow-Credentials", "true"],
      ["Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"],
    ]);
    expect(cors.preflight("https://a.example.com", "PUT", "x-other")).toBeUndefined();
    expect(cors.preflight("https://a.example.com", "DELETE", undefined)).toBeUndefined();
    expect(cors.preflight("https://example.com", "PUT", undefined)).toBeUndefined();
  });

  test("any origin answers with the asterisk and without credentials", () => {
    expect(cors.actual("https://elsewhere.org", "GET")).toEqual([
      ["Access-Control-Allow-Origin", "*"],
      ["Access-Control-Allow-Methods", "GET"],
      ["Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"],
    ]);
    expect(cors.actual("https://elsewhere.org", "PUT")).toBeUndefined();
  });

  test("the wildcard matches anything, also nothing", () => {
    const one = compileCors(rule({ AllowedOrigins: ["http://*"] }));
    expect(one.actual("http://", "GET")).toBeDefined();
    expect(one.actual("https://x", "GET")).toBeUndefined();
  });
});
