/** AWS SDK for JavaScript v3: streams of tables. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CreateTableCommand, DeleteItemCommand, type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb-streams";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { dynamoDbClientFor, streamsClientFor } from "../../support/dynamodb.ts";

describe("streams through the SDK", () => {
  let here: ClientCloud;
  let db: DynamoDBClient;
  let streams: DynamoDBStreamsClient;
  beforeAll(async () => {
    here = await startClientCloud();
    db = dynamoDbClientFor(here.environment);
    streams = streamsClientFor(here.environment);
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("a reader that follows the shards sees every change, in order", async () => {
    const { TableDescription } = await db.send(
      new CreateTableCommand({
        TableName: "followed",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
      }),
    );
    const StreamArn = TableDescription?.LatestStreamArn;
    const { Streams } = await streams.send(new ListStreamsCommand({ TableName: "followed" }));
    expect(Streams?.map((stream) => stream.StreamArn)).toEqual([StreamArn]);
    for (let at = 0; at < 20; at++) {
      await db.send(new PutItemCommand({ TableName: "followed", Item: { id: { S: "a" }, n: { N: String(at) } } }));
    }
    await db.send(new DeleteItemCommand({ TableName: "followed", Key: { id: { S: "a" } } }));
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    const seen: (string | undefined)[] = [];
    for (const { ShardId } of StreamDescription?.Shards ?? []) {
      const given = await streams.send(
        new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
      );
      for (let ShardIterator = given.ShardIterator; ShardIterator !== undefined; ) {
        const page = await streams.send(new GetRecordsCommand({ ShardIterator, Limit: 6 }));
        for (const { eventName, dynamodb } of page.Records ?? []) {
          seen.push(eventName === "REMOVE" ? `gone ${dynamodb?.OldImage?.n?.N}` : dynamodb?.NewImage?.n?.N);
        }
        ShardIterator = page.Records?.length === 0 ? undefined : page.NextShardIterator;
      }
    }
    expect(seen).toEqual([...Array.from({ length: 20 }, (_, at) => String(at)), "gone 19"]);
  });

  test("a stream that is not there", async () => {
    const StreamArn = "arn:aws:dynamodb:us-east-1:000000000000:table/none/stream/2026-01-01T00:00:00.000";
    const call = streams.send(new DescribeStreamCommand({ StreamArn }));
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    // Another account's: whether it is there is not told.
    expect((error as Error).name).toBe("AccessDeniedException");
    const { TableDescription } = await db.send(
      new CreateTableCommand({
        TableName: "unstreamed",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const own = `${TableDescription?.TableArn}/stream/2026-01-01T00:00:00.000`;
    const missing = streams.send(new DescribeStreamCommand({ StreamArn: own }));
    expect(await missing.catch((thrown: unknown) => thrown)).toBeInstanceOf(ResourceNotFoundException);
  });
});
