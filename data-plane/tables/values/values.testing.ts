/** Random attribute values for property tests. */

import fc from "fast-check";
import type { AttributeValue, Item, ScalarKeyType } from "./attribute-value.ts";
import { normalizeNumber } from "./decimal.ts";

/** Characters at the borders of UTF-8 and UTF-16 order, and zero. */
const character = fc.constantFrom(
  "\0",
  "\u0001",
  "a",
  "b",
  "ÿ",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\u{1f600}",
  "\ufeff",
);

const text = fc.oneof(fc.string({ unit: character, maxLength: 4 }), fc.string({ unit: "binary", maxLength: 4 }));

const number = fc
  .oneof(
    fc.tuple(fc.integer({ min: -20, max: 20 }).map(BigInt), fc.integer({ min: -2, max: 2 })),
    fc.tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.integer({ min: -130, max: 87 })),
    fc.tuple(fc.bigInt({ min: -20n, max: 20n }), fc.integer({ min: -130, max: 124 })),
  )
  .map(([coefficient, power]) => normalizeNumber(`${coefficient}e${power}`));

const binary = fc
  .oneof(
    fc.uint8Array({ maxLength: 5 }),
    fc.array(fc.constantFrom(0, 1, 255), { maxLength: 4 }).map((bytes) => Uint8Array.from(bytes)),
  )
  .map((bytes) => Buffer.from(bytes).toString("base64"));

/** Values that a key attribute of the type may have. */
export function scalarValue(type: ScalarKeyType): fc.Arbitrary<AttributeValue> {
  switch (type) {
    case "S":
      return text.map((S) => ({ S }));
    case "N":
      return number.map((N) => ({ N }));
    case "B":
      return binary.map((B) => ({ B }));
  }
}

const set = (element: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.uniqueArray(element, { minLength: 1, maxLength: 4 });

/**
 * Values of all types, documents included.
 *
 * @param names of attributes in maps
 */
export function anyValue(names: fc.Arbitrary<string>): fc.Arbitrary<AttributeValue> {
  const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      scalarValue("S"),
      scalarValue("N"),
      scalarValue("B"),
      fc.boolean().map((BOOL) => ({ BOOL })),
      fc.constant<AttributeValue>({ NULL: true }),
      set(text).map((SS) => ({ SS })),
      set(number).map((NS) => ({ NS })),
      set(binary).map((BS) => ({ BS })),
      fc.array(tie("value"), { maxLength: 3 }).map((L) => ({ L })),
      fc.dictionary(names, tie("value"), { maxKeys: 3, noNullPrototype: true }).map((M) => ({ M })),
    ),
  }));
  return value;
}

/** Items with attributes of these names. */
export function anyItem(names: fc.Arbitrary<string>): fc.Arbitrary<Item> {
  return fc.dictionary(names, anyValue(names), { maxKeys: 5, noNullPrototype: true });
}
