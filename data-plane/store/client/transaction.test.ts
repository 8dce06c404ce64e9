import { expect, test } from "bun:test";
import { StoreError } from "../errors/index.ts";
import { packWithVersionstamp, Versionstamp } from "../tuple/index.ts";
import { firstGreaterOrEqual, firstGreaterThan, lastLessOrEqual, lastLessThan, moved } from "./index.ts";
import { bytes, failure, number, refused, storeWorld, text, thrown } from "./testing/index.ts";

async function filled(keys: string) {
  const world = storeWorld();
  await world.db.transact(async (tx) => {
    for (const key of keys) tx.set(bytes(key), bytes(key.toUpperCase()));
  });
  return world;
}

const all = [bytes(""), Uint8Array.of(0xff)] as const;

test("a transaction reads what it has written over what was there when it began, and nothing that came later", async () => {
  const { db } = await filled("abc");
  const tx = db.createTransaction();
  expect(text(await tx.get(bytes("a")))).toBe("A");
  await db.transact(async (other) => other.set(bytes("b"), bytes("other")));
  expect(text(await tx.get(bytes("b")))).toBe("B");
  tx.clear(bytes("a"));
  tx.set(bytes("d"), bytes("D"));
  const pairs = await tx.getRangeAll(...all);
  expect(pairs.map(({ key }) => text(key))).toEqual(["b", "c", "d"]);
});

test("ranges are read from either end, with limits, and lazily", async () => {
  const { db, reads } = await filled("abcdef");
  const tx = db.createTransaction();
  const keys = async (options: Parameters<typeof tx.getRangeAll>[2]) =>
    (await tx.getRangeAll(bytes("b"), bytes("f"), options)).map(({ key }) => text(key)).join("");
  expect(await keys({})).toBe("bcde");
  expect(await keys({ reverse: true })).toBe("edcb");
  expect(await keys({ limit: 2 })).toBe("bc");
  expect(await keys({ limit: 3, reverse: true })).toBe("edc");
  expect(await keys({ limit: 0, mode: "small" })).toBe("bcde");
  expect(await keys({ limit: 9, mode: "exact" })).toBe("bcde");
  const before = reads.ranges;
  for await (const { key } of tx.getRange(bytes("a"), bytes("z"))) if (text(key) === "b") break;
  expect(reads.ranges).toBe(before + 1);
});

test("every streaming mode gives the same pairs, whatever their batches", async () => {
  const { db, reads } = storeWorld();
  await db.transact(async (tx) => {
    for (let i = 0; i < 300; i++) tx.set(bytes(`k${String(i).padStart(3, "0")}`), new Uint8Array(100));
  });
  const batches: Record<string, number> = {};
  for (const mode of ["iterator", "want_all", "exact", "small", "medium", "large", "serial"] as const) {
    for (const reverse of [false, true]) {
      const before = reads.ranges;
      const pairs = await db.transact((tx) => tx.getRangeAll(...all, { mode, reverse, limit: 250 }));
      batches[mode] = reads.ranges - before;
      expect(pairs).toHaveLength(250);
      expect(text(pairs[249]!.key)).toBe(reverse ? "k050" : "k249");
    }
  }
  expect(batches.exact).toBe(1);
  expect(batches.small!).toBeGreaterThan(batches.medium!);
  expect(batches.medium!).toBeGreaterThan(batches.large!);
  expect(batches.large!).toBeGreaterThan(batches.iterator!);
});

test("selectors point where FoundationDB says, and to an end beyond it", async () => {
  const { db } = await filled("bdf");
  const tx = db.createTransaction();
  const key = async (selector: Parameters<typeof tx.getKey>[0]) => text(await tx.getKey(selector));
  expect(await key(firstGreaterOrEqual(bytes("d")))).toBe("d");
  expect(await key(firstGreaterThan(bytes("d")))).toBe("f");
  expect(await key(lastLessOrEqual(bytes("d")))).toBe("d");
  expect(await key(lastLessThan(bytes("d")))).toBe("b");
  expect(await key(moved(lastLessThan(bytes("c")), 2))).toBe("f");
  expect(await key(moved(firstGreaterThan(bytes("d")), -2))).toBe("b");
  expect(await key(lastLessThan(bytes("b")))).toBe("");
  expect(await tx.getKey(firstGreaterThan(bytes("f")))).toEqual(Uint8Array.of(0xff));
  const between = await tx.getRangeAll(firstGreaterThan(bytes("b")), moved(firstGreaterOrEqual(bytes("c")), 1));
  expect(between.map((pair) => text(pair.key))).toEqual(["d"]);
});

test("a selector that was moved past the end of a range leaves nothing, in whichever order", async () => {
  const { db } = await filled("bdf");
  const tx = db.createTransaction();
  expect(await tx.getRangeAll(bytes("f"), bytes("b"))).toEqual([]);
  expect(await tx.getRangeAll(moved(firstGreaterOrEqual(bytes("b")), 2), bytes("d"))).toEqual([]);
});

test("atomic operations see the value at the commit, and what the transaction did before", async () => {
  const { db } = storeWorld();
  await db.transact(async (tx) => tx.add(bytes("n"), number(5)));
  const [a, b] = [db.createTransaction(), db.createTransaction()];
  a.add(bytes("n"), number(1));
  b.add(bytes("n"), number(2));
  b.add(bytes("n"), number(3));
  expect(await b.get(bytes("n"))).toEqual(number(10));
  await b.commit();
  await a.commit();
  expect(await db.transact((tx) => tx.get(bytes("n")))).toEqual(number(11));
});

test("a versionstamp is the same in the key, in the value, and as it is told", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  tx.setVersionstampedKey(packWithVersionstamp(["k", new Versionstamp(undefined, 1)]), bytes("v"));
  tx.setVersionstampedValue(bytes("value"), new Uint8Array([...new Uint8Array(10), 0x21, 0, 0, 0, 0]));
  const stamp = tx.getVersionstamp();
  await tx.commit();
  const found = await db.transact((after) => after.getRangeAll(...all));
  const [key, value] = [found[0]!.key, found[1]!.value];
  expect(value.subarray(0, 10)).toEqual(await stamp);
  expect(value.subarray(10)).toEqual(Uint8Array.of(0x21));
  expect(key.subarray(4, 14)).toEqual(await stamp);
  expect(new DataView((await stamp).buffer).getBigUint64(0)).toBe(tx.getCommittedVersion());
});

test("versionstamps rise from commit to commit", async () => {
  const { db } = storeWorld();
  const names = ["first", "second", "third"];
  for (const name of names) {
    const key = packWithVersionstamp([new Versionstamp(undefined, 0)]);
    await db.transact(async (tx) => tx.setVersionstampedKey(key, bytes(name)));
  }
  const found = await db.transact((tx) => tx.getRangeAll(...all));
  expect(found.map(({ value }) => text(value))).toEqual(names);
});

test("what cannot be read before the commit is accessed_unreadable, and fails the commit", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  tx.setVersionstampedValue(bytes("a"), new Uint8Array(14));
  expect(await failure(tx.get(bytes("a")))).toBe("accessed_unreadable");
  expect(await failure(tx.getRangeAll(...all))).toBe("accessed_unreadable");
  expect(await failure(tx.commit())).toBe("accessed_unreadable");
});

test("a commit that wrote nothing goes nowhere, has no version, and no versionstamp", async () => {
  const { db, sent } = await filled("a");
  const tx = db.createTransaction();
  await tx.get(bytes("a"));
  tx.addReadConflictKey(bytes("b"));
  const stamp = tx.getVersionstamp();
  const before = sent.length;
  await tx.commit();
  expect(sent.length).toBe(before);
  expect(tx.getCommittedVersion()).toBe(-1n);
  expect(await failure(stamp)).toBe("no_commit_version");
});

test("a commit with nothing but a write conflict is sent", async () => {
  const { db } = await filled("a");
  const reader = db.createTransaction();
  await reader.get(bytes("a"));
  reader.set(bytes("b"), bytes("x"));
  await db.transact(async (tx) => tx.addWriteConflictKey(bytes("a")));
  expect(await failure(reader.commit())).toBe("not_committed");
});

test("a write that says so conflicts with nobody", async () => {
  const { db } = await filled("a");
  const reader = db.createTransaction();
  await reader.get(bytes("a"));
  reader.set(bytes("b"), bytes("x"));
  await db.transact(async (tx) => {
    tx.set(bytes("a"), bytes("other"), { withoutConflict: true });
    tx.clearRange(bytes("a"), bytes("b"), { withoutConflict: true });
  });
  expect(await failure(reader.commit())).toBeUndefined();
});

test("a write-only transaction asks for no read version; one that reads its own write has one", async () => {
  const { db, reads, sent } = storeWorld();
  await db.transact(async (tx) => tx.set(bytes("a"), bytes("1")));
  expect(reads.versions).toBe(0);
  expect(sent[0]!.readVersion).toBeUndefined();
  await db.transact(async (tx) => {
    tx.set(bytes("a"), bytes("2"));
    await tx.get(bytes("a"));
  });
  expect(reads).toEqual({ versions: 1, keys: 0, ranges: 0 });
});

test("reading at an older version sees what was there", async () => {
  const { db } = await filled("a");
  const version = await db.createTransaction().getReadVersion();
  await db.transact(async (tx) => tx.set(bytes("a"), bytes("new")));
  const tx = db.createTransaction();
  tx.setReadVersion(version);
  expect(text(await tx.get(bytes("a")))).toBe("A");
  expect(await tx.getReadVersion()).toBe(version);
  expect(thrown(() => tx.setReadVersion(version))).toBe("read_version_already_set");
  expect(thrown(() => db.createTransaction().setReadVersion(-1n))).toBe("version_invalid");
});

test("a read version outside the window fails each read, and the commit", async () => {
  const { db, time } = await filled("a");
  const old = db.createTransaction();
  const version = await old.getReadVersion();
  time.advance(6_000);
  await db.createTransaction().getReadVersion();
  expect(await failure(old.get(bytes("a")))).toBe("transaction_too_old");
  expect(await failure(old.commit())).toBe("transaction_too_old");
  const early = db.createTransaction();
  early.setReadVersion(version + 10n ** 12n);
  expect(await failure(early.get(bytes("a")))).toBe("future_version");
});

test("keys and values beyond the limits are refused where they are written", () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  const [long, system] = [new Uint8Array(10_001), Uint8Array.of(0xff)];
  expect(thrown(() => tx.set(long, bytes("")))).toBe("key_too_large");
  expect(thrown(() => tx.set(bytes("a"), new Uint8Array(100_001)))).toBe("value_too_large");
  expect(thrown(() => tx.add(bytes("a"), new Uint8Array(100_001)))).toBe("value_too_large");
  expect(thrown(() => tx.set(system, bytes("")))).toBe("key_outside_legal_range");
  expect(thrown(() => tx.clear(system))).toBe("key_outside_legal_range");
  expect(thrown(() => tx.clearRange(bytes(""), Uint8Array.of(0xff, 0)))).toBe("key_outside_legal_range");
  expect(thrown(() => tx.addReadConflictRange(bytes("b"), bytes("a")))).toBe("inverted_range");
  expect(thrown(() => tx.clearRange(bytes("b"), bytes("a")))).toBe("inverted_range");
  expect(thrown(() => tx.setVersionstampedKey(bytes("123"), bytes("")))).toBe("client_invalid_operation");
  expect(thrown(() => tx.setVersionstampedValue(bytes("a"), new Uint8Array(13)))).toBe("client_invalid_operation");
  expect(thrown(() => tx.watch(long))).toBe("key_too_large");
});

test("keys too long to exist are no error where they are read or cleared", async () => {
  const { db } = await filled("a");
  await db.transact(async (tx) => {
    const long = new Uint8Array(10_001).fill(0x61);
    expect(await tx.get(long)).toBeUndefined();
    tx.clear(long);
    tx.clearRange(long, bytes("b"));
    tx.addReadConflictRange(long, bytes("b"));
  });
  expect(await db.transact((tx) => tx.getRangeAll(...all))).toHaveLength(1);
});

test("reads outside the keys, with limits of nothing, and exact ones without a limit are refused", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  expect(await failure(tx.get(Uint8Array.of(0xff)))).toBe("key_outside_legal_range");
  expect(await failure(tx.getKey(firstGreaterOrEqual(Uint8Array.of(0xff, 1))))).toBe("key_outside_legal_range");
  expect(await failure(tx.getRangeAll(bytes(""), Uint8Array.of(0xff, 1)))).toBe("key_outside_legal_range");
  expect(await failure(tx.getRangeAll(...all, { limit: -1 }))).toBe("range_limits_invalid");
  expect(await failure(tx.getRangeAll(...all, { mode: "exact" }))).toBe("exact_mode_without_limits");
  // Nothing was read by any of them.
  expect(await failure(tx.commit())).toBeUndefined();
});

test("a transaction beyond ten million bytes is refused at its commit", async () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  for (let i = 0; i < 100; i++) tx.set(bytes(`k${i}`), new Uint8Array(100_000));
  expect(tx.getApproximateSize()).toBeGreaterThan(10_000_000);
  expect(await failure(tx.commit())).toBe("transaction_too_large");
});

test("the approximate size grows with what the commit would send", () => {
  const { db } = storeWorld();
  const tx = db.createTransaction();
  const empty = tx.getApproximateSize();
  tx.set(bytes("key"), bytes("value"));
  expect(tx.getApproximateSize()).toBe(empty + 9 + 8 + 8 + 7);
});

test("during and after its commit nothing can be done with a transaction until it is reset", async () => {
  const { db } = await filled("a");
  const tx = db.createTransaction();
  tx.set(bytes("b"), bytes("x"));
  const commit = tx.commit();
  expect(thrown(() => tx.set(bytes("c"), bytes("x")))).toBe("used_during_commit");
  expect(await failure(commit)).toBe("used_during_commit");
  expect(await failure(tx.get(bytes("a")))).toBe("used_during_commit");
  expect(await failure(tx.getVersionstamp())).toBe("used_during_commit");
  expect(await failure(tx.commit())).toBe("used_during_commit");
  expect(thrown(() => tx.watch(bytes("a")))).toBe("used_during_commit");
  tx.reset();
  // It had not been sent yet.
  expect(await tx.get(bytes("b"))).toBeUndefined();

  const done = db.createTransaction();
  done.set(bytes("d"), bytes("x"));
  await done.commit();
  expect(await failure(done.get(bytes("a")))).toBe("used_during_commit");
  expect(done.getCommittedVersion()).toBeGreaterThan(0n);
});

test("cancelling ends what is under way, and all but a reset is refused", async () => {
  const { db } = await filled("a");
  const tx = db.createTransaction();
  const read = tx.get(bytes("a"));
  const stamp = tx.getVersionstamp();
  const watch = tx.watch(bytes("a"));
  tx.cancel();
  expect(await failure(read)).toBe("transaction_cancelled");
  expect(await failure(stamp)).toBe("transaction_cancelled");
  expect(await failure(watch.changed)).toBe("transaction_cancelled");
  expect(await failure(tx.getReadVersion())).toBe("transaction_cancelled");
  expect(await failure(tx.commit())).toBe("transaction_cancelled");
  expect(await failure(tx.onError(new StoreError("not_committed", "")))).toBe("transaction_cancelled");
  tx.reset();
  expect(text(await tx.get(bytes("a")))).toBe("A");
});

test("a reset forgets all, and what was under way is cancelled", async () => {
  const { db, store } = await filled("a");
  const tx = db.createTransaction();
  const read = tx.get(bytes("a"));
  tx.set(bytes("b"), bytes("x"));
  tx.reset();
  expect(await failure(read)).toBe("transaction_cancelled");
  await tx.commit();
  expect(store.contents()).toHaveLength(1);
});

test("a cancelled commit is not sent when it still waited for its reads", async () => {
  const { db, sent } = await filled("a");
  const before = sent.length;
  const tx = db.createTransaction();
  tx.set(bytes("b"), bytes("x"));
  tx.get(bytes("a"));
  const commit = tx.commit();
  tx.cancel();
  expect(await failure(commit)).toBe("transaction_cancelled");
  await db.transact((other) => other.get(bytes("a")));
  expect(sent.length).toBe(before);
});

test("a commit waits for the reads that were begun before it", async () => {
  const { db } = await filled("a");
  const tx = db.createTransaction();
  const read = tx.get(bytes("a"));
  tx.set(bytes("b"), bytes("x"));
  await db.transact(async (other) => other.set(bytes("z"), bytes("z")));
  await tx.commit();
  expect(text(await read)).toBe("A");
});

test("a failed commit has no versionstamp", async () => {
  const { db, faults } = storeWorld();
  const tx = db.createTransaction();
  tx.set(bytes("a"), bytes("x"));
  const stamp = tx.getVersionstamp();
  faults.push(refused("not_committed"));
  expect(await failure(tx.commit())).toBe("not_committed");
  expect(await failure(stamp)).toBe("transaction_invalid_version");
});

test("onError empties the transaction for another attempt, and cancels it for good when there is none", async () => {
  const { db, settle } = await filled("a");
  const tx = db.createTransaction();
  for (const code of ["not_committed", "transaction_too_old", "future_version", "process_behind"] as const) {
    tx.set(bytes("b"), bytes("x"));
    await settle(tx.onError(new StoreError(code, "for the test")));
    expect(await tx.get(bytes("b"))).toBeUndefined();
  }
  const fatal = new StoreError("client_invalid_operation", "for the test");
  expect(await failure(tx.onError(fatal))).toBe("client_invalid_operation");
  expect(await failure(tx.get(bytes("a")))).toBe("transaction_cancelled");
  const other = db.createTransaction();
  await expect(other.onError(new Error("of the program"))).rejects.toThrow("of the program");
  expect(await failure(other.get(bytes("a")))).toBe("transaction_cancelled");
});

test("the waits before retries grow to a second, and a version out of the window waits little", async () => {
  const { db, settle, delays } = storeWorld();
  const tx = db.createTransaction({ maxRetryDelayMs: 100 });
  for (let i = 0; i < 6; i++) await settle(tx.onError(new StoreError("not_committed", "for the test")));
  await settle(tx.onError(new StoreError("transaction_too_old", "for the test")));
  const limits = [10, 20, 40, 80, 100, 100];
  for (const [i, limit] of limits.entries()) expect(delays[i]!).toBeLessThanOrEqual(limit);
  expect(Math.max(...delays.slice(3))).toBeGreaterThan(20);
  expect(delays[6]).toBe(10);
});

test("who changes an array that was given or got changes nothing of the transaction", async () => {
  const { db } = await filled("a");
  const tx = db.createTransaction();
  const [key, value] = [bytes("k"), bytes("v")];
  tx.set(key, value);
  key[0] = 0;
  value[0] = 0;
  (await tx.get(bytes("k")))![0] = 0;
  await tx.commit();
  expect(text(await db.transact((after) => after.get(bytes("k"))))).toBe("v");
});

test("reads that nobody waits for are no unhandled failures", async () => {
  const { db } = await filled("a");
  const tx = db.createTransaction();
  void tx.get(bytes("a"));
  void tx.getRangeAll(...all);
  tx.cancel();
  void tx.getReadVersion();
  void tx.get(bytes("a"));
  await db.transact((other) => other.get(bytes("a")));
});

test("options that are no numbers, and operations that there are not, are refused", () => {
  const { db } = storeWorld();
  for (const options of [
    { timeoutMs: -1 },
    { retryLimit: Number.NaN },
    { maxRetryDelayMs: Number.POSITIVE_INFINITY },
  ]) {
    expect(thrown(() => db.createTransaction(options))).toBe("invalid_option_value");
  }
  const tx = db.createTransaction({ retryLimit: Number.POSITIVE_INFINITY });
  const unchecked = tx.atomic.bind(tx) as (operation: string, key: Uint8Array, operand: Uint8Array) => void;
  expect(thrown(() => unchecked("set_versionstamped_key", bytes("a"), new Uint8Array(20)))).toBe(
    "invalid_mutation_type",
  );
  expect(thrown(() => unchecked("toString", bytes("a"), number(1)))).toBe("invalid_mutation_type");
});
