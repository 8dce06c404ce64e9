/** Removing what nobody can see any more: purged and dropped messages, old deduplication ids and attempts, messages beyond retention in idle queues. */

import type { Progress } from "./commands.ts";
import type { Queue } from "./queue-book.ts";
import type { RecordContext } from "./record-context.ts";
import { DEDUPLICATION_MS } from "./sending.ts";
import { PIECE_BYTES, PIECE_MESSAGES, type Settling } from "./settling.ts";

export interface Tidying {
  /** Does one piece of everything. */
  tidy(now: number): Progress;
}

/** Queues that one look goes through for messages beyond retention, the next ones at the next look: with thousands of queues their disk space may wait. */
const QUEUES_PER_LOOK = 200;

/** Rows of a narrow table in one piece. */
const PIECE_ROWS = 1000;

export function createTidying({ database, queues }: RecordContext, settling: Settling): Tidying {
  const selectGarbage = database.prepare<{ store: number }>("SELECT store FROM garbage ORDER BY store LIMIT 1");
  const deleteGarbage = database.prepare("DELETE FROM garbage WHERE store = ?1");
  const selectMessages = database.prepare<{ seq: number; bytes: number }>(
    `SELECT seq, octet_length(body) AS bytes FROM messages INDEXED BY messages_by_age WHERE store = +?1 ORDER BY since LIMIT ${PIECE_MESSAGES}`,
  );
  const deleteMessage = database.prepare("DELETE FROM messages WHERE seq = ?1");
  const deleteReceipt = database.prepare("DELETE FROM receipts WHERE seq = ?1");
  const selectScheduleEnd = database.prepare<{ due: number; place: number; seq: number }>(
    `SELECT due, place, seq FROM schedule WHERE store = +?1 ORDER BY due, place, seq LIMIT 1 OFFSET ${PIECE_ROWS - 1}`,
  );
  const deleteSchedulePiece = database.prepare(
    "DELETE FROM schedule WHERE store = ?1 AND (due, place, seq) <= (?2, ?3, ?4)",
  );
  const deleteSchedule = database.prepare("DELETE FROM schedule WHERE store = ?1");
  const selectLockEnd = database.prepare<{ group_id: string }>(
    `SELECT group_id FROM locks WHERE store = +?1 ORDER BY group_id LIMIT 1 OFFSET ${PIECE_ROWS - 1}`,
  );
  const deleteLocksPiece = database.prepare("DELETE FROM locks WHERE store = ?1 AND group_id <= ?2");
  const deleteLocks = database.prepare("DELETE FROM locks WHERE store = ?1");
  const deleteOldIds = database.prepare(
    `DELETE FROM deduplication WHERE number IN (SELECT number FROM deduplication ORDER BY number LIMIT ${PIECE_ROWS}) AND accepted_at <= ?1`,
  );
  const deleteOldAttempts = database.prepare(
    `DELETE FROM attempts WHERE number IN (SELECT number FROM attempts ORDER BY number LIMIT ${PIECE_ROWS}) AND received_at <= ?1`,
  );
  const selectQueues = database.prepare<{ key: number }>(
    `SELECT key FROM queues WHERE state <> 'dropped' AND key > +?1 ORDER BY key LIMIT ${QUEUES_PER_LOOK}`,
  );
  /** Where the round of the queues has come to. */
  let round = 0;

  const sweepSchedule = (store: number): boolean => {
    const end = selectScheduleEnd.get(store);
    if (end === undefined) deleteSchedule.run(store);
    else deleteSchedulePiece.run(store, end.due, end.place, end.seq);
    return end !== undefined;
  };
  const sweepLocks = (store: number): boolean => {
    const end = selectLockEnd.get(store);
    if (end === undefined) deleteLocks.run(store);
    else deleteLocksPiece.run(store, end.group_id);
    return end !== undefined;
  };
  const sweepMessages = (store: number): boolean => {
    const rows = selectMessages.all(store);
    let bytes = 0;
    let done = 0;
    for (const row of rows) {
      if (bytes > PIECE_BYTES) break;
      deleteReceipt.run(row.seq);
      deleteMessage.run(row.seq);
      bytes += row.bytes;
      done++;
    }
    return done < rows.length || rows.length === PIECE_MESSAGES;
  };
  const sweepGarbage = (): boolean => {
    const store = selectGarbage.get()?.store;
    if (store === undefined) return false;
    if (!sweepSchedule(store) && !sweepLocks(store) && !sweepMessages(store)) deleteGarbage.run(store);
    return true;
  };
  const settleSome = (now: number): boolean => {
    const keys = selectQueues.all(round);
    for (const { key } of keys) {
      const queue: Queue | undefined = queues.byKey(key);
      // The round stays with a queue until it is settled.
      if (queue !== undefined && settling.settle(queue, now)) return true;
      round = key;
    }
    if (keys.length < QUEUES_PER_LOOK) round = 0;
    return false;
  };

  return {
    tidy(now) {
      const before = now - DEDUPLICATION_MS;
      const ids = deleteOldIds.run(before).changes === PIECE_ROWS;
      const attempts = deleteOldAttempts.run(before).changes === PIECE_ROWS;
      const garbage = sweepGarbage();
      const queuesLeft = settleSome(now);
      return { more: ids || attempts || garbage || queuesLeft };
    },
  };
}
