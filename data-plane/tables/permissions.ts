/** What callers of tables must be allowed to do (Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"). */
import { type AccessLevel, type OperationPermission, REQUEST_TAGS, RESOURCE_TAGS, TAG_KEYS } from "#data-plane/service";
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
    conditionKeys: resources.includes(TABLE) || resources.includes(STREAM) ? RESOURCE_TAGS : [],
  });

const table = on(TABLE);
const backup = on(BACKUP);
const account = on(...ANYTHING);

/** Of what is done with items (Developer Guide, "Using IAM policy conditions for fine-grained access control"); each operation brings those that its input says something about. */
const ITEM_KEYS = [
  "dynamodb:Attributes",
  "dynamodb:EnclosingOperation",
  "dynamodb:FullTableScan",
  "dynamodb:LeadingKeys",
  "dynamodb:ReturnConsumedCapacity",
  "dynamodb:ReturnValues",
  "dynamodb:Select",
] as const;

const items = (level: AccessLevel, ...actions: readonly string[]): OperationPermission => ({
  actions: named(actions),
  level,
  data: true,
  resources: [TABLE, INDEX],
  conditionKeys: [...RESOURCE_TAGS, ...ITEM_KEYS],
});

const STATEMENTS = ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"] as const;

export const TABLE_PERMISSIONS: { readonly [Name in TablesOperationName]: OperationPermission } = {
  BatchExecuteStatement: items("Write", ...STATEMENTS),
  BatchGetItem: items("Read", "BatchGetItem"),
  BatchWriteItem: items("Write", "BatchWriteItem"),
  CreateBackup: table("Write", "CreateBackup"),
  CreateGlobalTable: account("Write", "CreateGlobalTable"),
  CreateTable: {
    ...table("Write", "CreateTable", "TagResource", "PutResourcePolicy"),
    // Tags of the table that has the name already, if one has.
    conditionKeys: [...RESOURCE_TAGS, ...REQUEST_TAGS],
  },
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
  // AWS asks about `table/*`, as its refusals say; policies that name all tables work.
  ListTables: { ...table("List", "ListTables"), conditionKeys: [] },
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
  TagResource: { ...table("Tagging", "TagResource"), conditionKeys: [...RESOURCE_TAGS, ...REQUEST_TAGS] },
  TransactGetItems: items("Read", "GetItem"),
  TransactWriteItems: items("Write", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"),
  UntagResource: { ...table("Tagging", "UntagResource"), conditionKeys: [...RESOURCE_TAGS, ...TAG_KEYS] },
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
  // Of one table where the input names it (Developer Guide, "Tutorial #1", whose policy allows it on the streams of a table).
  ListStreams: { ...on(STREAM)("Read", "ListStreams"), conditionKeys: [] },
};
