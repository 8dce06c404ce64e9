/** What a listener is told when a snapshot has replaced the catalog. */
import type { CatalogChange } from "#contracts";
import { keyOfRecord } from "./catalog-key.ts";
import type { CatalogMaps } from "./catalog-maps.ts";

/**
 * The changes that lead from one state to the other. Records that are equal as JSON are left out, so that a resynchronisation which brings
 * nothing new wakes nobody.
 */
export function catalogDifference(before: CatalogMaps, after: CatalogMaps): readonly CatalogChange[] {
  const changes: CatalogChange[] = [];
  const left = new Map<string, string>();
  for (const record of before.records()) left.set(`${record.kind} ${keyOfRecord(record)}`, JSON.stringify(record));
  for (const record of after.records()) {
    const key = keyOfRecord(record);
    const id = `${record.kind} ${key}`;
    if (left.get(id) !== JSON.stringify(record)) changes.push({ change: "upsert", key, record });
    left.delete(id);
  }
  for (const record of before.records()) {
    const key = keyOfRecord(record);
    if (left.has(`${record.kind} ${key}`)) changes.push({ change: "delete", kind: record.kind, key });
  }
  return changes;
}
