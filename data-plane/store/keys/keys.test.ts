import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareKeys, keyAfter, prefixRange, strinc } from "./index.ts";

test("keys compare as unsigned bytes, shorter first", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(a, b));
    }),
  );
});

test("strinc drops 0xFF at the end and refuses what nothing comes after", () => {
  expect(strinc(Uint8Array.of(1, 0xff, 0xff))).toEqual(Uint8Array.of(2));
  expect(() => strinc(Uint8Array.of(0xff))).toThrow(RangeError);
  expect(() => strinc(new Uint8Array(0))).toThrow(RangeError);
});

test("a prefix's range holds exactly the keys that begin with it", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(bytes, bytes, (prefix, key) => {
      fc.pre(prefix.some((byte) => byte !== 0xff));
      const { begin, end } = prefixRange(prefix);
      const inside = compareKeys(begin, key) <= 0 && compareKeys(key, end) < 0;
      expect(inside).toBe(compareKeys(key.subarray(0, prefix.length), prefix) === 0);
    }),
  );
});

test("strinc leaves the prefix as it is, a Buffer too", () => {
  const prefix = Buffer.from([1, 2]);
  expect(strinc(prefix)).toEqual(Uint8Array.of(1, 3));
  expect([...prefix]).toEqual([1, 2]);
});

test("no key sorts between a key and the one after it", () => {
  const bytes = fc.uint8Array({ maxLength: 3, max: 2 });
  fc.assert(
    fc.property(bytes, bytes, (key, other) => {
      const after = keyAfter(key);
      expect(compareKeys(key, after)).toBeLessThan(0);
      expect(compareKeys(other, key) > 0).toBe(compareKeys(other, after) >= 0);
    }),
  );
});
