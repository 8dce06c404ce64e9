/** SendMessage and SendMessageBatch: messages into a queue, and on FIFO queues the five minutes in which a deduplication id counts once. */

import type { Arrivals } from "./arrivals.ts";
import type { Ask, PackedMessage, Refusal, SendAnswer } from "./commands.ts";
import type { Queue } from "./queue-book.ts";
import type { BatchContext, RecordContext } from "./record-context.ts";
import { sequenceNumberOf } from "./sequence-number.ts";

/** Amazon SQS Developer Guide, "Exactly-once processing": the deduplication interval. */
export const DEDUPLICATION_MS = 5 * 60 * 1000;

export type Send = (batch: BatchContext, ask: Ask<"send">) => SendAnswer | Refusal;

interface AcceptedRow {
  readonly message_id: string;
  readonly seq: number;
  readonly accepted_at: number;
}

export function createSend({ database, queues }: RecordContext, arrivals: Arrivals): Send {
  const selectAccepted = database.prepare<AcceptedRow>(
    "SELECT message_id, seq, accepted_at FROM deduplication WHERE queue = ?1 AND scope = ?2 AND id = ?3",
  );
  const insertAccepted = database.prepare(
    "INSERT OR REPLACE INTO deduplication (queue, scope, id, message_id, seq, accepted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
  );

  const arrive = ({ now, incoming }: BatchContext, queue: Queue, message: PackedMessage): number => {
    const delayMs = message.delayMs ?? queue.settings.delayMs;
    return arrivals.send(queue, {
      sentAt: now,
      delayedUntil: delayMs > 0 ? now + delayMs : null,
      groupId: message.groupId ?? null,
      envelope: incoming.take(message.envelope),
      body: incoming.take(message.body),
    });
  };
  const arriveOnce = (batch: BatchContext, queue: Queue, message: PackedMessage) => {
    const scope = queue.settings.deduplicationScope === "messageGroup" ? message.groupId! : "";
    const id = message.deduplicationId!;
    const before = selectAccepted.get(queue.key, scope, id);
    if (before !== undefined && before.accepted_at + DEDUPLICATION_MS > batch.now) {
      batch.incoming.take(message.envelope + message.body);
      return { messageId: before.message_id, sequenceNumber: sequenceNumberOf(before.seq), duplicate: true };
    }
    const seq = arrive(batch, queue, message);
    const messageId = message.messageId!;
    insertAccepted.run(queue.key, scope, id, messageId, seq, batch.now);
    return { messageId, sequenceNumber: sequenceNumberOf(seq), duplicate: false };
  };

  return (batch, { queue: id, messages }) => {
    const queue = queues.find(id);
    if (queue?.state !== "open") {
      // The texts are in the letter all the same.
      for (const message of messages) batch.incoming.take(message.envelope + message.body);
      return { refused: "NoSuchQueue" };
    }
    const dueBefore = queue.nextDue;
    const answer: SendAnswer = queue.settings.fifo
      ? { accepted: messages.map((message) => arriveOnce(batch, queue, message)) }
      : {};
    if (!queue.settings.fifo) for (const message of messages) arrive(batch, queue, message);
    return queue.nextDue < dueBefore ? { ...answer, nextDue: queue.nextDue } : answer;
  };
}
