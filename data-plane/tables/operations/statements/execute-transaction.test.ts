import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { reasons, StatementsWorld, said } from "./statements.testing.ts";

let db: StatementsWorld;
beforeAll(async () => {
  db = await StatementsWorld.open();
});
afterAll(() => db.close());

describe("ExecuteTransaction", () => {
  test("writes all or nothing", async () => {
    await db.put("one", { pk: { S: "tx" }, n: { N: "0" } });
    const done = await db.transact(
      [
        `INSERT INTO "one" VALUE {'pk': 'tx-new'}`,
        `UPDATE "one" SET n = n + 1 WHERE pk = 'tx'`,
        `EXISTS(SELECT * FROM "one" WHERE pk = 'c' AND nope IS MISSING)`,
      ],
      { ReturnConsumedCapacity: "TOTAL" },
    );
    expect([done.Responses, done.ConsumedCapacity?.[0]?.TableName]).toEqual([[], "one"]);
    expect(
      await reasons(
        db.transact([
          `UPDATE "one" SET n = 9 WHERE pk = 'tx'`,
          `INSERT INTO "one" VALUE {'pk': 'tx-new'}`,
          `UPDATE "one" SET n = 9 WHERE pk = 'nobody'`,
          `EXISTS(SELECT * FROM "one" WHERE pk = 'c' AND nope IS NOT MISSING)`,
        ]),
      ),
    ).toEqual([
      "None",
      "DuplicateItem: Duplicate primary key exists in table",
      "ConditionalCheckFailed: The conditional request failed",
      "ConditionalCheckFailed: The conditional request failed",
    ]);
    expect(await db.stored("one", { pk: { S: "tx" } })).toEqual({ pk: { S: "tx" }, n: { N: "1" } });
  });

  test("a token makes it happen once", async () => {
    await db.put("one", { pk: { S: "once" }, n: { N: "0" } });
    const again = (statement: string) =>
      db.transact([statement], { ClientRequestToken: "a-token", ReturnConsumedCapacity: "INDEXES" });
    const statement = `UPDATE "one" SET n = n + 1 WHERE pk = 'once'`;
    const [first, second] = [await again(statement), await again(statement)];
    expect((await db.stored("one", { pk: { S: "once" } }))!.n).toEqual({ N: "1" });
    expect(
      [first, second].map(({ ConsumedCapacity: [one] = [] }) => [one!.WriteCapacityUnits, one!.ReadCapacityUnits]),
    ).toEqual([
      [2, undefined],
      [undefined, 2],
    ]);
    expect(await said(again(`${statement} `))).toContain("IdempotentParameterMismatchException");
  });

  test("reads by key, as of one moment", async () => {
    await db.put("two", { pk: { S: "k" }, sk: { S: "1" }, flag: { S: "right" } });
    const select = `SELECT * FROM "two" WHERE `;
    const { Responses } = await db.transact([
      `${select}(sk = '1') AND pk = 'k' AND pk = 'k'`,
      `SELECT flag FROM "two" WHERE pk IN ['k'] AND sk IN ['2']`,
    ]);
    expect(Responses).toEqual([{ Item: { pk: { S: "k" }, sk: { S: "1" }, flag: { S: "right" } } }, {}]);
    const keyOnly =
      "ValidationException: Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction must specify the primary key in the where clause.";
    for (const where of [
      `pk = 'k' AND sk = '1' AND flag = 'right'`,
      `pk = 'k' AND sk = '1' AND pk = 'o'`,
      `pk = 'k'`,
      `pk IN ['x'] AND pk = 'k' AND sk = '1'`,
    ]) {
      expect(await said(db.transact([select + where]))).toBe(keyOnly);
    }
    expect(await said(db.transact([`SELECT * FROM "two"."gsi" WHERE g = 'x'`]))).toBe(
      "ValidationException: Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.",
    );
    const one = `${select}pk = 'k' AND sk = '1'`;
    expect(await said(db.transact([one, `SELECT flag FROM "two" WHERE sk = '1' AND pk = 'k'`]))).toBe(
      "ValidationException: Transaction request cannot include multiple operations on one item",
    );
    expect(await reasons(db.transact([one, one, `${select}pk = 1 AND sk = '1'`]))).toEqual([
      "None",
      "None",
      "ValidationError: The provided key element does not match the schema",
    ]);
  });

  test("mistakes in keys and tables cancel it, other mistakes name the statement", async () => {
    const update = `UPDATE "two" SET a = 1 WHERE `;
    const mismatch = "ValidationError: The provided key element does not match the schema";
    expect(
      await reasons(
        db.transact([
          `${update}pk = 'k'`,
          `${update}pk IN ['k'] AND sk = '1'`,
          `${update}pk = 'k' AND sk = '1' AND pk = 'o'`,
          `${update}pk = 'k' AND sk = 1`,
          `${update}pk = 'k' AND sk = '1'`,
          `INSERT INTO "two" VALUE {'pk': 'x'}`,
          `DELETE FROM "none" WHERE pk = 'x' RETURNING ALL OLD *`,
        ]),
      ),
    ).toEqual([
      ...[mismatch, mismatch, mismatch, mismatch],
      "None",
      "ValidationError: One or more parameter values were invalid: Missing the key sk in the item",
      "ResourceNotFound: Requested resource not found",
    ]);
    const named = async (...statements: string[]) =>
      (await said(db.transact(statements))).replace("ValidationException: ", "");
    expect(
      await named(`DELETE FROM "none" WHERE pk = 'x'`, `DELETE FROM "one" WHERE pk = 'x' RETURNING ALL OLD *`),
    ).toBe("Validation failed in TransactStatements[1]: RETURNING clause is not supported in ExecuteTransaction.");
    expect(await named(`SELECT * FROM "one" WHERE`)).toBe(
      "Validation failed in TransactStatements[0]: Statement wasn't well formed, can't be processed: Unexpected term",
    );
    expect(await named(`EXISTS(SELECT * FROM "one" WHERE pk = 'c')`, `DELETE FROM "one" WHERE pk = 'x'`)).toBe(
      "Validation failed in TransactStatements[0]: EXISTS() must contain a single item read with additional condition",
    );
    expect(await named(`SELECT * FROM "one" WHERE pk = 'c'`, `DELETE FROM "one" WHERE pk = 'x'`)).toBe(
      "ExecuteTransaction API does not support both read and write operations in the same request.",
    );
  });
});
