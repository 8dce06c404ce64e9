import { expect, test } from "bun:test";
import type { StoreTransaction } from "../../client/index.ts";
import { bytes, failure, fixedRandom, storeWorld, text } from "../../client/testing/index.ts";
import { Subspace } from "../subspace/index.ts";
import { JobQueue, JobQueueError, type JobQueueOptions, type Lease, work } from "./index.ts";

function world(options: Partial<JobQueueOptions> = {}) {
  const base = storeWorld();
  const { clock, timers } = base.time;
  const queue = new JobQueue(new Subspace(bytes("q")), { clock, random: fixedRandom(7), ...options });
  const run = <T>(of: (tx: StoreTransaction) => Promise<T>) => base.db.transact(of);
  return {
    ...base,
    clock,
    timers,
    queue,
    run,
    enqueue: (payload: string, delayMs?: number) => run(async (tx) => queue.enqueue(tx, bytes(payload), { delayMs })),
    lease: () => run((tx) => queue.lease(tx)),
  };
}

test("a job is had once, and is gone when it is completed", async () => {
  const { enqueue, lease, run, queue, store, time } = world();
  const id = await enqueue("mail");
  const had = await lease();
  expect([had?.id, text(had?.payload), had?.attempts]).toEqual([id, "mail", 1]);
  expect(await lease()).toBeUndefined();
  await run((tx) => queue.complete(tx, had!));
  time.advance(60_000);
  expect(await lease()).toBeUndefined();
  // Only the number of changes is left.
  expect(store.contents()).toHaveLength(1);
});

test("a job that is delayed is not had before", async () => {
  const { enqueue, lease, run, queue, time, clock } = world();
  await enqueue("later", 5_000);
  expect(await lease()).toBeUndefined();
  expect(await run((tx) => queue.nextDueMs(tx))).toBe(clock.now() + 5_000);
  time.advance(5_000);
  expect(text((await lease())?.payload)).toBe("later");
});

test("a lease that is over gives the job to another, and its holder can do nothing with it", async () => {
  const { enqueue, lease, run, queue, time } = world({ leaseMs: 1_000 });
  await enqueue("mail");
  const first = (await lease())!;
  time.advance(1_000);
  const second = (await lease())!;
  expect(second.attempts).toBe(2);
  for (const late of [
    (tx: StoreTransaction) => queue.complete(tx, first),
    (tx: StoreTransaction) => queue.extend(tx, first),
    (tx: StoreTransaction) => queue.fail(tx, first, "no"),
    (tx: StoreTransaction) => queue.discard(tx, first, "no"),
  ] as const) {
    await expect(run<unknown>(late)).rejects.toThrow(JobQueueError);
  }
  await run((tx) => queue.complete(tx, second));
});

test("a lease is over when its attempt failed, though the job is due again when the lease would have ended", async () => {
  const { enqueue, lease, run, queue } = world({ leaseMs: 1_000, retryMs: 1_000 });
  await enqueue("mail");
  const held = (await lease())!;
  await run((tx) => queue.fail(tx, held, "broken"));
  await expect(run((tx) => queue.complete(tx, held))).rejects.toThrow(JobQueueError);
});

test("a lease that is extended lasts", async () => {
  const { enqueue, lease, run, queue, time } = world({ leaseMs: 1_000 });
  await enqueue("mail");
  let held: Lease = (await lease())!;
  for (let i = 0; i < 5; i++) {
    time.advance(900);
    held = await run((tx) => queue.extend(tx, held));
    expect(await lease()).toBeUndefined();
  }
  await run((tx) => queue.complete(tx, held));
});

test("a job that fails comes again, later each time, and is buried after its last attempt", async () => {
  const { enqueue, lease, run, queue, time, clock } = world({ attemptsMax: 3, retryMs: 100 });
  await enqueue("bad");
  for (const waitMs of [100, 200]) {
    expect(await run(async (tx) => queue.fail(tx, (await queue.lease(tx))!, "broken"))).toBe("again");
    time.advance(waitMs - 1);
    expect(await lease()).toBeUndefined();
    time.advance(1);
  }
  const last = (await lease())!;
  expect(last.attempts).toBe(3);
  expect(await run((tx) => queue.fail(tx, last, "broken"))).toBe("buried");
  const [letter] = await run((tx) => queue.deadLetters(tx, 10));
  expect(letter).toMatchObject({ attempts: 3, reason: "broken", buriedMs: clock.now() });
  expect(text(letter!.payload)).toBe("bad");
  expect(await run((tx) => queue.revive(tx, letter!))).toBe(true);
  expect(await run((tx) => queue.revive(tx, letter!))).toBe(false);
  expect((await lease())?.attempts).toBe(1);
  expect(await run((tx) => queue.deadLetters(tx, 10))).toEqual([]);
});

test("a job that ends everyone who takes it is buried too", async () => {
  const { enqueue, lease, run, queue, time } = world({ attemptsMax: 2, leaseMs: 1_000 });
  await enqueue("poison");
  await enqueue("good", 1_500);
  for (let i = 0; i < 2; i++) {
    expect(text((await lease())?.payload)).toBe("poison");
    time.advance(1_000);
  }
  expect(text((await lease())?.payload)).toBe("good");
  expect(await lease()).toBeUndefined();
  const letters = await run((tx) => queue.deadLetters(tx, 10));
  expect(letters.map(({ payload }) => text(payload))).toEqual(["poison"]);
});

test("those who look at the same time have different jobs, or conflict", async () => {
  const { db, queue, enqueue } = world();
  for (let i = 0; i < 12; i++) await enqueue(`job ${i}`);
  const open = Array.from({ length: 12 }, () => db.createTransaction());
  const had = await Promise.all(open.map((tx) => queue.lease(tx)));
  const results = await Promise.all(open.map((tx) => failure(tx.commit())));
  const names = had.filter((_, i) => results[i] === undefined).map((lease) => text(lease!.payload));
  expect(names.length).toBeGreaterThan(4);
  expect(new Set(names).size).toBe(names.length);
});

test("those who bring jobs at the same time do not conflict", async () => {
  const { db, queue } = world();
  const open = Array.from({ length: 5 }, () => db.createTransaction());
  for (const tx of open) {
    await tx.getReadVersion();
    queue.enqueue(tx, bytes("job"));
  }
  expect(await Promise.all(open.map((tx) => failure(tx.commit())))).toEqual(open.map(() => undefined));
});

test("a worker does what is there, waits for what comes, and ends when it is told to", async () => {
  const { db, queue, enqueue, time, clock, timers } = world({ attemptsMax: 2, retryMs: 100 });
  const stop = new AbortController();
  const done: string[] = [];
  await enqueue("first");
  const working = work(
    db,
    queue,
    async ({ payload, attempts }) => {
      const name = text(payload)!;
      if (name === "bad") throw new Error("of the job");
      if (name === "shaky" && attempts === 1) throw new Error("once");
      return async (tx) => {
        done.push(name);
        tx.set(bytes(`done ${name}`), bytes(""));
      };
    },
    { clock, timers, signal: stop.signal },
  );
  await time.advanceSettled(10);
  expect(done).toEqual(["first"]);
  for (const name of ["bad", "shaky"]) await enqueue(name);
  await enqueue("later", 20_000);
  await time.advanceSettled(1_000);
  expect(done).toEqual(["first", "shaky"]);
  await time.advanceSettled(20_000);
  expect(done).toEqual(["first", "shaky", "later"]);
  const [letter] = await db.transact((tx) => queue.deadLetters(tx, 9));
  expect(letter).toMatchObject({ reason: "of the job", attempts: 2 });
  expect(await db.transact((tx) => tx.get(bytes("done later")))).toBeDefined();
  stop.abort();
  await working;
  expect(time.pendingTimers()).toBe(0);
});

test("a job that takes longer than a lease stays with its worker", async () => {
  const { db, queue, enqueue, time, clock, timers } = world({ leaseMs: 1_000 });
  const stop = new AbortController();
  let runs = 0;
  await enqueue("long");
  const slow = async () => {
    runs++;
    await new Promise<void>((resolve) => timers.after(10_000, resolve));
    stop.abort();
  };
  // The second one would take it as soon as it could.
  const workers = [1, 2].map(() => work(db, queue, slow, { clock, timers, signal: stop.signal }));
  await time.advanceSettled(12_000);
  await Promise.all(workers);
  expect(runs).toBe(1);
  expect(await db.transact((tx) => queue.nextDueMs(tx))).toBeUndefined();
  expect(time.pendingTimers()).toBe(0);
});
