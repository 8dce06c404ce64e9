import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import { event } from "../testing/fixture.ts";
import { Coalescer, type NotedRecord, WINDOW_MS } from "./coalesce.ts";
import { BACKLOG_MAX, createNotes, LOST_ACTION, TICK_MS } from "./notes.ts";

function fresh() {
  const time = createVirtualTime(1_000_000);
  const disk = { works: true, written: [] as NotedRecord[] };
  const notes = createNotes({
    coalescer: new Coalescer(time.clock),
    timers: time.timers,
    append: async (record) => {
      if (!disk.works) throw new Error("the disk is full");
      disk.written.push(record);
    },
    lostRecord: (count) => ({ ...event({ action: LOST_ACTION }), at: time.clock.now(), count }),
  });
  return { time, disk, notes };
}

test("what the disk refuses is written in its order when it takes again", async () => {
  const { time, disk, notes } = fresh();
  disk.works = false;
  for (let kind = 0; kind < 5; kind++) notes.note(event({ action: `a:${kind}` }));
  await time.advanceSettled(3 * TICK_MS);
  expect(disk.written).toEqual([]);
  disk.works = true;
  await time.advanceSettled(TICK_MS);
  expect(disk.written.map(({ action }) => action)).toEqual(["a:0", "a:1", "a:2", "a:3", "a:4"]);
  await notes.close();
});

test("when too many wait, the log says how many are missing", async () => {
  const { time, disk, notes } = fresh();
  disk.works = false;
  let told = 0;
  // One new kind each second from ever other sources is what the tokens always allow.
  while (told < BACKLOG_MAX + 500) {
    notes.note(event({ action: `a:${told}`, sourceIp: `192.0.2.${told}` }));
    told++;
    await time.advanceSettled(1000);
  }
  disk.works = true;
  await time.advanceSettled(2 * TICK_MS);
  const lost = disk.written.find(({ action }) => action === LOST_ACTION);
  expect(disk.written).toHaveLength(BACKLOG_MAX + 1);
  expect(lost?.count).toBe(told - BACKLOG_MAX);
  await notes.close();
});

test("nothing ticks when nothing waits", async () => {
  const { time, notes, disk } = fresh();
  notes.note(event());
  notes.note(event());
  await time.advanceSettled(3 * WINDOW_MS);
  expect(disk.written.map(({ count }) => count)).toEqual([undefined, undefined]);
  expect(time.pendingTimers()).toBe(0);
  await notes.close();
});
