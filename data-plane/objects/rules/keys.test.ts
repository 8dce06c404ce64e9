import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { assertObjectKey, compareKeys } from "./keys.ts";

describe("assertObjectKey()", () => {
  test("counts bytes, not characters", () => {
    expect(() => assertObjectKey("a".repeat(1024))).not.toThrow();
    expect(() => assertObjectKey("a".repeat(1025))).toThrow("Your key is too long");
    expect(() => assertObjectKey("é".repeat(512))).not.toThrow();
    expect(() => assertObjectKey("é".repeat(513))).toThrow("Your key is too long");
    expect(() => assertObjectKey("€".repeat(341))).not.toThrow();
    expect(() => assertObjectKey("€".repeat(342))).toThrow("Your key is too long");
  });

  test("takes the keys that file systems stumble over", () => {
    for (const key of [
      ".",
      "..",
      "//",
      "/a",
      "a/",
      "a//b",
      "../../etc/passwd",
      "\u0001\u001f\u007f",
      "a\nb",
      "\u{10ffff}",
    ]) {
      expect(() => assertObjectKey(key)).not.toThrow();
    }
  });

  test("refuses lone surrogates", () => {
    expect(() => assertObjectKey("a\ud800b")).toThrow("Couldn't parse the specified URI.");
  });
});

describe("compareKeys()", () => {
  test("orders code points above U+FFFF last", () => {
    expect(["\u{1f600}", "\uffff", "a", "\ue000"].sort(compareKeys)).toEqual(["a", "\ue000", "\uffff", "\u{1f600}"]);
  });

  test("agrees with a comparison of the UTF-8 bytes", () => {
    const wellFormed = fc.string({ unit: "binary", maxLength: 6 });
    fc.assert(
      fc.property(wellFormed, wellFormed, (left, right) => {
        const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareKeys(left, right))).toBe(bytes);
      }),
    );
  });
});
