import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BatchExecuteStatementCommand } from "@aws-sdk/client-dynamodb";
import { StatementsWorld, said } from "./statements.testing.ts";

let db: StatementsWorld;
beforeAll(async () => {
  db = await StatementsWorld.open();
});
afterAll(() => db.close());

describe("BatchExecuteStatement", () => {
  test("answers each statement on its own", async () => {
    await db.put("one", { pk: { S: "b" }, data: { S: "x" } });
    expect(
      await db.batch(
        `SELECT * FROM "one" WHERE pk = 'b'`,
        `SELECT data FROM "one" WHERE pk IN ['b']`,
        `SELECT * FROM "one" WHERE pk = 'missing'`,
        `SLECT * FROM "one" WHERE pk = 'b'`,
        `SELECT * FROM "none" WHERE pk = 'b'`,
        `SELECT * FROM "one" WHERE data = 'x'`,
        `SELECT * FROM "two"."gsi" WHERE g = 'b'`,
        { Statement: `SELECT * FROM "one" WHERE pk = ?`, Parameters: [{ SS: ["a", "a"] }] },
      ),
    ).toEqual([
      { TableName: "one", Item: { pk: { S: "b" }, data: { S: "x" } } },
      { TableName: "one", Item: { data: { S: "x" } } },
      { TableName: "one" },
      {
        Error: {
          Code: "ValidationError",
          Message: "Statement wasn't well formed, can't be processed: Expected data manipulation",
        },
      },
      { Error: { Code: "ResourceNotFound", Message: "Requested resource not found" } },
      ...["one", "two"].map((TableName) => ({
        TableName,
        Error: {
          Code: "ValidationError" as const,
          Message: "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
        },
      })),
      {
        Error: {
          Code: "ValidationError",
          Message: "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
        },
      },
    ]);
  });

  test("writes, and says what was there", async () => {
    await db.put("one", { pk: { S: "bw" }, data: { S: "old" } });
    expect(
      await db.batch(
        `INSERT INTO "one" VALUE {'pk': 'bw'}`,
        {
          Statement: `UPDATE "one" SET a = 1 WHERE pk = 'bw' AND data = 'no'`,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
        `DELETE FROM "one" WHERE pk = 'bw' RETURNING MODIFIED OLD *`,
        `INSERT INTO "one" VALUE {'pk': 'bw2', 'data': 'new'}`,
      ),
    ).toEqual([
      { TableName: "one", Error: { Code: "DuplicateItem", Message: "Duplicate primary key exists in table" } },
      {
        TableName: "one",
        Error: {
          Code: "ConditionalCheckFailed",
          Message: "The conditional request failed",
          Item: { pk: { S: "bw" }, data: { S: "old" } },
        },
      },
      {
        TableName: "one",
        Error: {
          Code: "ValidationError",
          Message:
            "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
        },
      },
      { TableName: "one" },
    ]);
    expect(await db.batch(`DELETE FROM "one" WHERE pk = 'bw' RETURNING ALL OLD *`)).toEqual([
      { TableName: "one", Item: { pk: { S: "bw" }, data: { S: "old" } } },
    ]);
  });

  test("charges only what succeeded", async () => {
    await db.put("one", { pk: { S: "cc" } });
    const charged = async (...statements: string[]) =>
      (
        await db.world.client().send(
          new BatchExecuteStatementCommand({
            Statements: statements.map((Statement) => ({ Statement, ConsistentRead: true })),
            ReturnConsumedCapacity: "TOTAL",
          }),
        )
      ).ConsumedCapacity;
    expect(
      await charged(`SELECT * FROM "one" WHERE pk = 'cc'`, `SELECT * FROM "one" WHERE pk = 'none'`, `SELECT *`),
    ).toEqual([{ TableName: "one", CapacityUnits: 2 }]);
    expect(await charged(`INSERT INTO "one" VALUE {'pk': 'cc'}`)).toBeUndefined();
  });

  test("reads or writes, at most 25", async () => {
    expect(await said(db.batch(`SELECT * FROM "one" WHERE pk = 'x'`, `DELETE FROM "one" WHERE pk = 'x'`))).toContain(
      "does not support both read and write operations in the same request",
    );
    expect(await said(db.batch())).toContain("ValidationException");
    expect(await said(db.batch(...Array.from({ length: 26 }, () => `SELECT * FROM "one" WHERE pk = 'x'`)))).toContain(
      "Member must have length less than or equal to 25",
    );
  });
});
