/** Query and Scan through the front door and the SDK. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
} from "@aws-sdk/client-dynamodb";
import { createTestTables } from "../../testing/test-tables.ts";
import { openWorld, type World } from "../../testing/world.ts";

let world: World;
let db: DynamoDBClient;
beforeAll(async () => {
  world = await openWorld();
  await createTestTables(world);
  db = world.client();
  for (let from = 0; from < 100; from += 25) {
    const puts = Array.from({ length: 25 }, (_, at) => ({
      PutRequest: {
        Item: {
          pk: { S: from < 50 ? "a" : `p${from + at}` },
          sk: { N: String(from + at) },
          odd: { BOOL: at % 2 === 1 },
          text: { S: "t" },
        },
      },
    }));
    await db.send(new BatchWriteItemCommand({ RequestItems: { pairs: puts } }));
  }
  for (const [pk, sk, lsk, gpk] of [
    ["a", "1", "z", "g"],
    ["a", "2", "y", "g"],
    ["a", "3", undefined, "h"],
    ["b", "1", "x", undefined],
    ["b", "2", "w", "g"],
  ] as const) {
    const optional = { ...(lsk && { lsk: { S: lsk } }), ...(gpk && { gpk: { S: gpk } }) };
    const Item = { pk: { S: pk }, sk: { S: sk }, shown: { S: "s" }, unshown: { S: "u" }, ...optional };
    await db.send(new PutItemCommand({ TableName: "indexed", Item }));
  }
});
afterAll(() => world.close());

const query = (more: Partial<QueryCommandInput>) =>
  db.send(
    new QueryCommand({
      TableName: "pairs",
      KeyConditionExpression: "pk = :p",
      ExpressionAttributeValues: { ":p": { S: "a" } },
      ...more,
    }),
  );
const scan = (more: Partial<ScanCommandInput>) => db.send(new ScanCommand({ TableName: "pairs", ...more }));
const numbers = (items: readonly Record<string, { N?: string }>[] | undefined) => items?.map(({ sk }) => Number(sk?.N));

describe("Query", () => {
  test("in both orders, in ranges", async () => {
    expect(numbers((await query({})).Items)).toEqual(Array.from({ length: 50 }, (_, at) => at));
    expect(numbers((await query({ ScanIndexForward: false, Limit: 3 })).Items)).toEqual([49, 48, 47]);
    const ranged = await query({
      KeyConditionExpression: "pk = :p AND sk BETWEEN :l AND :h",
      ExpressionAttributeValues: { ":p": { S: "a" }, ":l": { N: "8" }, ":h": { N: "11" } },
    });
    expect(numbers(ranged.Items)).toEqual([8, 9, 10, 11]);
    const older = await query({
      KeyConditionExpression: undefined,
      ExpressionAttributeValues: undefined,
      KeyConditions: {
        pk: { ComparisonOperator: "EQ", AttributeValueList: [{ S: "a" }] },
        sk: { ComparisonOperator: "GE", AttributeValueList: [{ N: "48" }] },
      },
    });
    expect(numbers(older.Items)).toEqual([48, 49]);
  });

  test("a limit counts what is examined, and a page that ends there says where to go on", async () => {
    const page = await query({
      Limit: 10,
      FilterExpression: "odd = :yes",
      ExpressionAttributeValues: { ":p": { S: "a" }, ":yes": { BOOL: true } },
    });
    expect([page.Count, page.ScannedCount, page.LastEvaluatedKey]).toEqual([5, 10, { pk: { S: "a" }, sk: { N: "9" } }]);
    const whole = await query({ Limit: 50 });
    expect(whole.LastEvaluatedKey).toEqual({ pk: { S: "a" }, sk: { N: "49" } });
    const behind = await query({ ExclusiveStartKey: whole.LastEvaluatedKey });
    expect([behind.Count, behind.LastEvaluatedKey]).toEqual([0, undefined]);
  });

  test("every page through the paginator", async () => {
    const seen: (number | undefined)[] = [];
    const input = {
      TableName: "pairs",
      KeyConditionExpression: "pk = :p",
      ExpressionAttributeValues: { ":p": { S: "a" } },
    };
    for await (const page of paginateQuery({ client: db, pageSize: 7 }, input))
      seen.push(...(numbers(page.Items) ?? []));
    expect(seen).toEqual(Array.from({ length: 50 }, (_, at) => at));
  });

  test("counts, and parts of items", async () => {
    const counted = await query({ Select: "COUNT" });
    expect([counted.Count, counted.Items]).toEqual([50, undefined]);
    expect((await query({ Limit: 1, ProjectionExpression: "odd" })).Items).toEqual([{ odd: { BOOL: false } }]);
  });

  test("pages end at one megabyte of what is read", async () => {
    for (let at = 0; at < 5; at++) {
      await db.send(
        new PutItemCommand({
          TableName: "indexed",
          Item: { pk: { S: "big" }, sk: { S: String(at) }, text: { S: "x".repeat(300_000) } },
        }),
      );
    }
    const page = await query({
      TableName: "indexed",
      ExpressionAttributeValues: { ":p": { S: "big" } },
      Select: "COUNT",
      ReturnConsumedCapacity: "TOTAL",
    });
    expect([page.Count, page.LastEvaluatedKey?.sk]).toEqual([4, { S: "3" }]);
    expect(page.ConsumedCapacity?.CapacityUnits).toBe(146.5);
  });
});

describe("indexes", () => {
  const byGpk = (more: Partial<QueryCommandInput>) =>
    query({
      TableName: "indexed",
      IndexName: "by-gpk",
      KeyConditionExpression: "gpk = :g",
      ExpressionAttributeValues: { ":g": { S: "g" } },
      ...more,
    });
  const byLsk = (more: Partial<QueryCommandInput>) => query({ TableName: "indexed", IndexName: "by-lsk", ...more });

  test("a global one shows what it projects, of items that have its key", async () => {
    const { Items, Count } = await byGpk({});
    expect(Count).toBe(3);
    expect(Items?.[0]).toEqual({ pk: { S: "a" }, sk: { S: "1" }, gpk: { S: "g" }, shown: { S: "s" } });
    const first = await byGpk({ Limit: 1, ReturnConsumedCapacity: "INDEXES" });
    expect(Object.keys(first.LastEvaluatedKey ?? {}).sort()).toEqual(["gpk", "pk", "sk"]);
    expect(first.ConsumedCapacity).toEqual({
      TableName: "indexed",
      CapacityUnits: 0.5,
      Table: { CapacityUnits: 0 },
      GlobalSecondaryIndexes: { "by-gpk": { CapacityUnits: 0.5 } },
    });
    const rest = await byGpk({ ExclusiveStartKey: first.LastEvaluatedKey });
    expect(rest.Count).toBe(2);
  });

  test("a local one fetches what it does not project", async () => {
    const plain = await byLsk({});
    expect(plain.Items?.map(({ lsk }) => lsk?.S)).toEqual(["y", "z"]);
    expect(plain.Items?.[0]?.unshown).toBeUndefined();
    const fetched = await byLsk({
      ProjectionExpression: "unshown",
      ReturnConsumedCapacity: "INDEXES",
      ConsistentRead: true,
    });
    expect(fetched.Items).toEqual([{ unshown: { S: "u" } }, { unshown: { S: "u" } }]);
    expect(fetched.ConsumedCapacity).toMatchObject({
      CapacityUnits: 3,
      Table: { CapacityUnits: 2 },
      LocalSecondaryIndexes: { "by-lsk": { CapacityUnits: 1 } },
    });
    expect((await byLsk({ Select: "ALL_ATTRIBUTES" })).Items?.[0]?.unshown).toEqual({ S: "u" });
  });

  test("both can be scanned", async () => {
    expect((await scan({ TableName: "indexed", IndexName: "by-gpk" })).Count).toBe(4);
    expect((await scan({ TableName: "indexed", IndexName: "by-lsk" })).Count).toBe(4);
  });
});

describe("Scan", () => {
  test("parallel segments are disjoint and together everything", async () => {
    const all = numbers((await scan({ FilterExpression: "attribute_exists(odd)" })).Items)?.sort((a, b) => a - b);
    expect(all).toHaveLength(100);
    const segments = await Promise.all(
      [0, 1, 2, 3].map((Segment) => scan({ Segment, TotalSegments: 4, FilterExpression: "attribute_exists(odd)" })),
    );
    expect(segments.flatMap(({ Items }) => numbers(Items) ?? []).sort((a, b) => a - b)).toEqual(all ?? []);
    const again = await scan({ Segment: 2, TotalSegments: 4, FilterExpression: "attribute_exists(odd)" });
    expect(again.Items).toEqual(segments[2]?.Items ?? []);
  });

  test("a starting key belongs to its segment", async () => {
    const pages = await Promise.all([0, 1, 2, 3].map((Segment) => scan({ Segment, TotalSegments: 4, Limit: 1 })));
    const from = pages.findIndex(({ LastEvaluatedKey }) => LastEvaluatedKey !== undefined);
    const Segment = (from + 1) % 4;
    const other = scan({ Segment, TotalSegments: 4, ExclusiveStartKey: pages[from]!.LastEvaluatedKey });
    await expect(other).rejects.toThrow(
      `The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 4 Segment: ${Segment}`,
    );
  });

  test("every page through the paginator, with the older filter", async () => {
    let count = 0;
    const input: ScanCommandInput = {
      TableName: "pairs",
      ScanFilter: { odd: { ComparisonOperator: "EQ", AttributeValueList: [{ BOOL: true }] } },
    };
    for await (const page of paginateScan({ client: db, pageSize: 9 }, input)) count += page.Count ?? 0;
    expect(count).toBe(48);
  });
});
