/** Change records of one table: written in the transaction of the change. */
import { equalItems, itemSize } from "#data-plane/tables/values";
import type { Database } from "#foundation/sql";
import type { StreamShape, TableShape } from "../model/table-shape.ts";
import type { PlannedWrite } from "./plan-write.ts";
import { recordsTable } from "./schema.ts";

/** A shard takes records for about this long, then a child takes over (DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"). */
export const SHARD_LIFE_MS = 4 * 60 * 60 * 1000;

export interface StreamLog {
  readonly number: number;
  /** Writes a record when the item really changed; answers whether it did. */
  append(planned: PlannedWrite, now: number): boolean;
  /** Keeps the last sequence number, at the end of a batch that appended. */
  flush(): void;
}

interface ShardRow {
  readonly ordinal: number;
  readonly started_at: number;
  readonly behind: number;
}

export function createStreamLog(database: Database, shape: TableShape, stream: StreamShape): StreamLog {
  const insert = database.prepare(
    `INSERT INTO ${recordsTable(stream.number)} (sequence, created_at, event, expired, bytes, keys, old_image, new_image)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
  );
  const keep = database.prepare("UPDATE table_counters SET sequence = ?2 WHERE number = ?1");
  const books = shardBooks(database, stream.number);
  let sequence = lastSequence(database, shape.number);
  let shard = books.open();
  const showsOld = stream.viewType === "OLD_IMAGE" || stream.viewType === "NEW_AND_OLD_IMAGES";
  const showsNew = stream.viewType === "NEW_IMAGE" || stream.viewType === "NEW_AND_OLD_IMAGES";

  const roll = (now: number): void => {
    if (shard === undefined || now - shard.started_at < SHARD_LIFE_MS || shard.behind === sequence) return;
    books.close(shard.ordinal, sequence, now);
    shard = books.begin(shard.ordinal + 1, sequence, now);
  };

  return {
    number: stream.number,
    append({ old, new: after, command }, now) {
      if (old === undefined && after === undefined) return false;
      if (old !== undefined && after !== undefined) {
        if (old.text === after.text || equalItems(old.item, after.item)) return false;
      }
      roll(now);
      const event = old === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY";
      const keys = shape.keys.decode(command.key);
      const oldImage = showsOld ? old : undefined;
      const newImage = showsNew ? after : undefined;
      const bytes = itemSize(keys) + (oldImage?.size ?? 0) + (newImage?.size ?? 0);
      const expired = command.kind === "expire" ? 1 : 0;
      sequence++;
      insert.run(
        sequence,
        now,
        event,
        expired,
        bytes,
        JSON.stringify(keys),
        oldImage?.text ?? null,
        newImage?.text ?? null,
      );
      return true;
    },
    flush: () => void keep.run(shape.number, sequence),
  };
}

/** Begins a stream: its first shard. */
export function beginStream(database: Database, stream: number, table: number, now: number): void {
  shardBooks(database, stream).begin(1, lastSequence(database, table), now);
}

/** Ends a stream: no more records; those that are there stay until they are old. */
export function endStream(database: Database, stream: number, table: number, now: number): void {
  const books = shardBooks(database, stream);
  const shard = books.open();
  if (shard !== undefined) books.close(shard.ordinal, lastSequence(database, table), now);
  database.prepare("UPDATE streams SET ended_at = ?2 WHERE number = ?1").run(stream, now);
}

function lastSequence(database: Database, table: number): number {
  const counters = database.prepare<{ sequence: number }>("SELECT sequence FROM table_counters WHERE number = ?1");
  return counters.get(table)?.sequence ?? 0;
}

function shardBooks(database: Database, stream: number) {
  const open = database.prepare<ShardRow>(
    "SELECT ordinal, started_at, behind FROM shards WHERE stream_number = ?1 AND last IS NULL ORDER BY ordinal DESC LIMIT 1",
  );
  const close = database.prepare(
    "UPDATE shards SET last = ?3, ended_at = ?4 WHERE stream_number = ?1 AND ordinal = ?2",
  );
  const begin = database.prepare(
    `INSERT INTO shards (stream_number, ordinal, started_at, behind, last, ended_at, trimmed)
     VALUES (?1, ?2, ?3, ?4, NULL, NULL, ?4)`,
  );
  return {
    open: () => open.get(stream),
    close: (ordinal: number, last: number, now: number) => void close.run(stream, ordinal, last, now),
    begin(ordinal: number, behind: number, now: number): ShardRow {
      begin.run(stream, ordinal, now, behind);
      return { ordinal, started_at: now, behind };
    },
  };
}
