/** From an UpdateTable request to new sections of the table's record (DynamoDB API Reference, UpdateTable). Pure. */
import type {
  ResourceSectionChanges,
  TableBilling,
  TableGlobalIndex,
  TableRecord,
  TableSections,
  TableStream,
} from "#contracts";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import {
  changedThroughput,
  checkBounds,
  ONLY_ON_DEMAND,
  ONLY_PROVISIONED,
  onDemandLimits,
  throughputOf,
} from "./billing.ts";
import { changedIndexes } from "./index-changes.ts";
import { usedAttributes } from "./index-rules.ts";
import { attributeTypes, checkAttributeDefinitions, checkDistinctDefinitions } from "./key-schema.ts";
import {
  checkEncryption,
  defaultWarm,
  refuseReplication,
  refuseVectors,
  settingsOf,
  type TableSettings,
  warmThroughput,
  withSettings,
} from "./settings.ts";
import { newerLabel, streamOf } from "./stream-settings.ts";

/** What a change is worked out with. */
export interface TableChangeMeans {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly newIndexId: () => string;
  /** Labels of all streams that the table has or had. */
  readonly streamLabels: ReadonlySet<string>;
}

type Changes = { -readonly [Section in keyof TableSections]?: TableSections[Section] | null };

const INVALID = "One or more parameter values were invalid: ";

/**
 * Checks what can be checked without looking at the table.
 * @throws TableValidation
 */
export function checkTableUpdate(input: DynamoDB.UpdateTableInput): void {
  refuseReplication({
    ReplicaUpdates: input.ReplicaUpdates,
    MultiRegionConsistency: input.MultiRegionConsistency,
    GlobalTableWitnessUpdates: input.GlobalTableWitnessUpdates,
    GlobalTableSettingsReplicationMode: input.GlobalTableSettingsReplicationMode,
    DisassociationProtectionEnabled: input.DisassociationProtectionEnabled,
  });
  refuseVectors({ VectorIndexUpdates: input.VectorIndexUpdates });
  const asked = [
    input.ProvisionedThroughput,
    input.BillingMode,
    input.StreamSpecification,
    input.GlobalSecondaryIndexUpdates?.[0],
    input.SSESpecification,
    input.TableClass,
    input.DeletionProtectionEnabled,
    input.OnDemandThroughput,
    input.WarmThroughput,
  ];
  if (asked.every((member) => member === undefined)) {
    throw new TableValidation(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
    );
  }
  if (input.BillingMode === "PROVISIONED" && input.ProvisionedThroughput === undefined) {
    throw new TableValidation(`${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`);
  }
  if (input.BillingMode === "PAY_PER_REQUEST" && input.ProvisionedThroughput !== undefined) {
    throw new TableValidation(ONLY_PROVISIONED);
  }
  if (input.ProvisionedThroughput !== undefined) checkBounds(input.ProvisionedThroughput);
  checkEncryption(input.SSESpecification);
}

/**
 * The sections that change; none where the table is that way already.
 *
 * @throws TableValidation; AwsError LimitExceededException, ResourceNotFoundException
 */
export function tableChanges(
  record: TableRecord,
  input: DynamoDB.UpdateTableInput,
  means: TableChangeMeans,
): ResourceSectionChanges<"table"> {
  const { sections } = record;
  const before: TableBilling = sections.billing ?? { mode: "PROVISIONED" };
  const billing = changedBilling(before, input, means.now);
  const definitions = mergedDefinitions(sections.attributeDefinitions ?? [], input.AttributeDefinitions ?? []);
  const indexes = changedIndexes(record, input, { billing, before, definitions, ...means });
  const stream = changedStream(record, input.StreamSpecification, means);
  const keptDefinitions = usedDefinitions(record, indexes.indexes, definitions, input.AttributeDefinitions ?? []);
  const settings = changedSettings(record, input, billing, indexes.settings, means.now);

  const changes: Changes = {};
  if (billing !== before) changes.billing = billing;
  if (indexes.indexes !== sections.globalIndexes) changes.globalIndexes = emptyToNull(indexes.indexes ?? []);
  if (keptDefinitions !== sections.attributeDefinitions) changes.attributeDefinitions = keptDefinitions;
  if (stream !== undefined) changes.stream = stream;
  // The policy belongs to the stream that was enabled when it was put.
  if (stream !== undefined && sections.streamPolicy !== undefined) changes.streamPolicy = null;
  if (input.DeletionProtectionEnabled !== undefined) {
    changes.deletionProtection = input.DeletionProtectionEnabled ? true : null;
  }
  if (input.TableClass !== undefined) changes.tableClass = input.TableClass;
  changes.settings = settings;
  return changes;
}

const emptyToNull = <Element>(list: readonly Element[]): readonly Element[] | null => (list.length === 0 ? null : list);

/** @returns the same object when nothing changes */
function changedBilling(before: TableBilling, input: DynamoDB.UpdateTableInput, now: number): TableBilling {
  const mode = input.BillingMode ?? before.mode;
  const { ProvisionedThroughput, OnDemandThroughput } = input;
  if (mode === "PAY_PER_REQUEST") {
    if (ProvisionedThroughput !== undefined) throw new TableValidation(ONLY_PROVISIONED);
    const limits = OnDemandThroughput === undefined ? {} : onDemandLimits(OnDemandThroughput);
    if (before.mode !== mode) return { mode, onDemandSince: now, ...limits };
    if (OnDemandThroughput === undefined) return before;
    const { maxReadRequestUnits, maxWriteRequestUnits, ...rest } = before;
    const { MaxReadRequestUnits: read, MaxWriteRequestUnits: write } = OnDemandThroughput;
    return {
      ...rest,
      ...(read === undefined && maxReadRequestUnits !== undefined && { maxReadRequestUnits }),
      ...(write === undefined && maxWriteRequestUnits !== undefined && { maxWriteRequestUnits }),
      ...limits,
    };
  }
  if (OnDemandThroughput !== undefined) throw new TableValidation(ONLY_ON_DEMAND);
  if (ProvisionedThroughput === undefined) return before;
  if (before.mode !== mode) {
    const { onDemandSince } = before;
    return {
      mode,
      throughput: throughputOf(ProvisionedThroughput),
      ...(onDemandSince !== undefined && { onDemandSince }),
    };
  }
  return { ...before, throughput: changedThroughput(before.throughput, ProvisionedThroughput, now) };
}

type Definitions = NonNullable<TableSections["attributeDefinitions"]>;

function mergedDefinitions(before: Definitions, asked: readonly DynamoDB.AttributeDefinition[]): Definitions {
  if (asked.length === 0) return before;
  const wanted = attributeTypes(asked);
  checkDistinctDefinitions(wanted);
  const types = new Map(before.map(({ attribute, type }) => [attribute, type] as const));
  for (const { attribute, type } of wanted) {
    const known = types.get(attribute);
    if (known !== undefined && known !== type) {
      throw new TableValidation(
        `${INVALID}Cannot change the type of the key attribute ${attribute} from ${known} to ${type}`,
      );
    }
    types.set(attribute, type);
  }
  return [...types].map(([attribute, type]) => ({ attribute, type }));
}

/** Definitions that no key needs any more go; those that a request brings must be needed. */
function usedDefinitions(
  { sections }: TableRecord,
  globals: readonly TableGlobalIndex[] | undefined,
  definitions: Definitions,
  asked: readonly DynamoDB.AttributeDefinition[],
): TableSections["attributeDefinitions"] {
  const indexes = [...(sections.localIndexes ?? []), ...(globals ?? [])];
  const used = usedAttributes(sections.keySchema ?? [], indexes);
  const before = usedAttributes(sections.keySchema ?? [], [
    ...(sections.localIndexes ?? []),
    ...(sections.globalIndexes ?? []),
  ]);
  // An attribute of an index that this very request removes may still be mentioned.
  const mentioned = attributeTypes(asked).filter(({ attribute }) => !before.has(attribute));
  if (mentioned.length > 0) checkAttributeDefinitions(mentioned, used, true);
  const kept = definitions.filter(({ attribute }) => used.has(attribute));
  return kept.length === (sections.attributeDefinitions?.length ?? 0) &&
    kept.every(({ attribute }, at) => sections.attributeDefinitions?.[at]?.attribute === attribute)
    ? sections.attributeDefinitions
    : kept;
}

/** Undefined where nothing changes; null switches the stream off. */
function changedStream(
  { name, sections }: TableRecord,
  asked: DynamoDB.StreamSpecification | undefined,
  { now, streamLabels }: TableChangeMeans,
): TableStream | null | undefined {
  if (asked === undefined) return undefined;
  const stream = streamOf(asked, now);
  if (stream === undefined) {
    if (sections.stream !== undefined) return null;
    throw new TableValidation(`Table doesn't have a stream to disable: TableName: ${name}`);
  }
  if (sections.stream !== undefined)
    throw new TableValidation(`Table already has an enabled stream: TableName: ${name}`);
  return { ...stream, label: newerLabel(stream.label, streamLabels) };
}

function changedSettings(
  record: TableRecord,
  input: DynamoDB.UpdateTableInput,
  billing: TableBilling,
  indexes: TableSettings["indexes"],
  now: number,
): ReturnType<typeof withSettings> {
  const { indexes: _before, ...settings } = settingsOf(record);
  const warm = warmThroughput(input.WarmThroughput, settings.warmThroughput ?? defaultWarm(billing.throughput));
  const reclassified =
    input.TableClass !== undefined && input.TableClass !== (record.sections.tableClass ?? "STANDARD");
  return withSettings({
    ...settings,
    ...(warm !== undefined && { warmThroughput: warm }),
    ...(reclassified && { classChangedAt: now }),
    ...(indexes !== undefined && { indexes }),
  });
}
