/** Conditions against the naive oracle, and the corners one by one. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AttributeValue, type Item, TableValidation } from "../values/index.ts";
import { Bindings, compileCondition, compileProjection, matches, project } from "./index.ts";
import {
  type NaiveCondition,
  type NaiveOperand,
  type NaivePath,
  naiveMatches,
  naiveProject,
  Printer,
} from "./naive.fixture.ts";

const literal = fc.constantFrom<AttributeValue>(
  { S: "" },
  { S: "a" },
  { S: "ab" },
  { S: "\uffff" },
  { S: "\u{10000}" },
  { N: "0" },
  { N: "1" },
  { N: "2" },
  { N: "-1.5" },
  { N: "12345678901234567890123456789012345678" },
  { N: "12345678901234567890123456789012345679" },
  { B: "" },
  { B: "YQ==" },
  { B: "YWI=" },
  { B: "/w==" },
  { BOOL: true },
  { BOOL: false },
  { NULL: true },
  { SS: ["a", "ab"] },
  { SS: ["ab", "a"] },
  { NS: ["1", "-1.5"] },
  { BS: ["YQ=="] },
  { L: [] },
  { L: [{ S: "a" }, { N: "1" }] },
  { M: {} },
  { M: { a: { S: "a" }, b: { L: [{ N: "0" }] } } },
);
const name = fc.constantFrom("a", "b", "__proto__", "constructor");
const value: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    literal,
    fc.array(tie("value"), { maxLength: 3 }).map((L) => ({ L })),
    fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }).map((M) => ({ M })),
  ),
})).value;
const item: fc.Arbitrary<Item> = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });
const path: fc.Arbitrary<NaivePath> = fc
  .tuple(name, fc.array(fc.oneof(name, fc.integer({ min: 0, max: 2 })), { maxLength: 2 }))
  .map(([first, rest]) => [first, ...rest]);

const pathOperand = path.map((one): NaiveOperand => ({ kind: "path", path: one }));
const literalOf = (types: readonly string[]) =>
  literal
    .filter((one) => types.includes(Object.keys(one)[0]!))
    .map((one): NaiveOperand => ({ kind: "literal", value: one }));
const size = path.map((one): NaiveOperand => ({ kind: "size", path: one }));
const anything = fc.oneof(
  pathOperand,
  size,
  literal.map((one): NaiveOperand => ({ kind: "literal", value: one })),
);
const ordered = fc.oneof(pathOperand, size, literalOf(["S", "N", "B"]));
const textual = fc.oneof(pathOperand, literalOf(["S", "B"]));

const condition = fc.letrec<{ condition: NaiveCondition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("compare"), operator: fc.constantFrom("=", "<>"), left: anything, right: anything }),
    fc.record({
      kind: fc.constant("compare"),
      operator: fc.constantFrom("<", "<=", ">", ">="),
      left: ordered,
      right: ordered,
    }),
    fc.record({ kind: fc.constant("between"), of: ordered, low: ordered, high: ordered }),
    fc.record({ kind: fc.constant("in"), of: anything, among: fc.array(anything, { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constantFrom("attribute_exists", "attribute_not_exists"), path }),
    fc.record({ kind: fc.constant("attribute_type"), path, type: fc.constantFrom("S", "N", "L", "M", "SS", "NULL") }),
    fc.record({ kind: fc.constant("begins_with"), of: textual, other: textual }),
    fc.record({ kind: fc.constant("contains"), of: anything, other: anything }),
    fc.record({ kind: fc.constantFrom("and", "or"), left: tie("condition"), right: tie("condition") }),
    fc.record({ kind: fc.constant("not"), of: tie("condition") }),
  ) as fc.Arbitrary<NaiveCondition>,
})).condition;

/** What the generator may produce although AWS refuses it. */
const REFUSED = /first operand must be distinct|BETWEEN operator requires/;

test("conditions mean what the naive evaluator says", () => {
  const answers = { true: 0, false: 0, refused: 0 };
  fc.assert(
    fc.property(condition, fc.array(item, { minLength: 3, maxLength: 3 }), (model, items) => {
      const printer = new Printer();
      const text = printer.condition(model);
      const { names, values } = printer;
      const given = <T extends object>(map: T): T | undefined => (Object.keys(map).length === 0 ? undefined : map);
      try {
        const bindings = new Bindings(given(names), given(values));
        const compiled = compileCondition(text, bindings, "FilterExpression");
        bindings.assertAllUsed();
        const cloned = structuredClone(compiled);
        for (const one of items) {
          const expected = naiveMatches(model, one);
          expect(matches(compiled, one)).toBe(expected);
          expect(matches(cloned, one)).toBe(expected);
          answers[`${expected}`]++;
        }
      } catch (error) {
        if (!(error instanceof TableValidation && REFUSED.test(error.message))) throw error;
        answers.refused++;
      }
    }),
    { numRuns: 1500 },
  );
  // The property is worth something only if both answers are common.
  expect(answers.true).toBeGreaterThan(100);
  expect(answers.false).toBeGreaterThan(100);
  expect(answers.refused).toBeLessThan(500);
});

test("projections keep what the naive projection keeps", () => {
  let nested = 0;
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 4 }), item, (paths, one) => {
      const printer = new Printer();
      const text = paths.map((each) => printer.path(each)).join(" , ");
      try {
        const projection = compileProjection(text, new Bindings(printer.names));
        const kept = project(projection, one);
        expect(kept).toEqual(naiveProject(paths, one));
        if (!projection.isFlat && Object.keys(kept).length > 0) nested++;
      } catch (error) {
        if (!(error instanceof TableValidation && /document paths (overlap|conflict)/.test(error.message))) throw error;
      }
    }),
    { numRuns: 1500 },
  );
  expect(nested).toBeGreaterThan(10);
});

const decide = (text: string, one: Item | undefined, values?: Record<string, unknown>): boolean =>
  matches(compileCondition(text, new Bindings(undefined, values), "ConditionExpression"), one);

describe("corners of conditions", () => {
  test("what is not there equals nothing and differs from everything, also from nothing", () => {
    expect(decide("x = y", {})).toBe(false);
    expect(decide("x <> y", {})).toBe(true);
    expect(decide("x < :v", {}, { ":v": { N: "1" } })).toBe(false);
    expect(decide("NOT x < :v", {}, { ":v": { N: "1" } })).toBe(true);
    expect(decide("attribute_not_exists(x)", undefined)).toBe(true);
    expect(decide("attribute_exists(x)", undefined)).toBe(false);
  });

  test("size() of a string counts UTF-16 units, of binary bytes", () => {
    expect(decide("size(s) = :n", { s: { S: "é𝄞" } }, { ":n": { N: "3" } })).toBe(true);
    expect(decide("size(s) = :n", { s: { B: "YWI=" } }, { ":n": { N: "2" } })).toBe(true);
    expect(decide("size(s) = :n", { s: { N: "10" } }, { ":n": { N: "2" } })).toBe(false);
  });

  test("AND binds before OR, NOT before both, whatever the case of the words", () => {
    const one: Item = { a: { N: "1" } };
    expect(decide("a = :x or a = :y AnD a = :z", one, values("1", "0", "0"))).toBe(true);
    expect(decide("(a = :x or a = :y) and a = :z", one, values("1", "0", "0"))).toBe(false);
    expect(decide("not a = :x or a = :y and a = :z", one, values("0", "1", "0"))).toBe(true);
    expect(decide("not (a = :x or a = :y and a = :z)", one, values("0", "1", "0"))).toBe(true);
    expect(decide("a BETWEEN :x AND :y AND a = :z", one, values("0", "1", "1"))).toBe(true);
  });

  const values = (x: string, y: string, z: string) => ({ ":x": { N: x }, ":y": { N: y }, ":z": { N: z } });

  test("numbers compare in decimal", () => {
    expect(decide("a = :v", { a: { N: "0.3" } }, { ":v": { N: "0.30" } })).toBe(true);
    expect(decide("contains(a, :v)", { a: { NS: ["10"] } }, { ":v": { N: "1e1" } })).toBe(true);
  });

  test("names of inherited properties are no attributes", () => {
    expect(decide("attribute_exists(hasOwnProperty)", {})).toBe(false);
    expect(decide("attribute_exists(a.toString)", { a: { M: {} } })).toBe(false);
    expect(decide("size(a) = :n", { a: { M: {} } }, { ":n": { N: "0" } })).toBe(true);
  });

  test("compiled conditions name what they mention", () => {
    const { attributes, documents } = compileCondition(
      "a = b.c AND attribute_exists(a[1]) AND size(#d) > a",
      new Bindings({ "#d": "d.d" }),
      "FilterExpression",
    );
    expect({ attributes, documents }).toEqual({ attributes: ["a", "b", "d.d"], documents: ["b", "a"] });
  });
});
