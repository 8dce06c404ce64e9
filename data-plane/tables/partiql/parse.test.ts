import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { TableValidation } from "#data-plane/tables/values";
import { processorMsSince } from "../../../tests/support/processor-time.ts";
import { parseStatement } from "./parse-statement.ts";
import { planOf } from "./partiql.testing.ts";
import { printStatement } from "./print.testing.ts";
import type { Binary, Expression, Path, Select, Source, Statement, UpdateAction } from "./syntax.ts";

const span = { start: 0, end: 0 };
const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 });
const names = fc.oneof(fc.constantFrom("pk", "select", "a.b", 'q"q', "it's", "size", "🎉"), word);

const literal: fc.Arbitrary<Expression> = fc.oneof(
  word.map((text) => ({ kind: "literal", type: "string", text, span }) as const),
  fc
    .tuple(fc.constantFrom("", "-"), fc.nat(), fc.constantFrom("", ".5", "e3", ".25E-2"))
    .map((parts) => ({ kind: "literal", type: "number", text: parts.join(""), span }) as const),
  fc.boolean().map((value) => ({ kind: "literal", type: "boolean", value, span }) as const),
  fc.constantFrom("null" as const, "missing" as const).map((type) => ({ kind: "literal", type, span }) as const),
);
const path: fc.Arbitrary<Path> = fc
  .tuple(names, fc.array(fc.oneof(names, fc.nat({ max: 2_147_483_647 })), { maxLength: 3 }))
  .map(([root, steps]) => ({ kind: "path", root, steps, span }));

const { expression } = fc.letrec<{ expression: Expression }>((tie) => {
  const inner = tie("expression");
  const some = fc.array(inner, { maxLength: 3 });
  const call = fc.constantFrom("begins_with", "size", "contains", "set_add", "exists", "anything");
  const operator = fc.constantFrom<Binary["operator"]>(
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "and",
    "or",
    "+",
    "-",
    "*",
    "/",
    "||",
    "like",
  );
  const type = fc.constantFrom("missing", "null", "bool", "double precision", "character varying", "bag");
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      literal,
      path,
      fc
        .tuple(fc.constantFrom("list" as const, "bag" as const), some)
        .map(([kind, elements]) => ({ kind, elements, span })),
      fc
        .array(fc.tuple(inner, inner), { maxLength: 2 })
        .map((members) => ({ kind: "tuple", members: members.map(([name, value]) => ({ name, value })), span })),
      fc.tuple(call, some).map(([name, given]) => ({ kind: "call", name, arguments: given, span })),
      inner.map((operand) => ({ kind: "unary", operator: "not", operand, span })),
      // A sign before a number belongs to the number.
      path.map((operand) => ({ kind: "unary", operator: "-", operand, span })),
      fc
        .tuple(operator, inner, inner)
        .map(([op, left, right]) => ({ kind: "binary", operator: op, left, right, span })),
      fc
        .tuple(fc.boolean(), inner, inner, inner)
        .map(([negated, value, low, high]) => ({ kind: "between", negated, value, low, high, span })),
      fc.tuple(fc.boolean(), inner, some).map(([negated, value, elements]) => ({
        kind: "in",
        negated,
        value,
        set: { kind: "list", elements, span },
        span,
      })),
      fc
        .tuple(fc.boolean(), inner, type)
        .map(([negated, value, name]) => ({ kind: "is", negated, value, type: name, span })),
    ) as fc.Arbitrary<Expression>,
  };
});

const source: fc.Arbitrary<Source> = fc.oneof(
  names.map((table) => ({ table })),
  fc.tuple(names, names).map(([table, index]) => ({ table, index })),
);
const where = fc.option(expression, { nil: undefined }).map((one) => (one === undefined ? {} : { where: one }));
const returning = fc
  .option(
    fc.tuple(fc.constantFrom("ALL" as const, "MODIFIED" as const), fc.constantFrom("OLD" as const, "NEW" as const)),
    { nil: undefined },
  )
  .map((one) => (one === undefined ? {} : { returning: { which: one[0], version: one[1] } }));
const select: fc.Arbitrary<Select> = fc
  .tuple(
    fc.oneof(fc.constant("*" as const), fc.array(path, { minLength: 1, maxLength: 3 })),
    source,
    where,
    fc.array(fc.record({ path, descending: fc.boolean() }), { maxLength: 2 }),
  )
  .map(([projection, from, condition, orderBy]) => ({ kind: "select", projection, from, ...condition, orderBy }));
const action: fc.Arbitrary<UpdateAction> = fc.oneof(
  path.map((one) => ({ kind: "remove", path: one }) as const),
  fc.tuple(path, expression).map(([one, value]) => ({ kind: "set", path: one, value }) as const),
);
const statement: fc.Arbitrary<Statement> = fc.oneof(
  select,
  fc.tuple(source, expression).map(([into, value]) => ({ kind: "insert", into, value }) as const),
  fc
    .tuple(source, fc.array(action, { minLength: 1, maxLength: 3 }), where, returning)
    .map(([table, actions, condition, more]) => ({ kind: "update", table, actions, ...condition, ...more }) as const),
  fc
    .tuple(source, where, returning)
    .map(([from, condition, more]) => ({ kind: "delete", from, ...condition, ...more }) as const),
  select.map((one) => ({ kind: "exists", select: one }) as const),
);

/** Without places and without signs of zero. */
function bare(tree: unknown): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value) => (key === "span" ? undefined : value)));
}

describe("parsing", () => {
  test("reads back what is printed", () => {
    fc.assert(
      fc.property(statement, (tree) => {
        const text = printStatement(tree);
        expect(bare(parseStatement(text).statement)).toEqual(bare(tree));
      }),
      { numRuns: 300 },
    );
  });

  test("binds AND more tightly than OR, and NOT more tightly than AND", () => {
    const [plain, grouped] = [
      `SELECT * FROM t WHERE NOT a = 1 AND b < 2 + 3 OR c IN [1] AND d IS NULL`,
      `SELECT * FROM t WHERE ((NOT (a = 1)) AND (b < (2 + 3))) OR ((c IN [1]) AND (d IS NULL))`,
    ].map((text) => bare(parseStatement(text).statement));
    expect(plain).toEqual(grouped);
  });

  test("keywords and functions have no case, names have one", () => {
    const [upper, lower] = [
      `SELECT Aa FROM Tt WHERE BEGINS_WITH(Aa, 'x') AND B IS NOT MISSING ORDER BY Aa DESC`,
      `select Aa from Tt where begins_with(Aa, 'x') and B is not missing order by Aa desc`,
    ].map((text) => bare(parseStatement(text).statement));
    expect(upper).toEqual(lower);
  });

  test("trees are frozen, through and through", () => {
    const pending: unknown[] = [parseStatement(`UPDATE t SET a = [1, {'b': <<2>>}] REMOVE c[0] WHERE pk IN (1, ?)`)];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (typeof next !== "object" || next === null) continue;
      expect(Object.isFrozen(next)).toBe(true);
      pending.push(...Object.values(next));
    }
  });
});

describe("hostile statements", () => {
  const pieces = [
    ...[
      "SELECT",
      "*",
      "FROM",
      '"H"',
      "WHERE",
      "pk",
      "=",
      "'x'",
      "AND",
      "OR",
      "NOT",
      "(",
      ")",
      "[",
      "]",
      "<<",
      ">>",
      "{",
      "}",
      ",",
      ":",
      ".",
      ";",
      "?",
    ],
    ...[
      "BETWEEN",
      "IN",
      "IS",
      "MISSING",
      "NULL",
      "UPDATE",
      "SET",
      "REMOVE",
      "DELETE",
      "INSERT",
      "INTO",
      "VALUE",
      "RETURNING",
      "ALL",
      "OLD",
      "-",
      "+",
      "1",
      "1e5",
    ],
    ...[
      "set_add",
      "list_append",
      "size",
      "exists",
      "begins_with",
      "ORDER",
      "BY",
      "DESC",
      "--",
      "/*",
      "*/",
      "\n",
      "'",
      '"',
      "`",
      "#",
      "é",
      "\u0000",
    ],
  ];

  test("are planned or refused, never anything else", () => {
    const text = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(" ")),
      fc.string({ unit: "binary", maxLength: 60 }),
      statement.map(printStatement).map((one) => one.slice(0, -1)),
    );
    fc.assert(
      fc.property(text, (one) => {
        try {
          planOf(one, { S: "a" }, { N: "1" }, { L: [] });
        } catch (error) {
          if (!(error instanceof TableValidation || isUnknownTable(error))) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  const long = (unit: string) => unit.repeat(Math.floor(8000 / unit.length));
  test.each([
    ["parentheses", `SELECT * FROM "H" WHERE ${long("(")}`],
    ["lists", `INSERT INTO "H" VALUE {'pk': ${long("[")}`],
    ["NOT", `SELECT * FROM "H" WHERE ${long("NOT ")}a = 1`],
    ["signs", `SELECT * FROM "H" WHERE a = ${long("- ")}1`],
    ["AND", `SELECT * FROM "H" WHERE a = 1${long(" AND a=1")}`],
    ["OR of keys", `SELECT * FROM "H" WHERE pk = '1'${long(" OR pk='1'")}`],
    ["sums", `UPDATE "H" SET a = 1${long("+1")} WHERE pk = 'x'`],
    ["steps", `SELECT a${long("[1]")} FROM "H"`],
    ["quotes", `SELECT * FROM "H" WHERE a = '${long("''")}`],
    ["comments", `SELECT * FROM "H" WHERE a = 1 ${long("/**")}`],
    ["comments within", `SELECT * FROM "H" WHERE a = 1 ${long("/* * ")}`],
    ["digits", `SELECT * FROM "H" WHERE a = ${long("1")}`],
    ["equalities of conditions", `SELECT * FROM "H" WHERE ${"(".repeat(60)}(a=1)${"=(b=1))".repeat(60)}`],
    ["products of alternatives", `SELECT * FROM "T" WHERE pk='x'${" AND (sk='1' OR sk='2')".repeat(300)}`],
    ["elements of a set", `UPDATE "H" SET a = set_add(a, <<${long("1,")}2>>) WHERE pk = 'x'`],
  ])("cost next to nothing: %s", (_, text) => {
    const begun = process.cpuUsage();
    expect(() => void planOf(text)).toThrow(TableValidation);
    // A statement of 8 KB takes about a millisecond; what grows with its square takes seconds.
    expect(processorMsSince(begun)).toBeLessThan(250);
  });
});

function isUnknownTable(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("the tests have no table");
}
