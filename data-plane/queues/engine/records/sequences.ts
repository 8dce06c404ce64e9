/** Numbers that are never given twice, also across restarts: taken in blocks, so that one write in many is for this. */

import type { Database } from "#foundation/sql";

/** 2^16: at 20,000 messages a second a block lasts 3 s. Of the 2^48 numbers that fit a receipt handle there are 2^32 blocks, one for every restart to come. */
const BLOCK = 2 ** 16;

export interface Sequence {
  next(): number;
  /** More than every number given so far, less than or equal to every one to come. */
  upcoming(): number;
  /** After a rollback: the block may not be recorded, so a new one is begun. */
  forget(): void;
}

export function openSequence(database: Database, name: string): Sequence {
  const take = database.prepare<{ next: number }>(
    `INSERT INTO sequences (name, next) VALUES (?1, 1 + ${BLOCK})
     ON CONFLICT (name) DO UPDATE SET next = next + ${BLOCK} RETURNING next`,
  );
  let upcoming = 0;
  let end = 0;
  const fill = (): void => {
    if (upcoming !== end) return;
    end = take.get(name)!.next;
    upcoming = end - BLOCK;
  };
  return {
    next() {
      fill();
      return upcoming++;
    },
    upcoming() {
      fill();
      return upcoming;
    },
    forget() {
      end = upcoming;
    },
  };
}
