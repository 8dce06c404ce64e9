/** Changes of global indexes by UpdateTable (DynamoDB API Reference, GlobalSecondaryIndexUpdate). Pure. */
import type { TableAttribute, TableBilling, TableGlobalIndex, TableRecord } from "#contracts";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import { limitExceeded, resourceNotFound } from "../errors.ts";
import { changedThroughput, checkBounds, onDemandLimits } from "./billing.ts";
import { checkGlobalIndexes, checkIncludedAttributes, globalIndex } from "./index-rules.ts";
import { newIndexSettings } from "./new-table.ts";
import { defaultWarm, type IndexSettings, settingsOf, type TableSettings, warmThroughput } from "./settings.ts";

export interface IndexChangeMeans {
  readonly now: number;
  readonly newIndexId: () => string;
  /** Billing after and before the change. */
  readonly billing: TableBilling;
  readonly before: TableBilling;
  readonly definitions: readonly TableAttribute[];
}

export interface ChangedIndexes {
  /** The same list as before when nothing changed. */
  readonly indexes: readonly TableGlobalIndex[] | undefined;
  /** By name; undefined where there are none. */
  readonly settings: TableSettings["indexes"];
}

const INVALID = "One or more parameter values were invalid: ";

/** @throws TableValidation; AwsError LimitExceededException, ResourceNotFoundException */
export function changedIndexes(
  record: TableRecord,
  input: DynamoDB.UpdateTableInput,
  means: IndexChangeMeans,
): ChangedIndexes {
  const updates = input.GlobalSecondaryIndexUpdates ?? [];
  const before = record.sections.globalIndexes;
  expectOneAtATime(updates);
  let indexes = before ?? [];
  const settings: Record<string, IndexSettings> = { ...settingsOf(record).indexes };
  for (const update of updates) indexes = applyUpdate(indexes, settings, update, means);
  if (means.billing.mode !== means.before.mode) indexes = followBilling(indexes, means.billing);
  if (indexes !== before && indexes.length > 0) {
    checkGlobalIndexes(indexes, record.sections.localIndexes ?? []);
    checkIncludedAttributes([...(record.sections.localIndexes ?? []), ...indexes]);
  }
  return {
    indexes: indexes.length === 0 && before === undefined ? undefined : indexes,
    settings: Object.keys(settings).length === 0 ? undefined : settings,
  };
}

function expectOneAtATime(updates: readonly DynamoDB.GlobalSecondaryIndexUpdate[]): void {
  const seen = new Set<string>();
  for (const { Create, Update, Delete } of updates) {
    const given = [Create, Update, Delete].filter((each) => each !== undefined);
    const [action] = given;
    if (action === undefined || given.length > 1) {
      throw new TableValidation(
        `${INVALID}${given.length > 1 ? "Only one" : "One"} of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null`,
      );
    }
    if (seen.has(action.IndexName)) {
      throw new TableValidation(
        `${INVALID}Only one global secondary index update per index is allowed simultaneously. Index: ${action.IndexName}`,
      );
    }
    seen.add(action.IndexName);
  }
  if (updates.filter(({ Update }) => Update === undefined).length > 1) {
    throw limitExceeded(
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
  }
}

function applyUpdate(
  indexes: readonly TableGlobalIndex[],
  settings: Record<string, IndexSettings>,
  { Create, Update, Delete }: DynamoDB.GlobalSecondaryIndexUpdate,
  means: IndexChangeMeans,
): readonly TableGlobalIndex[] {
  if (Create !== undefined) {
    if (indexes.some(({ name }) => name === Create.IndexName)) {
      throw new TableValidation("Attempting to create an index which already exists");
    }
    const provisioned = means.billing.mode === "PROVISIONED";
    const index = globalIndex(Create, means.definitions, provisioned, means.newIndexId());
    const kept = newIndexSettings(Create, index.throughput);
    if (kept !== undefined) settings[Create.IndexName] = kept;
    return [...indexes, index];
  }
  const name = Update?.IndexName ?? Delete?.IndexName ?? "";
  const found = indexes.find((index) => index.name === name);
  if (found === undefined) throw resourceNotFound();
  if (Update === undefined) {
    delete settings[name];
    return indexes.filter((index) => index !== found);
  }
  return indexes.map((index) => (index === found ? updateIndex(index, settings, Update, means) : index));
}

function updateIndex(
  index: TableGlobalIndex,
  settings: Record<string, IndexSettings>,
  asked: DynamoDB.UpdateGlobalSecondaryIndexAction,
  { billing, before, now }: IndexChangeMeans,
): TableGlobalIndex {
  const { name } = index;
  const provisioned = billing.mode === "PROVISIONED";
  if (asked.ProvisionedThroughput !== undefined && !provisioned) {
    throw new TableValidation(
      `${INVALID}ProvisionedThroughput should not be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
    );
  }
  if (asked.OnDemandThroughput !== undefined && provisioned) {
    throw new TableValidation(
      `${INVALID}OnDemandThroughput should not be specified for index: ${name} when BillingMode is PROVISIONED`,
    );
  }
  const kept = settings[name] ?? {};
  const warm = warmThroughput(asked.WarmThroughput, kept.warmThroughput ?? defaultWarm(index.throughput));
  const limits = asked.OnDemandThroughput === undefined ? {} : onDemandLimits(asked.OnDemandThroughput);
  const next: IndexSettings = { ...kept, ...(warm !== undefined && { warmThroughput: warm }), ...limits };
  if (Object.keys(next).length > 0) settings[name] = next;
  if (asked.ProvisionedThroughput === undefined) return index;
  checkBounds(asked.ProvisionedThroughput);
  const throughput = changedThroughput(
    before.mode === "PROVISIONED" ? index.throughput : undefined,
    asked.ProvisionedThroughput,
    now,
  );
  return { ...index, throughput };
}

/** A table that goes over to provisioned throughput needs some for each index; one that goes over to on-demand has none. */
function followBilling(indexes: readonly TableGlobalIndex[], billing: TableBilling): readonly TableGlobalIndex[] {
  if (billing.mode === "PAY_PER_REQUEST") return indexes.map(({ throughput: _dropped, ...index }) => index);
  const lacking = indexes.filter(({ throughput }) => throughput === undefined).map(({ name }) => name);
  if (lacking.length === 0) return indexes;
  throw new TableValidation(`${INVALID}ProvisionedThroughput must be specified for index: ${lacking.join(",")}`);
}
