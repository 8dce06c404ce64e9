/** What is kept with a backup beside its items, and how backups are shown (DynamoDB API Reference, BackupDescription). Pure. */
import type { TableRecord, TableSections } from "#contracts";
import type { DynamoDB } from "#foundation/aws";
import type { BackupDescription } from "../../engine/port.ts";
import { backupArn, tableArn } from "../../rules/arns.ts";
import { tableUuid } from "../../rules/table-uuid.ts";
import { keySchema, projection } from "./describe.ts";

/** Everything that a table is made with again. */
export interface BackupNote {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly tableCreatedAt: number;
  readonly sections: Pick<
    TableSections,
    "keySchema" | "attributeDefinitions" | "localIndexes" | "globalIndexes" | "billing" | "stream" | "timeToLive"
  >;
}

export function noteOf(name: string, { createdAt, sections }: TableRecord): string {
  const { keySchema, attributeDefinitions, localIndexes, globalIndexes, billing, stream, timeToLive } = sections;
  const note: BackupNote = {
    name,
    tableCreatedAt: createdAt,
    sections: { keySchema, attributeDefinitions, localIndexes, globalIndexes, billing, stream, timeToLive },
  };
  return JSON.stringify(note);
}

/** The note of a backup that was made here. */
export const readNote = ({ note }: BackupDescription): BackupNote => JSON.parse(note) as BackupNote;

export const arnOfBackup = (backup: BackupDescription): string => backupArn(backup.definition, backup.backupId);

export const backupDetails = (
  backup: BackupDescription,
  status: DynamoDB.BackupStatus = "AVAILABLE",
): DynamoDB.BackupDetails => ({
  BackupArn: arnOfBackup(backup),
  BackupName: readNote(backup).name,
  BackupStatus: status,
  BackupType: "USER",
  BackupCreationDateTime: new Date(backup.createdAt),
  BackupSizeBytes: backup.sizeBytes,
});

export const backupSummary = (backup: BackupDescription): DynamoDB.BackupSummary => ({
  TableName: backup.definition.name,
  TableId: tableUuid(backup.tableId),
  TableArn: tableArn(backup.definition),
  ...backupDetails(backup),
});

export function describeBackup(
  backup: BackupDescription,
  status: DynamoDB.BackupStatus = "AVAILABLE",
): DynamoDB.BackupDescription {
  const { tableCreatedAt, sections } = readNote(backup);
  const { billing, globalIndexes = [], localIndexes = [], stream, timeToLive } = sections;
  return {
    BackupDetails: backupDetails(backup, status),
    SourceTableDetails: {
      TableName: backup.definition.name,
      TableId: tableUuid(backup.tableId),
      TableArn: tableArn(backup.definition),
      TableSizeBytes: backup.sizeBytes,
      ItemCount: backup.itemCount,
      KeySchema: keySchema(sections.keySchema ?? []),
      TableCreationDateTime: new Date(tableCreatedAt),
      ProvisionedThroughput: {
        ReadCapacityUnits: billing?.throughput?.read ?? 0,
        WriteCapacityUnits: billing?.throughput?.write ?? 0,
      },
      BillingMode: billing?.mode ?? "PROVISIONED",
    },
    SourceTableFeatureDetails: {
      ...(localIndexes.length > 0 && {
        LocalSecondaryIndexes: localIndexes.map((index) => ({
          IndexName: index.name,
          KeySchema: keySchema(index.keySchema),
          Projection: projection(index.projection),
        })),
      }),
      ...(globalIndexes.length > 0 && {
        GlobalSecondaryIndexes: globalIndexes.map((index) => ({
          IndexName: index.name,
          KeySchema: keySchema(index.keySchema),
          Projection: projection(index.projection),
          ProvisionedThroughput: {
            ReadCapacityUnits: index.throughput?.read ?? 0,
            WriteCapacityUnits: index.throughput?.write ?? 0,
          },
        })),
      }),
      ...(stream !== undefined && {
        StreamDescription: { StreamEnabled: true, StreamViewType: stream.viewType },
      }),
      TimeToLiveDescription:
        timeToLive === undefined
          ? { TimeToLiveStatus: "DISABLED" }
          : { TimeToLiveStatus: "ENABLED", AttributeName: timeToLive.attribute },
    },
  };
}
