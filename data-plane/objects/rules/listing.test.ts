import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeName, listLimit, openToken, roundMarker, sealToken, urlEncoding } from "./listing.ts";

describe("listLimit()", () => {
  test("caps silently, refuses what is no count", () => {
    expect(listLimit(undefined, "max-keys")).toBe(1000);
    expect(listLimit(0, "max-keys")).toBe(0);
    expect(listLimit(5000, "max-keys")).toBe(1000);
    expect(() => listLimit(-1, "max-keys")).toThrow("between 0 and 2147483647");
    expect(() => listLimit(2 ** 31, "max-keys")).toThrow("between 0 and 2147483647");
    expect(() => listLimit(Number.NaN, "max-keys")).toThrow("not an integer");
    expect(() => listLimit(1.5, "max-keys")).toThrow("not an integer");
  });
});

describe("encoding-type", () => {
  test("only url is a method", () => {
    expect(urlEncoding("url")).toBe(true);
    expect(urlEncoding(undefined)).toBe(false);
    expect(() => urlEncoding("URL")).toThrow("Invalid Encoding Method");
  });

  test("encodes as a form, keeps slashes", () => {
    expect(encodeName("a b/c+d&é")).toBe("a+b/c%2Bd%26%C3%A9");
    expect(encodeName("a!b'c(d)e*f~g\u0001")).toBe("a%21b%27c%28d%29e*f%7Eg%01");
    expect(encodeName("plain-_./name")).toBe("plain-_./name");
  });

  test("decodes back to the same name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(decodeURIComponent(encodeName(name).replaceAll("+", " "))).toBe(name);
      }),
    );
  });
});

describe("continuation tokens", () => {
  test("come back as they were, for the same listing only", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        const token = sealToken("bucket\0prefix", key);
        expect(openToken("bucket\0prefix", token)).toBe(key);
        expect(() => openToken("bucket\0other", token)).toThrow("continuation token");
      }),
    );
  });

  test("do not show the key", () => {
    const token = sealToken("b", "photos/2026/january.jpg");
    expect(Buffer.from(token.slice(1), "base64").toString("latin1")).not.toContain("photos");
    expect(token).not.toContain("photos");
  });

  test("made up or changed ones are refused", () => {
    const token = sealToken("b", "key");
    for (const bad of ["", "x", "key", `2${token.slice(1)}`, token.slice(0, -4), `1${btoa("made up token")}`]) {
      expect(() => openToken("b", bad)).toThrow("continuation token");
    }
  });
});

test("roundMarker() lifts a marker to the common prefix that contains it", () => {
  expect(roundMarker("a/b", "", "/")).toBe("a/");
  expect(roundMarker("a/b/c", "a/", "/")).toBe("a/b/");
  expect(roundMarker("a", "", "/")).toBe("a");
  expect(roundMarker("z/b", "a/", "/")).toBe("z/b");
  expect(roundMarker("a/b", "", "")).toBe("a/b");
});
