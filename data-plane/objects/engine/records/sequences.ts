/**
 * Numbers that are never given twice, also across restarts: taken in blocks, so that only one write in a million is for this.
 */

import type { Database } from "#foundation/sql";
import type { NumberBlock } from "./commands.ts";

/** 2^20: at 10,000 writes a second a block lasts 100 s; of 2^53 numbers there are 2^33 blocks, one for every restart and rollback to come. */
const BLOCK = 2 ** 20;

/** Hands out one named sequence. */
export interface Sequence {
  next(): number;
  /** A whole block, for someone else to hand out. */
  block(): NumberBlock;
  /** After a rollback: what was taken since may not be recorded, so a new block is begun. */
  forget(): void;
}

export function openSequence(database: Database, name: string): Sequence {
  const take = database.prepare<{ next: number }>(
    `INSERT INTO sequences (name, next) VALUES (?1, 1 + ${BLOCK})
     ON CONFLICT (name) DO UPDATE SET next = next + ${BLOCK} RETURNING next`,
  );
  let upcoming = 0;
  let end = 0;
  const block = (): NumberBlock => {
    const limit = take.get(name)!.next;
    return { first: limit - BLOCK, end: limit };
  };
  return {
    next() {
      if (upcoming === end) ({ first: upcoming, end } = block());
      return upcoming++;
    },
    block,
    forget() {
      end = upcoming;
    },
  };
}
