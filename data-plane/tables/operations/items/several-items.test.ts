/** Batches and transactions through the front door and the SDK. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
} from "@aws-sdk/client-dynamodb";
import { createTestTables } from "../../testing/test-tables.ts";
import { openWorld, refusal, type World } from "../../testing/world.ts";

let world: World;
let db: DynamoDBClient;
beforeAll(async () => {
  world = await openWorld();
  await createTestTables(world);
  db = world.client();
});
afterAll(() => world.close());

const TableName = "simple";
const keyOf = (pk: string) => ({ pk: { S: pk } });
const put = (pk: string, more: object = {}) =>
  db.send(new PutItemCommand({ TableName, Item: { ...keyOf(pk), ...more } }));
const get = async (pk: string) => (await db.send(new GetItemCommand({ TableName, Key: keyOf(pk) }))).Item;

describe("batches", () => {
  test("write an item once, whichever way its table is named", async () => {
    const writes = [{ PutRequest: { Item: keyOf("twice") } }];
    const arn = "arn:aws:dynamodb:us-east-1:111122223333:table/simple";
    const batch = new BatchWriteItemCommand({ RequestItems: { simple: writes, [arn]: writes } });
    await expect(db.send(batch)).rejects.toThrow("Provided list of item keys contains duplicates");
    expect(await get("twice")).toBeUndefined();
  });

  test("write and read several tables", async () => {
    await put("gone");
    const written = await db.send(
      new BatchWriteItemCommand({
        RequestItems: {
          simple: [{ PutRequest: { Item: keyOf("b1") } }, { DeleteRequest: { Key: keyOf("gone") } }],
          pairs: [{ PutRequest: { Item: { ...keyOf("b2"), sk: { N: "1" } } } }],
        },
        ReturnConsumedCapacity: "TOTAL",
      }),
    );
    expect(written.UnprocessedItems).toEqual({});
    expect(written.ConsumedCapacity).toEqual([
      { TableName: "simple", CapacityUnits: 2 },
      { TableName: "pairs", CapacityUnits: 1 },
    ]);
    const read = await db.send(
      new BatchGetItemCommand({
        RequestItems: {
          simple: { Keys: [keyOf("b1"), keyOf("gone")], ConsistentRead: true },
          pairs: { Keys: [{ ...keyOf("b2"), sk: { N: "1" } }], ProjectionExpression: "sk" },
        },
      }),
    );
    expect(read.Responses).toEqual({ simple: [keyOf("b1")], pairs: [{ sk: { N: "1" } }] });
    expect(read.UnprocessedKeys).toEqual({});
  });

  test("leave what is beyond 16 MB to another request", async () => {
    const names = Array.from({ length: 45 }, (_, at) => `large${at}`);
    for (const name of names) await put(name, { text: { S: "x".repeat(390_000) } });
    let keys = names.map(keyOf);
    const seen = new Set<string>();
    let requests = 0;
    while (keys.length > 0) {
      const read = await db.send(new BatchGetItemCommand({ RequestItems: { simple: { Keys: keys } } }));
      for (const item of read.Responses?.simple ?? []) seen.add(item.pk?.S ?? "");
      keys = (read.UnprocessedKeys?.simple?.Keys ?? []) as typeof keys;
      requests += 1;
    }
    expect([seen.size, requests]).toEqual([45, 2]);
  });
});

describe("transactions", () => {
  test("all actions or none, and why", async () => {
    await put("t1", { n: { N: "1" } });
    await put("t2", { n: { N: "5" } });
    const actions = (limit: string): TransactWriteItemsCommandInput["TransactItems"] => [
      { Put: { TableName, Item: keyOf("t3") } },
      {
        Update: {
          TableName,
          Key: keyOf("t1"),
          UpdateExpression: "ADD n :one",
          ExpressionAttributeValues: { ":one": { N: "1" } },
        },
      },
      {
        ConditionCheck: {
          TableName,
          Key: keyOf("t2"),
          ConditionExpression: "n > :limit",
          ExpressionAttributeValues: { ":limit": { N: limit } },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      },
      { Delete: { TableName, Key: keyOf("t4") } },
    ];
    const failed = await refusal(db.send(new TransactWriteItemsCommand({ TransactItems: actions("9") })));
    expect(failed).toBeInstanceOf(TransactionCanceledException);
    expect(failed.message).toBe(
      "Transaction cancelled, please refer cancellation reasons for specific reasons [None, None, ConditionalCheckFailed, None]",
    );
    expect((failed as TransactionCanceledException).CancellationReasons).toEqual([
      { Code: "None" },
      { Code: "None" },
      {
        Code: "ConditionalCheckFailed",
        Message: "The conditional request failed",
        Item: { ...keyOf("t2"), n: { N: "5" } },
      },
      { Code: "None" },
    ]);
    expect([await get("t3"), (await get("t1"))?.n]).toEqual([undefined, { N: "1" }]);
    const done = await db.send(
      new TransactWriteItemsCommand({ TransactItems: actions("4"), ReturnConsumedCapacity: "TOTAL" }),
    );
    expect(done.ConsumedCapacity).toEqual([{ TableName, CapacityUnits: 8, WriteCapacityUnits: 8 }]);
    expect([await get("t3"), (await get("t1"))?.n]).toEqual([keyOf("t3"), { N: "2" }]);
  });

  test("a token does a transaction once, and only that one", async () => {
    const send = (amount: string, ClientRequestToken = "token-1") =>
      db.send(
        new TransactWriteItemsCommand({
          ClientRequestToken,
          ReturnConsumedCapacity: "TOTAL",
          TransactItems: [
            {
              Update: {
                TableName,
                Key: keyOf("once"),
                UpdateExpression: "ADD n :n",
                ExpressionAttributeValues: { ":n": { N: amount } },
              },
            },
          ],
        }),
      );
    expect((await send("1")).ConsumedCapacity).toEqual([{ TableName, CapacityUnits: 2, WriteCapacityUnits: 2 }]);
    expect((await send("1")).ConsumedCapacity).toEqual([{ TableName, CapacityUnits: 2, ReadCapacityUnits: 2 }]);
    expect((await get("once"))?.n).toEqual({ N: "1" });
    expect((await refusal(send("2"))).name).toBe("IdempotentParameterMismatchException");
    await send("2", "token-2");
    expect((await get("once"))?.n).toEqual({ N: "3" });
  });

  test("read several items as they were at one moment", async () => {
    await put("r1", { a: { S: "1" }, b: { S: "2" } });
    const { Responses, ConsumedCapacity } = await db.send(
      new TransactGetItemsCommand({
        TransactItems: [
          { Get: { TableName, Key: keyOf("r1"), ProjectionExpression: "a" } },
          { Get: { TableName, Key: keyOf("r-none") } },
        ],
        ReturnConsumedCapacity: "INDEXES",
      }),
    );
    expect(Responses).toEqual([{ Item: { a: { S: "1" } } }, {}]);
    const units = { CapacityUnits: 4, ReadCapacityUnits: 4 };
    expect(ConsumedCapacity).toEqual([{ TableName, ...units, Table: units }]);
  });

  test("money moves between accounts, and at every moment all of it is there", async () => {
    const names = ["w", "x", "y", "z"].map((name) => `account-${name}`);
    for (const name of names) await put(name, { n: { N: "100" } });
    let moved = 0;
    const transfer = async (from: string, to: string): Promise<void> => {
      const change = (name: string, sign: "+" | "-") => ({
        Update: {
          TableName,
          Key: keyOf(name),
          UpdateExpression: `SET n = n ${sign} :one`,
          ExpressionAttributeValues: { ":one": { N: "1" } },
        },
      });
      await db.send(new TransactWriteItemsCommand({ TransactItems: [change(from, "-"), change(to, "+")] }));
      moved += 1;
    };
    const look = async (): Promise<number> => {
      const { Responses } = await db.send(
        new TransactGetItemsCommand({ TransactItems: names.map((name) => ({ Get: { TableName, Key: keyOf(name) } })) }),
      );
      return (Responses ?? []).reduce((sum, { Item }) => sum + Number(Item?.n?.N), 0);
    };
    const sums: number[] = [];
    await Promise.all([
      ...names.map(async (name, at) => {
        for (let round = 0; round < 15; round++)
          await transfer(
            name,
            names[(at + round + 1) % 4] === name ? names[(at + 1) % 4]! : names[(at + round + 1) % 4]!,
          );
      }),
      (async () => {
        for (let round = 0; round < 30; round++) sums.push(await look());
      })(),
    ]);
    expect(moved).toBe(60);
    expect(new Set(sums)).toEqual(new Set([400]));
  });
});
