/** SELECTs of exactly one item, as batches and transactions want them. Pure. */
import type { SelectPlan } from "#data-plane/tables/partiql";
import { type Item, type MutableItem, setAttribute } from "#data-plane/tables/values";
import type { TableKeys } from "../../rules/keys.ts";

/** The key, when a plan reads one item of the table and demands nothing else of it. */
export function keyOfPlan({ index, queries }: SelectPlan, { hash, range }: TableKeys): Item | undefined {
  const [only, ...more] = queries ?? [];
  if (index !== undefined || only === undefined || more.length > 0 || only.filter !== undefined) return undefined;
  const key: MutableItem = {};
  setAttribute(key, hash.name, only.hash);
  if (range === undefined) return key;
  if (only.range?.op !== "=") return undefined;
  setAttribute(key, range.name, only.range.values[0]!);
  return key;
}
