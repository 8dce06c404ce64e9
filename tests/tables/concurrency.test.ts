/** Many clients at once on a real server: conditions lose nothing, transactions are atomic and isolated, in expressions and in PartiQL. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  type DynamoDBClient,
  ExecuteTransactionCommand,
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Cloud, createCloud } from "../support/cloud.ts";
import { dynamoDbClientFor } from "../support/dynamodb.ts";
import { randomFrom } from "../support/random.ts";

let cloud: Cloud;
let client: DynamoDBClient;
const TableName = "shared";

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0", "--api-port", "0");
  client = dynamoDbClientFor(await cloud.environment());
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
});
afterAll(async () => {
  client.destroy();
  await cloud.dispose();
});

const keyOf = (id: string) => ({ id: { S: id } });
const numberOf = async (id: string) =>
  Number((await client.send(new GetItemCommand({ TableName, Key: keyOf(id), ConsistentRead: true }))).Item!.n!.N);

/** As many at once as the issue asks for. */
const CLIENTS = 64;
const all = <Result>(count: number, run: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)));

describe("64 clients count up", () => {
  test("with additions", async () => {
    const additions = 10;
    await all(CLIENTS, async () => {
      for (let turn = 0; turn < additions; turn++) {
        const UpdateExpression = "ADD n :one";
        const ExpressionAttributeValues = { ":one": { N: "1" } };
        await client.send(
          new UpdateItemCommand({ TableName, Key: keyOf("added"), UpdateExpression, ExpressionAttributeValues }),
        );
      }
    });
    expect(await numberOf("added")).toBe(CLIENTS * additions);
  }, 30_000);

  test("with conditions on what they have seen, which failures tell them anew", async () => {
    const increments = 1;
    await client.send(new PutItemCommand({ TableName, Item: { ...keyOf("compared"), n: { N: "0" } } }));
    let failures = 0;
    await all(CLIENTS, async () => {
      let seen = 0;
      for (let done = 0; done < increments; ) {
        try {
          await client.send(
            new UpdateItemCommand({
              TableName,
              Key: keyOf("compared"),
              UpdateExpression: "SET n = :next",
              ConditionExpression: "n = :seen",
              ExpressionAttributeValues: { ":seen": { N: String(seen) }, ":next": { N: String(seen + 1) } },
              ReturnValuesOnConditionCheckFailure: "ALL_OLD",
            }),
          );
          seen++;
          done++;
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
          failures++;
          const now = Number(error.Item!.n!.N);
          expect(now).toBeGreaterThan(seen);
          seen = now;
        }
      }
    });
    expect(await numberOf("compared")).toBe(CLIENTS * increments);
    expect(failures).toBeGreaterThan(CLIENTS);
  }, 60_000);
});

describe("money moves between accounts", () => {
  const ACCOUNTS = 8;
  const START = 100;
  const accounts = Array.from({ length: ACCOUNTS }, (_, at) => `account-${at}`);

  /** Moves some; false when there is not enough. */
  type Move = (from: string, to: string, amount: number) => Promise<boolean>;

  const byExpressions: Move = (from, to, amount) =>
    unlessCancelled(
      client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            {
              Update: {
                TableName,
                Key: keyOf(from),
                UpdateExpression: "SET n = n - :amount",
                ConditionExpression: "n >= :amount",
                ExpressionAttributeValues: { ":amount": { N: String(amount) } },
              },
            },
            {
              Update: {
                TableName,
                Key: keyOf(to),
                UpdateExpression: "SET n = n + :amount",
                ExpressionAttributeValues: { ":amount": { N: String(amount) } },
              },
            },
          ],
        }),
      ),
    );
  const byStatements: Move = (from, to, amount) => {
    const value = { N: String(amount) };
    return unlessCancelled(
      client.send(
        new ExecuteTransactionCommand({
          TransactStatements: [
            {
              Statement: `UPDATE "${TableName}" SET n = n - ? WHERE id = ? AND n >= ?`,
              Parameters: [value, { S: from }, value],
            },
            { Statement: `UPDATE "${TableName}" SET n = n + ? WHERE id = ?`, Parameters: [value, { S: to }] },
          ],
        }),
      ),
    );
  };

  async function unlessCancelled(call: Promise<unknown>): Promise<boolean> {
    try {
      await call;
      return true;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      expect(error.CancellationReasons!.map(({ Code }) => Code)).toContain("ConditionalCheckFailed");
      return false;
    }
  }

  test.each([
    ["TransactWriteItems", byExpressions],
    ["ExecuteTransaction", byStatements],
  ] as const)(
    "with %s: all of it is there at every moment, and nobody owes any",
    async (_, move) => {
      for (const id of accounts) {
        await client.send(new PutItemCommand({ TableName, Item: { ...keyOf(id), n: { N: String(START) } } }));
      }
      const random = randomFrom(Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000));
      let moving = true;
      let looks = 0;
      const lookers = all(4, async () => {
        while (moving) {
          const { Responses } = await client.send(
            new TransactGetItemsCommand({
              TransactItems: accounts.map((id) => ({ Get: { TableName, Key: keyOf(id) } })),
            }),
          );
          const amounts = Responses!.map(({ Item }) => Number(Item!.n!.N));
          expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBe(ACCOUNTS * START);
          expect(Math.min(...amounts)).toBeGreaterThanOrEqual(0);
          looks++;
        }
      });
      const moves = await all(16, async () => {
        let done = 0;
        for (let turn = 0; turn < 15; turn++) {
          const from = Math.floor(random() * ACCOUNTS);
          const to = (from + 1 + Math.floor(random() * (ACCOUNTS - 1))) % ACCOUNTS;
          if (await move(accounts[from]!, accounts[to]!, 1 + Math.floor(random() * 60))) done++;
        }
        return done;
      });
      moving = false;
      await lookers;
      expect(moves.reduce((sum, done) => sum + done, 0)).toBeGreaterThan(20);
      expect(looks).toBeGreaterThan(4);
    },
    30_000,
  );
});
