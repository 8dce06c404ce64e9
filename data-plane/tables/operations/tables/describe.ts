/** What DescribeTable and the other operations show of a table (DynamoDB API Reference, TableDescription). Pure. */
import type { TableBilling, TableProjection, TableRecord, TableThroughput } from "#contracts";
import type { DynamoDB } from "#foundation/aws";
import type { IndexState, TableStatistics } from "../../engine/port.ts";
import { defaultWarm, type KeptWarmThroughput, settingsOf } from "../../rules/settings.ts";
import { tableUuid } from "../../rules/table-uuid.ts";
import type { IndexView, TableView } from "../../service/table-view.ts";

export type TableState = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

/**
 * @param state as the answer of an operation has it; a table that is only looked at is active, or updating while an index of it comes or goes
 * @param statistics undefined where the engine does not have the table (yet)
 */
export function describeTable(
  view: TableView,
  statistics: TableStatistics | undefined,
  state?: TableState,
): DynamoDB.TableDescription {
  const { record } = view;
  const { sections } = record;
  const status = state ?? (isMoving(statistics) ? "UPDATING" : "ACTIVE");
  const settings = settingsOf(record);
  const { billing = { mode: "PROVISIONED" } } = sections;
  return {
    AttributeDefinitions: (sections.attributeDefinitions ?? []).map(({ attribute, type }) => ({
      AttributeName: attribute,
      AttributeType: type,
    })),
    TableName: record.name,
    KeySchema: keySchema(sections.keySchema ?? []),
    TableStatus: status,
    CreationDateTime: new Date(record.createdAt),
    ProvisionedThroughput: throughput(billing.throughput),
    TableSizeBytes: statistics?.sizeBytes ?? 0,
    ItemCount: statistics?.itemCount ?? 0,
    TableArn: view.arn,
    TableId: tableUuid(record.resourceId),
    ...billingSummary(billing),
    ...localIndexes(view, statistics),
    ...globalIndexes(view, statistics, status),
    ...streamMembers(view),
    ...(settings.restore !== undefined && {
      RestoreSummary: {
        SourceBackupArn: settings.restore.backupArn,
        SourceTableArn: settings.restore.tableArn,
        RestoreDateTime: new Date(settings.restore.at),
        RestoreInProgress: view.restoring && !view.ready,
      },
    }),
    ...(sections.tableClass !== undefined && {
      TableClassSummary: {
        TableClass: sections.tableClass,
        ...(settings.classChangedAt !== undefined && { LastUpdateDateTime: new Date(settings.classChangedAt) }),
      },
    }),
    DeletionProtectionEnabled: sections.deletionProtection === true,
    ...onDemand(billing),
    WarmThroughput: { ...warm(settings.warmThroughput, billing.throughput), Status: "ACTIVE" },
  };
}

/** Whether an index is being built or removed. */
function isMoving(statistics: TableStatistics | undefined): boolean {
  return statistics?.indexes.some(({ status }) => status !== "active") ?? false;
}

export const keySchema = (
  elements: NonNullable<TableRecord["sections"]["keySchema"]>,
): readonly DynamoDB.KeySchemaElement[] =>
  elements.map(({ attribute, role }) => ({ AttributeName: attribute, KeyType: role }));

export const projection = ({ type, include }: TableProjection): DynamoDB.Projection => ({
  ProjectionType: type,
  ...(include !== undefined && { NonKeyAttributes: include }),
});

/** Tables on demand show zeros. */
const throughput = (units: TableThroughput | undefined): DynamoDB.ProvisionedThroughputDescription => ({
  ...(units?.increasedAt !== undefined && { LastIncreaseDateTime: new Date(units.increasedAt) }),
  ...(units?.decreasedAt !== undefined && { LastDecreaseDateTime: new Date(units.decreasedAt) }),
  NumberOfDecreasesToday: 0,
  ReadCapacityUnits: units?.read ?? 0,
  WriteCapacityUnits: units?.write ?? 0,
});

/** Absent for a table that was always provisioned. */
function billingSummary({ mode, onDemandSince }: TableBilling): Pick<DynamoDB.TableDescription, "BillingModeSummary"> {
  if (onDemandSince === undefined) return {};
  return { BillingModeSummary: { BillingMode: mode, LastUpdateToPayPerRequestDateTime: new Date(onDemandSince) } };
}

interface OnDemandLimits {
  readonly maxReadRequestUnits?: number;
  readonly maxWriteRequestUnits?: number;
}

/** -1 stands for no limit where the other limit is set. */
function onDemand(limits: OnDemandLimits): Pick<DynamoDB.TableDescription, "OnDemandThroughput"> {
  const { maxReadRequestUnits: read, maxWriteRequestUnits: write } = limits;
  if (read === undefined && write === undefined) return {};
  return { OnDemandThroughput: { MaxReadRequestUnits: read ?? -1, MaxWriteRequestUnits: write ?? -1 } };
}

function warm(asked: KeptWarmThroughput | undefined, provisioned: TableThroughput | undefined) {
  const { read, write } = asked ?? defaultWarm(provisioned);
  return { ReadUnitsPerSecond: read, WriteUnitsPerSecond: write };
}

function localIndexes(
  view: TableView,
  statistics: TableStatistics | undefined,
): Pick<DynamoDB.TableDescription, "LocalSecondaryIndexes"> {
  const indexes = view.record.sections.localIndexes ?? [];
  if (indexes.length === 0) return {};
  return {
    LocalSecondaryIndexes: indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keySchema(index.keySchema),
      Projection: projection(index.projection),
      ...sizes(stateOf(statistics, view.indexes.get(index.name))),
      IndexArn: view.indexes.get(index.name)?.arn,
    })),
  };
}

function globalIndexes(
  view: TableView,
  statistics: TableStatistics | undefined,
  status: TableState,
): Pick<DynamoDB.TableDescription, "GlobalSecondaryIndexes"> {
  const { sections } = view.record;
  const { billing, globalIndexes: indexes = [] } = sections;
  const settings = settingsOf(view.record);
  if (indexes.length === 0 || status === "DELETING") return {};
  return {
    GlobalSecondaryIndexes: indexes.map((index) => {
      const state = stateOf(statistics, view.indexes.get(index.name), index.indexId);
      const kept = settings.indexes?.[index.name];
      const building = status === "CREATING" || state === undefined || state.status === "building";
      return {
        IndexName: index.name,
        KeySchema: keySchema(index.keySchema),
        Projection: projection(index.projection),
        IndexStatus: building ? "CREATING" : "ACTIVE",
        ...(building && status !== "CREATING" && { Backfilling: state !== undefined }),
        ProvisionedThroughput: throughput(billing?.mode === "PAY_PER_REQUEST" ? undefined : index.throughput),
        ...sizes(state),
        IndexArn: view.indexes.get(index.name)?.arn,
        ...onDemand(kept ?? {}),
        WarmThroughput: { ...warm(kept?.warmThroughput, index.throughput), Status: building ? "CREATING" : "ACTIVE" },
      };
    }),
  };
}

function stateOf(
  statistics: TableStatistics | undefined,
  view: IndexView | undefined,
  indexId?: string,
): IndexState | undefined {
  return statistics?.indexes.find(
    (state) => state.name === view?.name && state.status !== "removing" && state.indexId === indexId,
  );
}

const sizes = (state: IndexState | undefined) => ({
  IndexSizeBytes: state?.sizeBytes ?? 0,
  ItemCount: state?.itemCount ?? 0,
});

function streamMembers(
  view: TableView,
): Pick<DynamoDB.TableDescription, "StreamSpecification" | "LatestStreamLabel" | "LatestStreamArn"> {
  const { stream } = view.record.sections;
  if (stream === undefined) return {};
  return {
    StreamSpecification: { StreamEnabled: true, StreamViewType: stream.viewType },
    LatestStreamLabel: stream.label,
    LatestStreamArn: view.streamArn,
  };
}
