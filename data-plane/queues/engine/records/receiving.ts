/** ReceiveMessage: who gets which message, and what is moved to a dead-letter queue instead. */

import type { ResourceId } from "#contracts";
import type { Arrivals } from "./arrivals.ts";
import type { Attempts } from "./attempts.ts";
import { CANDIDATE_COLUMNS, type Candidate } from "./candidates.ts";
import type { Ask, PackedReceipt, ReceiveAnswer, Refusal } from "./commands.ts";
import type { Departures } from "./departures.ts";
import type { Groups } from "./groups.ts";
import { count, IN_FLIGHT, type Queue, READY } from "./queue-book.ts";
import { ANSWER_TEXTS_MAX, type BatchContext, type RecordContext, touchedHint } from "./record-context.ts";
import { sequenceNumberOf } from "./sequence-number.ts";
import type { Settling } from "./settling.ts";

/** Messages that one receive may move to a dead-letter queue before others have their turn. */
const MOVED_MAX = 100;

/** One receive under way. */
interface Taking {
  readonly batch: BatchContext;
  readonly queue: Queue;
  readonly max: number;
  readonly due: number;
  readonly deadLetters: Queue | undefined;
  readonly taken: PackedReceipt[];
  /** What to remember for the attempt. */
  readonly receipts: (readonly [seq: number, generation: number])[];
  readonly touched: Set<ResourceId>;
  moved: number;
}

export type Receive = (batch: BatchContext, ask: Ask<"receive">) => ReceiveAnswer | Refusal;

export interface ReceiveParts {
  readonly context: RecordContext;
  readonly groups: Groups;
  readonly arrivals: Arrivals;
  readonly departures: Departures;
  readonly settling: Settling;
  readonly attempts: Attempts;
}

export function createReceive({ context, groups, arrivals, departures, settling, attempts }: ReceiveParts): Receive {
  const { database, queues, handles, inFlightMax } = context;
  const selectReady = database.prepare<Candidate>(
    `SELECT ${CANDIDATE_COLUMNS} FROM schedule s CROSS JOIN messages m ON m.seq = s.seq LEFT JOIN receipts r ON r.seq = s.seq
     WHERE s.store = +?1 AND s.due = 0 ORDER BY s.place, s.seq LIMIT +?2`,
  );
  const selectHeads = database.prepare<{ seq: number; place: number; group_id: string }>(
    `SELECT s.seq, s.place, m.group_id FROM schedule s CROSS JOIN messages m ON m.seq = s.seq
     WHERE s.store = +?1 AND s.due = 0 ORDER BY s.place, s.seq LIMIT +?2`,
  );
  const selectOfGroup = database.prepare<Candidate>(
    `SELECT ${CANDIDATE_COLUMNS} FROM messages m INDEXED BY messages_by_group LEFT JOIN receipts r ON r.seq = m.seq
     WHERE m.store = +?1 AND m.group_id = +?2 AND m.seq > +?3 ORDER BY m.seq LIMIT +?4`,
  );
  const isScheduled = database.prepare<{ found: number }>(
    "SELECT 1 AS found FROM schedule WHERE store = ?1 AND due = ?2 AND place = ?3 AND seq = ?4",
  );
  const insertSchedule = database.prepare(
    `INSERT INTO schedule (store, due, place, seq, state) VALUES (?1, ?2, ?3, ?4, ${IN_FLIGHT})`,
  );
  const unscheduleReady = database.prepare(
    "DELETE FROM schedule WHERE store = ?1 AND due = 0 AND place = ?2 AND seq = ?3",
  );
  const putReceipt = database.prepare(
    `INSERT OR REPLACE INTO receipts (seq, due, receives, generation, first_at, received_at, changed)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)`,
  );

  const isFull = ({ taken, max, batch }: Taking): boolean =>
    taken.length === max || (taken.length > 0 && batch.outgoing.length > ANSWER_TEXTS_MAX);

  /** Moves a message that was received too often, or removes one that is too old. False when it can be taken. */
  const putAside = (taking: Taking, message: Candidate): boolean => {
    const { queue, batch, deadLetters } = taking;
    const old = message.since + queue.settings.retentionMs <= batch.now;
    const spent = (message.receives ?? 0) >= (queue.settings.redrive?.maxReceiveCount ?? Number.POSITIVE_INFINITY);
    if (!old && !(spent && deadLetters !== undefined)) return false;
    if (!old) {
      arrivals.copy(message.seq, message.group_id, deadLetters!, {
        origin: queue.key,
        receivedBefore: message.received_before + (message.receives ?? 0),
        now: batch.now,
      });
      taking.touched.add(deadLetters!.id);
    }
    departures.unschedule(queue, message);
    departures.erase(message.seq);
    taking.moved++;
    return true;
  };
  /** Puts a message into the answer and its receipt on record; the caller moves its row of the schedule. */
  const take = ({ batch, queue, due, taken, receipts }: Taking, message: Candidate): void => {
    const { seq, origin } = message;
    const receives = (message.receives ?? 0) + 1;
    const generation = (message.generation ?? 0) + 1;
    // A receive that was given back leaves a receipt that counts none.
    const firstAt = receives === 1 ? batch.now : (message.first_at ?? batch.now);
    putReceipt.run(seq, due, receives, generation, firstAt, batch.now);
    count(queue, READY, -1);
    count(queue, IN_FLIGHT, 1);
    if (!queue.settings.fifo && message.place > queue.served) queue.served = message.place;
    receipts.push([seq, generation]);
    taken.push(pack(batch, queue, message, receives, generation, firstAt, origin));
  };
  const pack = (
    { outgoing }: BatchContext,
    queue: Queue,
    { seq, sent_at, received_before, envelope, body }: Candidate,
    receives: number,
    generation: number,
    firstAt: number,
    origin: number | null,
  ): PackedReceipt => {
    const source = origin === null ? undefined : queues.byKey(origin)?.id;
    return {
      handle: handles.encode(queue.key, seq, generation),
      envelope: outgoing.add(envelope),
      body: outgoing.add(body),
      sentAt: sent_at,
      receives: received_before + receives,
      firstAt,
      ...(queue.settings.fifo ? { sequenceNumber: sequenceNumberOf(seq) } : {}),
      ...(source === undefined ? {} : { origin: source }),
    };
  };

  const takeFromStandard = (taking: Taking): void => {
    const { queue, due } = taking;
    while (!isFull(taking) && taking.moved < MOVED_MAX) {
      const wanted = taking.max - taking.taken.length;
      const rows = selectReady.all(queue.store, wanted);
      for (const row of rows) {
        if (isFull(taking)) return;
        if (putAside(taking, row)) continue;
        take(taking, row);
        // Half the cost of an UPDATE of the key.
        unscheduleReady.run(queue.store, row.place, row.seq);
        insertSchedule.run(queue.store, due, row.place, row.seq);
      }
      if (rows.length < wanted) return;
    }
  };
  /** Takes what stands first in an unlocked group, in order. */
  const takeFromGroup = (taking: Taking, groupId: string): void => {
    const { queue, due } = taking;
    const before = taking.taken.length;
    let after = 0;
    let open = true;
    while (open && !isFull(taking) && taking.moved < MOVED_MAX) {
      const wanted = taking.max - taking.taken.length;
      const rows = selectOfGroup.all(queue.store, groupId, after, wanted);
      for (const row of rows) {
        if (isFull(taking)) break;
        after = row.seq;
        if (isDelayed(queue, row)) {
          open = false;
          break;
        }
        if (putAside(taking, row)) continue;
        take(taking, row);
        insertSchedule.run(queue.store, due, row.place, row.seq);
      }
      open &&= rows.length === wanted;
    }
    const held = taking.taken.length - before;
    if (held > 0) groups.lock(queue, groupId, held);
    else groups.offer(queue, groupId);
  };
  const isDelayed = (queue: Queue, { delayed_until: due, place, seq }: Candidate): boolean =>
    due !== null && isScheduled.get(queue.store, due, place, seq) !== undefined;
  const takeFromFifo = (taking: Taking): void => {
    const { queue } = taking;
    for (;;) {
      const before = taking.taken.length + taking.moved;
      for (const head of selectHeads.all(queue.store, taking.max)) {
        if (isFull(taking) || taking.moved >= MOVED_MAX) return;
        unscheduleReady.run(queue.store, head.place, head.seq);
        takeFromGroup(taking, head.group_id);
      }
      // Groups that only had spent messages leave room for those behind them.
      if (taking.taken.length + taking.moved === before) return;
    }
  };

  /** The queue that spent messages go to, when there is one and it is known. */
  const deadLettersOf = (queue: Queue): Queue | undefined => {
    const { redrive } = queue.settings;
    if (redrive === undefined) return undefined;
    const target = queues.find(redrive.deadLetterQueueId);
    return target?.state === "open" && target.settings.fifo === queue.settings.fifo && target !== queue
      ? target
      : undefined;
  };

  return (batch, { queue: id, max, visibilityMs, attemptId }) => {
    const queue = queues.find(id);
    if (queue?.state !== "open") return { refused: "NoSuchQueue" };
    if (batch.outgoing.length > ANSWER_TEXTS_MAX) return { messages: [], again: true };
    const unsettled = settling.settle(queue, batch.now);
    const { fifo } = queue.settings;
    const due = batch.now + (visibilityMs ?? queue.settings.visibilityMs);

    const repeated = fifo && attemptId !== undefined ? attempts.repeat(batch, queue, attemptId, due) : undefined;
    const taking: Taking = {
      batch,
      queue,
      max: Math.min(max, inFlightMax - queue.inFlight),
      due,
      deadLetters: deadLettersOf(queue),
      taken: [],
      receipts: [],
      touched: new Set(),
      moved: 0,
    };
    if (repeated !== undefined) {
      for (const { message, receives, generation, firstAt } of repeated) {
        taking.taken.push(pack(batch, queue, message, receives, generation, firstAt, message.origin));
      }
    } else if (taking.max <= 0) {
      if (!fifo) return { refused: "OverLimit" };
    } else {
      if (fifo) takeFromFifo(taking);
      else takeFromStandard(taking);
      if (taking.receipts.length > 0) {
        queue.nextDue = Math.min(queue.nextDue, due);
        queues.touch(queue);
        if (fifo && attemptId !== undefined) attempts.remember(queue, attemptId, batch.now, taking.receipts);
      }
    }
    const { taken, moved, touched } = taking;
    return {
      messages: taken,
      ...(Number.isFinite(queue.nextDue) ? { nextDue: queue.nextDue } : {}),
      ...(taken.length > 0 && queue.visible > 0 ? { more: true } : {}),
      ...(taken.length === 0 && (unsettled || moved >= MOVED_MAX) ? { again: true } : {}),
      ...touchedHint(touched),
    };
  };
}
