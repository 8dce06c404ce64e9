/** Secondary indexes as CreateTable and UpdateTable check them (DynamoDB API Reference, LocalSecondaryIndex, GlobalSecondaryIndex). Pure. */
import type { TableAttribute, TableGlobalIndex, TableIndex, TableKeyElement, TableProjection } from "#contracts";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import { throughputOf } from "./billing.ts";
import { checkGlobalKeySchema, checkKeySchema, keyElements } from "./key-schema.ts";

const INVALID = "One or more parameter values were invalid: ";

const LOCAL_INDEXES_MAX = 5;
export const GLOBAL_INDEXES_MAX = 20;
/** Sum over all indexes of a table, the same attribute counted again in each. */
const INCLUDED_ATTRIBUTES_MAX = 100;

/** @throws TableValidation */
export function localIndexes(
  asked: readonly DynamoDB.LocalSecondaryIndex[],
  table: readonly TableKeyElement[],
  definitions: readonly TableAttribute[],
): readonly TableIndex[] {
  if (asked.length === 0) throw new TableValidation(`${INVALID}List of LocalSecondaryIndexes is empty`);
  if (table.length < 2) {
    throw new TableValidation(
      `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
    );
  }
  const indexes = asked.map((index) => localIndex(index, table, definitions));
  expectDistinct(indexes);
  if (indexes.length > LOCAL_INDEXES_MAX) {
    throw new TableValidation(
      `${INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of ${LOCAL_INDEXES_MAX}`,
    );
  }
  return indexes;
}

function localIndex(
  { IndexName: name, KeySchema, Projection }: DynamoDB.LocalSecondaryIndex,
  table: readonly TableKeyElement[],
  definitions: readonly TableAttribute[],
): TableIndex {
  const keySchema = keyElements(KeySchema);
  checkKeySchema(keySchema, definitions);
  if (keySchema.length < 2) {
    throw new TableValidation(`${INVALID}Index KeySchema does not have a range key for index: ${name}`);
  }
  const [indexHash, tableHash] = [keySchema[0]?.attribute, table[0]?.attribute];
  if (indexHash !== tableHash) {
    throw new TableValidation(
      `${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: ${name}. index hash key: ${indexHash}, table hash key: ${tableHash}`,
    );
  }
  return { name, keySchema, projection: projectionOf(Projection) };
}

/** What CreateTable and the creation of an index by UpdateTable ask for. */
export type AskedGlobalIndex = DynamoDB.GlobalSecondaryIndex | DynamoDB.CreateGlobalSecondaryIndexAction;

/**
 * @param indexId identity of the new index
 * @throws TableValidation
 */
export function globalIndex(
  asked: AskedGlobalIndex,
  definitions: readonly TableAttribute[],
  provisioned: boolean,
  indexId: string,
): TableGlobalIndex {
  const { IndexName: name, ProvisionedThroughput } = asked;
  const keySchema = keyElements(asked.KeySchema);
  checkGlobalKeySchema(name, keySchema, definitions);
  const projection = projectionOf(asked.Projection);
  if (!provisioned) {
    if (ProvisionedThroughput !== undefined) {
      throw new TableValidation(
        `${INVALID}ProvisionedThroughput should not be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
      );
    }
    return { name, indexId, keySchema, projection };
  }
  if (ProvisionedThroughput === undefined) {
    throw new TableValidation(`${INVALID}ProvisionedThroughput must be specified for index: ${name}`);
  }
  if (asked.OnDemandThroughput !== undefined) {
    throw new TableValidation(
      `${INVALID}OnDemandThroughput should not be specified for index: ${name} when BillingMode is PROVISIONED`,
    );
  }
  return { name, indexId, keySchema, projection, throughput: throughputOf(ProvisionedThroughput) };
}

/** @throws TableValidation */
export function checkGlobalIndexes(indexes: readonly TableIndex[], locals: readonly TableIndex[]): void {
  expectDistinct([...locals, ...indexes]);
  if (indexes.length > GLOBAL_INDEXES_MAX) {
    throw new TableValidation(
      `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of ${GLOBAL_INDEXES_MAX}`,
    );
  }
}

/** @throws TableValidation when all indexes of a table together name too many attributes */
export function checkIncludedAttributes(indexes: readonly TableIndex[]): void {
  let count = 0;
  for (const { projection } of indexes) count += projection.include?.length ?? 0;
  if (count > INCLUDED_ATTRIBUTES_MAX) {
    throw new TableValidation(
      `${INVALID}The number of projected attributes across all of the table's indexes exceeds the limit of ${INCLUDED_ATTRIBUTES_MAX}`,
    );
  }
}

function expectDistinct(indexes: readonly TableIndex[]): void {
  const seen = new Set<string>();
  for (const { name } of indexes) {
    if (seen.has(name)) throw new TableValidation(`${INVALID}Duplicate index name: ${name}`);
    seen.add(name);
  }
}

function projectionOf({ ProjectionType: type, NonKeyAttributes }: DynamoDB.Projection): TableProjection {
  if (type === undefined) throw new TableValidation(`${INVALID}Unknown ProjectionType: null`);
  if (type !== "INCLUDE") {
    if (NonKeyAttributes === undefined) return { type };
    throw new TableValidation(`${INVALID}ProjectionType is ${type}, but NonKeyAttributes is specified`);
  }
  if (NonKeyAttributes === undefined) {
    throw new TableValidation(`${INVALID}ProjectionType is ${type}, but NonKeyAttributes is not specified`);
  }
  return { type, include: [...new Set(NonKeyAttributes)] };
}

/** Names of all key attributes of a table and its indexes, in the order in which they are first used. */
export function usedAttributes(table: readonly TableKeyElement[], indexes: readonly TableIndex[]): ReadonlySet<string> {
  const used = new Set(table.map(({ attribute }) => attribute));
  for (const { keySchema } of indexes) for (const { attribute } of keySchema) used.add(attribute);
  return used;
}
