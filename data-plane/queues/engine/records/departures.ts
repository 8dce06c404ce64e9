/** How messages leave: from whatever state they are in. */

import type { Groups } from "./groups.ts";
import { count, DELAYED, IN_FLIGHT, type MessageState, type Queue, READY } from "./queue-book.ts";
import type { RecordContext } from "./record-context.ts";

/** What must be known of a message to find its rows. */
export interface Standing {
  readonly seq: number;
  readonly place: number;
  readonly group_id: string | null;
  readonly delayed_until: number | null;
  /** The deadline of its latest receive, null when there was none. */
  readonly due: number | null;
}

export interface Departures {
  /** Removes a message, settles its state, and on FIFO queues lets the group go on. */
  remove(queue: Queue, message: Standing): void;
  /** Takes a message out of the schedule and out of the counts. @returns the state it was in */
  unschedule(queue: Queue, message: Standing): MessageState;
  /** Deletes the rows of a message that is not scheduled (any more). */
  erase(seq: number): void;
}

export function createDepartures({ database, queues }: RecordContext, groups: Groups): Departures {
  const deleteMessage = database.prepare("DELETE FROM messages WHERE seq = ?1");
  const deleteReceipt = database.prepare("DELETE FROM receipts WHERE seq = ?1");
  const deleteSchedule = database.prepare(
    "DELETE FROM schedule WHERE store = ?1 AND due = ?2 AND place = ?3 AND seq = ?4",
  );

  /** A message stands at its deadline until it is promoted, which may be later than due; then at 0. */
  const takeOut = (queue: Queue, { seq, place, due, delayed_until: delayedUntil }: Standing): MessageState => {
    const { store } = queue;
    const at = due ?? delayedUntil;
    if (at !== null && deleteSchedule.run(store, at, place, seq).changes > 0) return due === null ? DELAYED : IN_FLIGHT;
    // On a FIFO queue those behind the first of their group are not scheduled at all.
    deleteSchedule.run(store, 0, place, seq);
    return READY;
  };

  const departures: Departures = {
    remove(queue, message) {
      const state = departures.unschedule(queue, message);
      departures.erase(message.seq);
      if (!queue.settings.fifo) return;
      if (state === IN_FLIGHT) groups.release(queue, message.group_id!);
      else groups.offer(queue, message.group_id!);
    },
    unschedule(queue, message) {
      const state = takeOut(queue, message);
      count(queue, state, -1);
      queues.touch(queue);
      return state;
    },
    erase(seq) {
      deleteReceipt.run(seq);
      deleteMessage.run(seq);
    },
  };
  return departures;
}
