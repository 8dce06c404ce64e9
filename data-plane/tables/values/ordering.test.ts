import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { AttributeValue, ScalarKeyType } from "./attribute-value.ts";
import {
  decodeCompositeKey,
  decodeKey,
  encodeCompositeKey,
  encodeKey,
  encodeKeyPart,
  encodeKeyPartPrefix,
  endOfPrefix,
} from "./key-bytes.ts";
import { hashOfKey } from "./key-hash.ts";
import { compareValues, equalValues } from "./ordering.ts";
import { scalarValue } from "./values.testing.ts";

const types = ["S", "N", "B"] as const;

describe.each(types)("keys of type %s", (type) => {
  const value = scalarValue(type);

  test("have bytes in the order of their values", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const bytes = Math.sign(Buffer.compare(encodeKey(type, a), encodeKey(type, b)));
        expect(Math.sign(compareValues(a, b)!)).toBe(bytes);
        expect(equalValues(a, b)).toBe(bytes === 0);
      }),
      { numRuns: 400 },
    );
  });

  test("come back from their bytes", () => {
    fc.assert(
      fc.property(value, (a) => {
        expect(decodeKey(type, encodeKey(type, a))).toEqual(a);
      }),
      { numRuns: 200 },
    );
  });

  test("keep their order as parts, whatever follows", () => {
    const tail = fc.uint8Array({ maxLength: 3 });
    fc.assert(
      fc.property(value, value, tail, tail, (a, b, x, y) => {
        const left = Buffer.concat([encodeKeyPart(type, a), x]);
        const right = Buffer.concat([encodeKeyPart(type, b), y]);
        const order = Math.sign(compareValues(a, b)!);
        expect(Math.sign(Buffer.compare(left, right))).toBe(order === 0 ? Math.sign(Buffer.compare(x, y)) : order);
      }),
      { numRuns: 400 },
    );
  });
});

test("composite keys order like their parts and come back", () => {
  const part = fc.constantFrom<ScalarKeyType>(...types);
  const pair = fc
    .array(part, { minLength: 1, maxLength: 4 })
    .chain((kinds) =>
      fc.tuple(fc.constant(kinds), fc.tuple(...kinds.map(scalarValue)), fc.tuple(...kinds.map(scalarValue))),
    );
  fc.assert(
    fc.property(pair, ([kinds, a, b]) => {
      const encode = (values: readonly AttributeValue[]) =>
        encodeCompositeKey(values.map((value, i) => ({ type: kinds[i]!, value })));
      expect(decodeCompositeKey(kinds, encode(a))).toEqual(a);
      const order = a.map((value, i) => Math.sign(compareValues(value, b[i]!)!)).find((sign) => sign !== 0) ?? 0;
      expect(Math.sign(Buffer.compare(encode(a), encode(b)))).toBe(order);
    }),
    { numRuns: 300 },
  );
});

test("the prefix of a part finds exactly the parts that begin with it", () => {
  const text = fc.string({ unit: fc.constantFrom("\0", "\u0001", "a", "ÿ"), maxLength: 3 });
  fc.assert(
    fc.property(text, text, fc.constantFrom("", "\0", "\u0001", "z"), (whole, prefix, next) => {
      const key = Buffer.concat([encodeKeyPart("S", { S: whole }), Buffer.from(next)]);
      const from = encodeKeyPartPrefix("S", { S: prefix });
      const to = endOfPrefix(from);
      const inside = Buffer.compare(key, from) >= 0 && (to === undefined || Buffer.compare(key, to) < 0);
      expect(inside).toBe(whole.startsWith(prefix));
    }),
    { numRuns: 400 },
  );
});

test("endOfPrefix()", () => {
  expect(endOfPrefix(new Uint8Array())).toBeUndefined();
  expect(endOfPrefix(new Uint8Array([255, 255]))).toBeUndefined();
  expect(endOfPrefix(new Uint8Array([1, 255]))).toEqual(new Uint8Array([2]));
  expect(endOfPrefix(new Uint8Array([0, 7]))).toEqual(new Uint8Array([0, 8]));
  const prefix = Buffer.from([3, 7]);
  endOfPrefix(prefix);
  expect(prefix).toEqual(Buffer.from([3, 7]));
});

test("a key of another type than declared is an error of ours", () => {
  expect(() => encodeKey("S", { N: "1" })).toThrow(TypeError);
  expect(compareValues({ S: "1" }, { N: "1" })).toBeUndefined();
});

test("sets are equal whatever their order; lists are not", () => {
  expect(equalValues({ SS: ["a", "b"] }, { SS: ["b", "a"] })).toBe(true);
  expect(equalValues({ NS: ["1", "2"] }, { NS: ["1", "3"] })).toBe(false);
  expect(equalValues({ SS: ["1"] }, { NS: ["1"] })).toBe(false);
  expect(equalValues({ SS: ["a"] }, { SS: ["a", "b"] })).toBe(false);
  const many = Array.from({ length: 100 }, (_, i) => `${i}`);
  expect(equalValues({ SS: many }, { SS: many.toReversed() })).toBe(true);
  expect(equalValues({ SS: many }, { SS: [...many.slice(1), "x"] })).toBe(false);
  expect(equalValues({ L: [{ S: "a" }, { S: "b" }] }, { L: [{ S: "b" }, { S: "a" }] })).toBe(false);
  expect(equalValues({ M: { a: { N: "1" }, b: { NULL: true } } }, { M: { b: { NULL: true }, a: { N: "1" } } })).toBe(
    true,
  );
  expect(equalValues({ M: { a: { N: "1" } } }, { M: { a: { N: "1" }, b: { N: "1" } } })).toBe(false);
  expect(equalValues({ M: {} }, { M: { constructor: { N: "1" } } })).toBe(false);
  expect(equalValues({ M: { constructor: { N: "1" } } }, { M: {} })).toBe(false);
  expect(equalValues({ BOOL: true }, { BOOL: false })).toBe(false);
});

describe("hashOfKey()", () => {
  test("never changes: stored rows are ordered by it", () => {
    expect([
      hashOfKey("S", { S: "" }),
      hashOfKey("S", { S: "a" }),
      hashOfKey("S", { S: "user#12345" }),
      hashOfKey("N", { N: "42" }),
      hashOfKey("B", { B: "AAEC" }),
    ]).toMatchInlineSnapshot(`
      [
        2598248031,
        2785334943,
        2636154076,
        1326978251,
        1228944287,
      ]
    `);
  });

  test("spreads consecutive keys evenly over segments", () => {
    const segments = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) segments[hashOfKey("N", { N: `${i}` }) >>> 28]!++;
    for (const count of segments) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
