import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import { VersionWaiters } from "./version-waiters.ts";

test("6.2.7: a version that is passed wakes all who wait for it or less, and nobody who waits for more", async () => {
  const time = createVirtualTime(0);
  const waiters = new VersionWaiters(time.timers);
  const reached: bigint[] = [];
  const waits = [100n, 150n, 200n, 201n].map(async (version) => {
    if (await waiters.wait(version, 1_000)) reached.push(version);
  });
  // The last version of what was applied at once: others in between are never told of by themselves.
  waiters.reached(200n);
  await Promise.all(waits.slice(0, 3));
  expect(reached).toEqual([100n, 150n, 200n]);
  time.advance(1_000);
  await Promise.all(waits);
  expect(reached).toEqual([100n, 150n, 200n]);
  expect(time.pendingTimers()).toBe(0);
});
