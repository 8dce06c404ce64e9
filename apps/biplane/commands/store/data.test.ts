import { expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf, textOf } from "./data.ts";

test("what is printed of a key is how the key is written", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(bytesOf(textOf(bytes))).toEqual(new Uint8Array(bytes));
    }),
  );
  expect(textOf(Uint8Array.of(0x61, 0, 0x5c, 0xff))).toBe("a\\x00\\\\\\xff");
  expect(bytesOf("é")).toEqual(Uint8Array.of(0xc3, 0xa9));
});

test("a backslash that means nothing is refused", () => {
  for (const text of ["\\", "a\\q", "\\x0", "\\\\\\"])
    expect(() => bytesOf(text)).toThrow("has a backslash without meaning");
});
