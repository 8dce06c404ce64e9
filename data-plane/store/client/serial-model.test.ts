/**
 * Transactions that run at the same time, in orders drawn at random: those that commit have the effect of one after the other, in the order of their
 * versions, and each read what it would have read then.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import type { StoreBackend } from "../backend/index.ts";
import { createMemoryStore } from "../memory/index.ts";
import { applyMutation, type PlainMutation } from "../mutations/index.ts";
import { OrderedMap } from "../ordered-map/index.ts";
import { type Database, openDatabase, type StoreTransaction } from "./index.ts";
import { failure, fixedRandom, storeWorld } from "./testing/index.ts";

const key = fc.nat(5).map((n) => Uint8Array.of(0x61 + n));
const small = fc.nat(3).map((n) => Uint8Array.of(n));

type Step =
  | { readonly do: "get"; readonly key: Uint8Array }
  | {
      readonly do: "range";
      readonly begin: Uint8Array;
      readonly end: Uint8Array;
      readonly limit: number;
      readonly reverse: boolean;
    }
  | { readonly do: "selector"; readonly key: Uint8Array; readonly orEqual: boolean; readonly offset: number }
  | { readonly do: "write"; readonly mutation: PlainMutation };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("get" as const), key }),
  fc.record({ do: fc.constant("range" as const), begin: key, end: key, limit: fc.nat(3), reverse: fc.boolean() }),
  fc.record({
    do: fc.constant("selector" as const),
    key,
    orEqual: fc.boolean(),
    offset: fc.integer({ min: -2, max: 3 }),
  }),
  fc.record({
    do: fc.constant("write" as const),
    mutation: fc.oneof<fc.Arbitrary<PlainMutation>[]>(
      fc.record({ type: fc.constant("set" as const), key, value: small }),
      fc.record({ type: fc.constant("clear" as const), key }),
      fc.record({
        type: fc.constantFrom("add" as const, "byte_max" as const, "compare_and_clear" as const),
        key,
        value: small,
      }),
      fc
        .tuple(key, key)
        .map(([a, b]) => ({ type: "clear_range" as const, begin: a[0]! < b[0]! ? a : b, end: a[0]! < b[0]! ? b : a })),
    ),
  }),
);
const script = fc.array(step, { minLength: 1, maxLength: 6 });
const scripts = fc.array(script, { minLength: 2, maxLength: 5 });

/** What a script sees when it runs alone on a map, which it changes. */
function runAlone(map: OrderedMap<Uint8Array>, steps: readonly Step[]): unknown[] {
  const seen: unknown[] = [];
  for (const one of steps) {
    if (one.do === "write") applyMutation(map, one.mutation);
    else seen.push(readAlone(map, one));
  }
  return seen;
}

function readAlone(map: OrderedMap<Uint8Array>, one: Exclude<Step, { do: "write" }>): unknown {
  if (one.do === "get") return map.get(one.key);
  if (one.do === "range") {
    const within = [...(one.reverse ? map.reversed(one) : map.entries(one))];
    return one.limit === 0 ? within : within.slice(0, one.limit);
  }
  const keys = Array.from(map.entries(), ([at]) => at);
  const before = keys.filter((at) => at[0]! < one.key[0]! || (one.orEqual && at[0] === one.key[0])).length;
  const at = before - 1 + one.offset;
  return at < 0 ? new Uint8Array(0) : (keys[at] ?? Uint8Array.of(0xff));
}

/** The store, each of whose answers comes when the scheduler says. */
function scheduled(store: StoreBackend, scheduler: fc.Scheduler): StoreBackend {
  const later = <T>(run: () => Promise<T>) => scheduler.schedule(Promise.resolve(), "a request").then(run);
  return {
    ...store,
    getReadVersion: () => later(() => store.getReadVersion()),
    get: (...asked) => later(() => store.get(...asked)),
    getRange: (...asked) => later(() => store.getRange(...asked)),
    commit: (transaction) => later(() => store.commit(transaction)),
  };
}

interface Done {
  /** Of its commit; of its reads when it wrote nothing. */
  readonly version: bigint;
  readonly wrote: boolean;
  readonly steps: readonly Step[];
  readonly seen: readonly unknown[];
}

/** @returns nothing when it conflicted */
async function runOne(db: Database, steps: readonly Step[]): Promise<Done | undefined> {
  const tx = db.createTransaction();
  const seen: unknown[] = [];
  for (const one of steps) {
    if (one.do === "get") seen.push(await tx.get(one.key));
    else if (one.do === "selector") seen.push(await tx.getKey(one));
    else if (one.do === "range") {
      const pairs = await tx.getRangeAll(one.begin, one.end, one);
      seen.push(pairs.map(({ key: at, value }) => [at, value]));
    } else write(tx, one.mutation);
  }
  const readAt = seen.length > 0 ? await tx.getReadVersion() : 0n;
  const result = await failure(tx.commit());
  if (result === "not_committed") return undefined;
  expect(result).toBeUndefined();
  const version = tx.getCommittedVersion();
  return { version: version < 0n ? readAt : version, wrote: version >= 0n, steps, seen };
}

function write(tx: StoreTransaction, mutation: PlainMutation): void {
  if (mutation.type === "clear") tx.clear(mutation.key);
  else if (mutation.type === "clear_range") tx.clearRange(mutation.begin, mutation.end);
  else if (mutation.type === "set") tx.set(mutation.key, mutation.value);
  else tx.atomic(mutation.type, mutation.key, mutation.value);
}

/** A reader comes after the writer whose version it reads at. */
function inOrder(a: Done, b: Done): number {
  if (a.version !== b.version) return a.version < b.version ? -1 : 1;
  return Number(b.wrote) - Number(a.wrote);
}

test("transactions at the same time have the effect of one after the other", async () => {
  let conflicts = 0;
  let commits = 0;
  await fc.assert(
    fc.asyncProperty(scripts, fc.scheduler(), async (all, scheduler) => {
      const { timers, clock } = createVirtualTime(0);
      const store = createMemoryStore({ clock });
      const db = openDatabase(scheduled(store, scheduler), { runtime: { timers, random: fixedRandom() } });
      const outcomes = await scheduler.waitFor(Promise.all(all.map((steps) => runOne(db, steps))));
      const done = outcomes.filter((one) => one !== undefined).sort(inOrder);
      conflicts += outcomes.length - done.length;
      commits += done.length;
      // Whoever is the first to commit cannot conflict.
      expect(done.length).toBeGreaterThan(0);
      const map = new OrderedMap<Uint8Array>();
      for (const { steps, seen } of done) expect(seen).toEqual(runAlone(map, steps));
      expect(store.contents().map((pair) => [pair.key, pair.value])).toEqual(
        [...map.entries()].map((entry) => [...entry]),
      );
    }),
    { numRuns: 300 },
  );
  expect(conflicts).toBeGreaterThan(50);
  expect(commits).toBeGreaterThan(conflicts);
});

test("a transaction alone sees its own writes exactly, through every way of reading", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), fc.array(step, { maxLength: 20 }), async (before, steps) => {
      const { db } = storeWorld();
      const map = new OrderedMap<Uint8Array>();
      await runOne(db, before);
      runAlone(map, before);
      const done = await runOne(db, steps);
      expect(done?.seen).toEqual(runAlone(map, steps));
    }),
    { numRuns: 200 },
  );
});
