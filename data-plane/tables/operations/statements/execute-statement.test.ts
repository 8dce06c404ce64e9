import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { refusal } from "../../testing/world.ts";
import { type Item, StatementsWorld, said } from "./statements.testing.ts";

let db: StatementsWorld;
beforeAll(async () => {
  db = await StatementsWorld.open();
});
afterAll(() => db.close());

describe("ExecuteStatement", () => {
  test("inserts, selects, updates and deletes", async () => {
    expect((await db.execute(`INSERT INTO "one" VALUE {'pk': 'life', 'n': ?}`, [{ N: "1.0" }])).Items).toEqual([]);
    expect(await said(db.execute(`INSERT INTO "one" VALUE {'pk': 'life'}`))).toBe(
      "DuplicateItemException: Duplicate primary key exists in table",
    );
    expect(await db.items(`SELECT * FROM "one" WHERE pk = 'life'`)).toEqual([{ pk: { S: "life" }, n: { N: "1" } }]);
    expect((await db.execute(`UPDATE "one" SET n = n + 1 WHERE pk = 'life'`)).Items).toEqual([]);
    expect(await db.stored("one", { pk: { S: "life" } })).toEqual({ pk: { S: "life" }, n: { N: "2" } });
    expect((await db.execute(`DELETE FROM "one" WHERE pk = 'life'`)).Items).toEqual([]);
    expect((await db.execute(`DELETE FROM "one" WHERE pk = 'life'`)).Items).toEqual([]);
    expect(await db.items(`SELECT * FROM "one" WHERE pk = 'life'`)).toEqual([]);
  });

  test("an update needs the item and its conditions, a deletion only the conditions", async () => {
    const failed = "ConditionalCheckFailedException: The conditional request failed";
    expect(await said(db.execute(`UPDATE "one" SET a = 1 WHERE pk = 'ghost'`))).toBe(failed);
    expect(await said(db.execute(`UPDATE "one" SET a = 1 WHERE pk = 'ghost' AND attribute_not_exists(pk)`))).toBe(
      failed,
    );
    await db.execute(`DELETE FROM "one" WHERE pk = 'ghost' AND a = 1`);
    expect(await db.stored("one", { pk: { S: "ghost" } })).toBeUndefined();
    await db.put("one", { pk: { S: "c" }, a: { N: "1" } });
    expect(await said(db.execute(`UPDATE "one" SET b = 1 WHERE pk = 'c' AND a = 2`))).toBe(failed);
    expect(await said(db.execute(`DELETE FROM "one" WHERE pk = 'c' AND a = 2`))).toBe(failed);
    const call = db.execute(`DELETE FROM "one" WHERE pk = 'c' AND a = 2`, undefined, {
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    expect(((await refusal(call)) as unknown as { Item?: Item }).Item).toEqual({ pk: { S: "c" }, a: { N: "1" } });
    await db.execute(`FROM "one" WHERE pk = 'c' AND a = 1 SET b = 2 REMOVE a`);
    expect(await db.stored("one", { pk: { S: "c" } })).toEqual({ pk: { S: "c" }, b: { N: "2" } });
  });

  test("RETURNING gives the item or what has changed of it", async () => {
    const seed = () =>
      db.put("one", {
        pk: { S: "r" },
        data: { S: "old" },
        tags: { L: [{ S: "a" }, { S: "b" }, { S: "c" }] },
        m: { M: { x: { S: "1" }, y: { S: "2" } } },
      });
    const returned = async (change: string, returning: string) => {
      await seed();
      return await db.items(`UPDATE "one" ${change} WHERE pk = 'r' RETURNING ${returning} *`);
    };
    expect(await returned("SET data = 'new'", "MODIFIED OLD")).toEqual([{ data: { S: "old" } }]);
    expect(await returned("SET data = 'new'", "MODIFIED NEW")).toEqual([{ data: { S: "new" } }]);
    expect((await returned("SET data = 'new'", "ALL NEW"))[0]).toMatchObject({ pk: { S: "r" }, data: { S: "new" } });
    expect((await returned("SET data = 'new'", "ALL OLD"))[0]).toMatchObject({ pk: { S: "r" }, data: { S: "old" } });
    expect(await returned("SET m.x = '9'", "MODIFIED NEW")).toEqual([{ m: { M: { x: { S: "9" } } } }]);
    expect(await returned("SET tags[2] = 'y', tags[0] = 'x'", "MODIFIED NEW")).toEqual([
      { tags: { L: [{ S: "x" }, { S: "y" }] } },
    ]);
    expect(await returned("REMOVE tags[1]", "MODIFIED NEW")).toEqual([{ tags: { L: [{ S: "c" }] } }]);
    expect(await returned("REMOVE data", "MODIFIED NEW")).toEqual([]);
    expect(await returned("SET fresh = 1", "MODIFIED OLD")).toEqual([]);
    expect(await db.items(`DELETE FROM "one" WHERE pk = 'r' RETURNING ALL OLD *`)).toMatchObject([{ pk: { S: "r" } }]);
    expect(await db.items(`DELETE FROM "one" WHERE pk = 'r' RETURNING ALL OLD *`)).toEqual([]);
  });

  test("sets and lists grow and shrink", async () => {
    await db.put("one", { pk: { S: "s" }, ss: { SS: ["a", "b"] }, ns: { NS: ["1"] }, l: { L: [] } });
    await db.execute(
      `UPDATE "one" SET ss = set_add(ss, <<'c'>>) SET ns = SET_DELETE(ns, <<1>>) SET f = set_add(f, ?) WHERE pk = 's'`,
      [{ SS: ["x"] }],
    );
    await db.execute(`UPDATE "one" SET l = list_append(l, [4, <<'q'>>]) WHERE pk = 's'`);
    const item = await db.stored("one", { pk: { S: "s" } });
    expect(new Set(item!.ss!.SS)).toEqual(new Set(["a", "b", "c"]));
    expect([item!.ns, item!.f, item!.l]).toEqual([undefined, { SS: ["x"] }, { L: [{ N: "4" }, { SS: ["q"] }] }]);
    const wrong = "ValidationException: An operand in the update expression has an incorrect data type";
    expect(await said(db.execute(`UPDATE "one" SET ss = set_add(ss, <<1>>) WHERE pk = 's'`))).toBe(wrong);
    expect(await said(db.execute(`UPDATE "one" SET nope = list_append(nope, [1]) WHERE pk = 's'`))).toBe(
      "ValidationException: The provided expression refers to an attribute that does not exist in the item",
    );
    expect(await said(db.execute(`UPDATE "one" SET nope[0] = 1 WHERE pk = 's'`))).toBe(
      "ValidationException: The document path provided in the update expression is invalid for update",
    );
  });

  test("mistakes have DynamoDB's words", async () => {
    const cases: readonly (readonly [string, string])[] = [
      [`SELECT * FROM "none" WHERE pk = 'x'`, "ResourceNotFoundException: Requested resource not found"],
      [`FROM "none" WHERE pk = 'x' SET c = 1`, "ResourceNotFoundException: Requested resource not found"],
      [
        `DELETE FROM "one" WHERE a = 'x'`,
        "ValidationException: Where clause does not contain a mandatory equality on all key attributes",
      ],
      [
        `SELECT * FROM "one" WHERE`,
        "ValidationException: Statement wasn't well formed, can't be processed: Unexpected term",
      ],
      [
        `EXISTS(SELECT * FROM "one" WHERE pk = 'x' AND a IS MISSING)`,
        "ValidationException: EXISTS can only be used in ExecuteTransaction write requests.",
      ],
      [
        `INSERT INTO "two" VALUE {'pk': 'x'}`,
        "ValidationException: One or more parameter values were invalid: Missing the key sk in the item",
      ],
      [
        `UPDATE "one" SET pk = 'y' WHERE pk = 'x'`,
        "ValidationException: One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
      ],
    ];
    for (const [statement, expected] of cases) expect(await said(db.execute(statement))).toBe(expected);
    // Parameters are looked at before the statement is.
    expect(await said(db.execute(`UPDATE "one" SET WHERE`, [{ SS: ["a", "a"] }]))).toBe(
      "ValidationException: One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
    );
    expect(await said(db.execute(`SELECT * FROM "one" WHERE pk = ?`, [{ N: "1e99999999999" }]))).toBe(
      "ValidationException: The parameter cannot be converted to a numeric value: 1e99999999999",
    );
    expect(await said(db.execute("x".repeat(8193)))).toContain("Member must have length less than or equal to 8192");
  });
});
