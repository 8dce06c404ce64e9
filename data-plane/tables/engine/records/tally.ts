/** What a batch changed in the counters, written once at its end instead of with every write. */

import type { StreamLog } from "./stream-log.ts";
import type { OpenIndex, OpenTable } from "./table-book.ts";

export interface Tally {
  table(table: OpenTable, items: number, bytes: number): void;
  index(index: OpenIndex, items: number, bytes: number): void;
  stream(log: StreamLog): void;
  /** Writes everything down; answers the numbers of the streams that have new records. */
  flush(): readonly number[];
}

interface Sums {
  items: number;
  bytes: number;
}

export function createTally(): Tally {
  const tables = new Map<OpenTable, Sums>();
  const indexes = new Map<OpenIndex, Sums>();
  const logs = new Set<StreamLog>();
  return {
    table: (table, items, bytes) => add(tables, table, items, bytes),
    index: (index, items, bytes) => add(indexes, index, items, bytes),
    stream: (log) => void logs.add(log),
    flush() {
      for (const [table, sums] of tables) table.items.count(sums.items, sums.bytes);
      for (const [index, sums] of indexes) index.entries.count(sums.items, sums.bytes);
      const streams: number[] = [];
      for (const log of logs) {
        log.flush();
        streams.push(log.number);
      }
      return streams;
    },
  };
}

function add<Key>(sums: Map<Key, Sums>, key: Key, items: number, bytes: number): void {
  if (items === 0 && bytes === 0) return;
  const known = sums.get(key);
  if (known === undefined) {
    sums.set(key, { items, bytes });
    return;
  }
  known.items += items;
  known.bytes += bytes;
}
