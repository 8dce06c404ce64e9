/** AWS SDK for JavaScript v3: tables, items, transactions, PartiQL, backups. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  BackupNotFoundException,
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateBackupCommand,
  CreateTableCommand,
  DeleteBackupCommand,
  DeleteItemCommand,
  DeleteResourcePolicyCommand,
  DeleteTableCommand,
  DescribeBackupCommand,
  DescribeContinuousBackupsCommand,
  DescribeContributorInsightsCommand,
  DescribeEndpointsCommand,
  DescribeExportCommand,
  DescribeGlobalTableCommand,
  DescribeGlobalTableSettingsCommand,
  DescribeImportCommand,
  DescribeKinesisStreamingDestinationCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  DescribeTableReplicaAutoScalingCommand,
  DescribeTimeToLiveCommand,
  DuplicateItemException,
  type DynamoDBClient,
  ExecuteStatementCommand,
  ExecuteTransactionCommand,
  GetItemCommand,
  GetResourcePolicyCommand,
  IdempotentParameterMismatchException,
  ListBackupsCommand,
  ListContributorInsightsCommand,
  ListExportsCommand,
  ListGlobalTablesCommand,
  ListImportsCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PolicyNotFoundException,
  PutItemCommand,
  PutResourcePolicyCommand,
  paginateListTables,
  paginateQuery,
  paginateScan,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  RestoreTableFromBackupCommand,
  ScanCommand,
  TagResourceCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UntagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateContributorInsightsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { dynamoDbClientFor } from "../../support/dynamodb.ts";

/** The error of a call that must be refused. */
async function refused(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error("the call succeeded");
}

const TableName = "music";
const key = (artist: string, song: string) => ({ artist: { S: artist }, song: { S: song } });

describe("tables through the SDK", () => {
  let here: ClientCloud;
  let db: DynamoDBClient;
  let ResourceArn: string;
  beforeAll(async () => {
    here = await startClientCloud();
    db = dynamoDbClientFor(here.environment);
    const { TableDescription } = await db.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: ["artist", "song", "genre"].map((AttributeName) => ({
          AttributeName,
          AttributeType: "S" as const,
        })),
        KeySchema: [
          { AttributeName: "artist", KeyType: "HASH" },
          { AttributeName: "song", KeyType: "RANGE" },
        ],
        BillingMode: "PAY_PER_REQUEST",
        GlobalSecondaryIndexes: [
          {
            IndexName: "by-genre",
            KeySchema: [{ AttributeName: "genre", KeyType: "HASH" }],
            Projection: { ProjectionType: "ALL" },
          },
        ],
      }),
    );
    ResourceArn = TableDescription?.TableArn ?? "";
    await waitUntilTableExists({ client: db, maxWaitTime: 10, minDelay: 1 }, { TableName });
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("create, describe, change, list, delete", async () => {
    const scratch = { TableName: "scratch" };
    await db.send(
      new CreateTableCommand({
        ...scratch,
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      }),
    );
    await waitUntilTableExists({ client: db, maxWaitTime: 10, minDelay: 1 }, scratch);
    await db.send(new UpdateTableCommand({ ...scratch, DeletionProtectionEnabled: true }));
    expect((await db.send(new DescribeTableCommand(scratch))).Table?.DeletionProtectionEnabled).toBe(true);
    expect((await refused(db.send(new DeleteTableCommand(scratch)))).name).toBe("ValidationException");
    await db.send(new UpdateTableCommand({ ...scratch, DeletionProtectionEnabled: false }));
    const names: string[] = [];
    for await (const page of paginateListTables({ client: db, pageSize: 1 }, {}))
      names.push(...(page.TableNames ?? []));
    expect(names).toEqual(["music", "scratch"]);
    await db.send(new DeleteTableCommand(scratch));
    await waitUntilTableNotExists({ client: db, maxWaitTime: 10, minDelay: 1 }, scratch);
    expect((await db.send(new ListTablesCommand({}))).TableNames).toEqual(["music"]);
    expect(await refused(db.send(new DescribeTableCommand(scratch)))).toBeInstanceOf(ResourceNotFoundException);
    const again = db.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    expect(await refused(again)).toBeInstanceOf(ResourceInUseException);
  });

  test("items one by one", async () => {
    await db.send(new PutItemCommand({ TableName, Item: { ...key("a", "1"), plays: { N: "1" } } }));
    const updated = await db.send(
      new UpdateItemCommand({
        TableName,
        Key: key("a", "1"),
        UpdateExpression: "ADD plays :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
        ReturnValues: "UPDATED_NEW",
      }),
    );
    expect(updated.Attributes).toEqual({ plays: { N: "2" } });
    const twice = db.send(
      new PutItemCommand({
        TableName,
        Item: key("a", "1"),
        ConditionExpression: "attribute_not_exists(artist)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    const failed = await refused(twice);
    expect(failed).toBeInstanceOf(ConditionalCheckFailedException);
    expect((failed as ConditionalCheckFailedException).Item?.plays).toEqual({ N: "2" });
    await db.send(new DeleteItemCommand({ TableName, Key: key("a", "1") }));
    expect((await db.send(new GetItemCommand({ TableName, Key: key("a", "1") }))).Item).toBeUndefined();
  });

  test("the document client: plain objects, sets, big numbers, bytes", async () => {
    const documents = DynamoDBDocumentClient.from(db, { marshallOptions: { removeUndefinedValues: true } });
    const Item = {
      artist: "doc",
      song: "1",
      tags: new Set(["x", "y"]),
      cover: new Uint8Array([0, 255]),
      deep: { list: [1, "two", null, true, { three: 3.5 }] },
      gone: undefined,
    };
    await documents.send(new PutCommand({ TableName, Item }));
    const read = await documents.send(new GetCommand({ TableName, Key: { artist: "doc", song: "1" } }));
    const { gone: _gone, ...kept } = Item;
    expect(read.Item).toEqual(kept);
    const { Attributes } = await documents.send(
      new UpdateCommand({
        TableName,
        Key: { artist: "doc", song: "1" },
        UpdateExpression: "SET deep.#l = list_append(deep.#l, :more) DELETE tags :x",
        ExpressionAttributeNames: { "#l": "list" },
        ExpressionAttributeValues: { ":more": ["last"], ":x": new Set(["x"]) },
        ReturnValues: "ALL_NEW",
      }),
    );
    expect(Attributes).toMatchObject({
      tags: new Set(["y"]),
      deep: { list: [1, "two", null, true, { three: 3.5 }, "last"] },
    });
  });

  test("batches, queries, scans, in pages", async () => {
    const songs = Array.from({ length: 40 }, (_, at) => ({
      ...key("many", String(at).padStart(2, "0")),
      genre: { S: at % 2 ? "rock" : "jazz" },
    }));
    for (let from = 0; from < songs.length; from += 20) {
      const puts = songs.slice(from, from + 20).map((Item) => ({ PutRequest: { Item } }));
      expect(
        (await db.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }))).UnprocessedItems,
      ).toEqual({});
    }
    const read = await db.send(
      new BatchGetItemCommand({
        RequestItems: { [TableName]: { Keys: songs.map(({ artist, song }) => ({ artist, song })) } },
      }),
    );
    expect(read.Responses?.[TableName]).toHaveLength(40);
    const query = {
      TableName,
      KeyConditionExpression: "artist = :a AND song BETWEEN :low AND :high",
      ExpressionAttributeValues: { ":a": { S: "many" }, ":low": { S: "05" }, ":high": { S: "24" } },
    };
    let queried = 0;
    for await (const page of paginateQuery({ client: db, pageSize: 6 }, query)) queried += page.Items?.length ?? 0;
    expect(queried).toBe(20);
    const byGenre = await db.send(
      new QueryCommand({
        TableName,
        IndexName: "by-genre",
        KeyConditionExpression: "genre = :g",
        ExpressionAttributeValues: { ":g": { S: "rock" } },
        Select: "COUNT",
      }),
    );
    expect(byGenre.Count).toBe(20);
    let scanned = 0;
    const filter = { FilterExpression: "artist = :a", ExpressionAttributeValues: { ":a": { S: "many" } } };
    for await (const page of paginateScan({ client: db, pageSize: 7 }, { TableName, ...filter }))
      scanned += page.Count ?? 0;
    expect(scanned).toBe(40);
    const segments = await Promise.all(
      [0, 1, 2].map((Segment) => db.send(new ScanCommand({ TableName, Segment, TotalSegments: 3, ...filter }))),
    );
    expect(segments.reduce((sum, { Count }) => sum + (Count ?? 0), 0)).toBe(40);
  });

  test("transactions", async () => {
    const action = (song: string, condition: string) => ({
      Put: { TableName, Item: key("tx", song), ConditionExpression: condition },
    });
    const write = (conditions: readonly string[], ClientRequestToken?: string) =>
      db.send(
        new TransactWriteItemsCommand({
          ClientRequestToken,
          TransactItems: conditions.map((condition, at) => action(String(at), condition)),
        }),
      );
    const cancelled = await refused(write(["attribute_not_exists(artist)", "attribute_exists(artist)"]));
    expect(cancelled).toBeInstanceOf(TransactionCanceledException);
    expect((cancelled as TransactionCanceledException).CancellationReasons?.map(({ Code }) => Code)).toEqual([
      "None",
      "ConditionalCheckFailed",
    ]);
    await write(["attribute_not_exists(artist)", "attribute_not_exists(artist)"], "once");
    await write(["attribute_not_exists(artist)", "attribute_not_exists(artist)"], "once");
    expect(await refused(write(["attribute_exists(artist)"], "once"))).toBeInstanceOf(
      IdempotentParameterMismatchException,
    );
    const { Responses } = await db.send(
      new TransactGetItemsCommand({
        TransactItems: ["0", "1", "2"].map((song) => ({ Get: { TableName, Key: key("tx", song) } })),
      }),
    );
    expect(Responses?.map(({ Item }) => Item?.song?.S)).toEqual(["0", "1", undefined]);
  });

  test("PartiQL", async () => {
    const run = (Statement: string, ...Parameters: { S: string }[]) =>
      db.send(new ExecuteStatementCommand({ Statement, ...(Parameters.length > 0 && { Parameters }) }));
    await run(`INSERT INTO "${TableName}" VALUE {'artist': ?, 'song': 'p', 'plays': 1}`, { S: "ql" });
    expect(await refused(run(`INSERT INTO "${TableName}" VALUE {'artist': 'ql', 'song': 'p'}`))).toBeInstanceOf(
      DuplicateItemException,
    );
    await run(`UPDATE "${TableName}" SET plays = plays + 1 WHERE artist = 'ql' AND song = 'p'`);
    expect((await run(`SELECT plays FROM "${TableName}" WHERE artist = ?`, { S: "ql" })).Items).toEqual([
      { plays: { N: "2" } },
    ]);
    const batch = await db.send(
      new BatchExecuteStatementCommand({
        Statements: ["p", "q"].map((song) => ({
          Statement: `SELECT * FROM "${TableName}" WHERE artist = 'ql' AND song = '${song}'`,
        })),
      }),
    );
    expect(batch.Responses?.map(({ Item }) => Item?.plays)).toEqual([{ N: "2" }, undefined]);
    await db.send(
      new ExecuteTransactionCommand({
        TransactStatements: [{ Statement: `DELETE FROM "${TableName}" WHERE artist = 'ql' AND song = 'p'` }],
      }),
    );
    expect((await run(`SELECT * FROM "${TableName}" WHERE artist = 'ql'`)).Items).toEqual([]);
  });

  test("tags, time to live, policies", async () => {
    await db.send(
      new TagResourceCommand({
        ResourceArn,
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "b", Value: "2" },
        ],
      }),
    );
    await db.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["a"] }));
    expect((await db.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags).toEqual([{ Key: "b", Value: "2" }]);
    await db.send(
      new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "expires" } }),
    );
    expect((await db.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription).toEqual({
      TimeToLiveStatus: "ENABLED",
      AttributeName: "expires",
    });
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "dynamodb:GetItem", Resource: ResourceArn }],
    };
    const { RevisionId } = await db.send(new PutResourcePolicyCommand({ ResourceArn, Policy: JSON.stringify(policy) }));
    expect(await db.send(new GetResourcePolicyCommand({ ResourceArn }))).toMatchObject({
      Policy: JSON.stringify(policy),
      RevisionId,
    });
    await db.send(new DeleteResourcePolicyCommand({ ResourceArn }));
    expect(await refused(db.send(new GetResourcePolicyCommand({ ResourceArn })))).toBeInstanceOf(
      PolicyNotFoundException,
    );
  });

  test("backups", async () => {
    const { BackupDetails } = await db.send(new CreateBackupCommand({ TableName, BackupName: "nightly" }));
    const BackupArn = BackupDetails?.BackupArn;
    expect((await db.send(new ListBackupsCommand({ TableName }))).BackupSummaries?.[0]?.BackupArn).toBe(BackupArn);
    const before = (await db.send(new DescribeBackupCommand({ BackupArn }))).BackupDescription?.SourceTableDetails;
    await db.send(new RestoreTableFromBackupCommand({ BackupArn, TargetTableName: "restored" }));
    await waitUntilTableExists({ client: db, maxWaitTime: 10, minDelay: 1 }, { TableName: "restored" });
    const { Count } = await db.send(new ScanCommand({ TableName: "restored", Select: "COUNT" }));
    expect(Count).toBe(before?.ItemCount);
    await db.send(new DeleteBackupCommand({ BackupArn }));
    expect(await refused(db.send(new DescribeBackupCommand({ BackupArn })))).toBeInstanceOf(BackupNotFoundException);
  });

  test("what there is not is said, and read as absent", async () => {
    expect((await db.send(new DescribeLimitsCommand({}))).TableMaxReadCapacityUnits).toBeGreaterThan(0);
    expect((await db.send(new DescribeEndpointsCommand({}))).Endpoints).toHaveLength(1);
    const recovery = { PointInTimeRecoveryStatus: "DISABLED" };
    const read = await db.send(new DescribeContinuousBackupsCommand({ TableName }));
    expect(read.ContinuousBackupsDescription?.PointInTimeRecoveryDescription).toMatchObject(recovery);
    const set = (PointInTimeRecoveryEnabled: boolean) =>
      db.send(
        new UpdateContinuousBackupsCommand({
          TableName,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled },
        }),
      );
    await set(false);
    expect((await refused(set(true))).name).toBe("ContinuousBackupsUnavailableException");
    const insights = await db.send(new DescribeContributorInsightsCommand({ TableName }));
    expect(insights.ContributorInsightsStatus).toBe("DISABLED");
    await db.send(new UpdateContributorInsightsCommand({ TableName, ContributorInsightsAction: "DISABLE" }));
    expect((await db.send(new ListContributorInsightsCommand({}))).ContributorInsightsSummaries).toEqual([]);
    const kinesis = await db.send(new DescribeKinesisStreamingDestinationCommand({ TableName }));
    expect(kinesis.KinesisDataStreamDestinations).toEqual([]);
    const scaling = await db.send(new DescribeTableReplicaAutoScalingCommand({ TableName }));
    expect(scaling.TableAutoScalingDescription?.Replicas).toEqual([]);
    expect((await db.send(new ListExportsCommand({}))).ExportSummaries).toEqual([]);
    expect((await db.send(new ListImportsCommand({}))).ImportSummaryList).toEqual([]);
    expect((await db.send(new ListGlobalTablesCommand({}))).GlobalTables).toEqual([]);
    const GlobalTableName = TableName;
    const arn = `${ResourceArn}/export/01234567890123-a1bcd234`;
    for (const [call, name] of [
      [db.send(new DescribeGlobalTableCommand({ GlobalTableName })), "GlobalTableNotFoundException"],
      [db.send(new DescribeGlobalTableSettingsCommand({ GlobalTableName })), "GlobalTableNotFoundException"],
      [db.send(new DescribeExportCommand({ ExportArn: arn })), "ExportNotFoundException"],
      [db.send(new DescribeImportCommand({ ImportArn: arn })), "ImportNotFoundException"],
    ] as const) {
      expect((await refused(call)).name).toBe(name);
    }
  });
});
