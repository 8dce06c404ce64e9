import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { applyUpdate, matches } from "#data-plane/tables/expressions";
import { type AttributeValue, compareValues, type Item } from "#data-plane/tables/values";
import { bindStatement } from "./bound-statement.ts";
import { conditionOf } from "./condition-nodes.ts";
import { lowerCondition } from "./conditions.ts";
import { planOf } from "./partiql.testing.ts";
import type { PlannedQuery, SelectPlan } from "./plan-select.ts";
import type { WritePlan } from "./plan-write.ts";
import type { Expression, Select } from "./syntax.ts";

const selectPlan = (text: string, ...parameters: AttributeValue[]) => planOf(text, ...parameters) as SelectPlan;
const writePlan = (text: string, ...parameters: AttributeValue[]) => planOf(text, ...parameters) as WritePlan;

/** `x [= '1'] +filter`, or `scan` */
function reads(where: string, ...parameters: AttributeValue[]): string {
  const { queries, filter } = selectPlan(`SELECT * FROM "T" WHERE ${where}`, ...parameters);
  if (queries === undefined) return filter === undefined ? "scan" : "scan +filter";
  return queries.map(readText).join(" | ") || "nothing";
}

function readText({ hash, range, filter }: PlannedQuery): string {
  const text = (value: AttributeValue) => Object.values(value)[0] as string;
  const condition = range === undefined ? "" : ` ${range.op} ${range.values.map(text).join("…")}`;
  return `${text(hash)}${condition}${filter === undefined ? "" : " +filter"}`;
}

describe("what a SELECT reads", () => {
  test.each([
    ["pk = 'a'", "a"],
    ["'a' = pk", "a"],
    ["pk = 'a' AND sk = '1'", "a = 1"],
    ["pk = 'a' AND '5' > sk", "a < 5"],
    ["pk = 'a' AND sk BETWEEN '1' AND '3'", "a BETWEEN 1…3"],
    ["pk = 'a' AND begins_with(sk, 'x')", "a begins_with x"],
    ["pk = 'a' AND sk >= '1' AND sk < '3'", "a BETWEEN 1…3 +filter"],
    ["pk = 'a' AND sk > '1' AND sk > '2'", "a > 2 +filter"],
    ["pk = 'a' AND sk = '1' AND sk > '0'", "a = 1 +filter"],
    ["pk = 'a' AND sk = '1' AND sk > '1'", "nothing"],
    ["pk = 'a' AND sk <> '1'", "a +filter"],
    ["pk = 'a' AND NOT sk = '1'", "a +filter"],
    ["pk = 'a' AND sk > '0' AND sk <> '1'", "a > 0 +filter"],
    ["pk = 'a' AND v = 1", "a +filter"],
    ["pk = 'a' AND (v = 1 OR w = 2)", "a +filter"],
    ["pk = 'a' AND attribute_exists(pk)", "a +filter"],
    ["pk = 'a' OR pk = 'b'", "a | b"],
    ["pk IN ['a', 'b'] AND sk = '1'", "a = 1 | b = 1"],
    ["pk IN ('a', ?)", "a | x"],
    ["pk = 'a' AND (sk = '1' OR sk = '2')", "a = 1 | a = 2"],
    ["pk = 'a' AND sk IN ['1', '2']", "a = 1 | a = 2"],
    ["pk = 'a' AND (sk < '1' OR sk > '1' OR sk = '1')", "a < 1 | a > 1 | a = 1"],
    ["(pk = 'a' AND v = 1) OR (pk = 'b' AND sk = '2')", "a +filter | b = 2"],
    ["pk = 'a' AND NOT sk = '1' OR pk = 'a' AND sk = '2'", "a +filter"],
    ["pk = 'a' OR pk = 'a' AND NOT sk = '1'", "a"],
    ["pk = 'a' OR v = 1", "scan +filter"],
    ["pk = 'a' AND pk = 'b'", "scan +filter"],
    ["pk > 'a'", "scan +filter"],
    ["sk = '1'", "scan +filter"],
    ["NOT pk = 'a'", "scan +filter"],
    ["pk = v", "scan +filter"],
    ["attribute_exists(v) = 1 AND pk = 'a'", "a +filter"],
    ["attribute_exists(v) = 1", "scan +filter"],
    ["pk = 'a' AND (attribute_exists(v) = 1 OR sk = '1')", "a = 1"],
  ])("%s: %s", (where, expected) => {
    expect(reads(where, { S: "x" })).toBe(expected);
  });

  test("without WHERE it is a scan", () => {
    expect(selectPlan(`SELECT * FROM "T"`)).toEqual({ wholeItems: false, queries: undefined, backward: false });
  });

  test.each([
    ["pk = 'o' ORDER BY sk DESC", true, "o"],
    ["pk = 'o' ORDER BY sk", false, "o"],
    ["pk = 'o' ORDER BY pk ASC", true, "o"],
    ["pk IN ['p', 'o'] ORDER BY pk ASC, sk ASC", false, "o | p"],
    ["pk IN ['o', 'p'] ORDER BY pk DESC", true, "p | o"],
    ["pk = 'o' AND sk IN ['2', '1', '3'] ORDER BY sk", false, "o = 1 | o = 2 | o = 3"],
    ["pk = 'o' AND sk IN ['2', '1', '3'] ORDER BY sk DESC", true, "o = 3 | o = 2 | o = 1"],
  ])("%s is read backward: %p", (rest, backward, order) => {
    const plan = selectPlan(`SELECT pk FROM "T" WHERE ${rest}`);
    expect([plan.backward, plan.queries?.map(readText).join(" | ")]).toEqual([backward, order]);
  });

  test("columns are named by their last name", () => {
    const { columns } = selectPlan(`SELECT pk, m.k[1], l[0], "m.z" FROM "T"`);
    expect(columns?.map(({ name, path }) => [name, ...path])).toEqual([
      ["pk", "pk"],
      ["k[1]", "m", "k", 1],
      ["l[0]", "l", 0],
      ["m.z", "m.z"],
    ]);
  });

  test("a local index that lacks an attribute reads whole items", () => {
    expect(selectPlan(`SELECT pk, l FROM "T"."lsi" WHERE pk = 'x'`)).toMatchObject({ index: "lsi", wholeItems: false });
    expect(selectPlan(`SELECT v FROM "T"."lsi" WHERE pk = 'x'`)).toMatchObject({ index: "lsi", wholeItems: true });
  });
});

describe("what a write does", () => {
  test("INSERT puts what is not there yet", () => {
    const plan = writePlan(
      `INSERT INTO "T" VALUE {'pk': ?, 'sk': '1', 'n': 1.50, 'm': {'b': [true, NULL]}, 's': <<'x', 'y'>>}`,
      {
        S: "a",
      },
    );
    if (plan.kind !== "put") throw new Error(plan.kind);
    expect(plan.item).toEqual({
      pk: { S: "a" },
      sk: { S: "1" },
      n: { N: "1.5" },
      m: { M: { b: { L: [{ BOOL: true }, { NULL: true }] } } },
      s: { SS: ["x", "y"] },
    });
    expect([matches(plan.condition, undefined), matches(plan.condition, plan.item)]).toEqual([true, false]);
  });

  test("UPDATE changes what is there", () => {
    const plan = writePlan(
      `UPDATE "T" SET n = n + 2 - 1, l = list_append(l, [?]) SET s = set_add(s, <<3>>), t = set_delete(t, ?) REMOVE m.k WHERE sk = '1' AND pk = 'a' AND n < 9`.replace(
        "[?]",
        "?",
      ),
      { L: [{ S: "end" }] },
      { SS: ["x"] },
    );
    if (plan.kind !== "update") throw new Error(plan.kind);
    expect(plan.key).toEqual({ pk: { S: "a" }, sk: { S: "1" } });
    const item: Item = {
      ...plan.key,
      n: { N: "8" },
      l: { L: [{ N: "1" }] },
      s: { NS: ["1"] },
      t: { SS: ["x", "y"] },
      m: { M: { k: { S: "gone" }, o: { S: "stays" } } },
    };
    expect(applyUpdate(plan.update, item, plan.key).item).toEqual({
      ...plan.key,
      n: { N: "9" },
      l: { L: [{ N: "1" }, { S: "end" }] },
      s: { NS: ["1", "3"] },
      t: { SS: ["y"] },
      m: { M: { o: { S: "stays" } } },
    });
    expect(matches(plan.condition, item)).toBe(true);
    expect(matches(plan.condition, { ...item, n: { N: "9" } })).toBe(false);
    expect(matches(plan.condition, undefined)).toBe(false);
  });

  test("DELETE of what is not there succeeds, whatever else is demanded", () => {
    const plan = writePlan(`DELETE FROM "H" WHERE pk = 'a' AND "name" = 'x'`);
    if (plan.kind !== "delete") throw new Error(plan.kind);
    expect(matches(plan.condition!, undefined)).toBe(true);
    expect(matches(plan.condition!, { pk: { S: "a" } })).toBe(false);
    expect(matches(plan.condition!, { pk: { S: "a" }, name: { S: "x" } })).toBe(true);
    expect(writePlan(`DELETE FROM "H" WHERE pk = 'a'`)).toEqual({ kind: "delete", key: { pk: { S: "a" } } });
  });

  test("EXISTS takes the first key, and any other for a condition", () => {
    const plan = writePlan(`EXISTS(SELECT * FROM "H" WHERE pk = 'a' AND pk = 'b' AND flag = 'x')`);
    if (plan.kind !== "check") throw new Error(plan.kind);
    expect(plan.key).toEqual({ pk: { S: "a" } });
    expect(matches(plan.condition, { pk: { S: "a" }, flag: { S: "x" } })).toBe(false);
  });
});

describe("conditions", () => {
  const item: Item = {
    pk: { S: "a" },
    n: { N: "1" },
    flag: { S: "right" },
    yes: { BOOL: true },
    nul: { NULL: true },
    tags: { SS: ["a", "b"] },
    l: { L: [{ S: "a" }, { S: "b" }] },
    m: { M: { x: { S: "y" } } },
  };
  const holds = (where: string): boolean => {
    const bound = bindStatement(`SELECT * FROM t WHERE ${where}`, []);
    return matches(conditionOf(lowerCondition(bound, (bound.statement as Select).where as Expression)), item);
  };

  test.each([
    "attribute_exists(nope) = false",
    "true = attribute_exists(n)",
    "attribute_exists(n) <> 1",
    "contains(nope, 'z') = false",
    "(n BETWEEN 0 AND 5) = true",
    "(n = 5 OR flag = 'x') = false",
    "attribute_exists(nope) IN [true, false]",
    "attribute_exists(n) = attribute_exists(flag)",
    "attribute_exists(n) = yes",
    "n = - - 1",
    "n BETWEEN - 2 AND +5 AND n IN [- 1, 1]",
    "n NOT BETWEEN 2 AND 3",
    "n NOT IN [2, 3]",
    "n <> 2 AND nope <> 1",
    "contains(tags, 'a') AND tags = <<'b', 'a'>> AND l = ['a', 'b'] AND m = {'x': 'y'} AND m.x = 'y' AND l[1] = 'b'",
    "size(l) = 2 AND size(flag) > 4",
    "nul IS NULL AND flag IS NOT NULL AND nope IS NOT NULL AND nope IS MISSING AND n IS NOT MISSING",
    "yes IS BOOL AND flag IS STRING AND n IS INT AND tags IS BAG AND l IS LIST AND m IS STRUCT AND n IS NOT STRING",
    "attribute_type(tags, 'SS') AND begins_with(flag, 'ri') AND NOT begins_with(flag, 'le')",
    "'1' <> n AND 2 > n AND 0 < n",
  ])("%s holds", (where) => {
    expect(holds(where)).toBe(true);
  });

  test.each([
    "attribute_exists(n) = 1",
    "NOT attribute_exists(n) = true",
    "(attribute_exists(n) = true) = false",
    "attribute_exists(n) = flag",
    "n > - - 1",
    "nope IS NULL",
    "n IN []",
    "nope = 1",
    "l = ['b', 'a']",
  ])("%s does not", (where) => {
    expect(holds(where)).toBe(false);
  });
});

describe("queries read exactly what WHERE describes", () => {
  const values = ["a", "b", "c"] as const;
  const items: readonly Item[] = values.flatMap((pk) =>
    values.flatMap((sk) => ["0", "1"].map((v) => ({ pk: { S: pk }, sk: { S: sk }, v: { N: v } }) as Item)),
  );
  const value = fc.constantFrom(...values).map((one) => `'${one}'`);
  const leaf = fc.oneof(
    value.map((one) => `pk = ${one}`),
    value.map((one) => `pk = ${one}`),
    fc.array(value, { minLength: 1, maxLength: 2 }).map((some) => `pk IN [${some.join(",")}]`),
    fc.tuple(fc.constantFrom("=", "<", "<=", ">", ">=", "<>"), value).map(([op, one]) => `sk ${op} ${one}`),
    fc.tuple(value, value).map(([a, b]) => `sk BETWEEN ${a < b ? a : b} AND ${a < b ? b : a}`),
    fc.array(value, { minLength: 1, maxLength: 2 }).map((some) => `sk IN [${some.join(",")}]`),
    fc.constantFrom("v = 1", "attribute_exists(pk)", "begins_with(sk, 'b')"),
  );
  const { where } = fc.letrec<{ where: string }>((tie) => ({
    where: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.tuple(tie("where"), tie("where")).map(([a, b]) => `(${a} AND ${b})`),
      fc.tuple(tie("where"), tie("where")).map(([a, b]) => `(${a} OR ${b})`),
      tie("where").map((one) => `NOT ${one}`),
    ),
  }));

  test("each item once, no item besides", () => {
    let planned = 0;
    fc.assert(
      fc.property(where, (text) => {
        const bound = bindStatement(`SELECT * FROM "T" WHERE ${text}`, []);
        const expected = conditionOf(lowerCondition(bound, (bound.statement as Select).where as Expression));
        let plan: SelectPlan;
        try {
          plan = selectPlan(`SELECT * FROM "T" WHERE ${text}`);
        } catch (error) {
          expect(String(error)).toContain("Overlapping conditions");
          return;
        }
        if (plan.queries === undefined) return;
        planned++;
        const found = plan.queries.flatMap((query) => items.filter((item) => isRead(query, item)));
        const wanted = items.filter((item) => matches(expected, item));
        expect(found.length).toBe(wanted.length);
        expect(new Set(found)).toEqual(new Set(wanted));
      }),
      { numRuns: 1000 },
    );
    expect(planned).toBeGreaterThan(30);
  });

  function isRead({ hash, range, filter }: PlannedQuery, item: Item): boolean {
    if (compareValues(item.pk!, hash) !== 0) return false;
    if (range !== undefined && !inRange(item.sk!, range)) return false;
    return filter === undefined || matches(filter, item);
  }

  function inRange(sk: AttributeValue, { op, values: bounds }: NonNullable<PlannedQuery["range"]>): boolean {
    const order = compareValues(sk, bounds[0]!)!;
    switch (op) {
      case "=":
        return order === 0;
      case "<":
        return order < 0;
      case "<=":
        return order <= 0;
      case ">":
        return order > 0;
      case ">=":
        return order >= 0;
      case "BETWEEN":
        return order >= 0 && compareValues(sk, bounds[1]!)! <= 0;
      case "begins_with":
        return (sk as { readonly S: string }).S.startsWith((bounds[0] as { readonly S: string }).S);
    }
  }
});
