/**
 * Where in the table's file an item goes: its rowid.
 *
 * Items of one hash key lie side by side, in the order in which they came, so that a query reads few pages: the first one goes to the end of the table and has the next million rowids
 * kept free for those that follow. Measured with ten million items in groups of ten: a query reads 2 or 3 pages instead of 11.
 *
 * The alternative, rowids in the order of the hash, makes scans walk over pages in their order too. But then every new item goes into the middle of the table, where pages of 1 KB items are
 * nearly always split: 60 µs instead of 24 µs for a new item. Tables without a range key gain nothing: there new items simply go to the end.
 */
import type { Database } from "#foundation/sql";
import { allWith } from "../model/byte-range.ts";
import type { TableShape } from "../model/table-shape.ts";
import { itemsTable } from "./schema.ts";

/** Rowids that are kept together. 2^53, what a number holds exactly, are enough for 8,000 million groups. */
const PLACES_PER_GROUP = 2 ** 20;

export interface ItemPlaces {
  /** A free rowid for a new item with this key; null for the one behind the last. */
  next(key: Uint8Array): number | null;
}

const AT_THE_END: ItemPlaces = { next: () => null };

export function createItemPlaces(database: Database, { number, definition, keys }: TableShape): ItemPlaces {
  if (definition.keys.range.length === 0) return AT_THE_END;
  const items = itemsTable(number);
  const neighbour = database.prepare<{ id: number }>(
    `SELECT id FROM ${items} WHERE key >= +?1 AND key < +?2 ORDER BY key DESC LIMIT 1`,
  );
  const lastBefore = database.prepare<{ id: number }>(
    `SELECT id FROM ${items} WHERE id < +?1 ORDER BY id DESC LIMIT 1`,
  );
  const lastId = (before: number): number => lastBefore.get(before)?.id ?? 0;

  /** A place from which on all rowids are free. */
  const atTheEnd = (): number => {
    const last = lastId(Number.MAX_SAFE_INTEGER);
    const next = groupOf(last) + PLACES_PER_GROUP;
    return next + PLACES_PER_GROUP <= Number.MAX_SAFE_INTEGER ? next : last + 1;
  };
  return {
    next(key) {
      const { lower, upper } = allWith(keys.partitionOf(key));
      const beside = neighbour.get(lower, upper);
      if (beside === undefined) return atTheEnd();
      const end = groupOf(beside.id) + PLACES_PER_GROUP;
      const last = lastId(end);
      // A group that is full goes on at the end of the table.
      return last + 1 < end ? last + 1 : atTheEnd();
    },
  };
}

function groupOf(id: number): number {
  return Math.floor(id / PLACES_PER_GROUP) * PLACES_PER_GROUP;
}
