import { describe, expect, test } from "bun:test";
import { TableValidation } from "../values/index.ts";
import { Bindings, compileKeyCondition, type KeySchema, lowerKeyConditions } from "./index.ts";

const table: KeySchema = { hash: [{ name: "pk", type: "S" }], range: [{ name: "sk", type: "N" }] };
const hashOnly: KeySchema = { hash: [{ name: "pk", type: "S" }], range: [] };
const wide: KeySchema = {
  hash: ["g", "h"].map((name) => ({ name, type: "S" })),
  range: ["a", "b", "c", "d"].map((name) => ({ name, type: "S" })),
};

const values: Record<string, unknown> = { ":p": { S: "p" }, ":n": { N: "1.0" }, ":m": { N: "2" }, ":s": { S: "s" } };
const compile = (text: string, keys: KeySchema) => {
  const used = Object.fromEntries(Object.entries(values).filter(([name]) => text.includes(name)));
  const bindings = new Bindings({ "#sk": "sk", "#pk": "pk" }, used);
  return compileKeyCondition(text, bindings, keys);
};

describe("compileKeyCondition()", () => {
  test.each([
    ["pk = :p", undefined],
    [":p = pk", undefined],
    ["pk = :p AND sk = :n", { op: "=", values: [{ N: "1" }] }],
    ["sk < :n and pk = :p", { op: "<", values: [{ N: "1" }] }],
    ["pk = :p and :n < sk", { op: ">", values: [{ N: "1" }] }],
    ["pk = :p and :n >= sk", { op: "<=", values: [{ N: "1" }] }],
    ["(#pk = :p) AND (#sk BETWEEN :n AND :m)", { op: "BETWEEN", values: [{ N: "1" }, { N: "2" }] }],
    ["(pk = :p AND (sk > :n))", { op: ">", values: [{ N: "1" }] }],
  ])("%s", (text, range) => {
    const expected = range === undefined ? {} : { range: [range] };
    expect(compile(text, table) as object).toEqual({ hash: [{ S: "p" }], ...expected });
  });

  test("begins_with", () => {
    const keys: KeySchema = { hash: table.hash, range: [{ name: "sk", type: "S" }] };
    expect(compile("pk = :p AND begins_with(sk, :s)", keys).range).toEqual([
      { op: "begins_with", values: [{ S: "s" }] },
    ]);
  });

  test("several attributes, in the order of the schema", () => {
    const eq = (S: string) => ({ op: "=" as const, values: [{ S }] });
    expect(compile("h = :s AND g = :p", wide)).toEqual({ hash: [{ S: "p" }, { S: "s" }] });
    expect(compile("b > :s AND h = :s AND a = :p AND g = :p", wide)).toEqual({
      hash: [{ S: "p" }, { S: "s" }],
      range: [eq("p"), { op: ">", values: [{ S: "s" }] }],
    });
    expect(compile("h = :s AND g = :p AND a = :p AND b = :p AND c = :p AND begins_with(d, :s)", wide).range).toEqual([
      eq("p"),
      eq("p"),
      eq("p"),
      { op: "begins_with", values: [{ S: "s" }] },
    ]);
  });

  test.each([
    ["g = :p", "Query condition missed key schema element: h"],
    ["g = :p AND h = :p AND q = :p", "Query condition missed key schema element: a"],
    [
      "g = :p AND h = :p AND a = :p AND c = :p",
      "RANGE key attributes b must have equality conditions specified in the query because a condition is present on key attribute c",
    ],
    [
      "g = :p AND h = :p AND a = :p AND b > :p AND c = :p",
      "RANGE key attributes b must have equality conditions specified in the query because a condition is present on key attribute c",
    ],
    [
      "g = :p AND h = :p AND b = :p",
      "RANGE key attributes a must have equality conditions specified in the query because a condition is present on key attribute b",
    ],
  ])("%s is refused", (text, message) => {
    expect(() => compile(text, wide)).toThrow(new TableValidation(message));
  });

  test("a table without range attribute takes one condition", () => {
    expect(compile("pk = :p", hashOnly)).toEqual({ hash: [{ S: "p" }] });
    expect(() => compile("pk = :p AND sk = :n", hashOnly)).toThrow(
      "The number of query conditions (2) exceeds the number of key attributes defined in the schema (1)",
    );
  });
});

describe("lowerKeyConditions()", () => {
  const eq = { ComparisonOperator: "EQ", AttributeValueList: [{ S: "p" }] };

  test.each([
    ["LT", [{ N: "1" }], "<"],
    ["LE", [{ N: "1" }], "<="],
    ["GT", [{ N: "1" }], ">"],
    ["GE", [{ N: "1" }], ">="],
    ["EQ", [{ N: "1" }], "="],
    ["BETWEEN", [{ N: "1" }, { N: "2" }], "BETWEEN"],
  ] as const)("%s", (ComparisonOperator, AttributeValueList, op) => {
    expect(lowerKeyConditions({ sk: { ComparisonOperator, AttributeValueList }, pk: eq }, table)).toEqual({
      hash: [{ S: "p" }],
      range: [{ op, values: AttributeValueList }],
    });
  });

  test.each([
    [{}, "Conditions can be of length 1 or 2 only"],
    [{ sk: eq }, "Query condition missed key schema element: pk"],
    [{ pk: { ComparisonOperator: "LT", AttributeValueList: [{ S: "p" }] } }, "Query key condition not supported"],
    [
      { pk: eq, sk: { ComparisonOperator: "NE", AttributeValueList: [{ N: "1" }] } },
      "Attempted conditional constraint is not an indexable operation",
    ],
    [{ pk: eq, sk: { ComparisonOperator: "NULL" } }, "Attempted conditional constraint is not an indexable operation"],
    [
      { pk: eq, sk: { ComparisonOperator: "EQ", AttributeValueList: [{ S: "x" }] } },
      "One or more parameter values were invalid: Condition parameter type does not match schema type",
    ],
    [
      { pk: { ComparisonOperator: "EQ" } },
      "One or more parameter values were invalid: Invalid number of argument(s) for the EQ ComparisonOperator",
    ],
    [
      { pk: { ComparisonOperator: "BETWEEN", AttributeValueList: [{ S: "b" }, { S: "a" }] } },
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    ],
  ])("%j is refused", (conditions, message) => {
    expect(() => lowerKeyConditions(conditions, table)).toThrow(new TableValidation(message));
  });
});
