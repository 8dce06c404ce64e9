import * as sdk from "@aws-sdk/client-dynamodb";
import * as streamsSdk from "@aws-sdk/client-dynamodb-streams";
import { TABLE_PERMISSIONS, TABLE_STREAM_PERMISSIONS } from "#data-plane/tables";
import { commandSender } from "./sdk.ts";
import type { Fixture, WalkedService } from "./walk.ts";

const KEY = { id: { S: "a" } };
const SCHEMA = {
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  BillingMode: "PAY_PER_REQUEST",
};

function inputs({ table, tableArn, accountId }: Fixture): Record<string, object> {
  const TableName = table;
  const onTable = { TableName };
  const BackupArn = `${tableArn}/backup/01700000000000-abcdef12`;
  const global = { GlobalTableName: table };
  const kinesis = { TableName, StreamArn: `arn:aws:kinesis:us-east-1:${accountId}:stream/none` };
  const select = `SELECT * FROM "${table}" WHERE id = 'a'`;
  const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: accountId },
        Action: "dynamodb:DescribeTable",
        Resource: `${tableArn}/none`,
      },
    ],
  });
  return {
    BatchExecuteStatement: { Statements: [{ Statement: select }] },
    BatchGetItem: { RequestItems: { [table]: { Keys: [KEY] } } },
    BatchWriteItem: { RequestItems: { [table]: [{ DeleteRequest: { Key: KEY } }] } },
    CreateBackup: { TableName, BackupName: "walk" },
    CreateGlobalTable: { ...global, ReplicationGroup: [{ RegionName: "us-east-1" }] },
    CreateTable: { TableName: "walk-another", ...SCHEMA },
    DeleteBackup: { BackupArn },
    DeleteItem: { TableName, Key: KEY },
    DeleteResourcePolicy: { ResourceArn: tableArn },
    DeleteTable: { TableName: "walk-doomed" },
    DescribeBackup: { BackupArn },
    DescribeContinuousBackups: onTable,
    DescribeContributorInsights: onTable,
    DescribeEndpoints: {},
    DescribeExport: { ExportArn: `${tableArn}/export/01700000000000-abcdef12` },
    DescribeGlobalTable: global,
    DescribeGlobalTableSettings: global,
    DescribeImport: { ImportArn: `${tableArn}/import/01700000000000-abcdef12` },
    DescribeKinesisStreamingDestination: onTable,
    DescribeLimits: {},
    DescribeTable: onTable,
    DescribeTableReplicaAutoScaling: onTable,
    DescribeTimeToLive: onTable,
    DisableKinesisStreamingDestination: kinesis,
    EnableKinesisStreamingDestination: kinesis,
    ExecuteStatement: { Statement: select },
    ExecuteTransaction: { TransactStatements: [{ Statement: select }] },
    ExportTableToPointInTime: { TableArn: tableArn, S3Bucket: "none" },
    GetItem: { TableName, Key: KEY },
    GetResourcePolicy: { ResourceArn: tableArn },
    ImportTable: {
      S3BucketSource: { S3Bucket: "none" },
      InputFormat: "CSV",
      TableCreationParameters: { TableName: "walk-imported", ...SCHEMA },
    },
    ListBackups: {},
    ListContributorInsights: {},
    ListExports: {},
    ListGlobalTables: {},
    ListImports: {},
    ListTables: {},
    ListTagsOfResource: { ResourceArn: tableArn },
    PutItem: { TableName, Item: KEY },
    PutResourcePolicy: { ResourceArn: tableArn, Policy: policy },
    Query: { TableName, KeyConditionExpression: "id = :a", ExpressionAttributeValues: { ":a": { S: "a" } } },
    RestoreTableFromBackup: { BackupArn, TargetTableName: "walk-restored" },
    RestoreTableToPointInTime: {
      SourceTableName: table,
      TargetTableName: "walk-restored",
      UseLatestRestorableTime: true,
    },
    Scan: onTable,
    TagResource: { ResourceArn: tableArn, Tags: [{ Key: "a", Value: "b" }] },
    TransactGetItems: { TransactItems: [{ Get: { TableName, Key: KEY } }] },
    TransactWriteItems: { TransactItems: [{ Put: { TableName, Item: KEY } }] },
    UntagResource: { ResourceArn: tableArn, TagKeys: ["a"] },
    UpdateContinuousBackups: {
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
    UpdateContributorInsights: { TableName, ContributorInsightsAction: "DISABLE" },
    UpdateGlobalTable: { ...global, ReplicaUpdates: [{ Create: { RegionName: "us-east-1" } }] },
    UpdateGlobalTableSettings: { ...global, GlobalTableBillingMode: "PAY_PER_REQUEST" },
    UpdateItem: {
      TableName,
      Key: KEY,
      UpdateExpression: "SET n = :n",
      ExpressionAttributeValues: { ":n": { N: "1" } },
    },
    UpdateKinesisStreamingDestination: kinesis,
    UpdateTable: { TableName, DeletionProtectionEnabled: false },
    UpdateTableReplicaAutoScaling: onTable,
    UpdateTimeToLive: { TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" } },
  };
}

const elsewhere = "arn:aws:dynamodb:*:*:table/elsewhere*";

export const DYNAMODB: WalkedService = {
  name: "dynamodb",
  permissions: TABLE_PERMISSIONS,
  inputs,
  elsewhere,
  client: (endpoint, credentials) =>
    commandSender(new sdk.DynamoDBClient({ endpoint, credentials, region: "us-east-1", maxAttempts: 1 }), sdk),
};

export const DYNAMODB_STREAMS: WalkedService = {
  name: "dynamodb-streams",
  permissions: TABLE_STREAM_PERMISSIONS,
  inputs: ({ streamArn, shardIterator }) => ({
    DescribeStream: { StreamArn: streamArn },
    GetShardIterator: {
      StreamArn: streamArn,
      ShardId: "shardId-00000000000000000000-00000000",
      ShardIteratorType: "LATEST",
    },
    GetRecords: { ShardIterator: shardIterator },
    ListStreams: {},
  }),
  elsewhere,
  client: (endpoint, credentials) =>
    commandSender(
      new streamsSdk.DynamoDBStreamsClient({ endpoint, credentials, region: "us-east-1", maxAttempts: 1 }),
      streamsSdk,
    ),
};
