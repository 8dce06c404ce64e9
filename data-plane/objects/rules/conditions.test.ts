import { describe, expect, test } from "bun:test";
import { evaluateRead, type ReadConditions, writePrecondition } from "./conditions.ts";

const modified = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
const now = Date.UTC(2026, 5, 1);
const before = new Date(Date.UTC(2025, 0, 1));
const after = new Date(Date.UTC(2026, 2, 1));
const verdict = (conditions: ReadConditions) => {
  const result = evaluateRead(conditions, "e1", modified, now);
  return result.verdict === "proceed" ? "proceed" : `${result.verdict} ${result.condition}`;
};

describe("evaluateRead()", () => {
  test("single conditions", () => {
    expect(verdict({})).toBe("proceed");
    expect(verdict({ ifMatch: '"e1"' })).toBe("proceed");
    expect(verdict({ ifMatch: "*" })).toBe("proceed");
    expect(verdict({ ifMatch: '"other"' })).toBe("failed If-Match");
    expect(verdict({ ifNoneMatch: "e1" })).toBe("not-modified If-None-Match");
    expect(verdict({ ifNoneMatch: '"x", W/"e1"' })).toBe("not-modified If-None-Match");
    expect(verdict({ ifNoneMatch: '"x"' })).toBe("proceed");
    expect(verdict({ ifModifiedSince: before })).toBe("proceed");
    expect(verdict({ ifModifiedSince: after })).toBe("not-modified If-Modified-Since");
    expect(verdict({ ifUnmodifiedSince: before })).toBe("failed If-Unmodified-Since");
    expect(verdict({ ifUnmodifiedSince: after })).toBe("proceed");
  });

  test("If-Match true beats If-Unmodified-Since false", () => {
    expect(verdict({ ifMatch: "e1", ifUnmodifiedSince: before })).toBe("proceed");
  });

  test("If-None-Match false beats If-Modified-Since true, and the reverse", () => {
    expect(verdict({ ifNoneMatch: "e1", ifModifiedSince: before })).toBe("not-modified If-None-Match");
    expect(verdict({ ifNoneMatch: "other", ifModifiedSince: after })).toBe("proceed");
  });

  test("milliseconds of the stored time do not count", () => {
    const second = new Date(Date.UTC(2026, 0, 1, 12, 0, 0));
    expect(verdict({ ifModifiedSince: second })).toBe("not-modified If-Modified-Since");
    expect(verdict({ ifUnmodifiedSince: second })).toBe("proceed");
  });

  test("an If-Modified-Since in the future is ignored", () => {
    expect(verdict({ ifModifiedSince: new Date(now + 1000) })).toBe("proceed");
  });
});

describe("writePrecondition()", () => {
  test("reads the two conditions", () => {
    expect(writePrecondition(undefined, undefined)).toBeUndefined();
    expect(writePrecondition('"abc"', undefined)).toEqual({ ifMatch: "abc" });
    expect(writePrecondition(undefined, "*")).toEqual({ ifAbsent: true });
  });

  test("refuses what S3 does not implement", () => {
    expect(() => writePrecondition(undefined, '"abc"')).toThrow("not implemented");
    expect(() => writePrecondition('"abc"', "*")).toThrow("not implemented");
  });
});
