import { expect, test } from "bun:test";
import type { ResourceId } from "#contracts";
import { createVirtualTime } from "#foundation/runtime";
import { createWaitingRoom, type Waiter } from "./waiting-room.ts";

const QUEUE = "queue" as ResourceId;

function open() {
  const time = createVirtualTime(1_000_000);
  const room = createWaitingRoom(time.clock, time.timers);
  const woken: string[] = [];
  const waiter = (name: string): Waiter => ({ wake: () => void woken.push(name) });
  return { time, room, woken, waiter };
}

test("the first come are the first woken, and a waiter keeps his place when he was woken for nothing", () => {
  const { room, woken, waiter } = open();
  const [a, b, c] = ["a", "b", "c"].map(waiter) as [Waiter, Waiter, Waiter];
  for (const one of [a, b, c]) room.park(QUEUE, one);
  room.wake(QUEUE, 2);
  room.park(QUEUE, b);
  room.park(QUEUE, a);
  room.wake(QUEUE, 1);
  room.wake("other" as ResourceId, 5);
  room.wake(QUEUE, 5);
  room.wake(QUEUE, 5);
  expect(woken).toEqual(["a", "b", "a", "b", "c"]);
});

test("who has left is not woken", () => {
  const { room, woken, waiter } = open();
  const [a, b] = ["a", "b"].map(waiter) as [Waiter, Waiter];
  room.park(QUEUE, a);
  room.park(QUEUE, b);
  room.leave(QUEUE, a);
  room.leave(QUEUE, a);
  room.wakeAll();
  expect(woken).toEqual(["b"]);
});

test("the earliest moment that was told wakes one, and no timer outlives those who wait", () => {
  const { time, room, woken, waiter } = open();
  room.note(QUEUE, 1_000_500);
  expect(time.pendingTimers()).toBe(0);
  room.park(QUEUE, waiter("a"));
  room.park(QUEUE, waiter("b"));
  room.note(QUEUE, 1_000_500);
  room.note(QUEUE, 1_000_300);
  room.note(QUEUE, 1_000_900);
  room.note(QUEUE, undefined);
  expect(time.pendingTimers()).toBe(1);
  time.advance(299);
  expect(woken).toEqual([]);
  time.advance(1);
  expect(woken).toEqual(["a"]);
  room.note(QUEUE, 999_000);
  time.advance(0);
  expect(woken).toEqual(["a", "b"]);
  room.park(QUEUE, waiter("c"));
  room.note(QUEUE, 2_000_000);
  room.wake(QUEUE, 1);
  expect(time.pendingTimers()).toBe(0);
});
