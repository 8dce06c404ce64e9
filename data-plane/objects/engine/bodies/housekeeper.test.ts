import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import type { EngineHost } from "#foundation/sql";
import type { RecordOperations } from "../records/commands.ts";
import { startHousekeeper } from "./housekeeper.ts";
import type { HousekeepingOperations, PassReport } from "./housekeeping.ts";

const NOTHING: PassReport = {
  settle: { arrived: [], materialised: [], swept: [] },
  more: false,
  nextDue: null,
  journalBytes: 0,
};

/** Passes that end when the test says so. */
async function world() {
  const time = createVirtualTime(1_000_000);
  const passes: PromiseWithResolvers<PassReport>[] = [];
  let manual = false;
  const work = {
    pending: 0,
    failure: undefined,
    close: async () => undefined,
    async apply(name: string) {
      if (name === "recover") return 0 as never;
      if (name === "backlog") return { rows: 0, bytes: 0 } as never;
      if (!manual) return NOTHING as never;
      const pass = Promise.withResolvers<PassReport>();
      passes.push(pass);
      return (await pass.promise) as never;
    },
  } satisfies EngineHost<HousekeepingOperations>;
  const records = {
    pending: 0,
    failure: undefined,
    close: async () => undefined,
    apply: async () => ({ done: true }) as never,
  } satisfies EngineHost<RecordOperations>;
  const { clock, timers } = time;
  const housekeeper = await startHousekeeper({ work, records, clock, timers, pinnedUploads: () => [] });
  manual = true;
  return { time, passes, housekeeper };
}

test("a commit is followed by a pass, many commits by one", async () => {
  const { time, passes, housekeeper } = await world();
  for (let commit = 0; commit < 100; commit++) housekeeper.noticeCommit(10);
  expect(housekeeper.journalBytes).toBe(1000);
  await time.advanceSettled(200);
  expect(passes).toHaveLength(1);
  passes[0]!.resolve({ ...NOTHING, journalBytes: 600 });
  await time.advanceSettled(60_000);
  expect(passes).toHaveLength(1);
  expect(housekeeper.journalBytes).toBe(400);
});

test("a commit during a pass is followed by another pass, whoever started the first", async () => {
  for (const start of ["timer", "settle"]) {
    const { time, passes, housekeeper } = await world();
    const settling = start === "settle" ? housekeeper.settle(true) : housekeeper.noticeCommit(1);
    await time.advanceSettled(200);
    expect(passes).toHaveLength(1);
    housekeeper.noticeCommit(1);
    passes[0]!.resolve(NOTHING);
    await settling;
    await time.advanceSettled(1000);
    expect(passes, start).toHaveLength(2);
  }
});

test("passes follow each other while there is more, and wait for garbage that is not due", async () => {
  const { time, passes, housekeeper } = await world();
  housekeeper.noticeCommit(1);
  await time.advanceSettled(200);
  passes[0]!.resolve({ ...NOTHING, more: true });
  await time.advanceSettled(100);
  expect(passes).toHaveLength(2);
  passes[1]!.resolve({ ...NOTHING, nextDue: time.clock.now() + 10_000 });
  await time.advanceSettled(9_000);
  expect(passes).toHaveLength(2);
  await time.advanceSettled(2_000);
  expect(passes).toHaveLength(3);
});

test("a pass that failed is tried again later", async () => {
  const { time, passes, housekeeper } = await world();
  housekeeper.noticeCommit(1);
  await time.advanceSettled(200);
  passes[0]!.reject(new Error("the disk is full"));
  await time.advanceSettled(1_000);
  expect(passes).toHaveLength(1);
  await time.advanceSettled(5_000);
  expect(passes).toHaveLength(2);
});

test("close stops the timers and waits for the pass that runs", async () => {
  const { time, passes, housekeeper } = await world();
  housekeeper.noticeCommit(1);
  await time.advanceSettled(200);
  let closed = false;
  const closing = housekeeper.close().then(() => {
    closed = true;
  });
  await time.advanceSettled(10);
  expect(closed).toBe(false);
  passes[0]!.resolve({ ...NOTHING, more: true });
  await closing;
  await time.advanceSettled(60_000);
  expect(passes).toHaveLength(1);
  expect(time.pendingTimers()).toBe(0);
});
