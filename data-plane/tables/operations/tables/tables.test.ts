/** Operations on tables through the front door and the SDK. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteResourcePolicyCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeContributorInsightsCommand,
  DescribeEndpointsCommand,
  DescribeKinesisStreamingDestinationCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  GetResourcePolicyCommand,
  ListExportsCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  PutResourcePolicyCommand,
  paginateListTables,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  type UpdateTableCommandInput,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { createTestTables } from "../../testing/test-tables.ts";
import { openWorld, refusal, type World } from "../../testing/world.ts";
import { attribute, CHANGES, CREATIONS, GOOD, hash, range } from "./table-refusals.cases.ts";

let world: World;
let db: DynamoDBClient;
beforeAll(async () => {
  world = await openWorld();
  await createTestTables(world);
  db = world.client();
});
afterAll(() => world.close());

const arnOf = (name: string) => `arn:aws:dynamodb:us-east-1:111122223333:table/${name}`;
const create = (more: object) => db.send(new CreateTableCommand({ ...GOOD, ...more } as CreateTableCommandInput));
const update = (more: object) => db.send(new UpdateTableCommand(more as UpdateTableCommandInput));
const describeTable = async (TableName: string) => (await db.send(new DescribeTableCommand({ TableName }))).Table;

describe("refusals", () => {
  test.each([...CREATIONS, ...CHANGES])("%s %j", async (operation, request, message) => {
    const { status, code, message: said } = await world.call(operation, request);
    // The end of some sentences is another room's.
    const compared = message.endsWith(": ") ? said?.slice(0, message.length) : said;
    expect([status, code, compared]).toEqual([400, "ValidationException", message]);
  });

  test("what is not there, and what is there already", async () => {
    for (const call of [
      new DescribeTableCommand({ TableName: "nowhere" }),
      new DeleteTableCommand({ TableName: "nowhere" }),
      new UpdateTableCommand({ TableName: "nowhere", DeletionProtectionEnabled: true }),
    ]) {
      const refused = await refusal(db.send(call as DescribeTableCommand));
      expect(refused).toBeInstanceOf(ResourceNotFoundException);
      expect(refused.message).toBe("Requested resource not found: Table: nowhere not found");
    }
    const twice = await refusal(create({ TableName: "pairs" }));
    expect(twice).toBeInstanceOf(ResourceInUseException);
    expect(twice.message).toBe("Table already exists: pairs");
  });
});

describe("the life of a table", () => {
  test("created, described, deleted", async () => {
    const made = await create({
      TableName: "life",
      AttributeDefinitions: [attribute("pk"), attribute("sk"), attribute("lsk", "N"), attribute("gpk", "B")],
      BillingMode: "PROVISIONED",
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 },
      LocalSecondaryIndexes: [
        { IndexName: "local", KeySchema: [hash("pk"), range("lsk")], Projection: { ProjectionType: "KEYS_ONLY" } },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "global",
          KeySchema: [hash("gpk")],
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["x"] },
          ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 2 },
        },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
      Tags: [{ Key: "team", Value: "a" }],
    });
    expect(made.TableDescription?.TableStatus).toBe("CREATING");
    expect(made.TableDescription?.GlobalSecondaryIndexes?.[0]?.IndexStatus).toBe("CREATING");
    await waitUntilTableExists({ client: db, maxWaitTime: 5, minDelay: 1 }, { TableName: "life" });
    const Item = { pk: { S: "a" }, sk: { S: "b" }, lsk: { N: "1" }, gpk: { B: new Uint8Array([1]) }, x: { S: "y" } };
    await db.send(new PutItemCommand({ TableName: "life", Item }));
    const table = await describeTable("life");
    expect(table).toMatchObject({
      TableName: "life",
      TableStatus: "ACTIVE",
      TableArn: arnOf("life"),
      TableId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      ItemCount: 1,
      // Names: 3 + 1 … as DynamoDB counts them.
      TableSizeBytes: 3 + 3 + 5 + 4 + 2,
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6, NumberOfDecreasesToday: 0 },
      LocalSecondaryIndexes: [{ IndexName: "local", IndexArn: `${arnOf("life")}/index/local`, ItemCount: 1 }],
      GlobalSecondaryIndexes: [
        {
          IndexName: "global",
          IndexStatus: "ACTIVE",
          ItemCount: 1,
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["x"] },
          ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 2 },
        },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
      LatestStreamArn: `${arnOf("life")}/stream/${table?.LatestStreamLabel}`,
      DeletionProtectionEnabled: false,
    });
    expect(table?.BillingModeSummary).toBeUndefined();
    const deleted = await db.send(new DeleteTableCommand({ TableName: "life" }));
    expect(deleted.TableDescription?.TableStatus).toBe("DELETING");
    await waitUntilTableNotExists({ client: db, maxWaitTime: 5, minDelay: 1 }, { TableName: "life" });
    expect((await refusal(db.send(new PutItemCommand({ TableName: "life", Item })))).name).toBe(
      "ResourceNotFoundException",
    );
    // The same name again is another table.
    await create({ TableName: "life" });
    expect((await describeTable("life"))?.TableId).not.toBe(table?.TableId);
    expect((await describeTable("life"))?.ItemCount).toBe(0);
  });

  test("protected tables stay", async () => {
    await create({ TableName: "protected", DeletionProtectionEnabled: true });
    const refused = await refusal(db.send(new DeleteTableCommand({ TableName: "protected" })));
    expect([refused.name, refused.message]).toEqual([
      "ValidationException",
      "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    ]);
    await update({ TableName: "protected", DeletionProtectionEnabled: false });
    await db.send(new DeleteTableCommand({ TableName: "protected" }));
  });

  test("listed in pages, in order of name", async () => {
    for (const name of ["list-c", "list-a", "list-b"]) await create({ TableName: name });
    const names: string[] = [];
    for await (const page of paginateListTables({ client: db, pageSize: 2 }, {}))
      names.push(...(page.TableNames ?? []));
    expect(names.filter((name) => name.startsWith("list-"))).toEqual(["list-a", "list-b", "list-c"]);
    const page = await db.send(new ListTablesCommand({ ExclusiveStartTableName: "list-aa", Limit: 1 }));
    expect(page).toMatchObject({ TableNames: ["list-b"], LastEvaluatedTableName: "list-b" });
    const other = await world.client("AKIAOTHER").send(new ListTablesCommand({}));
    expect(other.TableNames).toEqual([]);
  });
});

describe("UpdateTable", () => {
  test("billing", async () => {
    const TableName = "billing";
    const units = (ReadCapacityUnits: number, WriteCapacityUnits: number) => ({
      ReadCapacityUnits,
      WriteCapacityUnits,
    });
    await create({ TableName, BillingMode: "PROVISIONED", ProvisionedThroughput: units(5, 5) });
    const changed = await update({ TableName, ProvisionedThroughput: units(6, 4) });
    expect(changed.TableDescription?.TableStatus).toBe("UPDATING");
    const table = await describeTable(TableName);
    expect(table?.ProvisionedThroughput).toMatchObject(units(6, 4));
    expect(table?.ProvisionedThroughput?.LastIncreaseDateTime).toBeInstanceOf(Date);
    const same = await refusal(update({ TableName, ProvisionedThroughput: units(6, 4) }));
    expect(same.message).toStartWith("The provisioned throughput for the table will not change.");
    await update({ TableName, BillingMode: "PAY_PER_REQUEST" });
    expect(await describeTable(TableName)).toMatchObject({
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST", LastUpdateToPayPerRequestDateTime: expect.any(Date) },
      ProvisionedThroughput: units(0, 0),
    });
    await update({ TableName, OnDemandThroughput: { MaxReadRequestUnits: 10 } });
    expect((await describeTable(TableName))?.OnDemandThroughput).toEqual({
      MaxReadRequestUnits: 10,
      MaxWriteRequestUnits: -1,
    });
    await update({ TableName, BillingMode: "PROVISIONED", ProvisionedThroughput: units(1, 1) });
    expect((await describeTable(TableName))?.ProvisionedThroughput).toMatchObject(units(1, 1));
  });

  test("indexes come and go, one at a time", async () => {
    const TableName = "indexes";
    await create({ TableName });
    for (let at = 0; at < 30; at++) {
      const Item = { pk: { S: `${at}` }, sk: { S: "x" }, ...(at % 2 === 0 && { gpk: { S: "even" } }) };
      await db.send(new PutItemCommand({ TableName, Item }));
    }
    const Create = { IndexName: "by-gpk", KeySchema: [hash("gpk")], Projection: { ProjectionType: "ALL" } };
    const AttributeDefinitions = [attribute("gpk")];
    const both = await refusal(
      update({
        TableName,
        AttributeDefinitions,
        GlobalSecondaryIndexUpdates: [{ Create }, { Create: { ...Create, IndexName: "other" } }],
      }),
    );
    expect(both.name).toBe("LimitExceededException");
    const made = await update({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create }] });
    expect(made.TableDescription?.GlobalSecondaryIndexes?.[0]).toMatchObject({ IndexStatus: "CREATING" });
    const settled = async () => {
      for (;;) {
        const table = await describeTable(TableName);
        const states = table?.GlobalSecondaryIndexes?.map(({ IndexStatus }) => IndexStatus) ?? [];
        if (table?.TableStatus === "ACTIVE" && states.every((state) => state === "ACTIVE")) return table;
      }
    };
    const table = await settled();
    expect(table?.GlobalSecondaryIndexes?.[0]).toMatchObject({ IndexName: "by-gpk", ItemCount: 15 });
    expect(table?.AttributeDefinitions).toHaveLength(3);
    const found = await db.send(
      new QueryCommand({
        TableName,
        IndexName: "by-gpk",
        KeyConditionExpression: "gpk = :g",
        ExpressionAttributeValues: { ":g": { S: "even" } },
      }),
    );
    expect(found.Count).toBe(15);
    const twice = await refusal(update({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create }] }));
    expect(twice.message).toBe("Attempting to create an index which already exists");
    await update({ TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-gpk" } }] });
    const after = await settled();
    expect([after?.GlobalSecondaryIndexes, after?.AttributeDefinitions?.length]).toEqual([undefined, 2]);
    const missing = await refusal(
      update({ TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-gpk" } }] }),
    );
    expect(missing).toBeInstanceOf(ResourceNotFoundException);
  });

  test("keys of several attributes", async () => {
    await create({
      TableName: "multi",
      AttributeDefinitions: [attribute("pk"), attribute("sk"), attribute("a"), attribute("b"), attribute("c", "N")],
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-many",
          KeySchema: [hash("a"), hash("b"), range("c"), range("sk")],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    });
    for (const [pk, c] of [
      ["1", "2"],
      ["2", "1"],
      ["3", "3"],
    ] as const) {
      await db.send(
        new PutItemCommand({
          TableName: "multi",
          Item: { pk: { S: pk }, sk: { S: "s" }, a: { S: "A" }, b: { S: "B" }, c: { N: c } },
        }),
      );
    }
    const found = await db.send(
      new QueryCommand({
        TableName: "multi",
        IndexName: "by-many",
        KeyConditionExpression: "a = :a AND b = :b AND c > :c",
        ExpressionAttributeValues: { ":a": { S: "A" }, ":b": { S: "B" }, ":c": { N: "1" } },
      }),
    );
    expect(found.Items?.map(({ pk }) => pk?.S)).toEqual(["1", "3"]);
  });

  test("two changes at once are both made", async () => {
    await create({ TableName: "both" });
    await Promise.all([
      update({ TableName: "both", DeletionProtectionEnabled: true }),
      db.send(new TagResourceCommand({ ResourceArn: arnOf("both"), Tags: [{ Key: "a", Value: "1" }] })),
      db.send(new TagResourceCommand({ ResourceArn: arnOf("both"), Tags: [{ Key: "b", Value: "2" }] })),
    ]);
    expect((await describeTable("both"))?.DeletionProtectionEnabled).toBe(true);
    const { Tags } = await db.send(new ListTagsOfResourceCommand({ ResourceArn: arnOf("both") }));
    expect(Tags).toHaveLength(2);
  });
});

describe("settings", () => {
  test("tags", async () => {
    const ResourceArn = arnOf("simple");
    await db.send(
      new TagResourceCommand({
        ResourceArn,
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "b", Value: "2" },
        ],
      }),
    );
    await db.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "a", Value: "3" }] }));
    await db.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["b", "none"] }));
    expect((await db.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags).toEqual([{ Key: "a", Value: "3" }]);
  });

  test("time to live", async () => {
    const TableName = "simple";
    const set = (Enabled: boolean, AttributeName: string) =>
      db.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled, AttributeName } }));
    const state = async () => (await db.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription;
    expect(await state()).toEqual({ TimeToLiveStatus: "DISABLED" });
    expect((await set(true, "expires")).TimeToLiveSpecification).toEqual({ Enabled: true, AttributeName: "expires" });
    expect(await state()).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "expires" });
    expect((await refusal(set(true, "expires"))).message).toBe("TimeToLive is already enabled");
    expect((await refusal(set(true, "other"))).message).toContain("current AttributeName is expires");
    await set(false, "expires");
    expect(await state()).toEqual({ TimeToLiveStatus: "DISABLED" });
  });

  test("resource policies, by revision", async () => {
    const ResourceArn = arnOf("pairs");
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: "444455556666" }, Action: "dynamodb:GetItem", Resource: ResourceArn },
      ],
    });
    const get = () => db.send(new GetResourcePolicyCommand({ ResourceArn }));
    expect((await refusal(get())).name).toBe("PolicyNotFoundException");
    const put = (ExpectedRevisionId: string, policy = Policy) =>
      db.send(new PutResourcePolicyCommand({ ResourceArn, Policy: policy, ExpectedRevisionId }));
    const { RevisionId } = await put("NO_POLICY");
    expect(await get()).toMatchObject({ Policy, RevisionId });
    expect((await refusal(put("NO_POLICY"))).name).toBe("PolicyNotFoundException");
    expect((await put(RevisionId ?? "")).RevisionId).toBe(RevisionId);
    expect((await put(RevisionId ?? "", Policy.replace("GetItem", "PutItem"))).RevisionId).not.toBe(RevisionId);
    await db.send(new DeleteResourcePolicyCommand({ ResourceArn }));
    expect((await refusal(get())).name).toBe("PolicyNotFoundException");
  });

  test("what tools read of every table", async () => {
    const TableName = "simple";
    const backups = await db.send(new DescribeContinuousBackupsCommand({ TableName }));
    expect(backups.ContinuousBackupsDescription).toMatchObject({
      ContinuousBackupsStatus: "ENABLED",
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
    });
    const enabling = db.send(
      new UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    );
    expect((await refusal(enabling)).name).toBe("ContinuousBackupsUnavailableException");
    expect(await db.send(new DescribeContributorInsightsCommand({ TableName }))).toMatchObject({
      ContributorInsightsStatus: "DISABLED",
    });
    expect(await db.send(new DescribeKinesisStreamingDestinationCommand({ TableName }))).toMatchObject({
      KinesisDataStreamDestinations: [],
    });
    expect((await db.send(new ListExportsCommand({}))).ExportSummaries).toEqual([]);
    expect((await db.send(new DescribeLimitsCommand({}))).TableMaxReadCapacityUnits).toBe(40_000);
    expect((await db.send(new DescribeEndpointsCommand({}))).Endpoints?.[0]?.Address).toBe(new URL(world.url).host);
  });
});
