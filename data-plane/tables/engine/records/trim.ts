/** Removes what has had its time: stream records after a day, streams that ended and have no records left, tokens of transactions, tombstones of tables. */
import type { Database } from "#foundation/sql";
import type { TrimAnswer } from "./commands.ts";
import { recordsTable } from "./schema.ts";
import { trimTokens } from "./transact-tokens.ts";

/** How long records are kept (DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"). */
export const RECORD_LIFE_MS = 24 * 60 * 60 * 1000;
/** Requests that still believe in a dropped table are long over by then; a catalog that was read anew does not know it. */
export const TOMBSTONE_LIFE_MS = 24 * 60 * 60 * 1000;
/** Rows of one piece. */
const ROWS_MAX = 256;

export function createTrim(database: Database): (now: number) => TrimAnswer {
  const streams = database.prepare<{ number: number; ended_at: number | null }>(
    "SELECT number, ended_at FROM streams ORDER BY number",
  );
  const forgetStream = database.prepare("DELETE FROM streams WHERE number = ?1");
  const forgetShards = database.prepare("DELETE FROM shards WHERE stream_number = ?1");
  const forgetOldShards = database.prepare(
    "DELETE FROM shards WHERE stream_number = ?1 AND ended_at <= ?2 AND trimmed >= last",
  );
  const markTrimmed = database.prepare(
    `UPDATE shards SET trimmed = max(trimmed, min(?2, coalesce(last, ?2))) WHERE stream_number = ?1 AND behind < ?2`,
  );

  const forgetTombstones = database.prepare(
    `DELETE FROM tables WHERE number IN
       (SELECT number FROM tables WHERE state = 'gone' AND gone_at <= ?1 ORDER BY gone_at LIMIT ?2)`,
  );
  /** Answers whether there may be more. */
  const trimTombstones = (now: number): boolean =>
    forgetTombstones.run(now - TOMBSTONE_LIFE_MS, ROWS_MAX).changes === ROWS_MAX;

  /** Removes old records of one stream; answers whether there may be more. */
  const trimRecords = (stream: number, before: number): boolean => {
    const table = recordsTable(stream);
    const oldest = database
      .prepare<{ sequence: number; created_at: number }>(
        `SELECT sequence, created_at FROM ${table} ORDER BY sequence LIMIT +?1`,
      )
      .all(ROWS_MAX);
    let until = 0;
    let removed = 0;
    for (const record of oldest) {
      if (record.created_at > before) break;
      until = record.sequence;
      removed++;
    }
    if (removed > 0) {
      database.prepare(`DELETE FROM ${table} WHERE sequence <= ?1`).run(until);
      markTrimmed.run(stream, until);
    }
    return removed === ROWS_MAX;
  };

  return (now) => {
    const gone: number[] = [];
    if (trimTokens(database, now, ROWS_MAX) || trimTombstones(now)) return { more: true, gone };
    const before = now - RECORD_LIFE_MS;
    for (const { number, ended_at } of streams.all()) {
      if (trimRecords(number, before)) return { more: true, gone };
      forgetOldShards.run(number, before);
      if (ended_at === null || ended_at > before) continue;
      database.exec(`DROP TABLE ${recordsTable(number)}`);
      database.forgetStatements(recordsTable(number));
      gone.push(number);
      forgetShards.run(number);
      forgetStream.run(number);
    }
    return { more: false, gone };
  };
}
