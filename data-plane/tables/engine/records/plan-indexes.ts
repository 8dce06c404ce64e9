/** What a write means for the indexes of its table. */
import { attributeOf, compareBytes, equalValues, type Item } from "#data-plane/tables/values";
import type { Projector } from "../model/projection.ts";
import type { IndexChange, WriteRefused } from "../port.ts";
import type { ItemState } from "./plan-write.ts";
import type { OpenIndex, OpenTable } from "./table-book.ts";

/** One index: its entry before and after. */
export interface IndexPlan {
  readonly index: OpenIndex;
  readonly oldKey: Uint8Array | undefined;
  readonly newKey: Uint8Array | undefined;
  /** Projected sizes, 0 without an entry. */
  readonly oldSize: number;
  readonly newSize: number;
}

/** One plan for each index, or why the item may not be stored. */
export function planIndexes(
  { indexes }: OpenTable,
  itemKey: Uint8Array,
  old: ItemState | undefined,
  after: ItemState | undefined,
): readonly IndexPlan[] | WriteRefused {
  const plans: IndexPlan[] = [];
  for (const index of indexes) {
    const { keys, kind, definition } = index.shape;
    // An item whose expiry time is not a number never expires; that is no mistake.
    const problem = after === undefined || kind === "expiry" ? undefined : keys.problem(after.item);
    if (problem !== undefined) return { refused: "IndexKeyInvalid", index: definition.name, ...problem };
    const oldKey = old === undefined ? undefined : keys.entry(old.item, itemKey);
    const newKey = after === undefined ? undefined : keys.entry(after.item, itemKey);
    if (oldKey === undefined && newKey === undefined) continue;
    const { projector } = index.shape;
    plans.push({
      index,
      oldKey,
      newKey,
      oldSize: oldKey === undefined || old === undefined ? 0 : projector.sizeOf(old.item, old.size),
      newSize: newKey === undefined || after === undefined ? 0 : projector.sizeOf(after.item, after.size),
    });
  }
  return plans;
}

/** Whether old and new entry are at the same place. */
export function staysInPlace({ oldKey, newKey }: IndexPlan): boolean {
  return oldKey !== undefined && newKey !== undefined && compareBytes(oldKey, newKey) === 0;
}

/** What the caller is told: only indexes in which something changed. */
export function indexChanges(
  plans: readonly IndexPlan[],
  old: ItemState | undefined,
  after: ItemState | undefined,
): IndexChange[] {
  const changes: IndexChange[] = [];
  for (const plan of plans) {
    const { kind, definition, projector } = plan.index.shape;
    if (kind === "expiry") continue;
    const stays = staysInPlace(plan);
    if (stays && old !== undefined && after !== undefined && showsTheSame(projector, old, after)) continue;
    const moved = !stays && plan.oldKey !== undefined && plan.newKey !== undefined;
    changes.push({ name: definition.name, oldSize: plan.oldSize, newSize: plan.newSize, moved });
  }
  return changes;
}

function showsTheSame(projector: Projector, old: ItemState, after: ItemState): boolean {
  if (old.text === after.text) return true;
  const same = (name: string): boolean => sameAttribute(old.item, after.item, name);
  for (const name in old.item) if (projector.shows(name) && !same(name)) return false;
  for (const name in after.item) if (projector.shows(name) && !same(name)) return false;
  return true;
}

function sameAttribute(a: Item, b: Item, name: string): boolean {
  const before = attributeOf(a, name);
  const after = attributeOf(b, name);
  return before === after || (before !== undefined && after !== undefined && equalValues(before, after));
}
