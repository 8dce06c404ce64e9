import { describe, expect, test } from "bun:test";
import { answeredMetadata, decodeMetadataValue, encodeMetadataValue, storedMetadata } from "./metadata.ts";

describe("storedMetadata()", () => {
  test("lower-cases names and joins what then is the same name", () => {
    expect(storedMetadata({ Color: "red", SIZE: "1", size: "2" })).toEqual({ color: "red", size: "1,2" });
    expect(storedMetadata(undefined)).toEqual({});
  });

  test("counts names and values in UTF-8 bytes", () => {
    expect(() => storedMetadata({ ab: "x".repeat(2046) })).not.toThrow();
    expect(() => storedMetadata({ ab: "x".repeat(2047) })).toThrow("exceed the maximum allowed metadata size");
    expect(() => storedMetadata({ ab: "é".repeat(1024) })).toThrow("exceed");
  });

  test("a name such as __proto__ is a name", () => {
    const stored = storedMetadata(JSON.parse('{"constructor":"x","__proto__":"y"}'));
    expect(JSON.stringify(stored)).toBe('{"constructor":"x","__proto__":"y"}');
  });
});

describe("values beyond ASCII", () => {
  test("raw UTF-8 that arrives one byte per character is understood", () => {
    expect(decodeMetadataValue(Buffer.from("größe").toString("latin1"))).toBe("größe");
    expect(decodeMetadataValue("größe €")).toBe("größe €");
    expect(decodeMetadataValue("\xe9t\xe9")).toBe("été");
  });

  test("encoded words are decoded, and come back as encoded words", () => {
    expect(decodeMetadataValue("=?UTF-8?B?Z3LDtsOfZQ==?=")).toBe("größe");
    expect(decodeMetadataValue("=?utf-8?q?gr=C3=B6=C3=9Fe_x?=")).toBe("größe x");
    expect(encodeMetadataValue("größe")).toBe("=?UTF-8?B?Z3LDtsOfZQ==?=");
    expect(answeredMetadata({ a: "größe", b: "plain" })).toEqual({ a: "=?UTF-8?B?Z3LDtsOfZQ==?=", b: "plain" });
  });

  test("what is plain stays as it is", () => {
    const plain = { a: "b" };
    expect(answeredMetadata(plain)).toBe(plain);
    expect(answeredMetadata({})).toBeUndefined();
  });
});
