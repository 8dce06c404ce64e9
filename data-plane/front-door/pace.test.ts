import { expect, test } from "bun:test";
import { createTokenBuckets } from "#foundation/rate-limit";
import { createVirtualTime } from "#foundation/runtime";
import { type DoorOptions, openDoor, outcome } from "./testing/door.ts";
import { signed } from "./testing/fake-request.ts";

/** An operation that the door of these tests takes for one that changes something. */
const CHANGE = { path: "/" } as const;
const GET = { path: "/photos/cat.png" } as const;

async function openPaced(options: DoorOptions = {}) {
  const time = createVirtualTime(0);
  const changes = createTokenBuckets({ clock: time.clock, capacity: 2, refillPerSecond: 1 });
  return { time, door: await openDoor({ ...options, changes }) };
}

test("whoever changes too much waits, and is not written down for it; data and others go on", async () => {
  const { time, door } = await openPaced();
  const change = async () => outcome(await door.sendSigned(CHANGE));
  expect([await change(), await change(), await change()]).toEqual([
    [200, undefined],
    [200, undefined],
    [503, "SlowDown"],
  ]);
  expect(door.audit.events).toHaveLength(2);
  expect(outcome(await door.sendSigned(GET))[0]).toBe(200);
  // A second key of the root user is the same caller; a user is another one.
  const second = door.catalog.putKey("AKIASECOND");
  expect(outcome(await door.send(signed(CHANGE, { credential: second })))[1]).toBe("SlowDown");
  await time.advance(1_000);
  expect(await change()).toEqual([200, undefined]);
});

test("who may not is told so, however often", async () => {
  const { door } = await openPaced();
  door.catalog.putUser("ana");
  const credential = door.catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" } });
  for (let attempt = 0; attempt < 4; attempt++) {
    expect(outcome(await door.send(signed(CHANGE, { credential })))[1]).toBe("AccessDenied");
  }
});
