/** What a write would do, worked out without changing anything: so that all actions of a transaction can be decided before the first one is done. */
import { applyUpdate, matches } from "#data-plane/tables/expressions";
import { type Item, itemSize, TableValidation } from "#data-plane/tables/values";
import type { ActionCommand } from "../messages/write-commands.ts";
import { ITEM_BYTES_MAX, type WriteRefused } from "../port.ts";
import { type IndexPlan, planIndexes } from "./plan-indexes.ts";
import type { OpenTable } from "./table-book.ts";

/** One side of a write: the item before it, or after it. */
export interface ItemState {
  readonly text: string;
  readonly size: number;
  /** Parsed when somebody looks, and then kept. */
  readonly item: Item;
}

export interface PlannedWrite {
  readonly refused?: undefined;
  readonly table: OpenTable;
  readonly command: ActionCommand;
  /** Row of the item before; undefined when there is none. */
  readonly id: number | undefined;
  readonly oldSize: number;
  /** Undefined when there is no item, or when nobody needs more than its size. */
  readonly old: ItemState | undefined;
  readonly new: ItemState | undefined;
  readonly indexes: readonly IndexPlan[];
  /** How much the item collection grows, in tables with local indexes. */
  readonly collectionGrowth: number;
}

/** Bytes of all items of one hash key in a table with local indexes (DynamoDB Developer Guide, Quotas). */
export const COLLECTION_BYTES_MAX = 10 * 1024 ** 3;

const NO_INDEXES: readonly IndexPlan[] = [];
/** Not looked at when there is an item. */
const NO_KEY: Item = {};

export function planWrite(table: OpenTable, command: ActionCommand): PlannedWrite | WriteRefused {
  const { items, indexed, stream } = table;
  const { kind, wishes, condition, key } = command;
  const needsOld =
    indexed || stream !== undefined || condition !== undefined || kind === "update" || wishes.old === true;
  const row = needsOld ? items.whole(key) : items.size(key);
  const oldSize = row?.bytes ?? 0;
  const old = row?.item === undefined ? undefined : storedState(row.item, row.bytes);
  if (condition !== undefined && !matches(condition, old?.item)) {
    return { refused: "ConditionFailed", oldSize, ...(wishes.oldOnFailure && old ? { old: old.text } : {}) };
  }
  const after = stateAfter(table, command, old);
  if (after !== undefined && "refused" in after) return after;
  const planned = { table, command, id: row?.id, oldSize, old, new: after };
  if (!indexed || kind === "check") return { ...planned, indexes: NO_INDEXES, collectionGrowth: 0 };
  const indexes = planIndexes(table, key, old, after);
  if ("refused" in indexes) return indexes;
  const collectionGrowth = table.shape.collections ? growth(indexes, (after?.size ?? 0) - oldSize) : 0;
  if (
    collectionGrowth > 0 &&
    items.collectionSize(partitionOf(table, command)) + collectionGrowth > COLLECTION_BYTES_MAX
  ) {
    return { refused: "CollectionTooLarge" };
  }
  return { ...planned, indexes, collectionGrowth };
}

/** Key of the item's collection. */
export function partitionOf({ shape }: OpenTable, { key }: ActionCommand): Uint8Array {
  return shape.keys.partitionOf(key);
}

/** An item that is stored as this text. */
export function storedState(text: string, size: number): ItemState {
  let parsed: Item | undefined;
  return {
    text,
    size,
    get item() {
      parsed ??= JSON.parse(text) as Item;
      return parsed;
    },
  };
}

function stateAfter(
  { shape }: OpenTable,
  command: ActionCommand,
  old: ItemState | undefined,
): ItemState | undefined | WriteRefused {
  switch (command.kind) {
    case "put":
      return storedState(command.text, command.size);
    case "delete":
    case "expire":
      return undefined;
    case "check":
      return old;
    case "update": {
      if (command.update === undefined) throw new TypeError("an update without an expression");
      let item: Item | undefined;
      try {
        const key = old === undefined ? shape.keys.decode(command.key) : NO_KEY;
        ({ item } = applyUpdate(command.update, old?.item, key));
      } catch (error) {
        if (error instanceof TableValidation) return { refused: "InvalidUpdate", message: error.message };
        throw error;
      }
      if (item === undefined) return undefined;
      const size = itemSize(item);
      if (size > ITEM_BYTES_MAX) return { refused: "ItemTooLarge" };
      return { text: JSON.stringify(item), size, item };
    }
  }
}

function growth(indexes: readonly IndexPlan[], own: number): number {
  let sum = own;
  for (const { index, oldSize, newSize } of indexes) if (index.shape.kind === "local") sum += newSize - oldSize;
  return sum;
}
