/**
 * Defects that a study of another store found in its transactions: each is a test here, by the words of the study.
 */
import { expect, test } from "bun:test";
import { bytes, failure, number, storeWorld, text } from "./testing/index.ts";

async function filled(keys: string) {
  const world = storeWorld();
  await world.db.transact(async (tx) => {
    for (const key of keys) tx.set(bytes(key), bytes(key.toUpperCase()));
  });
  return world;
}

type World = Awaited<ReturnType<typeof filled>>;

/** Runs a transaction that reads and then writes elsewhere, with another committed between: how its commit ends. */
async function between(
  { db }: World,
  read: (tx: ReturnType<World["db"]["createTransaction"]>) => Promise<unknown>,
  other: (tx: ReturnType<World["db"]["createTransaction"]>) => void,
) {
  const tx = db.createTransaction();
  await read(tx);
  await db.transact(async (one) => other(one));
  tx.set(bytes("elsewhere"), bytes("x"));
  return failure(tx.commit());
}

test("get after clear_range of an unread key is not the old value", async () => {
  const { db } = await filled("abc");
  const tx = db.createTransaction();
  tx.clearRange(bytes("a"), bytes("c"));
  expect(await tx.get(bytes("b"))).toBeUndefined();
  expect(text(await tx.get(bytes("c")))).toBe("C");
});

test("a set after a clear_range around it is in range results", async () => {
  const { db } = await filled("abc");
  const tx = db.createTransaction();
  tx.clearRange(bytes("a"), bytes("z"));
  tx.set(bytes("b"), bytes("new"));
  const pairs = await tx.getRangeAll(bytes("a"), bytes("z"));
  expect(pairs.map(({ key, value }) => [text(key), text(value)])).toEqual([["b", "new"]]);
});

test("an empty range shows pending writes, and conflicts with what is written into it", async () => {
  const world = await filled("");
  const tx = world.db.createTransaction();
  tx.set(bytes("b"), bytes("mine"));
  expect(await tx.getRangeAll(bytes("a"), bytes("c"))).toHaveLength(1);
  const end = await between(
    world,
    (one) => one.getRangeAll(bytes("p"), bytes("q")),
    (one) => one.set(bytes("pp"), bytes("x")),
  );
  expect(end).toBe("not_committed");
});

test("two insert-if-absent at once do not both commit", async () => {
  const { db } = await filled("");
  const [first, second] = [db.createTransaction(), db.createTransaction()];
  for (const tx of [first, second]) {
    expect(await tx.get(bytes("new"))).toBeUndefined();
    tx.set(bytes("new"), bytes("x"));
  }
  await first.commit();
  expect(await failure(second.commit())).toBe("not_committed");
});

test("a selector that finds nothing conflicts with what it would have found", async () => {
  const end = await between(
    await filled(""),
    (tx) => tx.getKey({ key: bytes("a"), orEqual: false, offset: 1 }),
    (tx) => tx.set(bytes("k"), bytes("x")),
  );
  expect(end).toBe("not_committed");
});

test("a selector conflicts with a key that comes between where it starts and what it found", async () => {
  const end = await between(
    await filled("z"),
    (tx) => tx.getKey({ key: bytes("a"), orEqual: false, offset: 1 }),
    (tx) => tx.set(bytes("k"), bytes("x")),
  );
  expect(end).toBe("not_committed");
});

test("a range read conflicts before its first and after its last key as well", async () => {
  for (const key of ["a1", "b1", "c1"]) {
    const end = await between(
      await filled("bc"),
      (tx) => tx.getRangeAll(bytes("a"), bytes("d")),
      (tx) => tx.set(bytes(key), bytes("x")),
    );
    expect([key, end]).toEqual([key, "not_committed"]);
  }
});

test("a range read with a limit does not conflict beyond the last key it returned", async () => {
  const end = await between(
    await filled("abcd"),
    (tx) => tx.getRangeAll(bytes("a"), bytes("z"), { limit: 2 }),
    (tx) => tx.set(bytes("c"), bytes("x")),
  );
  expect(end).toBeUndefined();
});

test("an atomic operation is read over the stored value, though that was not read before", async () => {
  const { db } = storeWorld();
  await db.transact(async (tx) => tx.set(bytes("n"), number(5)));
  const tx = db.createTransaction();
  tx.add(bytes("n"), number(1));
  expect(await tx.get(bytes("n"))).toEqual(number(6));
});

test("a later operation on a key does not discard the earlier ones", async () => {
  const { db } = storeWorld();
  await db.transact(async (tx) => {
    tx.set(bytes("a"), number(5));
    tx.add(bytes("a"), number(1));
    tx.add(bytes("b"), number(1));
    tx.add(bytes("b"), number(1));
  });
  const values = await db.transact((tx) => Promise.all([tx.get(bytes("a")), tx.get(bytes("b"))]));
  expect(values).toEqual([number(6), number(2)]);
});

test("snapshot is honoured on ranges and selectors", async () => {
  const end = await between(
    await filled("abc"),
    async (tx) => {
      await tx.snapshot.getRangeAll(bytes("a"), bytes("z"));
      await tx.snapshot.getKey({ key: bytes("a"), orEqual: false, offset: 2 });
      await tx.snapshot.get(bytes("b"));
    },
    (tx) => tx.set(bytes("b"), bytes("x")),
  );
  expect(end).toBeUndefined();
});

test("an atomic operation of another is a conflict for who has read the key", async () => {
  const end = await between(
    await filled("a"),
    (tx) => tx.get(bytes("a")),
    (tx) => tx.add(bytes("a"), number(1)),
  );
  expect(end).toBe("not_committed");
});

test("a read-only commit does not drop explicit write conflicts", async () => {
  const end = await between(
    await filled("a"),
    (tx) => tx.get(bytes("a")),
    (tx) => tx.addWriteConflictRange(bytes("a"), bytes("b")),
  );
  expect(end).toBe("not_committed");
});

test("an explicit read conflict without any read commits, and conflicts once there is a read version", async () => {
  const { db } = await filled("a");
  const free = db.createTransaction();
  free.addReadConflictKey(bytes("a"));
  free.set(bytes("b"), bytes("x"));
  await free.commit();
  const late = db.createTransaction();
  late.addReadConflictKey(bytes("a"));
  late.set(bytes("b"), bytes("x"));
  await late.getReadVersion();
  await db.transact(async (tx) => tx.set(bytes("a"), bytes("x")));
  expect(await failure(late.commit())).toBe("not_committed");
});

test("an atomic operation is read over what the transaction has set before, without the commit", async () => {
  const { db } = await filled("");
  const tx = db.createTransaction();
  tx.set(bytes("k"), Uint8Array.of(40));
  tx.add(bytes("k"), Uint8Array.of(1));
  tx.add(bytes("k"), Uint8Array.of(1));
  expect(await tx.get(bytes("k"))).toEqual(Uint8Array.of(42));
  await tx.commit();
  expect(await db.transact((one) => one.get(bytes("k")))).toEqual(Uint8Array.of(42));
});
