import { expect, test } from "bun:test";
import { StoreError } from "../errors/index.ts";
import type { StoreTransaction } from "./index.ts";
import { bytes, failure, lostAnswer, number, refused, storeWorld } from "./testing/index.ts";

/** Adds one to a number, by reading and writing it. */
async function increment(tx: StoreTransaction): Promise<number> {
  const before = await tx.get(bytes("n"));
  const next = Number(new DataView((before ?? number(0)).buffer).getBigUint64(0, true)) + 1;
  tx.set(bytes("n"), number(next));
  return next;
}

test("what run returns is returned once it is committed", async () => {
  const { db, store } = storeWorld();
  expect(await db.transact(increment)).toBe(1);
  expect(await db.transact(increment)).toBe(2);
  expect(store.contents()).toHaveLength(1);
});

test("a conflict runs it again, on what is there now", async () => {
  const { db, settle } = storeWorld();
  let runs = 0;
  const result = db.transact(async (tx) => {
    const next = await increment(tx);
    if (runs++ === 0) await db.transact(increment);
    return next;
  });
  expect(await settle(result)).toBe(2);
  expect(runs).toBe(2);
});

test("every failure that says that nothing was committed is tried again", async () => {
  for (const code of [
    "not_committed",
    "transaction_too_old",
    "future_version",
    "process_behind",
    "cluster_version_changed",
    "cluster_unavailable",
  ] as const) {
    const { db, settle, faults, sent } = storeWorld();
    faults.push(refused(code), refused(code));
    expect(await settle(db.transact(increment))).toBe(1);
    expect(sent).toHaveLength(3);
  }
});

test("a retryable failure of a read runs it again", async () => {
  const { db, settle } = storeWorld();
  let runs = 0;
  const result = db.transact(async () => {
    if (runs++ === 0) throw new StoreError("future_version", "for the test");
  });
  await settle(result);
  expect(runs).toBe(2);
});

test("a failure of the program ends it, and nothing is committed", async () => {
  const { db, sent } = storeWorld();
  let leaked: StoreTransaction | undefined;
  const result = db.transact(async (tx) => {
    leaked = tx;
    tx.set(bytes("a"), bytes("x"));
    throw new Error("of the program");
  });
  await expect(result).rejects.toThrow("of the program");
  expect(sent).toEqual([]);
  expect(await failure(leaked!.get(bytes("a")))).toBe("transaction_cancelled");
});

test("a failure that no retry mends ends it", async () => {
  const { db, faults, sent } = storeWorld();
  faults.push(refused("database_locked"));
  expect(await failure(db.transact(increment))).toBe("database_locked");
  expect(sent).toHaveLength(1);
});

test("a commit of unknown result is not tried again: it could be applied twice", async () => {
  const { db, faults, sent, store } = storeWorld();
  faults.push(lostAnswer);
  expect(await failure(db.transact(increment))).toBe("commit_unknown_result");
  expect(sent).toHaveLength(1);
  expect(store.contents()[0]!.value).toEqual(number(1));
});

test("an idempotent one of unknown result is sent again, applied once, and not run again", async () => {
  const { db, faults, settle, sent, store } = storeWorld();
  faults.push(lostAnswer, lostAnswer);
  let runs = 0;
  const result = db.transact(
    async (tx) => {
      runs++;
      tx.add(bytes("n"), number(1));
      return increment(tx);
    },
    { idempotent: true },
  );
  expect(await settle(result)).toBe(2);
  expect(runs).toBe(1);
  expect(sent).toHaveLength(3);
  expect(new Set(sent).size).toBe(1);
  expect(store.contents()[0]!.value).toEqual(number(2));
  expect(store.contents().filter(({ key }) => key[0] !== 0xff)).toHaveLength(1);
});

test("it is sent again as well when it was not applied", async () => {
  const { db, faults, settle, sent } = storeWorld();
  faults.push(refused("commit_unknown_result"));
  expect(await settle(db.transact(increment, { idempotent: true }))).toBe(1);
  expect(sent).toHaveLength(2);
});

test("after an unknown result, that the cluster is away says nothing about it", async () => {
  const { db, faults, settle, sent, store } = storeWorld();
  faults.push(lostAnswer, refused("cluster_unavailable"), refused("cluster_version_changed"));
  expect(await settle(db.transact(increment, { idempotent: true }))).toBe(1);
  expect(sent).toHaveLength(4);
  expect(store.contents().filter(({ key }) => key[0] !== 0xff)[0]!.value).toEqual(number(1));
});

test("an unknown result that is found to be a conflict is run again, under the same id", async () => {
  const { db, faults, settle, sent } = storeWorld();
  faults.push(refused("commit_unknown_result"), refused("not_committed"));
  expect(await settle(db.transact(increment, { idempotent: true }))).toBe(1);
  expect(sent).toHaveLength(3);
  expect(sent[2]!.idempotencyId).toEqual(sent[0]!.idempotencyId);
  expect(sent[0]!.idempotencyId).toHaveLength(16);
});

test("each idempotent transaction has an id of its own, and others have none", async () => {
  const { db, sent } = storeWorld();
  await db.transact(increment, { idempotent: true });
  await db.transact(increment, { idempotent: true });
  await db.transact(increment);
  const ids = sent.map(({ idempotencyId }) => Buffer.from(idempotencyId).toString("hex"));
  expect(new Set(ids).size).toBe(3);
  expect(ids[2]).toBe("");
});

test("a limit of retries ends it with the last failure; none means one attempt", async () => {
  const { db, faults, settle, sent } = storeWorld();
  for (let i = 0; i < 9; i++) faults.push(refused("not_committed"));
  expect(await failure(settle(db.transact(increment, { retryLimit: 2 })))).toBe("not_committed");
  expect(sent).toHaveLength(3);
  expect(await failure(settle(db.transact(increment, { retryLimit: 0 })))).toBe("not_committed");
  expect(sent).toHaveLength(4);
});

test("a limit of retries holds for sending again too", async () => {
  const { db, faults, settle, sent } = storeWorld();
  for (let i = 0; i < 9; i++) faults.push(refused("commit_unknown_result"));
  const result = db.transact(increment, { retryLimit: 2, idempotent: true });
  expect(await failure(settle(result))).toBe("commit_unknown_result");
  expect(sent).toHaveLength(3);
});

test("time is up for all attempts together", async () => {
  const { db, faults, settle, time } = storeWorld();
  for (let i = 0; i < 99; i++) faults.push(refused("not_committed"));
  expect(await failure(settle(db.transact(increment, { timeoutMs: 3_000 })))).toBe("transaction_timed_out");
  expect(faults.length).toBeLessThan(99);
  expect(time.pendingTimers()).toBe(0);
});

test("time is up while a commit is under way", async () => {
  const { db, faults, settle, time } = storeWorld();
  faults.push(() => new Promise(() => {}));
  expect(await failure(settle(db.transact(increment, { timeoutMs: 50 })))).toBe("transaction_timed_out");
  expect(time.pendingTimers()).toBe(0);
});

test("no timer is left when a transaction is done, or has failed", async () => {
  const { db, time } = storeWorld({}, { defaults: { timeoutMs: 5_000 } });
  await db.transact(increment);
  expect(time.pendingTimers()).toBe(0);
  const failed = db.transact(async () => {
    throw new Error("of the program");
  });
  await expect(failed).rejects.toThrow();
  expect(time.pendingTimers()).toBe(0);
});

test("a read that was caught fails the commit all the same", async () => {
  const { db } = storeWorld();
  const result = db.transact(async (tx) => {
    tx.setVersionstampedValue(bytes("a"), new Uint8Array(14));
    await tx.get(bytes("a")).catch(() => {});
  });
  expect(await failure(result)).toBe("accessed_unreadable");
});
