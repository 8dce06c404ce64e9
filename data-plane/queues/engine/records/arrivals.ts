/** How messages come into a queue: sent, or moved from another one. */

import type { Groups } from "./groups.ts";
import { count, DELAYED, type Queue, READY } from "./queue-book.ts";
import type { RecordContext } from "./record-context.ts";

export interface Arrivals {
  /** @returns the message's number */
  send(queue: Queue, message: SentMessage): number;
  /** Copies a message to another queue, visible at once. The caller removes the original. */
  copy(seq: number, groupId: string | null, target: Queue, change: CopyChange): void;
}

export interface SentMessage {
  readonly sentAt: number;
  readonly delayedUntil: number | null;
  readonly groupId: string | null;
  readonly envelope: string;
  readonly body: string;
}

export type CopyChange = { readonly now: number } & (
  | /** As a dead letter of the queue with this key. */ { readonly origin: number; readonly receivedBefore: number }
  | /** As a new message, sent now. */ { readonly messageId: string }
);

export function createArrivals({ database, queues, seqs }: RecordContext, groups: Groups): Arrivals {
  const insertMessage = database.prepare(
    `INSERT INTO messages (seq, store, place, sent_at, since, delayed_until, group_id, origin, envelope, body)
     VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, NULL, ?7, ?8)`,
  );
  const copied = (sentAt: string, since: string, envelope: string, receivedBefore: string) =>
    database.prepare<{ since: number }>(
      `INSERT INTO messages (seq, store, place, sent_at, since, delayed_until, group_id, origin, envelope, body, received_before)
       SELECT ?2, ?3, ?4, ${sentAt}, ${since}, NULL, group_id, ?5, ${envelope}, body, ${receivedBefore} FROM messages WHERE seq = ?1 RETURNING since`,
    );
  const copyDead = copied("sent_at", "since", "envelope", "?6");
  // Amazon SQS Developer Guide: in a FIFO dead-letter queue retention begins anew, and the message's id takes the place of its deduplication id.
  const copyDeadFifo = copied(
    "sent_at",
    "?7",
    "json_set(envelope, '$.deduplicationId', envelope ->> '$.messageId')",
    "?6",
  );
  const copyRenewed = copied("?6", "?6", "json_set(envelope, '$.messageId', ?7)", "0");
  const insertSchedule = database.prepare(
    "INSERT INTO schedule (store, due, place, seq, state) VALUES (?1, ?2, ?3, ?4, ?5)",
  );
  const selectLastOfGroup = database.prepare<{ place: number }>(
    `SELECT place FROM messages INDEXED BY messages_by_group WHERE store = +?1 AND group_id = +?2 ORDER BY seq DESC LIMIT 1`,
  );

  /**
   * Where a message stands in the order of a standard queue. Messages without a group stand one behind the other. A group's messages too, each group beginning
   * where the queue has come to: so that a quiet group's message is not behind the backlog of a busy one, but in turns with it (start-time fair
   * queueing, Goyal et al. 1996, with every message of cost one).
   */
  const placeOf = (queue: Queue, groupId: string | null): number => {
    if (groupId === null) {
      queue.tail = Math.max(queue.tail, queue.served) + 1;
      return queue.tail;
    }
    const last = selectLastOfGroup.get(queue.store, groupId)?.place ?? 0;
    return Math.max(last, queue.served) + 1;
  };
  const makeReady = (queue: Queue, groupId: string | null, place: number, seq: number): void => {
    if (queue.settings.fifo) groups.offer(queue, groupId!);
    else insertSchedule.run(queue.store, 0, place, seq, READY);
  };

  return {
    send(queue, { sentAt, delayedUntil, groupId, envelope, body }) {
      const seq = seqs.next();
      const place = queue.settings.fifo ? seq : placeOf(queue, groupId);
      insertMessage.run(seq, queue.store, place, sentAt, delayedUntil, groupId, envelope, body);
      if (delayedUntil === null) makeReady(queue, groupId, place, seq);
      else {
        insertSchedule.run(queue.store, delayedUntil, place, seq, DELAYED);
        queue.nextDue = Math.min(queue.nextDue, delayedUntil);
      }
      count(queue, delayedUntil === null ? READY : DELAYED, 1);
      queue.oldestAt = Math.min(queue.oldestAt, sentAt);
      queues.touch(queue);
      return seq;
    },
    copy(original, groupId, target, { now, ...change }) {
      const seq = seqs.next();
      const { store, settings } = target;
      const place = settings.fifo ? seq : placeOf(target, groupId);
      const row =
        "messageId" in change
          ? copyRenewed.get(original, seq, store, place, null, now, change.messageId)
          : settings.fifo
            ? copyDeadFifo.get(original, seq, store, place, change.origin, change.receivedBefore, now)
            : copyDead.get(original, seq, store, place, change.origin, change.receivedBefore);
      makeReady(target, groupId, place, seq);
      count(target, READY, 1);
      target.oldestAt = Math.min(target.oldestAt, row!.since);
      queues.touch(target);
    },
  };
}
