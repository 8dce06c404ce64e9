import { describe, expect, test } from "bun:test";
import { checkPostPolicy, parsePostPolicy } from "./post-policy.ts";

const encode = (document: unknown) => Buffer.from(JSON.stringify(document)).toString("base64");
const expiration = "2026-01-02T00:00:00.000Z";
const now = Date.UTC(2026, 0, 1);
const policy = (...conditions: unknown[]) => parsePostPolicy(encode({ expiration, conditions }));
const fields = (more: Record<string, string>) => new Map(Object.entries({ bucket: "b", key: "user/a.txt", ...more }));

describe("parsePostPolicy()", () => {
  test("reads the three kinds of conditions", () => {
    expect(
      policy({ bucket: "b" }, ["starts-with", "$Key", "user/"], ["content-length-range", 1, "10"]).conditions,
    ).toEqual([
      { kind: "eq", field: "bucket", value: "b", source: '["eq","$bucket","b"]' },
      { kind: "starts-with", field: "key", value: "user/", source: '["starts-with","$Key","user/"]' },
      { kind: "content-length-range", min: 1, max: 10 },
    ]);
  });

  test("refuses what is no policy", () => {
    const refused: [unknown, string][] = [
      ["text", "Invalid JSON"],
      [{ conditions: [] }, "must contain an expiration"],
      [{ expiration: "soon", conditions: [] }, "Invalid 'expiration'"],
      [{ expiration }, "must contain conditions"],
      [{ expiration, conditions: [["eq", "key", "x"]] }, "must begin with $"],
      [{ expiration, conditions: [["gt", "$key", "x"]] }, "Unknown operation"],
      [{ expiration, conditions: [["eq", "$key"]] }, "wrong number"],
      [{ expiration, conditions: [["content-length-range", "a", 1]] }, "must be numbers"],
      [{ expiration, conditions: [{ key: 1 }] }, "must be a string"],
    ];
    for (const [document, message] of refused) expect(() => parsePostPolicy(encode(document))).toThrow(message);
    expect(() => parsePostPolicy("%%%")).toThrow("Invalid JSON");
  });
});

describe("checkPostPolicy()", () => {
  const open = [{ bucket: "b" }, ["starts-with", "$key", "user/"]];

  test("every condition must hold and every field must be covered", () => {
    expect(checkPostPolicy(policy(...open), fields({}), now)).toEqual({ min: 0, max: Number.POSITIVE_INFINITY });
    expect(() => checkPostPolicy(policy(...open), fields({ key: "other/a" }), now)).toThrow(
      'Policy Condition failed: ["starts-with","$key","user/"]',
    );
    expect(() => checkPostPolicy(policy(...open), fields({ acl: "public-read" }), now)).toThrow(
      "Extra input fields: acl",
    );
    expect(() => checkPostPolicy(policy(...open, { acl: "private" }), fields({}), now)).toThrow(
      "Policy Condition failed",
    );
    expect(checkPostPolicy(policy(...open, ["starts-with", "$acl", ""]), fields({ acl: "anything" }), now).min).toBe(0);
  });

  test("the permission's own fields and x-ignore- fields are free", () => {
    const free = { policy: "p", "x-amz-signature": "s", "x-ignore-me": "1" };
    expect(() => checkPostPolicy(policy(...open), fields(free), now)).not.toThrow();
  });

  test("it expires, and bounds the length", () => {
    expect(() => checkPostPolicy(policy(...open), fields({}), Date.parse(expiration))).toThrow("Policy expired");
    expect(checkPostPolicy(policy(...open, ["content-length-range", 5, 9]), fields({}), now)).toEqual({
      min: 5,
      max: 9,
    });
  });
});
