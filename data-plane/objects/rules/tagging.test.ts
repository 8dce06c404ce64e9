import { describe, expect, test } from "bun:test";
import { BUCKET_TAGS_MAX, OBJECT_TAGS_MAX, parseTaggingHeader, validateTagSet } from "./tagging.ts";

const many = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: "v" }));

describe("validateTagSet()", () => {
  test("limits the number of tags of objects and buckets", () => {
    expect(validateTagSet(many(10), OBJECT_TAGS_MAX)).toHaveLength(10);
    expect(() => validateTagSet(many(11), OBJECT_TAGS_MAX)).toThrow("Object tags cannot be greater than 10");
    expect(validateTagSet(many(50), BUCKET_TAGS_MAX)).toHaveLength(50);
    expect(() => validateTagSet(many(51), BUCKET_TAGS_MAX)).toThrow("Bucket tag count cannot be greater than 50");
  });

  test("limits lengths and characters", () => {
    expect(validateTagSet([{ Key: "a".repeat(128), Value: "b".repeat(256) }], 10)).toHaveLength(1);
    expect(() => validateTagSet([{ Key: "a".repeat(129), Value: "" }], 10)).toThrow("TagKey");
    expect(() => validateTagSet([{ Key: "", Value: "" }], 10)).toThrow("TagKey");
    expect(() => validateTagSet([{ Key: "a", Value: "b".repeat(257) }], 10)).toThrow("TagValue");
    expect(() => validateTagSet([{ Key: "a*", Value: "" }], 10)).toThrow("TagKey");
    expect(() => validateTagSet([{ Key: "a", Value: "b<c" }], 10)).toThrow("TagValue");
    expect(validateTagSet([{ Key: "größe + -=._:/@", Value: "日本 1" }], 10)).toHaveLength(1);
  });

  test("refuses repeated keys, system tags and missing members", () => {
    expect(() => validateTagSet([...many(1), ...many(1)], 10)).toThrow("multiple Tags with the same key");
    expect(() => validateTagSet([{ Key: "aws:x", Value: "" }], 10)).toThrow("System tags");
    expect(() => validateTagSet([{ Key: "x" }], 10)).toThrow("XML");
  });
});

describe("parseTaggingHeader()", () => {
  test("decodes a form", () => {
    expect(parseTaggingHeader("a=1&b=x%20y+z&c&d=")).toEqual([
      { Key: "a", Value: "1" },
      { Key: "b", Value: "x y z" },
      { Key: "c", Value: "" },
      { Key: "d", Value: "" },
    ]);
    expect(parseTaggingHeader(undefined)).toEqual([]);
    expect(parseTaggingHeader("")).toEqual([]);
  });

  test("refuses duplicates and broken coding", () => {
    expect(() => parseTaggingHeader("a=1&a=2")).toThrow("x-amz-tagging");
    expect(() => parseTaggingHeader("a=%zz")).toThrow("x-amz-tagging");
    expect(() =>
      parseTaggingHeader(
        many(11)
          .map((tag) => `${tag.Key}=v`)
          .join("&"),
      ),
    ).toThrow("greater than 10");
  });
});
