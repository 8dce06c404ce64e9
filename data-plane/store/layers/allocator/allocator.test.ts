import { expect, test } from "bun:test";
import { failure, fixedRandom, storeWorld } from "../../client/testing/index.ts";
import { compareKeys } from "../../keys/index.ts";
import { Subspace } from "../subspace/index.ts";
import { HighContentionAllocator } from "./index.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

function world() {
  const own = new Subspace().subspace(["allocator"]);
  return { ...storeWorld(), own, allocator: new HighContentionAllocator(own, fixedRandom()) };
}

/** That no two are equal, and none is the beginning of another. */
function expectApart(allocated: readonly Uint8Array[]): void {
  const sorted = [...allocated].sort(compareKeys).map(hex);
  for (let i = 1; i < sorted.length; i++) expect(sorted[i]!.startsWith(sorted[i - 1]!)).toBe(false);
}

test("what is allocated by one transaction after the other is short, and never the same", async () => {
  const { db, allocator, store } = world();
  const allocated: Uint8Array[] = [];
  for (let i = 0; i < 400; i++) allocated.push(await db.transact((tx) => allocator.allocate(tx)));
  expectApart(allocated);
  expect(Math.max(...allocated.map(({ length }) => length))).toBe(3);
  // One counter, and about half a window of what was given out of it; older windows are forgotten.
  expect(store.contents().length).toBeLessThan(513);
});

test("many at the same time in one transaction are never the same, over several windows", async () => {
  const { db, allocator } = world();
  const allocated = await db.transact((tx) => Promise.all(Array.from({ length: 150 }, () => allocator.allocate(tx))));
  expect(allocated).toHaveLength(150);
  expectApart(allocated);
});

test("transactions at the same time seldom conflict, and those that commit have nothing in common", async () => {
  const { db, allocator } = world();
  await db.transact((tx) => Promise.all(Array.from({ length: 200 }, () => allocator.allocate(tx))));
  const open = Array.from({ length: 60 }, () => db.createTransaction());
  const allocated = await Promise.all(open.map((tx) => allocator.allocate(tx)));
  const results = await Promise.all(open.map((tx) => failure(tx.commit())));
  const committed = allocated.filter((_, i) => results[i] === undefined);
  expect(new Set(results)).toEqual(new Set([undefined, "not_committed"]));
  expect(committed.length).toBeGreaterThan(45);
  expectApart(committed);
});

test("two that pick the same candidate conflict: both have read that it was free", async () => {
  const { db, own } = world();
  // The same random numbers for both.
  const [first, second] = [db.createTransaction(), db.createTransaction()];
  const [a, b] = await Promise.all(
    [first, second].map((tx) => new HighContentionAllocator(own, fixedRandom()).allocate(tx)),
  );
  expect(a).toEqual(b);
  await first.commit();
  expect(await failure(second.commit())).toBe("not_committed");
});

test("who began before another went on to newer windows gets nothing of what that one got", async () => {
  const { db, own } = world();
  const slow = Array.from({ length: 40 }, () => db.createTransaction());
  await Promise.all(slow.map((tx) => tx.getReadVersion()));
  const quick = new HighContentionAllocator(own, fixedRandom(2));
  const many: Uint8Array[] = [];
  await db.transact(async (tx) => {
    for (let i = 0; i < 100; i++) many.push(await quick.allocate(tx));
  });
  const late = await Promise.all(
    slow.map((tx, i) => new HighContentionAllocator(own, fixedRandom(100 + i)).allocate(tx)),
  );
  const results = await Promise.all(slow.map((tx) => failure(tx.commit())));
  expect(new Set(results)).toEqual(new Set([undefined, "not_committed"]));
  expectApart([...many, ...late.filter((_, i) => results[i] === undefined)]);
});

test("6.2.8: a newer window leaves no counter of an older one behind", async () => {
  const { db, own, allocator } = world();
  for (let i = 0; i < 200; i++) await db.transact((tx) => allocator.allocate(tx));
  const { begin, end } = own.subspace([0]).range();
  const counters = await db.transact((tx) => tx.getRangeAll(begin, end));
  expect(counters).toHaveLength(1);
});
