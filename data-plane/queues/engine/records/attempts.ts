/** `ReceiveRequestAttemptId`: a receive whose answer was lost on the way can be repeated (ReceiveMessage, FIFO queues). */

import { CANDIDATE_COLUMNS, type Candidate } from "./candidates.ts";
import { IN_FLIGHT, type Queue } from "./queue-book.ts";
import type { BatchContext, RecordContext } from "./record-context.ts";
import { DEDUPLICATION_MS } from "./sending.ts";

export interface Attempts {
  /**
   * The messages of an earlier receive with this id, under new deadlines, when it was less than five minutes ago and none of them was deleted, became visible
   * or had its visibility changed since; undefined otherwise.
   */
  repeat(batch: BatchContext, queue: Queue, attemptId: string, due: number): readonly Repeated[] | undefined;
  remember(
    queue: Queue,
    attemptId: string,
    now: number,
    receipts: readonly (readonly [seq: number, generation: number])[],
  ): void;
}

export interface Repeated {
  readonly message: Candidate;
  readonly receives: number;
  readonly generation: number;
  readonly firstAt: number;
}

interface HeldRow extends Candidate {
  readonly store: number;
  readonly changed: number;
}

export function createAttempts({ database, queues }: RecordContext): Attempts {
  const select = database.prepare<{ received_at: number; receipts: string }>(
    "SELECT received_at, receipts FROM attempts WHERE queue = ?1 AND id = ?2",
  );
  const put = database.prepare(
    "INSERT OR REPLACE INTO attempts (queue, id, received_at, receipts) VALUES (?1, ?2, ?3, ?4)",
  );
  const selectHeld = database.prepare<HeldRow>(
    `SELECT m.store, r.changed, ${CANDIDATE_COLUMNS} FROM messages m CROSS JOIN receipts r ON r.seq = m.seq WHERE m.seq = +?1`,
  );
  const reschedule = database.prepare(
    `UPDATE schedule SET due = ?5 WHERE store = ?1 AND due = ?2 AND place = ?3 AND seq = ?4 AND state = ${IN_FLIGHT}`,
  );
  const extend = database.prepare("UPDATE receipts SET due = ?2 WHERE seq = ?1");

  return {
    repeat({ now }, queue, attemptId, due) {
      const attempt = select.get(queue.key, attemptId);
      if (attempt === undefined || attempt.received_at + DEDUPLICATION_MS <= now) return undefined;
      // Written by `remember`.
      const receipts = JSON.parse(attempt.receipts) as readonly (readonly [number, number])[];
      const held: HeldRow[] = [];
      for (const [seq, generation] of receipts) {
        const row = selectHeld.get(seq);
        if (row === undefined || row.store !== queue.store || row.generation !== generation) return undefined;
        if (row.changed !== 0 || row.due === null || row.due <= now) return undefined;
        held.push(row);
      }
      for (const row of held) {
        reschedule.run(queue.store, row.due, row.place, row.seq, due);
        extend.run(row.seq, due);
      }
      queue.nextDue = Math.min(queue.nextDue, due);
      queues.touch(queue);
      return held.map((message) => ({
        message,
        receives: message.receives ?? 1,
        generation: message.generation ?? 1,
        firstAt: message.first_at ?? now,
      }));
    },
    remember(queue, attemptId, now, receipts) {
      put.run(queue.key, attemptId, now, JSON.stringify(receipts));
    },
  };
}
