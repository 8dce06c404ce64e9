/** What consumers say about messages they have: done, more time, not delivered. */

import type { DeleteOutcome, VisibilityOutcome } from "../port.ts";
import type { Answer, Ask, Refusal } from "./commands.ts";
import type { Departures, Standing } from "./departures.ts";
import type { Groups } from "./groups.ts";
import { count, IN_FLIGHT, type Queue, READY } from "./queue-book.ts";
import type { Receipt } from "./receipt-handles.ts";
import type { BatchContext, RecordContext } from "./record-context.ts";
import type { Settling } from "./settling.ts";

/** ChangeMessageVisibility: "A message can be in flight for at most 12 hours", from its receive on. */
export const VISIBILITY_MAX_MS = 12 * 60 * 60 * 1000;

export interface Acknowledging {
  delete(batch: BatchContext, ask: Ask<"delete">): Answer<"delete"> | Refusal;
  changeVisibility(batch: BatchContext, ask: Ask<"changeVisibility">): Answer<"changeVisibility"> | Refusal;
  release(batch: BatchContext, ask: Ask<"release">): true | Refusal;
}

interface HeldRow extends Standing {
  readonly store: number;
  readonly due: number;
  readonly receives: number;
  readonly generation: number;
  readonly received_at: number;
}

export function createAcknowledging(
  { database, queues, handles }: RecordContext,
  groups: Groups,
  departures: Departures,
  settling: Settling,
): Acknowledging {
  const selectHeld = database.prepare<HeldRow>(
    `SELECT m.seq, m.store, m.place, m.group_id, m.delayed_until, r.due, r.receives, r.generation, r.received_at
     FROM receipts r CROSS JOIN messages m ON m.seq = r.seq WHERE r.seq = +?1`,
  );
  const reschedule = database.prepare(
    `UPDATE schedule SET due = ?5 WHERE store = ?1 AND due = ?2 AND place = ?3 AND seq = ?4 AND state = ${IN_FLIGHT}`,
  );
  const extend = database.prepare("UPDATE receipts SET due = ?2, changed = 1 WHERE seq = ?1");
  const giveBack = database.prepare(
    "UPDATE receipts SET due = ?2, receives = receives - 1, generation = generation + 1 WHERE seq = ?1",
  );
  const insertReady = database.prepare(
    `INSERT INTO schedule (store, due, place, seq, state) VALUES (?1, 0, ?2, ?3, ${READY})`,
  );

  /** The message of a receipt, when it is still in this queue. */
  const find = (queue: Queue, { seq }: Receipt): HeldRow | undefined => {
    const row = selectHeld.get(seq);
    return row?.store === queue.store ? row : undefined;
  };
  /** Makes a message in flight visible now. */
  const makeVisible = (queue: Queue, row: HeldRow): void => {
    departures.unschedule(queue, row);
    count(queue, READY, 1);
    if (queue.settings.fifo) groups.release(queue, row.group_id!);
    else insertReady.run(queue.store, row.place, row.seq);
  };

  const deleteOne = (queue: Queue, now: number, handle: string): DeleteOutcome => {
    const receipt = handles.decode(queue.key, handle);
    if (receipt === undefined) return "invalid";
    const row = find(queue, receipt);
    if (row === undefined) return "deleted";
    if (row.generation !== receipt.generation) return "stale";
    if (queue.settings.fifo && row.due <= now) return "expired";
    departures.remove(queue, row);
    return "deleted";
  };
  const changeOne = (queue: Queue, now: number, handle: string, visibilityMs: number): VisibilityOutcome => {
    const receipt = handles.decode(queue.key, handle);
    if (receipt === undefined) return "invalid";
    const row = find(queue, receipt);
    if (row === undefined) return "gone";
    if (row.generation !== receipt.generation) return "stale";
    if (row.due <= now) return "notInFlight";
    const due = now + visibilityMs;
    if (due > row.received_at + VISIBILITY_MAX_MS) return "tooLong";
    if (visibilityMs === 0) makeVisible(queue, row);
    else {
      reschedule.run(queue.store, row.due, row.place, row.seq, due);
      queue.nextDue = Math.min(queue.nextDue, due);
    }
    extend.run(row.seq, due);
    return "changed";
  };
  const releaseOne = (queue: Queue, now: number, handle: string): void => {
    const receipt = handles.decode(queue.key, handle);
    const row = receipt === undefined ? undefined : find(queue, receipt);
    if (row === undefined || row.generation !== receipt?.generation || row.due <= now) return;
    makeVisible(queue, row);
    giveBack.run(row.seq, now);
  };

  return {
    delete({ now }, { queue: id, handles: texts }) {
      const queue = queues.find(id);
      if (queue?.state !== "open") return { refused: "NoSuchQueue" };
      const outcomes = texts.map((handle) => deleteOne(queue, now, handle));
      return queue.settings.fifo ? { outcomes, unlocked: true } : { outcomes };
    },
    changeVisibility({ now }, { queue: id, changes }) {
      const queue = queues.find(id);
      if (queue?.state !== "open") return { refused: "NoSuchQueue" };
      settling.settle(queue, now);
      const outcomes = changes.map(({ handle, visibilityMs }) => changeOne(queue, now, handle, visibilityMs));
      return Number.isFinite(queue.nextDue) ? { outcomes, nextDue: queue.nextDue } : { outcomes };
    },
    release({ now }, { queue: id, handles: texts }) {
      const queue = queues.find(id);
      if (queue?.state !== "open") return { refused: "NoSuchQueue" };
      for (const handle of texts) releaseOne(queue, now, handle);
      return true;
    },
  };
}
