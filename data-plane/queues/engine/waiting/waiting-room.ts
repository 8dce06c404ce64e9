/**
 * Where consumers wait for messages (long polling): in the order in which they came, woken when something may have become visible.
 *
 * Who is woken looks for himself; who finds nothing waits on in his old place. Nothing here is certain, only cheap: a waiter may be woken for nothing, but
 * never sleeps through a message, because every answer of the records says when the next one becomes visible by itself.
 */

import type { ResourceId } from "#contracts";
import type { Clock, TimerHandle, Timers } from "#foundation/runtime";

/** One waiting consumer. */
export interface Waiter {
  /** The waiter is not in the room any more until it parks again. */
  wake?: () => void;
  /** Set by the room at the first `park`: the place in the order. */
  ticket?: number;
}

export interface WaitingRoom {
  park(queueId: ResourceId, waiter: Waiter): void;
  /** Takes a waiter out that does not want to wait any more. */
  leave(queueId: ResourceId, waiter: Waiter): void;
  /** Up to `count` messages may have become visible. */
  wake(queueId: ResourceId, count: number): void;
  /** Nothing becomes visible by itself before `nextDue` (epoch milliseconds; undefined: ever). */
  note(queueId: ResourceId, nextDue: number | undefined): void;
  wakeAll(): void;
}

interface Queue {
  /** By ticket, ascending. */
  readonly waiters: Waiter[];
  due: number;
  timer: TimerHandle | undefined;
}

export function createWaitingRoom(clock: Clock, timers: Timers): WaitingRoom {
  const queues = new Map<ResourceId, Queue>();
  let tickets = 0;

  const disarm = (queue: Queue): void => {
    queue.timer?.cancel();
    queue.timer = undefined;
    queue.due = Number.POSITIVE_INFINITY;
  };
  const forgetIfEmpty = (queueId: ResourceId, queue: Queue): void => {
    if (queue.waiters.length > 0) return;
    disarm(queue);
    queues.delete(queueId);
  };
  const room: WaitingRoom = {
    park(queueId, waiter) {
      let queue = queues.get(queueId);
      if (queue === undefined) {
        queue = { waiters: [], due: Number.POSITIVE_INFINITY, timer: undefined };
        queues.set(queueId, queue);
      }
      waiter.ticket ??= tickets++;
      // Nearly always the last place; one who was woken for nothing goes back to an earlier one.
      let at = queue.waiters.length;
      while (at > 0 && queue.waiters[at - 1]!.ticket! > waiter.ticket) at--;
      queue.waiters.splice(at, 0, waiter);
    },
    leave(queueId, waiter) {
      const queue = queues.get(queueId);
      const at = queue?.waiters.indexOf(waiter) ?? -1;
      if (queue === undefined || at < 0) return;
      queue.waiters.splice(at, 1);
      forgetIfEmpty(queueId, queue);
    },
    wake(queueId, count) {
      const queue = queues.get(queueId);
      if (queue === undefined) return;
      const woken = queue.waiters.splice(0, count);
      forgetIfEmpty(queueId, queue);
      for (const waiter of woken) waiter.wake?.();
    },
    note(queueId, nextDue) {
      const queue = queues.get(queueId);
      if (queue === undefined || nextDue === undefined || nextDue >= queue.due) return;
      disarm(queue);
      queue.due = nextDue;
      queue.timer = timers.after(Math.max(0, nextDue - clock.now()), () => {
        disarm(queue);
        room.wake(queueId, 1);
      });
    },
    wakeAll() {
      for (const queueId of [...queues.keys()]) room.wake(queueId, Number.POSITIVE_INFINITY);
    },
  };
  return room;
}
