import { describe, expect, test } from "bun:test";
import { contentRange, parseCopyRange, parseRange, partRange } from "./ranges.ts";

const part = (start: number, end: number) => ({ kind: "part", range: { start, end } }) as const;

describe("parseRange()", () => {
  test("the three forms", () => {
    expect(parseRange("bytes=0-4", 10)).toEqual(part(0, 5));
    expect(parseRange("bytes=5-", 10)).toEqual(part(5, 10));
    expect(parseRange("bytes=-3", 10)).toEqual(part(7, 10));
    expect(parseRange("bytes=-30", 10)).toEqual(part(0, 10));
    expect(parseRange("bytes=0-99", 10)).toEqual(part(0, 10));
    expect(parseRange("bytes=9-9", 10)).toEqual(part(9, 10));
  });

  test("several ranges and broken syntax mean the whole object", () => {
    for (const header of ["bytes=0-1,3-4", "bytes=5-2", "bytes=a-b", "items=0-1", "bytes", "bytes=-", "", "bytes=1"]) {
      expect(parseRange(header, 10)).toEqual({ kind: "whole" });
    }
    expect(parseRange(undefined, 10)).toEqual({ kind: "whole" });
  });

  test("what cannot be satisfied", () => {
    expect(parseRange("bytes=10-", 10).kind).toBe("unsatisfiable");
    expect(parseRange("bytes=10-20", 10).kind).toBe("unsatisfiable");
    expect(parseRange("bytes=-0", 10).kind).toBe("unsatisfiable");
    expect(parseRange("bytes=0-0", 0).kind).toBe("unsatisfiable");
    expect(parseRange("bytes=-5", 0).kind).toBe("unsatisfiable");
  });
});

test("contentRange() names the last byte, not the end", () => {
  expect(contentRange({ start: 0, end: 5 }, 10)).toBe("bytes 0-4/10");
});

describe("parseCopyRange()", () => {
  test("takes exactly bytes=first-last", () => {
    expect(parseCopyRange("bytes=0-9", 10)).toEqual({ start: 0, end: 10 });
    expect(parseCopyRange(undefined, 10)).toBeUndefined();
    for (const bad of ["bytes=0-", "bytes=-5", "0-5", "bytes=5-2", "bytes=0-1,2-3", "bytes = 0-1"]) {
      expect(() => parseCopyRange(bad, 10)).toThrow("must be of the form bytes=first-last");
    }
  });

  test("refuses ranges beyond the source and empty sources", () => {
    expect(() => parseCopyRange("bytes=0-10", 10)).toThrow("not valid for source object of size: 10");
    expect(() => parseCopyRange("bytes=0-0", 0)).toThrow("copy source");
    expect(() => parseCopyRange(undefined, 0)).toThrow("copy source");
  });
});

test("partRange() adds the sizes before the part", () => {
  expect(partRange([5, 6, 7], 1)).toEqual({ start: 0, end: 5 });
  expect(partRange([5, 6, 7], 3)).toEqual({ start: 11, end: 18 });
  expect(partRange([5, 6, 7], 4)).toBeUndefined();
  expect(partRange([5, 6, 7], 0)).toBeUndefined();
});
