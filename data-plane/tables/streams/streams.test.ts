/** DynamoDB Streams through the front door and the SDK. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  PutResourcePolicyCommand,
  type StreamViewType,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  type _Record,
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  ResourceNotFoundException,
  type ShardIteratorType,
  TrimmedDataAccessException,
} from "@aws-sdk/client-dynamodb-streams";
import { addUser, openWorld, refusal, type World } from "../testing/world.ts";
import { iteratorText, parseIterator } from "./shard-iterator.ts";

let world: World;
let db: DynamoDBClient;
let streams: DynamoDBStreamsClient;
beforeAll(async () => {
  world = await openWorld();
  db = world.client();
  streams = world.streams();
});
afterAll(() => world.close());

async function createTable(TableName: string, StreamViewType: StreamViewType): Promise<string> {
  const { TableDescription } = await db.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType },
    }),
  );
  return TableDescription?.LatestStreamArn ?? "";
}

const key = (pk: string) => ({ pk: { S: pk } });
const put = (TableName: string, pk: string, v: string) =>
  db.send(new PutItemCommand({ TableName, Item: { ...key(pk), v: { S: v } } }));

async function shardOf(StreamArn: string) {
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  return StreamDescription?.Shards?.at(-1);
}
async function iterator(StreamArn: string, type: ShardIteratorType, SequenceNumber?: string) {
  const shard = await shardOf(StreamArn);
  const { ShardIterator } = await streams.send(
    new GetShardIteratorCommand({ StreamArn, ShardId: shard?.ShardId, ShardIteratorType: type, SequenceNumber }),
  );
  return ShardIterator ?? "";
}
async function records(ShardIterator: string, Limit?: number) {
  const answer = await streams.send(new GetRecordsCommand({ ShardIterator, Limit }));
  return { records: answer.Records ?? [], next: answer.NextShardIterator ?? "" };
}
const told = (all: readonly _Record[]) => all.map(({ eventName, dynamodb }) => [eventName, dynamodb?.Keys?.pk?.S]);

describe("records", () => {
  test("of real changes only, in order, with the images of the view", async () => {
    const arn = await createTable("views", "NEW_AND_OLD_IMAGES");
    await put("views", "a", "1");
    await put("views", "a", "1");
    await put("views", "a", "2");
    await db.send(
      new UpdateItemCommand({
        TableName: "views",
        Key: key("a"),
        UpdateExpression: "SET b = :b",
        ExpressionAttributeValues: { ":b": { B: new Uint8Array([1, 2]) } },
      }),
    );
    await db.send(new DeleteItemCommand({ TableName: "views", Key: key("none") }));
    await db.send(new DeleteItemCommand({ TableName: "views", Key: key("a") }));
    await db.send(
      new TransactWriteItemsCommand({
        TransactItems: ["x", "y"].map((pk) => ({ Put: { TableName: "views", Item: key(pk) } })),
      }),
    );
    const { records: all } = await records(await iterator(arn, "TRIM_HORIZON"));
    expect(told(all)).toEqual([
      ["INSERT", "a"],
      ["MODIFY", "a"],
      ["MODIFY", "a"],
      ["REMOVE", "a"],
      ["INSERT", "x"],
      ["INSERT", "y"],
    ]);
    expect(all[2]).toMatchObject({
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "us-east-1",
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
      dynamodb: {
        Keys: key("a"),
        OldImage: { ...key("a"), v: { S: "2" } },
        NewImage: { ...key("a"), v: { S: "2" }, b: { B: new Uint8Array([1, 2]) } },
        StreamViewType: "NEW_AND_OLD_IMAGES",
      },
    });
    const numbers = all.map(({ dynamodb }) => BigInt(dynamodb?.SequenceNumber ?? "0"));
    expect(numbers.every((number, at) => at === 0 || number > numbers[at - 1]!)).toBe(true);
    expect(all.every(({ dynamodb }) => (dynamodb?.SequenceNumber ?? "").length >= 21)).toBe(true);
    expect(all.every(({ userIdentity }) => userIdentity === undefined)).toBe(true);
  });

  test("of items whose time has come name the service", async () => {
    const arn = await createTable("expiring", "OLD_IMAGE");
    await db.send(
      new UpdateTimeToLiveCommand({
        TableName: "expiring",
        TimeToLiveSpecification: { Enabled: true, AttributeName: "until" },
      }),
    );
    const until = { N: String(Math.floor(Date.now() / 1000) - 60) };
    await db.send(new PutItemCommand({ TableName: "expiring", Item: { ...key("a"), until } }));
    await put("expiring", "b", "1");
    // The engine looks once a second.
    let all: readonly _Record[] = [];
    const start = await iterator(arn, "TRIM_HORIZON");
    while (all.length < 3) {
      await Bun.sleep(50);
      all = (await records(start)).records;
    }
    expect(told(all)).toEqual([
      ["INSERT", "a"],
      ["INSERT", "b"],
      ["REMOVE", "a"],
    ]);
    expect(all[2]).toMatchObject({
      userIdentity: { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" },
      dynamodb: { OldImage: { ...key("a"), until } },
    });
  });

  test.each([
    ["KEYS_ONLY", []],
    ["NEW_IMAGE", ["NewImage"]],
    ["OLD_IMAGE", ["OldImage"]],
  ] as const)("%s", async (view, images) => {
    const name = `view-${view}`;
    const arn = await createTable(name, view);
    await put(name, "a", "1");
    await put(name, "a", "2");
    const { records: all } = await records(await iterator(arn, "TRIM_HORIZON"));
    const shown = Object.keys(all[1]?.dynamodb ?? {}).filter((member) => member.endsWith("Image"));
    expect(shown).toEqual([...images]);
  });
});

describe("iterators", () => {
  test("of all types, and pages", async () => {
    const arn = await createTable("iterate", "KEYS_ONLY");
    for (const pk of ["a", "b", "c"]) await put("iterate", pk, "1");
    const latest = await iterator(arn, "LATEST");
    await put("iterate", "d", "1");
    expect(told((await records(latest)).records)).toEqual([["INSERT", "d"]]);
    const first = await records(await iterator(arn, "TRIM_HORIZON"), 2);
    expect(told(first.records)).toEqual([
      ["INSERT", "a"],
      ["INSERT", "b"],
    ]);
    const second = await records(first.next);
    expect(told(second.records)).toEqual([
      ["INSERT", "c"],
      ["INSERT", "d"],
    ]);
    const empty = await records(second.next);
    expect(empty.records).toEqual([]);
    await put("iterate", "e", "1");
    expect(told((await records(empty.next)).records)).toEqual([["INSERT", "e"]]);
    const sequence = first.records[1]?.dynamodb?.SequenceNumber;
    expect(told((await records(await iterator(arn, "AT_SEQUENCE_NUMBER", sequence), 1)).records)).toEqual([
      ["INSERT", "b"],
    ]);
    expect(told((await records(await iterator(arn, "AFTER_SEQUENCE_NUMBER", sequence), 1)).records)).toEqual([
      ["INSERT", "c"],
    ]);
  });

  test("expire after 15 minutes, and cannot be made up", async () => {
    const arn = await createTable("expire", "KEYS_ONLY");
    await put("expire", "a", "1");
    const shard = await shardOf(arn);
    const given = parseIterator(await iterator(arn, "TRIM_HORIZON"))!;
    const late = iteratorText({ ...given, givenAt: given.givenAt - 15 * 60_000 - 1 });
    expect(await refusal(records(late))).toBeInstanceOf(ExpiredIteratorException);
    for (const text of ["", "x", "a|1|b", `${arn}|1|${Buffer.from("[1]").toString("base64url")}`, `${arn}|2|x`]) {
      const { code } = await world.call("GetRecords", { ShardIterator: text || " " }, { service: "dynamodb-streams" });
      expect(code).toBe("ValidationException");
    }
    const otherTable = iteratorText({ ...given, tableId: "other" as typeof given.tableId });
    expect(await refusal(records(otherTable))).toBeInstanceOf(ResourceNotFoundException);
    const otherArn = iteratorText({ ...given, streamArn: given.streamArn.replace("/expire/", "/iterate/") });
    expect(await refusal(records(otherArn))).toBeInstanceOf(ResourceNotFoundException);
    const unknown = await refusal(
      streams.send(
        new GetShardIteratorCommand({
          StreamArn: arn,
          ShardId: `${shard?.ShardId?.slice(0, -1)}g`,
          ShardIteratorType: "LATEST",
        }),
      ),
    );
    expect(unknown).toBeInstanceOf(ResourceNotFoundException);
  });

  test("records that are gone say so", async () => {
    const arn = await createTable("trim", "KEYS_ONLY");
    await put("trim", "a", "1");
    const { records: all } = await records(await iterator(arn, "TRIM_HORIZON"));
    const old = String(BigInt(all[0]?.dynamodb?.SequenceNumber ?? "0") - 10_000_000n).padStart(21, "0");
    const trimmed = await refusal(iterator(arn, "AT_SEQUENCE_NUMBER", old));
    expect([trimmed instanceof TrimmedDataAccessException || trimmed.name === "ValidationException"]).toEqual([true]);
  });
});

describe("streams", () => {
  test("listed, described, switched off and on again", async () => {
    const arn = await createTable("again", "KEYS_ONLY");
    await put("again", "a", "1");
    const set = (StreamSpecification: object) =>
      db.send(
        new UpdateTableCommand({
          TableName: "again",
          StreamSpecification: StreamSpecification as { StreamEnabled: boolean },
        }),
      );
    const twice = await refusal(set({ StreamEnabled: true, StreamViewType: "KEYS_ONLY" }));
    expect(twice.message).toBe("Table already has an enabled stream: TableName: again");
    await set({ StreamEnabled: false });
    const { TableDescription } = await set({ StreamEnabled: true, StreamViewType: "NEW_IMAGE" });
    const next = TableDescription?.LatestStreamArn ?? "";
    expect(next).not.toBe(arn);
    const { Streams } = await streams.send(new ListStreamsCommand({ TableName: "again" }));
    expect(Streams?.map(({ StreamArn }) => StreamArn)).toEqual([arn, next]);
    const { StreamDescription: old } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }));
    expect(old).toMatchObject({
      StreamStatus: "DISABLED",
      StreamViewType: "KEYS_ONLY",
      TableName: "again",
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    });
    // Closed: it can be read to its end, and then there is nowhere to go on.
    const read = await records(await iterator(arn, "TRIM_HORIZON"));
    expect([told(read.records), read.next]).toEqual([[["INSERT", "a"]], ""]);
    await put("again", "b", "1");
    expect(told((await records(await iterator(next, "TRIM_HORIZON"))).records)).toEqual([["INSERT", "b"]]);
    await db.send(new DeleteTableCommand({ TableName: "again" }));
    expect(told((await records(await iterator(next, "TRIM_HORIZON"))).records)).toEqual([["INSERT", "b"]]);
  });

  test("of the account, in pages", async () => {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await streams.send(new ListStreamsCommand({ Limit: 2, ExclusiveStartStreamArn: after }));
      for (const { StreamArn } of page.Streams ?? []) seen.push(StreamArn ?? "");
      after = page.LastEvaluatedStreamArn;
    } while (after !== undefined);
    expect(seen.length).toBeGreaterThan(5);
    expect(new Set(seen).size).toBe(seen.length);
    expect((await world.streams("AKIAOTHER").send(new ListStreamsCommand({}))).Streams).toEqual([]);
  });

  test("a list goes on where a stream was that is gone by now", async () => {
    const { Streams: all = [] } = await streams.send(new ListStreamsCommand({}));
    const arnWith = (label: string) => (all[0]?.StreamArn ?? "").replace(/[^/]*$/, label);
    const listBehind = async (ExclusiveStartStreamArn: string) =>
      (await streams.send(new ListStreamsCommand({ ExclusiveStartStreamArn }))).Streams;
    expect(await listBehind(arnWith("2001-01-01T00:00:00.000"))).toEqual(all);
    expect(await listBehind(arnWith("2999-01-01T00:00:00.000"))).toEqual([]);
    const wrong = new ListStreamsCommand({
      ExclusiveStartStreamArn: "arn:aws:dynamodb:us-east-1:111122223333:table/t",
    });
    expect((await refusal(streams.send(wrong))).name).toBe("ValidationException");
  });

  test("pages are no larger than on AWS", async () => {
    const arn = await createTable("limits", "KEYS_ONLY");
    const ShardIterator = await iterator(arn, "LATEST");
    const tooMany = (limit: number, max: number) => ({
      name: "ValidationException",
      message: `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to ${max}`,
    });
    await streams.send(new ListStreamsCommand({ Limit: 100 }));
    expect(await refusal(streams.send(new ListStreamsCommand({ Limit: 101 })))).toMatchObject(tooMany(101, 100));
    await streams.send(new DescribeStreamCommand({ StreamArn: arn, Limit: 100 }));
    const describing = streams.send(new DescribeStreamCommand({ StreamArn: arn, Limit: 101 }));
    expect(await refusal(describing)).toMatchObject(tooMany(101, 100));
    await streams.send(new GetRecordsCommand({ ShardIterator, Limit: 1000 }));
    const reading = streams.send(new GetRecordsCommand({ ShardIterator, Limit: 1001 }));
    expect(await refusal(reading)).toMatchObject(tooMany(1001, 1000));
    expect((await refusal(streams.send(new ListStreamsCommand({ Limit: 0 })))).name).toBe("ValidationException");
  });

  test("are resources with policies of their own", async () => {
    const arn = await createTable("policy", "KEYS_ONLY");
    const describe = (client: DynamoDBStreamsClient) => client.send(new DescribeStreamCommand({ StreamArn: arn }));
    addUser(world, "reader", "AKIAREADER", [{ Effect: "Allow", Action: "dynamodb:DescribeStream", Resource: arn }]);
    await describe(world.streams("AKIAREADER"));
    const other = world.streams("AKIAOTHER");
    expect((await refusal(describe(other))).name).toBe("AccessDeniedException");
    await db.send(
      new PutResourcePolicyCommand({
        ResourceArn: arn,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Principal: { AWS: "444455556666" }, Action: "dynamodb:DescribeStream", Resource: arn },
          ],
        }),
      }),
    );
    await describe(other);
  });
});
