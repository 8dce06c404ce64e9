import { expect, test } from "bun:test";
import { StoreError } from "../errors/index.ts";
import { openDatabase, WATCHES_MAX } from "./index.ts";
import { bytes, failure, fixedRandom, refused, storeWorld } from "./testing/index.ts";

const key = bytes("a");

async function outcome(promise: Promise<void>): Promise<string> {
  const waiting = new Promise<string>((resolve) => setImmediate(() => resolve("waiting")));
  return Promise.race([
    promise.then(
      () => "changed",
      (error) => error.code as string,
    ),
    waiting,
  ]);
}

test("a watch ends with the next commit that changes its key, and outlives its transaction", async () => {
  const { db } = storeWorld();
  const watch = await db.transact(async (tx) => tx.watch(key));
  expect(await outcome(watch.changed)).toBe("waiting");
  await db.transact(async (tx) => tx.set(bytes("b"), bytes("x")));
  expect(await outcome(watch.changed)).toBe("waiting");
  await db.transact(async (tx) => tx.set(key, bytes("x")));
  expect(await outcome(watch.changed)).toBe("changed");
});

test("it waits for another value than the transaction saw, its own write counted", async () => {
  const { db } = storeWorld();
  const watch = await db.transact(async (tx) => {
    tx.set(key, bytes("mine"));
    return tx.watch(key);
  });
  expect(await outcome(watch.changed)).toBe("waiting");
  await db.transact(async (tx) => tx.set(key, bytes("mine")));
  expect(await outcome(watch.changed)).toBe("waiting");
  await db.transact(async (tx) => tx.clear(key));
  expect(await outcome(watch.changed)).toBe("changed");
});

test("a write of the same transaction after it is a change", async () => {
  const { db } = storeWorld();
  const watch = await db.transact(async (tx) => {
    const made = tx.watch(key);
    tx.set(key, bytes("mine"));
    return made;
  });
  expect(await outcome(watch.changed)).toBe("changed");
});

test("what changed between the read and the start of the watch is not missed", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  const watch = tx.watch(key);
  await tx.getReadVersion();
  await db.transact(async (other) => other.set(key, bytes("x")));
  await tx.commit();
  expect(await outcome(watch.changed)).toBe("changed");
});

test("it is a read: another's change makes the transaction conflict, and the watch fail with it", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  const watch = tx.watch(key);
  tx.set(bytes("b"), bytes("x"));
  await tx.getReadVersion();
  await db.transact(async (other) => other.set(key, bytes("x")));
  expect(await failure(tx.commit())).toBe("not_committed");
  expect(await outcome(watch.changed)).toBe("not_committed");
});

test("it fails when its transaction is reset or cancelled, or when it is cancelled itself", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  const first = tx.watch(key);
  tx.reset();
  expect(await outcome(first.changed)).toBe("transaction_cancelled");
  const second = tx.watch(key);
  tx.cancel();
  expect(await outcome(second.changed)).toBe("transaction_cancelled");
  const third = await db.transact(async (other) => other.watch(key));
  third.cancel();
  expect(await outcome(third.changed)).toBe("operation_cancelled");
});

test("a reset after the commit leaves it alone", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  const watch = tx.watch(key);
  await tx.commit();
  tx.reset();
  expect(await outcome(watch.changed)).toBe("waiting");
});

test("it fails when what it would read is unreadable", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  tx.setVersionstampedValue(key, new Uint8Array(14));
  const watch = tx.watch(key);
  expect(await failure(watch.changed)).toBe("accessed_unreadable");
  // Unlike a read that fails.
  expect(await failure(tx.commit())).toBeUndefined();
});

test("there are only so many at a time, and one that ended makes room", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  const watches = Array.from({ length: WATCHES_MAX }, () => tx.watch(key));
  expect(() => tx.watch(key)).toThrow(StoreError);
  watches[0]!.cancel();
  tx.watch(key);
  tx.cancel();
  expect(await failure(watches[1]!.changed)).toBe("transaction_cancelled");
});

test("a store that loses a watch is asked again, and a change meanwhile is a change", async () => {
  const { store, time } = storeWorld();
  let lost = 0;
  const backend = {
    ...store,
    watch: async (...parameters: Parameters<typeof store.watch>) => {
      if (lost++ < 2) throw new StoreError("cluster_version_changed", "for the test");
      return store.watch(...parameters);
    },
  };
  const db = openDatabase(backend, { runtime: { timers: time.timers, random: fixedRandom() } });
  const kept = await db.transact(async (tx) => tx.watch(key));
  await time.advanceSettled(10_000);
  expect(lost).toBe(3);
  expect(await outcome(kept.changed)).toBe("waiting");
  await db.transact(async (tx) => tx.set(key, bytes("x")));
  expect(await outcome(kept.changed)).toBe("changed");
  lost = 0;
  const missed = await db.transact(async (tx) => tx.watch(key));
  await db.transact(async (tx) => tx.set(key, bytes("y")));
  await time.advanceSettled(10_000);
  expect(await outcome(missed.changed)).toBe("changed");
  // It was seen to be another value, and not waited for once more.
  expect(lost).toBe(1);
});

test("a failed commit fails it", async () => {
  const { db, faults } = storeWorld();
  const tx = db.createTransaction();
  const watch = tx.watch(key);
  tx.set(bytes("b"), bytes("x"));
  faults.push(refused("cluster_unavailable"));
  expect(await failure(tx.commit())).toBe("cluster_unavailable");
  expect(await outcome(watch.changed)).toBe("cluster_unavailable");
});
