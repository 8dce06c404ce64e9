/** What callers of tables must be allowed to do (Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"). */
import type { AccessLevel, OperationPermission } from "#data-plane/service";
import type { TableStreamsOperationName, TablesOperationName } from "./service/tables-services.ts";

const TABLE = "arn:aws:dynamodb:${Region}:${Account}:table/${TableName}";
const INDEX = `${TABLE}/index/\${IndexName}`;
const STREAM = `${TABLE}/stream/\${StreamLabel}`;
const BACKUP = `${TABLE}/backup/\${BackupName}`;
const ANYTHING = ["*"] as const;

const named = (actions: readonly string[]) => actions.map((action) => `dynamodb:${action}`);

const on =
  (...resources: readonly string[]) =>
  (level: AccessLevel, ...actions: readonly string[]): OperationPermission => ({
    actions: named(actions),
    level,
    resources,
  });

const table = on(TABLE);
const backup = on(BACKUP);
const account = on(...ANYTHING);

const items = (level: AccessLevel, ...actions: readonly string[]): OperationPermission => ({
  actions: named(actions),
  level,
  data: true,
  resources: [TABLE, INDEX],
});

const STATEMENTS = ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"] as const;

export const TABLE_PERMISSIONS: { readonly [Name in TablesOperationName]: OperationPermission } = {
  BatchExecuteStatement: items("Write", ...STATEMENTS),
  BatchGetItem: items("Read", "BatchGetItem"),
  BatchWriteItem: items("Write", "BatchWriteItem"),
  CreateBackup: table("Write", "CreateBackup"),
  CreateGlobalTable: account("Write", "CreateGlobalTable"),
  CreateTable: table("Write", "CreateTable", "TagResource", "PutResourcePolicy"),
  DeleteBackup: backup("Write", "DeleteBackup"),
  DeleteItem: items("Write", "DeleteItem"),
  DeleteResourcePolicy: on(TABLE, STREAM)("Permissions management", "DeleteResourcePolicy"),
  DeleteTable: table("Write", "DeleteTable"),
  DescribeBackup: backup("Read", "DescribeBackup"),
  DescribeContinuousBackups: table("Read", "DescribeContinuousBackups"),
  DescribeContributorInsights: table("Read", "DescribeContributorInsights"),
  DescribeEndpoints: account("Read", "DescribeEndpoints"),
  DescribeExport: account("Read", "DescribeExport"),
  DescribeGlobalTable: account("Read", "DescribeGlobalTable"),
  DescribeGlobalTableSettings: account("Read", "DescribeGlobalTableSettings"),
  DescribeImport: account("Read", "DescribeImport"),
  DescribeKinesisStreamingDestination: table("Read", "DescribeKinesisStreamingDestination"),
  DescribeLimits: account("Read", "DescribeLimits"),
  DescribeTable: table("Read", "DescribeTable"),
  DescribeTableReplicaAutoScaling: table("Read", "DescribeTableReplicaAutoScaling"),
  DescribeTimeToLive: table("Read", "DescribeTimeToLive"),
  DisableKinesisStreamingDestination: table("Write", "DisableKinesisStreamingDestination"),
  EnableKinesisStreamingDestination: table("Write", "EnableKinesisStreamingDestination"),
  ExecuteStatement: items("Write", ...STATEMENTS),
  ExecuteTransaction: items("Write", ...STATEMENTS),
  ExportTableToPointInTime: table("Write", "ExportTableToPointInTime"),
  GetItem: items("Read", "GetItem"),
  GetResourcePolicy: on(TABLE, STREAM)("Read", "GetResourcePolicy"),
  ImportTable: account("Write", "ImportTable"),
  ListBackups: account("List", "ListBackups"),
  ListContributorInsights: account("List", "ListContributorInsights"),
  ListExports: account("List", "ListExports"),
  ListGlobalTables: account("List", "ListGlobalTables"),
  ListImports: account("List", "ListImports"),
  ListTables: account("List", "ListTables"),
  ListTagsOfResource: table("Read", "ListTagsOfResource"),
  PutItem: items("Write", "PutItem"),
  PutResourcePolicy: on(TABLE, STREAM)("Permissions management", "PutResourcePolicy"),
  Query: items("Read", "Query"),
  RestoreTableFromBackup: on(BACKUP, TABLE)(
    "Write",
    "RestoreTableFromBackup",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
  ),
  RestoreTableToPointInTime: account("Write", "RestoreTableToPointInTime"),
  Scan: items("Read", "Scan"),
  TagResource: table("Tagging", "TagResource"),
  TransactGetItems: items("Read", "GetItem"),
  TransactWriteItems: items("Write", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"),
  UntagResource: table("Tagging", "UntagResource"),
  UpdateContinuousBackups: table("Write", "UpdateContinuousBackups"),
  UpdateContributorInsights: table("Write", "UpdateContributorInsights"),
  UpdateGlobalTable: account("Write", "UpdateGlobalTable"),
  UpdateGlobalTableSettings: account("Write", "UpdateGlobalTableSettings"),
  UpdateItem: items("Write", "UpdateItem"),
  UpdateKinesisStreamingDestination: table("Write", "UpdateKinesisStreamingDestination"),
  UpdateTable: table("Write", "UpdateTable"),
  UpdateTableReplicaAutoScaling: table("Write", "UpdateTableReplicaAutoScaling"),
  UpdateTimeToLive: table("Write", "UpdateTimeToLive"),
};

export const TABLE_STREAM_PERMISSIONS: { readonly [Name in TableStreamsOperationName]: OperationPermission } = {
  DescribeStream: { ...on(STREAM)("Read", "DescribeStream"), data: true },
  GetRecords: { ...on(STREAM)("Read", "GetRecords"), data: true },
  GetShardIterator: { ...on(STREAM)("Read", "GetShardIterator"), data: true },
  ListStreams: account("Read", "ListStreams"),
};
