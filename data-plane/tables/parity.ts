/** What these services offer, for the parity table. */
import type { TableStreamsOperationName, TablesOperationName } from "./service/tables-services.ts";

const NAMES: { readonly [Name in TablesOperationName]: true } = {
  BatchExecuteStatement: true,
  BatchGetItem: true,
  BatchWriteItem: true,
  CreateBackup: true,
  CreateGlobalTable: true,
  CreateTable: true,
  DeleteBackup: true,
  DeleteItem: true,
  DeleteResourcePolicy: true,
  DeleteTable: true,
  DescribeBackup: true,
  DescribeContinuousBackups: true,
  DescribeContributorInsights: true,
  DescribeEndpoints: true,
  DescribeExport: true,
  DescribeGlobalTable: true,
  DescribeGlobalTableSettings: true,
  DescribeImport: true,
  DescribeKinesisStreamingDestination: true,
  DescribeLimits: true,
  DescribeTable: true,
  DescribeTableReplicaAutoScaling: true,
  DescribeTimeToLive: true,
  DisableKinesisStreamingDestination: true,
  EnableKinesisStreamingDestination: true,
  ExecuteStatement: true,
  ExecuteTransaction: true,
  ExportTableToPointInTime: true,
  GetItem: true,
  GetResourcePolicy: true,
  ImportTable: true,
  ListBackups: true,
  ListContributorInsights: true,
  ListExports: true,
  ListGlobalTables: true,
  ListImports: true,
  ListTables: true,
  ListTagsOfResource: true,
  PutItem: true,
  PutResourcePolicy: true,
  Query: true,
  RestoreTableFromBackup: true,
  RestoreTableToPointInTime: true,
  Scan: true,
  TagResource: true,
  TransactGetItems: true,
  TransactWriteItems: true,
  UntagResource: true,
  UpdateContinuousBackups: true,
  UpdateContributorInsights: true,
  UpdateGlobalTable: true,
  UpdateGlobalTableSettings: true,
  UpdateItem: true,
  UpdateKinesisStreamingDestination: true,
  UpdateTable: true,
  UpdateTableReplicaAutoScaling: true,
  UpdateTimeToLive: true,
};

const STREAM_NAMES: { readonly [Name in TableStreamsOperationName]: true } = {
  DescribeStream: true,
  GetRecords: true,
  GetShardIterator: true,
  ListStreams: true,
};

/** The operations that are registered. */
export const tablesOperationNames: readonly string[] = Object.keys(NAMES);
export const tableStreamsOperationNames: readonly string[] = Object.keys(STREAM_NAMES);

const NO_RECOVERY = "refused: there is no point-in-time recovery; on-demand backups are real";
const NO_GLOBAL_TABLES = "refused: there are no global tables";
const NO_KINESIS = "refused: there is no Kinesis";

/** What is missing within an operation, as the end of a sentence; operations without a note lack nothing that is known. */
export const tablesParityNotes: Readonly<Record<string, string>> = {
  CreateGlobalTable: NO_GLOBAL_TABLES,
  CreateTable:
    "no KMS keys, no vector indexes, no global tables; throughput is kept and shown, enforced only when the data plane is told to",
  DescribeContributorInsights: "always disabled",
  DescribeGlobalTable: "there is none",
  DescribeGlobalTableSettings: "there is none",
  DescribeKinesisStreamingDestination: "there is none",
  DescribeTableReplicaAutoScaling: "there are no replicas",
  DisableKinesisStreamingDestination: NO_KINESIS,
  EnableKinesisStreamingDestination: NO_KINESIS,
  ExportTableToPointInTime: "refused: there are no exports",
  DescribeExport: "there is none",
  DescribeImport: "there is none",
  ImportTable: "refused: there are no imports",
  ListContributorInsights: "there are none",
  ListExports: "there are none",
  ListGlobalTables: "there are none",
  ListImports: "there are none",
  RestoreTableToPointInTime: NO_RECOVERY,
  UpdateContinuousBackups: "switching point-in-time recovery on is refused",
  UpdateContributorInsights: "switching insights on is refused",
  UpdateGlobalTable: NO_GLOBAL_TABLES,
  UpdateGlobalTableSettings: NO_GLOBAL_TABLES,
  UpdateKinesisStreamingDestination: NO_KINESIS,
  UpdateTable: "no KMS keys, no vector indexes, no replicas",
  UpdateTableReplicaAutoScaling: NO_GLOBAL_TABLES,
};

export const tableStreamsParityNotes: Readonly<Record<string, string>> = {};
