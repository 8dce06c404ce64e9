/** On-demand backups through the front door and the SDK. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  BackupNotFoundException,
  BatchWriteItemCommand,
  CreateBackupCommand,
  DeleteBackupCommand,
  DeleteTableCommand,
  DescribeBackupCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  ListBackupsCommand,
  PutItemCommand,
  RestoreTableFromBackupCommand,
  ScanCommand,
  TableAlreadyExistsException,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { systemTimers } from "#foundation/runtime";
import { createTablesServices } from "../../service/tables-services.ts";
import { createTestTables } from "../../testing/test-tables.ts";
import { ACCOUNT, openWorld, REGION, refusal, type World } from "../../testing/world.ts";

let world: World;
let db: DynamoDBClient;
beforeAll(async () => {
  world = await openWorld({ timers: systemTimers });
  await createTestTables(world);
  db = world.client();
  for (let from = 0; from < 100; from += 25) {
    const puts = Array.from({ length: 25 }, (_, at) => ({
      PutRequest: { Item: { pk: { S: `${from + at}` }, sk: { S: "s" }, gpk: { S: "g" } } },
    }));
    await db.send(new BatchWriteItemCommand({ RequestItems: { indexed: puts } }));
  }
});
afterAll(() => world.close());

const backUp = async (TableName: string, BackupName: string) =>
  (await db.send(new CreateBackupCommand({ TableName, BackupName }))).BackupDetails;

test("a backup outlives its table and becomes another", async () => {
  const made = await backUp("indexed", "first");
  const BackupArn = made?.BackupArn;
  expect(made).toMatchObject({
    BackupName: "first",
    BackupStatus: "AVAILABLE",
    BackupType: "USER",
    BackupArn: expect.stringMatching(
      /^arn:aws:dynamodb:us-east-1:111122223333:table\/indexed\/backup\/\d{14}-[0-9a-f]{8}$/,
    ),
  });
  await db.send(new PutItemCommand({ TableName: "indexed", Item: { pk: { S: "later" }, sk: { S: "s" } } }));
  await db.send(new DeleteTableCommand({ TableName: "indexed" }));
  const { BackupDescription } = await db.send(new DescribeBackupCommand({ BackupArn }));
  expect(BackupDescription).toMatchObject({
    SourceTableDetails: { TableName: "indexed", ItemCount: 100, BillingMode: "PAY_PER_REQUEST" },
    SourceTableFeatureDetails: {
      LocalSecondaryIndexes: [{ IndexName: "by-lsk" }],
      GlobalSecondaryIndexes: [{ IndexName: "by-gpk" }],
      TimeToLiveDescription: { TimeToLiveStatus: "DISABLED" },
    },
  });
  const restored = await db.send(new RestoreTableFromBackupCommand({ BackupArn, TargetTableName: "restored" }));
  expect(restored.TableDescription).toMatchObject({
    TableStatus: "CREATING",
    RestoreSummary: { SourceBackupArn: BackupArn, RestoreInProgress: true },
  });
  await waitUntilTableExists({ client: db, maxWaitTime: 5, minDelay: 1 }, { TableName: "restored" });
  expect((await db.send(new ScanCommand({ TableName: "restored", Select: "COUNT" }))).Count).toBe(100);
  expect((await db.send(new ScanCommand({ TableName: "restored", IndexName: "by-gpk" }))).Count).toBe(100);
  await db.send(new PutItemCommand({ TableName: "restored", Item: { pk: { S: "new" }, sk: { S: "s" } } }));
  while (
    (await db.send(new DescribeTableCommand({ TableName: "restored" }))).Table?.RestoreSummary?.RestoreInProgress
  ) {}
  const again = db.send(new RestoreTableFromBackupCommand({ BackupArn, TargetTableName: "restored" }));
  expect(await refusal(again)).toBeInstanceOf(TableAlreadyExistsException);

  const fewer = await db.send(
    new RestoreTableFromBackupCommand({
      BackupArn,
      TargetTableName: "fewer",
      BillingModeOverride: "PROVISIONED",
      ProvisionedThroughputOverride: { ReadCapacityUnits: 1, WriteCapacityUnits: 2 },
      GlobalSecondaryIndexOverride: [],
    }),
  );
  expect(fewer.TableDescription?.GlobalSecondaryIndexes).toBeUndefined();
  expect(fewer.TableDescription?.ProvisionedThroughput).toMatchObject({ ReadCapacityUnits: 1, WriteCapacityUnits: 2 });
});

test("backups are listed in pages, and deleted", async () => {
  const made = [];
  for (const name of ["one", "two", "three"]) made.push(await backUp("simple", name));
  const names: (string | undefined)[] = [];
  let after: string | undefined;
  do {
    const page = await db.send(
      new ListBackupsCommand({ TableName: "simple", Limit: 2, ExclusiveStartBackupArn: after }),
    );
    names.push(...(page.BackupSummaries ?? []).map(({ BackupName }) => BackupName));
    after = page.LastEvaluatedBackupArn;
  } while (after !== undefined);
  expect(names).toEqual(["one", "two", "three"]);
  const BackupArn = made[1]?.BackupArn;
  const deleted = await db.send(new DeleteBackupCommand({ BackupArn }));
  expect(deleted.BackupDescription?.BackupDetails?.BackupStatus).toBe("DELETED");
  for (const call of [new DescribeBackupCommand({ BackupArn }), new DeleteBackupCommand({ BackupArn })]) {
    expect(await refusal(db.send(call as DescribeBackupCommand))).toBeInstanceOf(BackupNotFoundException);
  }
  const other = world.client("AKIAOTHER");
  expect((await other.send(new ListBackupsCommand({}))).BackupSummaries).toEqual([]);
  const foreign = other.send(new DescribeBackupCommand({ BackupArn: made[0]?.BackupArn }));
  expect((await refusal(foreign)).name).toBe("AccessDeniedException");
  expect((await refusal(backUp("nowhere", "x".repeat(3)))).name).toBe("TableNotFoundException");
});

test("a restore that was interrupted goes on at the next start", async () => {
  const BackupArn = (await backUp("simple", "interrupted"))?.BackupArn ?? "";
  // As the control plane has it when the program ends just after it was asked.
  const source = world.planes.table(ACCOUNT, REGION, "simple")!;
  world.planes.put({
    ...source,
    resourceId: "interrupted" as typeof source.resourceId,
    name: "interrupted",
    sections: {
      ...source.sections,
      settings: { restore: { at: 0, backupArn: BackupArn, tableArn: "x", inProgress: true } },
    },
  });
  const services = await createTablesServices(world.environment);
  await waitUntilTableExists({ client: db, maxWaitTime: 5, minDelay: 1 }, { TableName: "interrupted" });
  await db.send(new GetItemCommand({ TableName: "interrupted", Key: { pk: { S: "a" } } }));
  const state = () => world.planes.table(ACCOUNT, REGION, "interrupted")?.sections.settings?.restore;
  while (JSON.stringify(state()).includes("inProgress")) await new Promise((resume) => setImmediate(resume));
  for (const service of services) await service.close();
});
