/** One receive that may wait: tries, waits to be woken, tries again, until there is something, the time is over, or the caller goes away. */

import type { ResourceId } from "#contracts";
import type { Clock, Timers } from "#foundation/runtime";
import type { Waiter, WaitingRoom } from "./waiting-room.ts";

export interface LongPoll<Message> {
  readonly queueId: ResourceId;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  /**
   * One try. When it finds nothing it must call `park` in the very moment in which the answer arrives, before any later answer is looked at: a message
   * that came with the next command would otherwise wake nobody.
   */
  readonly attempt: (park: () => void) => Promise<readonly Message[]>;
  /** What was taken reached nobody. */
  readonly giveBack: (messages: readonly Message[]) => Promise<void>;
}

/** @throws the signal's reason, the attempt's error */
export async function longPoll<Message>(
  room: WaitingRoom,
  clock: Clock,
  timers: Timers,
  poll: LongPoll<Message>,
): Promise<readonly Message[]> {
  const { queueId, waitMs, signal } = poll;
  const deadline = clock.monotonicMs() + waitMs;
  const waiter: Waiter = {};
  const park = (): void => {
    if (waitMs > 0) room.park(queueId, waiter);
  };
  /** Woken, and has not looked since. */
  let called = false;
  const look = async (): Promise<readonly Message[]> => {
    const owed = called;
    called = false;
    try {
      return await poll.attempt(park);
    } catch (error) {
      called ||= owed;
      throw error;
    }
  };
  try {
    for (;;) {
      signal?.throwIfAborted();
      const call = new Promise<void>((resolve) => {
        waiter.wake = () => {
          called = true;
          resolve();
        };
      });
      const messages = await look();
      if (signal?.aborted === true) {
        if (messages.length > 0) await poll.giveBack(messages);
        throw signal.reason;
      }
      const leftMs = deadline - clock.monotonicMs();
      if (messages.length > 0 || leftMs <= 0) return messages;
      if (!(await isCalled(call, timers, leftMs, signal))) return [];
    }
  } finally {
    // Who was called and does not look must not be the end of the call.
    room.leave(queueId, waiter);
    if (called) room.wake(queueId, 1);
  }
}

/** True when called (or the caller went away, which the loop sees), false when the time is over. */
function isCalled(
  call: Promise<void>,
  timers: Timers,
  leftMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (called: boolean): void => {
      timer.cancel();
      signal?.removeEventListener("abort", abandon);
      resolve(called);
    };
    const abandon = (): void => finish(true);
    const timer = timers.after(leftMs, () => finish(false));
    signal?.addEventListener("abort", abandon, { once: true });
    void call.then(() => finish(true));
  });
}
