/** Removing what is old enough, without breaking the chain. */
import type { Reader } from "./reading/reader.ts";

/** Named by verification: the chain may start late only where a record of this action says so. */
export const RETAIN_ACTION = "audit.retain";

/** 90 days. */
export const RETENTION_DEFAULT_MS = 90 * 24 * 60 * 60 * 1000;

/** Rows looked at in one step: about 2 µs each, so 4 ms without a break for others. */
const LOOK_ROWS = 2000;

/**
 * The last record of the beginning of the log in which everything is older than `olderThan`; 0 when there is none. It stops at the first younger one, so that a clock that was
 * set wrong for a while never takes young records with it; records dated after `now` say nothing about their age and go with their neighbours.
 */
export async function findOldest(reader: Reader, olderThan: number, now: number): Promise<number> {
  let old = 0;
  for (;;) {
    const rows = reader.read((database) =>
      database
        .prepare<{ sequence: number; at: number }>(
          `SELECT sequence, at FROM records WHERE sequence > ?1 ORDER BY sequence LIMIT ${LOOK_ROWS}`,
        )
        .all(old),
    );
    for (const { sequence, at } of rows) {
      if (at >= olderThan && at <= now) return old;
      old = sequence;
    }
    if (rows.length < LOOK_ROWS) return old;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
