/** Provisioned throughput that is enforced, with a clock that stands still. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  CreateTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import { openWorld, refusal, type World } from "../testing/world.ts";

let world: World;
let db: DynamoDBClient;
beforeAll(async () => {
  world = await openWorld({ throttling: true });
  db = world.client();
  await db.send(
    new CreateTableCommand({
      TableName: "slow",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "gpk", AttributeType: "S" },
      ],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-gpk",
          KeySchema: [{ AttributeName: "gpk", KeyType: "HASH" }],
          Projection: { ProjectionType: "ALL" },
          ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
        },
      ],
    }),
  );
});
afterAll(() => world.close());

/** Another item each time: replacing a large one costs as much as writing it. */
let items = 0;
const put = (kilobytes: number, more: object = {}) =>
  db.send(
    new PutItemCommand({
      TableName: "slow",
      Item: { pk: { S: `${items++}` }, text: { S: "x".repeat(kilobytes * 1024 - 100) }, ...more },
    }),
  );
const get = () => db.send(new GetItemCommand({ TableName: "slow", Key: { pk: { S: "a" } }, ConsistentRead: true }));

test("five minutes of capacity can be used at once, then it is refused until there is some again", async () => {
  // 300 units of a write a second, and one request may overdraw them.
  await put(299);
  await put(299);
  const refused = await refusal(put(1));
  expect(refused).toBeInstanceOf(ProvisionedThroughputExceededException);
  expect(refused.message).toBe(
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
  );
  // Reads have capacity of their own.
  await get();
  world.advance(299_000);
  await put(1);
  await db.send(
    new UpdateTableCommand({
      TableName: "slow",
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1000 },
    }),
  );
  // What had run up by then came at the old rate.
  world.advance(1000);
  await put(1);
  world.advance(1000);
  await put(300);
  await put(300);
});

test("an index without capacity holds the table's writes up, and reads of it alone", async () => {
  await put(200, { gpk: { S: "g" } });
  await put(200, { gpk: { S: "g" } });
  expect((await refusal(put(1))).message).toContain("for the index was exceeded");
  const query = () =>
    db.send(
      new QueryCommand({
        TableName: "slow",
        IndexName: "by-gpk",
        KeyConditionExpression: "gpk = :g",
        ExpressionAttributeValues: { ":g": { S: "g" } },
      }),
    );
  for (let at = 0; at < 13; at++) await query().catch(() => {});
  expect((await refusal(query())).name).toBe("ProvisionedThroughputExceededException");
  await get();
});
