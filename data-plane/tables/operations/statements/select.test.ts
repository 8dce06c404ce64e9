import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ExecuteStatementCommandInput } from "@aws-sdk/client-dynamodb";
import { StatementsWorld, said } from "./statements.testing.ts";

let db: StatementsWorld;
beforeAll(async () => {
  db = await StatementsWorld.open();
});
afterAll(() => db.close());

describe("SELECT", () => {
  beforeAll(async () => {
    for (const pk of ["o", "p"]) {
      for (const sk of ["1", "2", "3"]) {
        await db.put("two", {
          pk: { S: pk },
          sk: { S: sk },
          g: { S: `g${sk}` },
          l: { S: `l${sk}` },
          shown: { S: `${pk}${sk}` },
          hidden: { N: sk },
          m: { M: { k: { L: [{ S: "deep" }] } } },
        });
      }
    }
  });
  const keys = async (statement: string) =>
    (await db.items(statement)).map(({ pk, sk }) => `${pk!.S}/${sk!.S}`).join(" ");

  test("reads by key, in order, over several keys", async () => {
    expect(await keys(`SELECT * FROM "two" WHERE pk = 'o'`)).toBe("o/1 o/2 o/3");
    expect(await keys(`SELECT * FROM "two" WHERE pk = 'o' ORDER BY sk DESC`)).toBe("o/3 o/2 o/1");
    expect(await keys(`SELECT * FROM "two" WHERE pk IN ['o', 'p'] ORDER BY pk DESC, sk ASC`)).toBe(
      "p/1 p/2 p/3 o/1 o/2 o/3",
    );
    expect(await keys(`SELECT * FROM "two" WHERE pk = 'o' AND sk BETWEEN '2' AND '3' AND hidden <> 3`)).toBe("o/2");
    expect(await keys(`SELECT * FROM "two" WHERE pk = 'o' AND NOT sk = '1' OR pk = 'o' AND sk = '2'`)).toBe("o/2 o/3");
    expect((await keys(`SELECT * FROM "two" WHERE hidden = 2`)).split(" ").sort()).toEqual(["o/2", "p/2"]);
    expect(await db.items(`SELECT pk FROM "two" WHERE pk = 'o' AND sk = '1' AND sk = '2'`)).toEqual([]);
  });

  test("returns the attributes that it names, under their last names", async () => {
    expect(await db.items(`SELECT sk, m.k[0], nope, "hidden" FROM "two" WHERE pk = 'o' AND sk = '1'`)).toEqual([
      { sk: { S: "1" }, "k[0]": { S: "deep" }, hidden: { N: "1" } },
    ]);
    expect(await db.items(`SELECT nope FROM "two" WHERE pk = 'o' AND sk = '1'`)).toEqual([{}]);
  });

  test("reads indexes", async () => {
    expect(await db.items(`SELECT * FROM "two"."gsi" WHERE g = 'g1' AND shown = 'o1'`)).toEqual([
      { pk: { S: "o" }, sk: { S: "1" }, g: { S: "g1" }, shown: { S: "o1" } },
    ]);
    expect(await db.items(`SELECT hidden FROM "two"."lsi" WHERE pk = 'o' AND l > 'l2'`)).toEqual([
      { hidden: { N: "3" } },
    ]);
    expect(await db.items(`SELECT sk FROM "two"."gsi" WHERE hidden = 1`)).toEqual([]);
    expect(await said(db.execute(`SELECT hidden FROM "two"."gsi" WHERE g = 'g1'`))).toBe(
      "ValidationException: One or more parameter values were invalid: Global secondary index gsi does not project [hidden]",
    );
    expect(
      await said(db.execute(`SELECT sk FROM "two"."gsi" WHERE g = 'g1'`, undefined, { ConsistentRead: true })),
    ).toContain("Consistent reads are not supported on global secondary indexes");
  });

  test.each([
    [`SELECT pk, sk FROM "two" WHERE pk IN ['o', 'p'] ORDER BY pk DESC`, "p/3 p/2 p/1 o/3 o/2 o/1"],
    [`SELECT pk, sk FROM "two" WHERE pk IN ['o', 'p'] AND hidden <> 2`, "o/1 o/3 p/1 p/3"],
  ])("goes on where a page ended: %s", async (statement, expected) => {
    for (const limit of [1, 2, 3, 4, 100]) {
      const found: string[] = [];
      let token: string | undefined;
      let pages = 0;
      do {
        const page = await db.execute(statement, undefined, { Limit: limit, ...(token && { NextToken: token }) });
        found.push(...page.Items!.map(({ pk, sk }) => `${pk!.S}/${sk!.S}`));
        token = page.NextToken;
        pages++;
      } while (token !== undefined);
      expect(found.join(" ")).toBe(expected);
      expect(pages).toBeLessThanOrEqual(6 / limit + 2);
    }
  });

  test("pages a scan", async () => {
    const first = await db.execute(`SELECT pk, sk FROM "two"`, undefined, { Limit: 4 });
    expect(Object.keys(first.LastEvaluatedKey!).sort()).toEqual(["pk", "sk"]);
    const second = await db.execute(`SELECT pk, sk FROM "two"`, undefined, { Limit: 4, NextToken: first.NextToken });
    expect([...first.Items!, ...second.Items!].length).toBe(6);
    expect(second.NextToken).toBeUndefined();
  });

  test("a token belongs to its statement", async () => {
    const { NextToken } = await db.execute(`SELECT * FROM "two"`, undefined, { Limit: 1 });
    const other = db.execute(`SELECT * FROM "two" WHERE pk = 'o'`, undefined, { NextToken: NextToken! });
    expect(await said(other)).toBe("ValidationException: The provided starting key is invalid");
    expect(await said(db.execute(`SELECT * FROM "two"`, undefined, { NextToken: "no token" }))).toBe(
      "ValidationException: Invalid NextToken",
    );
    const decoded = JSON.parse(Buffer.from(NextToken!, "base64url").toString());
    const forged = (changed: object) => Buffer.from(JSON.stringify({ ...decoded, ...changed })).toString("base64url");
    for (const changed of [
      { start: { pk: { S: "o" } } },
      { start: { pk: { N: "1" }, sk: { S: "1" } } },
      { query: 7 },
    ]) {
      expect(await said(db.execute(`SELECT * FROM "two"`, undefined, { NextToken: forged(changed) }))).toContain(
        "The provided starting key is invalid",
      );
    }
    for (const changed of [{ query: -1 }, { query: 0.5 }, { scope: 7 }]) {
      expect(await said(db.execute(`SELECT * FROM "two"`, undefined, { NextToken: forged(changed) }))).toContain(
        "Invalid NextToken",
      );
    }
  });

  test("reports what it consumed", async () => {
    const consumed = async (statement: string, more: Partial<ExecuteStatementCommandInput> = {}) =>
      (await db.execute(statement, undefined, { ReturnConsumedCapacity: "INDEXES", ...more })).ConsumedCapacity;
    expect(await consumed(`SELECT * FROM "two" WHERE pk = 'o' AND sk = '1'`)).toEqual({
      TableName: "two",
      CapacityUnits: 0.5,
      Table: { CapacityUnits: 0.5 },
    });
    expect((await consumed(`SELECT * FROM "one" WHERE pk = 'none'`, { ConsistentRead: true }))!.CapacityUnits).toBe(1);
    expect(await consumed(`SELECT pk FROM "two"."gsi" WHERE g = 'g1'`)).toMatchObject({
      CapacityUnits: 0.5,
      Table: { CapacityUnits: 0 },
      GlobalSecondaryIndexes: { gsi: { CapacityUnits: 0.5 } },
    });
    expect(await consumed(`SELECT hidden FROM "two"."lsi" WHERE pk = 'o'`)).toMatchObject({
      CapacityUnits: 2,
      Table: { CapacityUnits: 1.5 },
      LocalSecondaryIndexes: { lsi: { CapacityUnits: 0.5 } },
    });
    expect(await consumed(`INSERT INTO "two" VALUE {'pk': 'cc', 'sk': '1', 'g': 'x', 'l': 'y'}`)).toMatchObject({
      CapacityUnits: 3,
      Table: { CapacityUnits: 1 },
    });
    expect((await consumed(`DELETE FROM "one" WHERE pk = 'none'`))!.CapacityUnits).toBe(1);
  });
});
