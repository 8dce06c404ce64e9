/** What can be seen of a queue without changing it. */

import { CANDIDATE_COLUMNS, type Candidate } from "./candidates.ts";
import type { Answer, Ask, PackedPeek, Refusal } from "./commands.ts";
import type { Queue } from "./queue-book.ts";
import { ANSWER_TEXTS_MAX, type BatchContext, type RecordContext } from "./record-context.ts";
import { sequenceNumberOf } from "./sequence-number.ts";
import type { Settling } from "./settling.ts";

export interface Looking {
  counts(batch: BatchContext, ask: Ask<"counts">): Answer<"counts"> | Refusal;
  peek(batch: BatchContext, ask: Ask<"peek">): Answer<"peek"> | Refusal;
}

/** Most messages of one look. */
const PEEKED_MAX = 1000;

/** Stepped through, not prepared ahead. */
export const PEEK_SQL = `SELECT ${CANDIDATE_COLUMNS} FROM messages m INDEXED BY messages_by_age LEFT JOIN receipts r ON r.seq = m.seq
  WHERE m.store = +?1 AND m.since > +?2 ORDER BY m.since, m.seq LIMIT +?3`;

export function createLooking({ database, queues }: RecordContext, settling: Settling): Looking {
  const selectOldest = database.prepare<{ since: number }>(
    "SELECT since FROM messages INDEXED BY messages_by_age WHERE store = +?1 ORDER BY since LIMIT 1",
  );

  const peeked = ({ now, outgoing }: BatchContext, queue: Queue, message: Candidate): PackedPeek => {
    const { due, delayed_until: delayedUntil, receives, first_at: firstAt, seq } = message;
    const source = message.origin === null ? undefined : queues.byKey(message.origin)?.id;
    const invisibleUntil = due ?? delayedUntil ?? 0;
    const state = invisibleUntil <= now ? "visible" : due === null ? "delayed" : "inFlight";
    return {
      envelope: outgoing.add(message.envelope),
      body: outgoing.add(message.body),
      sentAt: message.sent_at,
      receives: message.received_before + (receives ?? 0),
      state,
      ...(firstAt === null || receives === 0 ? {} : { firstAt }),
      ...(state === "visible" ? {} : { visibleAt: invisibleUntil }),
      ...(queue.settings.fifo ? { sequenceNumber: sequenceNumberOf(seq) } : {}),
      ...(source === undefined ? {} : { origin: source }),
    };
  };

  return {
    counts({ now }, { queue: id }) {
      const queue = queues.find(id);
      if (queue?.state !== "open") return { refused: "NoSuchQueue" };
      const more = settling.settle(queue, now);
      const { visible, inFlight, delayed } = queue;
      const oldest = selectOldest.get(queue.store)?.since;
      return { visible, inFlight, delayed, more, ...(oldest === undefined ? {} : { oldestSentAt: oldest }) };
    },
    peek(batch, { queue: id, limit }) {
      const queue = queues.find(id);
      if (queue?.state !== "open") return { refused: "NoSuchQueue" };
      const found: PackedPeek[] = [];
      const oldest = batch.now - queue.settings.retentionMs;
      // Row by row, so that a thousand large bodies are never in memory together.
      for (const row of database.iterate<Candidate>(PEEK_SQL, queue.store, oldest, Math.min(limit, PEEKED_MAX))) {
        if (found.length > 0 && batch.outgoing.length > ANSWER_TEXTS_MAX) break;
        found.push(peeked(batch, queue, row));
      }
      return found;
    },
  };
}
