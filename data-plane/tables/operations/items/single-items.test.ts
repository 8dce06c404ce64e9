/** PutItem, GetItem, UpdateItem, DeleteItem through the front door and the SDK. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
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
const get = async (pk: string) => (await db.send(new GetItemCommand({ TableName, Key: keyOf(pk) }))).Item;

describe("PutItem and GetItem", () => {
  test("keep every type, bytes as bytes, numbers in canonical form", async () => {
    const item = {
      pk: { S: "types" },
      n: { N: "1.50" },
      b: { B: new Uint8Array([0, 1, 255]) },
      bs: { BS: [new Uint8Array([1]), new Uint8Array([])] },
      ss: { SS: ["é", "a"] },
      ns: { NS: ["1e2", "-0"] },
      m: { M: { deep: { L: [{ NULL: true }, { BOOL: false }, { S: "" }] } } },
    };
    await db.send(new PutItemCommand({ TableName, Item: item }));
    const read = await get("types");
    expect(read).toEqual({ ...item, n: { N: "1.5" }, ns: { NS: ["100", "0"] } });
  });

  test("answer nothing for what is not there", async () => {
    const answer = await world.call("GetItem", { TableName, Key: keyOf("missing") });
    expect([answer.status, answer.text]).toEqual([200, "{}"]);
    expect(answer.headers.get("x-amzn-requestid")).toMatch(/^[0-9A-Z]{52}$/);
    expect(answer.headers.get("x-amz-crc32")).toBe("2745614147");
  });

  test("give the old item back when asked", async () => {
    const put = (v: string) =>
      db.send(new PutItemCommand({ TableName, Item: { ...keyOf("old"), v: { S: v } }, ReturnValues: "ALL_OLD" }));
    expect((await put("1")).Attributes).toBeUndefined();
    expect((await put("2")).Attributes).toEqual({ ...keyOf("old"), v: { S: "1" } });
  });

  test("return parts of items", async () => {
    await db.send(
      new PutItemCommand({
        TableName,
        Item: { ...keyOf("parts"), a: { M: { b: { S: "1" }, c: { L: [{ S: "x" }, { S: "y" }] } } }, d: { S: "2" } },
      }),
    );
    const { Item } = await db.send(
      new GetItemCommand({
        TableName,
        Key: keyOf("parts"),
        ProjectionExpression: "#d, a.c[1]",
        ExpressionAttributeNames: { "#d": "d" },
      }),
    );
    expect(Item).toEqual({ d: { S: "2" }, a: { M: { c: { L: [{ S: "y" }] } } } });
    const older = await db.send(
      new GetItemCommand({ TableName, Key: keyOf("parts"), AttributesToGet: ["d", "nothing"] }),
    );
    expect(older.Item).toEqual({ d: { S: "2" } });
  });

  test("long answers are compressed for those who ask", async () => {
    await db.send(new PutItemCommand({ TableName, Item: { ...keyOf("long"), text: { S: "x".repeat(20_000) } } }));
    const { headers, body } = await world.call(
      "GetItem",
      { TableName, Key: keyOf("long") },
      {
        headers: { "accept-encoding": "gzip" },
      },
    );
    expect(headers.get("content-encoding")).toBe("gzip");
    expect(JSON.stringify(body)).toContain("x".repeat(20_000));
  });
});

describe("conditions", () => {
  test("a failed one is its own class, with the item when asked", async () => {
    await db.send(new PutItemCommand({ TableName, Item: { ...keyOf("cond"), v: { N: "1" } } }));
    const again = (more: object = {}) =>
      refusal(
        db.send(
          new PutItemCommand({
            TableName,
            Item: keyOf("cond"),
            ConditionExpression: "attribute_not_exists(pk)",
            ...more,
          }),
        ),
      );
    const plain = await again();
    expect(plain).toBeInstanceOf(ConditionalCheckFailedException);
    expect([plain.message, (plain as ConditionalCheckFailedException).Item]).toEqual([
      "The conditional request failed",
      undefined,
    ]);
    const telling = await again({ ReturnValuesOnConditionCheckFailure: "ALL_OLD" });
    expect((telling as ConditionalCheckFailedException).Item).toEqual({ ...keyOf("cond"), v: { N: "1" } });
  });

  test("the older parameters mean the same", async () => {
    await db.send(new PutItemCommand({ TableName, Item: { ...keyOf("older"), v: { N: "1" } } }));
    const remove = (v: string) =>
      db.send(new DeleteItemCommand({ TableName, Key: keyOf("older"), Expected: { v: { Value: { N: v } } } }));
    expect((await refusal(remove("2"))).name).toBe("ConditionalCheckFailedException");
    await remove("1.0");
    expect(await get("older")).toBeUndefined();
  });
});

describe("UpdateItem", () => {
  const update = (
    pk: string,
    UpdateExpression: string,
    values: object,
    ReturnValues: "ALL_NEW" | "UPDATED_NEW" | "UPDATED_OLD" | "ALL_OLD",
  ) =>
    db.send(
      new UpdateItemCommand({
        TableName,
        Key: keyOf(pk),
        UpdateExpression,
        ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values as Record<string, { N: string }> }),
        ReturnValues,
      }),
    );

  test("brings items into being, and returns what was touched", async () => {
    const made = await update(
      "up",
      "SET a = :a, m = :m ADD n :one",
      { ":a": { S: "x" }, ":m": { M: { k: { N: "1" } } }, ":one": { N: "1" } },
      "ALL_NEW",
    );
    expect(made.Attributes).toEqual({ ...keyOf("up"), a: { S: "x" }, m: { M: { k: { N: "1" } } }, n: { N: "1" } });
    const touched = await update("up", "SET m.k = m.k + :one ADD n :one", { ":one": { N: "1" } }, "UPDATED_NEW");
    expect(touched.Attributes).toEqual({ m: { M: { k: { N: "2" } } }, n: { N: "2" } });
    const before = await update("up", "SET n = :one, fresh = :one", { ":one": { N: "1" } }, "UPDATED_OLD");
    expect(before.Attributes).toEqual({ n: { N: "2" } });
    expect((await update("up", "REMOVE fresh", {}, "UPDATED_NEW")).Attributes).toBeUndefined();
    expect((await update("up", "REMOVE a", {}, "ALL_OLD")).Attributes).toMatchObject({ a: { S: "x" } });
  });

  test("no update at all still brings an item into being", async () => {
    await db.send(new UpdateItemCommand({ TableName, Key: keyOf("bare") }));
    expect(await get("bare")).toEqual(keyOf("bare"));
  });

  test("one that does not fit the item changes nothing", async () => {
    await db.send(new PutItemCommand({ TableName, Item: { ...keyOf("fit"), s: { S: "x" } } }));
    const failed = await refusal(update("fit", "SET t = :one ADD s :one", { ":one": { N: "1" } }, "ALL_NEW"));
    expect([failed.name, failed.message]).toEqual([
      "ValidationException",
      "An operand in the update expression has an incorrect data type",
    ]);
    const grown = await refusal(update("fit", "SET s = :big", { ":big": { S: "x".repeat(410_000) } }, "ALL_NEW"));
    expect(grown.message).toBe("Item size to update has exceeded the maximum allowed size");
    expect(await get("fit")).toEqual({ ...keyOf("fit"), s: { S: "x" } });
  });
});

describe("consumed capacity", () => {
  test("of reads and writes, by the larger of before and after", async () => {
    const item = (size: number) => ({ pk: { S: "cap" }, text: { S: "x".repeat(size) } });
    const put = await db.send(new PutItemCommand({ TableName, Item: item(2000), ReturnConsumedCapacity: "TOTAL" }));
    expect(put.ConsumedCapacity).toEqual({ TableName, CapacityUnits: 2 });
    const shrunk = await db.send(new PutItemCommand({ TableName, Item: item(1), ReturnConsumedCapacity: "TOTAL" }));
    expect(shrunk.ConsumedCapacity?.CapacityUnits).toBe(2);
    const read = (more: object) =>
      db.send(new GetItemCommand({ TableName, Key: keyOf("cap"), ReturnConsumedCapacity: "INDEXES", ...more }));
    expect((await read({})).ConsumedCapacity).toEqual({ TableName, CapacityUnits: 0.5, Table: { CapacityUnits: 0.5 } });
    expect((await read({ ConsistentRead: true })).ConsumedCapacity?.CapacityUnits).toBe(1);
    expect((await read({ Key: keyOf("absent") })).ConsumedCapacity?.CapacityUnits).toBe(0.5);
  });

  test("of indexes, one by one", async () => {
    const put = (more: object) =>
      db.send(
        new PutItemCommand({
          TableName: "indexed",
          Item: { pk: { S: "a" }, sk: { S: "b" }, ...more },
          ReturnConsumedCapacity: "INDEXES",
          ReturnItemCollectionMetrics: "SIZE",
        }),
      );
    const one = { CapacityUnits: 1 };
    const first = await put({ lsk: { S: "l" }, gpk: { S: "g" } });
    expect(first.ConsumedCapacity).toEqual({
      TableName: "indexed",
      CapacityUnits: 3,
      Table: one,
      LocalSecondaryIndexes: { "by-lsk": one },
      GlobalSecondaryIndexes: { "by-gpk": one },
    });
    expect(first.ItemCollectionMetrics).toEqual({ ItemCollectionKey: { pk: { S: "a" } }, SizeEstimateRangeGB: [0, 1] });
    // An entry that moves is deleted and written.
    const moved = await put({ lsk: { S: "l" }, gpk: { S: "h" } });
    expect(moved.ConsumedCapacity?.GlobalSecondaryIndexes).toEqual({ "by-gpk": { CapacityUnits: 2 } });
    expect((await put({})).ConsumedCapacity?.CapacityUnits).toBe(3);
  });

  test.each([
    ["nothing of the index", "SET veiled = :v", undefined],
    ["what is projected", "SET shown = :v", 1],
    ["its key", "SET gpk = :v", 2],
    ["nothing, with the value that was there", "SET shown = :old", undefined],
    ["its key away", "REMOVE gpk", 1],
  ])("of an index, when an update changes %s", async (_what, UpdateExpression, units) => {
    const Key = { pk: { S: "ladder" }, sk: { S: UpdateExpression } };
    await db.send(
      new PutItemCommand({
        TableName: "indexed",
        Item: { ...Key, gpk: { S: "g" }, shown: { S: "old" }, veiled: { S: "old" } },
      }),
    );
    const { ConsumedCapacity } = await db.send(
      new UpdateItemCommand({
        TableName: "indexed",
        Key,
        UpdateExpression,
        ...(UpdateExpression.startsWith("SET") && {
          ExpressionAttributeValues: UpdateExpression.endsWith(":v")
            ? { ":v": { S: "new" } }
            : { ":old": { S: "old" } },
        }),
        ReturnConsumedCapacity: "INDEXES",
      }),
    );
    expect(ConsumedCapacity?.GlobalSecondaryIndexes?.["by-gpk"]?.CapacityUnits).toBe(units);
    expect(ConsumedCapacity?.LocalSecondaryIndexes).toBeUndefined();
    expect(ConsumedCapacity?.CapacityUnits).toBe(1 + (units ?? 0));
  });
});

test("16 clients that count up with conditions lose nothing", async () => {
  await db.send(new PutItemCommand({ TableName, Item: { ...keyOf("race"), n: { N: "0" } } }));
  const client = async (): Promise<number> => {
    for (let attempts = 1; ; attempts++) {
      const n = Number((await get("race"))?.n?.N);
      try {
        await db.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf("race"),
            UpdateExpression: "SET n = :next",
            ConditionExpression: "n = :seen",
            ExpressionAttributeValues: { ":seen": { N: String(n) }, ":next": { N: String(n + 1) } },
          }),
        );
        return attempts;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    }
  };
  const attempts = await Promise.all(Array.from({ length: 16 }, client));
  expect((await get("race"))?.n).toEqual({ N: "16" });
  // Otherwise nobody raced.
  expect(Math.max(...attempts)).toBeGreaterThan(1);
}, 30_000);

test("a table is found by its ARN, and named so in the answer", async () => {
  const arn = "arn:aws:dynamodb:us-east-1:111122223333:table/simple";
  const put = await db.send(
    new PutItemCommand({ TableName: arn, Item: keyOf("arn"), ReturnConsumedCapacity: "TOTAL" }),
  );
  expect(put.ConsumedCapacity?.TableName).toBe(arn);
  expect(await get("arn")).toEqual(keyOf("arn"));
  const elsewhere = arn.replace("us-east-1", "eu-west-1");
  expect((await refusal(db.send(new GetItemCommand({ TableName: elsewhere, Key: keyOf("arn") })))).name).toBe(
    "ResourceNotFoundException",
  );
});
