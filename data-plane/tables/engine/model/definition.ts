/** What the engine has to know about a table, from what the control plane says about it. */
import type { TableGlobalIndex, TableIndex, TableKeyElement, TableProjection, TableRecord } from "#contracts";
import type { ScalarKeyType } from "#data-plane/tables/values";
import type { IndexDefinition, IndexProjection, KeyAttribute, KeyDefinition, TableDefinition } from "../port.ts";

/**
 * The definition that follows from a table's record. Records do not change, so keep it per record (a WeakMap) instead of asking again.
 * @throws TypeError when the record has no key schema, or a key attribute without a definition: the service checks both before a table is created
 */
export function tableDefinition(record: TableRecord): TableDefinition {
  const { keySchema, attributeDefinitions, localIndexes, globalIndexes, stream, timeToLive } = record.sections;
  if (keySchema === undefined) throw new TypeError(`table ${record.resourceId} has no key schema`);
  const types = new Map((attributeDefinitions ?? []).map(({ attribute, type }) => [attribute, type]));
  return {
    tableId: record.resourceId,
    revision: record.revision,
    accountId: record.accountId,
    region: record.region,
    name: record.name,
    keys: keyDefinition(keySchema, types),
    localIndexes: (localIndexes ?? []).map((index) => indexDefinition(index, types)),
    globalIndexes: (globalIndexes ?? []).map((index: TableGlobalIndex) => ({
      ...indexDefinition(index, types),
      indexId: index.indexId,
    })),
    ...(stream === undefined ? {} : { stream: { label: stream.label, viewType: stream.viewType } }),
    ...(timeToLive === undefined ? {} : { timeToLive: { attribute: timeToLive.attribute } }),
  };
}

function indexDefinition(index: TableIndex, types: ReadonlyMap<string, ScalarKeyType>): IndexDefinition {
  return { name: index.name, keys: keyDefinition(index.keySchema, types), projection: projection(index.projection) };
}

function projection({ type, include }: TableProjection): IndexProjection {
  return type === "INCLUDE" ? { type, attributes: include ?? [] } : { type };
}

function keyDefinition(schema: readonly TableKeyElement[], types: ReadonlyMap<string, ScalarKeyType>): KeyDefinition {
  const attributes = (wanted: TableKeyElement["role"]): readonly KeyAttribute[] =>
    schema
      .filter(({ role }) => role === wanted)
      .map(({ attribute }) => {
        const type = types.get(attribute);
        if (type === undefined) throw new TypeError(`the key attribute "${attribute}" has no definition`);
        return { name: attribute, type };
      });
  return { hash: attributes("HASH"), range: attributes("RANGE") };
}
