import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import { WaitingRoom } from "./waiting-room.ts";

test("who waits looks again at every configuration, and gives up when nothing has come in time", async () => {
  const time = createVirtualTime(0);
  const room = new WaitingRoom(time.timers);
  const first = room.wait(0, 0);
  room.call();
  expect(await first).toBe(true);
  const second = room.wait(0, 4_000);
  await time.advanceSettled(5_999);
  const third = room.wait(9_999, 9_999);
  await time.advanceSettled(1);
  expect(await second).toBe(false);
  room.call();
  expect(await third).toBe(true);
  expect(time.pendingTimers()).toBe(0);
});

test("nobody waits for longer than the time there is, and no more than there is room for", () => {
  const time = createVirtualTime(0);
  const room = new WaitingRoom(time.timers);
  expect(room.wait(0, 10_000)).toBe(false);
  for (let guest = 0; guest < 1_000; guest++) expect(room.wait(0, 0)).toBeInstanceOf(Promise);
  expect(room.wait(0, 0)).toBe(false);
  room.call();
  expect(room.wait(0, 0)).toBeInstanceOf(Promise);
});
