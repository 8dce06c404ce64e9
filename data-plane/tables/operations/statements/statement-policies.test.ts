import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BatchExecuteStatementCommand, ExecuteStatementCommand } from "@aws-sdk/client-dynamodb";
import { ACCOUNT, addUser, refusal } from "../../testing/world.ts";
import { StatementsWorld } from "./statements.testing.ts";

let db: StatementsWorld;
beforeAll(async () => {
  db = await StatementsWorld.open();
});
afterAll(() => db.close());

describe("policies", () => {
  test("allow and deny statements by what they do", async () => {
    addUser(db.world, "reader", "AKIAREADER", [
      {
        Effect: "Allow",
        Action: "dynamodb:PartiQLSelect",
        Resource: `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/two`,
      },
      {
        Effect: "Deny",
        Action: "dynamodb:PartiQLSelect",
        Resource: "*",
        Condition: { Bool: { "dynamodb:FullTableScan": "true" } },
      },
    ]);
    await db.put("two", { pk: { S: "o" }, sk: { S: "1" } });
    const reader = db.world.client("AKIAREADER");
    const run = (Statement: string) => reader.send(new ExecuteStatementCommand({ Statement }));
    await run(`SELECT * FROM "two" WHERE pk = 'o'`);
    for (const statement of [
      `SELECT * FROM "two"`,
      `SELECT * FROM "two"."gsi" WHERE g = 'g1'`,
      `SELECT * FROM "one" WHERE pk = 'o'`,
      `DELETE FROM "two" WHERE pk = 'o' AND sk = '1'`,
    ]) {
      expect((await refusal(run(statement))).name).toBe("AccessDeniedException");
    }
    const { Responses } = await reader.send(
      new BatchExecuteStatementCommand({
        Statements: [
          { Statement: `SELECT sk FROM "two" WHERE pk = 'o' AND sk = '1'` },
          { Statement: `SELECT * FROM "one" WHERE pk = 'o'` },
        ],
      }),
    );
    expect(Responses![0]).toEqual({ TableName: "two", Item: { sk: { S: "1" } } });
    expect(Responses![1]!.Error!.Code).toBe("AccessDenied");
  });

  test("see the keys and the attributes of a statement", async () => {
    addUser(db.world, "tenant", "AKIATENANT", [
      {
        Effect: "Allow",
        Action: [
          "dynamodb:PartiQLSelect",
          "dynamodb:PartiQLInsert",
          "dynamodb:PartiQLUpdate",
          "dynamodb:PartiQLDelete",
        ],
        Resource: `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/two`,
        Condition: {
          "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": ["mine"],
            "dynamodb:Attributes": ["pk", "sk", "seen"],
          },
        },
      },
    ]);
    const tenant = db.world.client("AKIATENANT");
    const run = (Statement: string) => tenant.send(new ExecuteStatementCommand({ Statement }));
    await run(`INSERT INTO "two" VALUE {'pk': 'mine', 'sk': '1', 'seen': 1}`);
    await run(`UPDATE "two" SET seen = seen + 1 WHERE pk = 'mine' AND sk = '1'`);
    expect((await run(`SELECT seen FROM "two" WHERE pk = 'mine' AND seen = 2`)).Items).toEqual([{ seen: { N: "2" } }]);
    for (const statement of [
      `INSERT INTO "two" VALUE {'pk': 'yours', 'sk': '1'}`,
      `INSERT INTO "two" VALUE {'pk': 'mine', 'sk': '2', 'secret': 1}`,
      `UPDATE "two" SET secret = 1 WHERE pk = 'mine' AND sk = '1'`,
      `UPDATE "two" SET seen = secret WHERE pk = 'mine' AND sk = '1'`,
      `UPDATE "two" SET seen = 1 WHERE pk = 'mine' AND sk = '1' AND secret = 1`,
      `SELECT seen FROM "two" WHERE pk IN ['mine', 'yours']`,
      `SELECT seen FROM "two"`,
      `SELECT seen FROM "two" WHERE pk = 'mine' OR seen = 1`,
      `SELECT secret FROM "two" WHERE pk = 'mine'`,
      `SELECT seen FROM "two" WHERE pk = 'mine' AND secret = 1`,
      `DELETE FROM "two" WHERE pk = 'yours' AND sk = '1'`,
    ]) {
      expect(`${statement}: ${(await refusal(run(statement))).name}`).toBe(`${statement}: AccessDeniedException`);
    }
    await run(`DELETE FROM "two" WHERE pk = 'mine' AND sk = '1'`);
  });
});
