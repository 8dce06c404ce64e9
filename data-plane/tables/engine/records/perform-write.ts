/** Carries out a planned write: row, index entries, counters, change record. From here on only the storage can fail. */
import type { WriteDone } from "../port.ts";
import { type IndexPlan, indexChanges, staysInPlace } from "./plan-indexes.ts";
import { type PlannedWrite, partitionOf } from "./plan-write.ts";
import type { Tally } from "./tally.ts";

export function performWrite(planned: PlannedWrite, now: number, tally: Tally): WriteDone {
  const { table, command, old, new: after, oldSize, indexes, collectionGrowth } = planned;
  if (command.kind !== "check") {
    const id = storeItem(planned);
    if (id !== undefined) for (const plan of indexes) storeEntry(plan, id, tally);
    tally.table(table, (after ? 1 : 0) - (planned.id === undefined ? 0 : 1), (after?.size ?? 0) - oldSize);
    if (collectionGrowth !== 0) table.items.addToCollection(partitionOf(table, command), collectionGrowth);
    if (table.stream?.append(planned, now)) tally.stream(table.stream);
  }
  const { wishes } = command;
  const done: { -readonly [Member in keyof WriteDone]: WriteDone[Member] } = { oldSize, newSize: after?.size ?? 0 };
  if (wishes.old && old !== undefined) done.old = old.text;
  if (wishes.new && after !== undefined) done.new = after.text;
  if (wishes.indexes) done.indexes = indexChanges(indexes, old, after);
  if (wishes.collection && table.shape.collections) {
    done.collectionSize = table.items.collectionSize(partitionOf(table, command));
  }
  return done;
}

/** The row's id; undefined when there is and was none. */
function storeItem({ table, command, id, old, new: after }: PlannedWrite): number | undefined {
  const { items } = table;
  if (after === undefined) {
    if (id !== undefined) items.remove(id);
    return id;
  }
  if (id === undefined) return items.insert(command.key, after.size, after.text);
  if (old?.text !== after.text) items.replace(id, after.size, after.text);
  return id;
}

function storeEntry(plan: IndexPlan, id: number, tally: Tally): void {
  const { index, oldKey, newKey, oldSize, newSize } = plan;
  const { entries, shape } = index;
  if (staysInPlace(plan) && shape.state === "active") {
    tally.index(index, 0, newSize - oldSize);
    return;
  }
  // While the index is being built the old entry may not be there yet; what is counted is what really happens.
  if (oldKey !== undefined && entries.remove(oldKey)) tally.index(index, -1, -oldSize);
  if (newKey !== undefined && entries.insert(newKey, id)) tally.index(index, 1, newSize);
}
