import { describe, expect, test } from "bun:test";
import { type AttributeValue, type Item, TableValidation } from "../values/index.ts";
import {
  assertKeysAreScalars,
  assertKeysNotUpdated,
  assertNoKeyAttributes,
  Bindings,
  compileCondition,
  compileUpdate,
  type ExpectedAttribute,
  type LegacyCondition,
  lowerAttributesToGet,
  lowerAttributeUpdates,
  lowerExpected,
  lowerFilter,
  matches,
  project,
} from "./index.ts";

const item: Item = {
  s: { S: "hello" },
  n: { N: "5" },
  b: { B: "aGVsbG8=" },
  ss: { SS: ["a", "b"] },
  l: { L: [{ S: "x" }, { N: "1" }] },
  t: { BOOL: true },
};

const filter = (name: string, ComparisonOperator: string, ...AttributeValueList: AttributeValue[]): boolean =>
  matches(lowerFilter({ [name]: { ComparisonOperator, AttributeValueList } })!, item);

describe("lowerFilter()", () => {
  test("each operator", () => {
    expect(filter("s", "EQ", { S: "hello" })).toBe(true);
    expect(filter("ss", "EQ", { SS: ["b", "a"] })).toBe(true);
    expect(filter("l", "EQ", { L: [{ S: "x" }, { N: "1.0" }] })).toBe(true);
    expect(filter("t", "NE", { BOOL: false })).toBe(true);
    expect(filter("missing", "NE", { S: "x" })).toBe(true);
    expect(filter("missing", "EQ", { S: "x" })).toBe(false);
    expect(filter("n", "LT", { N: "10" })).toBe(true);
    expect(filter("n", "LE", { N: "5.0" })).toBe(true);
    expect(filter("n", "GT", { N: "5" })).toBe(false);
    expect(filter("n", "GE", { S: "5" })).toBe(false);
    expect(filter("n", "BETWEEN", { N: "1" }, { N: "5" })).toBe(true);
    expect(filter("n", "IN", { N: "1" }, { N: "5" })).toBe(true);
    expect(filter("b", "BEGINS_WITH", { B: "aGU=" })).toBe(true);
    expect(filter("s", "BEGINS_WITH", { B: "aGU=" })).toBe(false);
    expect(filter("s", "NULL")).toBe(false);
    expect(filter("missing", "NULL")).toBe(true);
    expect(filter("s", "NOT_NULL")).toBe(true);
    for (const [name, element] of [
      ["s", { S: "ell" }],
      ["ss", { S: "a" }],
      ["l", { N: "1" }],
      ["b", { B: "bGw=" }],
    ] as const) {
      expect(filter(name, "CONTAINS", element)).toBe(true);
      expect(filter(name, "NOT_CONTAINS", element)).toBe(false);
    }
    expect(filter("s", "NOT_CONTAINS", { S: "z" })).toBe(true);
    expect(filter("missing", "NOT_CONTAINS", { S: "z" })).toBe(false);
  });

  test("several conditions", () => {
    const conditions: Record<string, LegacyCondition> = {
      s: { ComparisonOperator: "EQ", AttributeValueList: [{ S: "hello" }] },
      n: { ComparisonOperator: "EQ", AttributeValueList: [{ N: "6" }] },
    };
    expect(matches(lowerFilter(conditions)!, item)).toBe(false);
    expect(matches(lowerFilter(conditions, "AND")!, item)).toBe(false);
    expect(matches(lowerFilter(conditions, "OR")!, item)).toBe(true);
    expect(structuredClone(lowerFilter(conditions, "OR")!)).toEqual(lowerFilter(conditions, "OR")!);
    expect(lowerFilter({})).toBeUndefined();
    expect(lowerFilter(undefined)).toBeUndefined();
  });

  const INVALID = "One or more parameter values were invalid: ";
  const count = (operator: string): string =>
    `${INVALID}Invalid number of argument(s) for the ${operator} ComparisonOperator`;

  test.each([
    ["EQ", [], count("EQ")],
    ["IN", [], count("IN")],
    ["NULL", [{ S: "a" }], count("NULL")],
    ["BETWEEN", [{ N: "1" }, { N: "10" }, { N: "12" }], count("BETWEEN")],
    ["CONTAINS", [{ S: "a" }, { S: "b" }], count("CONTAINS")],
    ["IN", [{ S: "b" }, { N: "1" }], `${INVALID}AttributeValues inside AttributeValueList must be of same type`],
    ["LT", [{ BOOL: true }], `${INVALID}ComparisonOperator LT is not valid for BOOL AttributeValue type`],
    ["IN", [{ SS: ["a"] }], `${INVALID}ComparisonOperator IN is not valid for SS AttributeValue type`],
    ["CONTAINS", [{ L: [] }], `${INVALID}ComparisonOperator CONTAINS is not valid for L AttributeValue type`],
    ["BEGINS_WITH", [{ N: "1" }], `${INVALID}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type`],
    [
      "BETWEEN",
      [{ S: "b" }, { S: "a" }],
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    ],
    ["EQ", [{}], "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
  ])("%s with %j is refused", (ComparisonOperator, AttributeValueList, message) => {
    expect(() => lowerFilter({ a: { ComparisonOperator, AttributeValueList } })).toThrow(message);
  });

  test("an operator that there is not", () => {
    expect(() => lowerFilter({ a: { ComparisonOperator: "eq", AttributeValueList: [{ S: "a" }] } })).toThrow(
      "Value 'eq' at 'comparisonOperator' failed to satisfy constraint",
    );
    expect(() => lowerFilter({ a: { ComparisonOperator: "toString" } })).toThrow(TableValidation);
  });
});

describe("lowerExpected()", () => {
  const expected = (condition: ExpectedAttribute): boolean => matches(lowerExpected({ s: condition })!, item);

  test("values, existence, operators", () => {
    expect(expected({ Value: { S: "hello" } })).toBe(true);
    expect(expected({ Value: { S: "hello" }, Exists: true })).toBe(true);
    expect(expected({ Exists: false })).toBe(false);
    expect(expected({ ComparisonOperator: "BEGINS_WITH", Value: { S: "he" } })).toBe(true);
    expect(expected({ ComparisonOperator: "IN", AttributeValueList: [{ S: "x" }, { S: "hello" }] })).toBe(true);
    expect(expected({ ComparisonOperator: "NOT_NULL" })).toBe(true);
    expect(matches(lowerExpected({ s: { Exists: false } })!, undefined)).toBe(true);
  });

  const a = { S: "a" };
  test.each<[ExpectedAttribute, string]>([
    [{}, "Value must be provided when Exists is null for Attribute: a"],
    [{ Exists: true }, "Value must be provided when Exists is true for Attribute: a"],
    [{ Exists: false, Value: a }, "Value cannot be used when Exists is false for Attribute: a"],
    [
      { ComparisonOperator: "LT" },
      "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a",
    ],
    [
      { Exists: true, ComparisonOperator: "LT" },
      "Exists and ComparisonOperator cannot be used together for Attribute: a",
    ],
    [
      { AttributeValueList: [a], Value: a, ComparisonOperator: "LT" },
      "Value and AttributeValueList cannot be used together for Attribute: a",
    ],
    [{ AttributeValueList: [a] }, "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"],
    [
      { Exists: true, AttributeValueList: [a] },
      "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
    ],
    [
      { AttributeValueList: [], ComparisonOperator: "EQ" },
      "Invalid number of argument(s) for the EQ ComparisonOperator",
    ],
    [{ Value: a, ComparisonOperator: "NULL" }, "Invalid number of argument(s) for the NULL ComparisonOperator"],
    [{ Value: a, ComparisonOperator: "BETWEEN" }, "Invalid number of argument(s) for the BETWEEN ComparisonOperator"],
  ])("%j is refused", (condition, message) => {
    expect(() => lowerExpected({ a: condition })).toThrow(
      new TableValidation(`One or more parameter values were invalid: ${message}`),
    );
  });

  test("ConditionalOperator needs something to join", () => {
    const one = { a: { Exists: false } };
    expect(() => lowerExpected(undefined, "AND")).toThrow(
      "ConditionalOperator cannot be used without Filter or Expected",
    );
    expect(() => lowerExpected(one, "OR")).toThrow(
      "ConditionalOperator can only be used when Filter or Expected has two or more elements",
    );
    expect(() => lowerExpected({ ...one, b: { Exists: false } }, "XOR")).toThrow("enum value set: [OR, AND]");
  });
});

test("AttributesToGet takes names as they are", () => {
  const projection = lowerAttributesToGet(["s", "a.b", "missing"]);
  expect(project(projection, { ...item, "a.b": { N: "1" } })).toEqual({ s: { S: "hello" }, "a.b": { N: "1" } });
  expect(() => lowerAttributesToGet(["a", "b", "a"])).toThrow(
    "One or more parameter values were invalid: Duplicate value in attribute name: a",
  );
});

describe("key attributes", () => {
  const none = new Bindings();
  test("are not filtered by", () => {
    const condition = compileCondition("b = c AND attribute_exists(sk)", none, "FilterExpression");
    expect(() => assertNoKeyAttributes(condition, ["pk", "sk"])).toThrow(
      new TableValidation("Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"),
    );
    assertNoKeyAttributes(condition, ["pk"]);
    const older = lowerFilter({ pk: { ComparisonOperator: "NULL" } })!;
    expect(() => assertNoKeyAttributes(older, ["pk", "sk"], "QueryFilter")).toThrow(
      "QueryFilter can only contain non-primary key attributes: Primary key attribute: pk",
    );
  });

  test("are not updated, but may be read", () => {
    const message =
      "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key";
    const keys = ["pk", "sk"];
    expect(() => assertKeysNotUpdated(compileUpdate("SET a = b REMOVE sk", none), keys)).toThrow(message);
    expect(() => assertKeysNotUpdated(compileUpdate("SET sk.b = a", none), keys)).toThrow(message);
    expect(() => assertKeysNotUpdated(lowerAttributeUpdates({ sk: { Action: "DELETE" } }), keys)).toThrow(message);
    assertKeysNotUpdated(compileUpdate("SET a = sk", none), keys);
  });

  test("are no documents", () => {
    const message =
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: sk";
    expect(() => assertKeysAreScalars(compileUpdate("SET a = sk[0]", none), ["pk", "sk"])).toThrow(message);
    expect(() => assertKeysAreScalars(compileCondition("sk.a = b", none, "ConditionExpression"), ["pk", "sk"])).toThrow(
      message,
    );
    assertKeysAreScalars(compileCondition("sk = b.c", none, "ConditionExpression"), ["pk", "sk"]);
  });
});
