import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareBytes, compareKeys, decodeKey, encodeKey, PAST_EVERY_KEY, pastKey, pastPrefix } from "./key-order.ts";

const key = fc.string({ unit: "binary", maxLength: 8 });

test("compareKeys orders as the bytes of UTF-8 do", () => {
  fc.assert(
    fc.property(key, key, (left, right) => {
      expect(Math.sign(compareKeys(left, right))).toBe(compareBytes(encodeKey(left), encodeKey(right)));
    }),
    { numRuns: 1000 },
  );
  expect(compareKeys("\uFFFF", "\u{10000}")).toBeLessThan(0);
  expect("\uFFFF" < "\u{10000}").toBe(false);
});

test("decodeKey undoes encodeKey, a byte order mark included", () => {
  fc.assert(fc.property(key, (value) => expect(decodeKey(encodeKey(value))).toBe(value)));
  expect(decodeKey(encodeKey("\uFEFFa"))).toBe("\uFEFFa");
});

test("pastPrefix is above all keys with the prefix and below or equal to all others that follow", () => {
  fc.assert(
    fc.property(key, key, (prefix, other) => {
      const bytes = encodeKey(other);
      const isPast = compareBytes(bytes, pastPrefix(prefix)) >= 0;
      const expected = !other.startsWith(prefix) && compareKeys(other, prefix) > 0;
      expect(isPast).toBe(expected);
    }),
    { numRuns: 1000 },
  );
  expect(pastPrefix("")).toBe(PAST_EVERY_KEY);
});

test("nothing lies between a key and pastKey", () => {
  expect([...pastKey("a")]).toEqual([0x61, 0]);
  expect(compareBytes(encodeKey("a\u0000"), pastKey("a"))).toBe(0);
});
