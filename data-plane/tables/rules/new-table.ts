/** From a CreateTable request to the sections of the table's record, in the order in which DynamoDB checks it. Pure. */
import type { TableGlobalIndex, TableIndex, TableSections } from "#contracts";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import { newBilling, onDemandLimits } from "./billing.ts";
import {
  type AskedGlobalIndex,
  checkGlobalIndexes,
  checkIncludedAttributes,
  globalIndex,
  localIndexes,
  usedAttributes,
} from "./index-rules.ts";
import {
  attributeTypes,
  checkAttributeDefinitions,
  checkDistinctDefinitions,
  checkKeySchema,
  keyElements,
} from "./key-schema.ts";
import {
  checkEncryption,
  defaultWarm,
  type IndexSettings,
  refuseReplication,
  refuseVectors,
  type TableSettings,
  warmThroughput,
  withSettings,
} from "./settings.ts";
import { streamOf } from "./stream-settings.ts";
import { withTags } from "./tags.ts";

/** What a new table is made with. */
export interface NewTableMeans {
  /** Epoch milliseconds. */
  readonly now: number;
  /** An identity for each global index. */
  readonly newIndexId: () => string;
}

const INVALID = "One or more parameter values were invalid: ";

/** @throws TableValidation */
export function newTableSections(input: DynamoDB.CreateTableInput, means: NewTableMeans): TableSections {
  const { now } = means;
  refuseReplication({
    GlobalTableSourceArn: input.GlobalTableSourceArn,
    GlobalTableSettingsReplicationMode: input.GlobalTableSettingsReplicationMode,
  });
  refuseVectors({ VectorIndexes: input.VectorIndexes });
  if (input.AttributeDefinitions === undefined) throw missing("attributeDefinitions");
  if (input.KeySchema === undefined) throw missing("keySchema");
  const billing = newBilling(input, now);

  const attributeDefinitions = attributeTypes(input.AttributeDefinitions);
  const keySchema = keyElements(input.KeySchema);
  checkKeySchema(keySchema, attributeDefinitions);
  checkDistinctDefinitions(attributeDefinitions);
  const hasIndexes = input.LocalSecondaryIndexes !== undefined || input.GlobalSecondaryIndexes !== undefined;
  if (!hasIndexes) checkAttributeDefinitions(attributeDefinitions, usedAttributes(keySchema, []), false);
  const locals: readonly TableIndex[] =
    input.LocalSecondaryIndexes === undefined
      ? []
      : localIndexes(input.LocalSecondaryIndexes, keySchema, attributeDefinitions);
  const globals = newGlobalIndexes(input, attributeDefinitions, billing.mode === "PROVISIONED", means);
  checkGlobalIndexes(globals, locals);
  if (hasIndexes) {
    checkAttributeDefinitions(attributeDefinitions, usedAttributes(keySchema, [...locals, ...globals]), true);
  }
  checkIncludedAttributes([...locals, ...globals]);

  checkEncryption(input.SSESpecification);
  const stream = input.StreamSpecification === undefined ? undefined : streamOf(input.StreamSpecification, now);
  const tags = input.Tags === undefined ? {} : withTags({}, input.Tags);
  const settings = withSettings(newSettings(input, billing.throughput, globals, now));
  return {
    keySchema,
    attributeDefinitions,
    ...(locals.length > 0 && { localIndexes: locals }),
    ...(globals.length > 0 && { globalIndexes: globals }),
    billing,
    ...(stream !== undefined && { stream }),
    ...(input.DeletionProtectionEnabled === true && { deletionProtection: true }),
    ...(input.TableClass !== undefined && { tableClass: input.TableClass }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(input.ResourcePolicy !== undefined && { policy: input.ResourcePolicy }),
    ...(settings !== null && { settings }),
  };
}

function newGlobalIndexes(
  input: DynamoDB.CreateTableInput,
  definitions: NonNullable<TableSections["attributeDefinitions"]>,
  provisioned: boolean,
  { newIndexId }: NewTableMeans,
): readonly TableGlobalIndex[] {
  const asked = input.GlobalSecondaryIndexes;
  if (asked === undefined) return [];
  if (asked.length === 0) throw new TableValidation(`${INVALID}List of GlobalSecondaryIndexes is empty`);
  return asked.map((index) => globalIndex(index, definitions, provisioned, newIndexId()));
}

function newSettings(
  input: DynamoDB.CreateTableInput,
  throughput: Parameters<typeof defaultWarm>[0],
  globals: readonly TableGlobalIndex[],
  now: number,
): TableSettings {
  const warm = warmThroughput(input.WarmThroughput, defaultWarm(throughput));
  const indexes: Record<string, IndexSettings> = {};
  for (const [at, asked] of (input.GlobalSecondaryIndexes ?? []).entries()) {
    const settings = newIndexSettings(asked, globals[at]?.throughput);
    if (settings !== undefined) indexes[asked.IndexName] = settings;
  }
  return {
    ...(warm !== undefined && { warmThroughput: warm }),
    ...(Object.keys(indexes).length > 0 && { indexes }),
    ...(input.ResourcePolicy !== undefined && { policyRevision: String(now) }),
  };
}

/** What is kept of a new index beside its definition; undefined when nothing is. @throws TableValidation */
export function newIndexSettings(
  asked: AskedGlobalIndex,
  throughput: Parameters<typeof defaultWarm>[0],
): IndexSettings | undefined {
  const warm = warmThroughput(asked.WarmThroughput, defaultWarm(throughput));
  const settings: IndexSettings = {
    ...(warm !== undefined && { warmThroughput: warm }),
    ...onDemandLimits(asked.OnDemandThroughput),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

const missing = (member: string) =>
  new TableValidation(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
