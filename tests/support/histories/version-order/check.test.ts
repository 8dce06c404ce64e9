/** The oracle of the order of commits: it accepts what a correct store says, and finds each mistake that is planted. */
import { describe, expect, test } from "bun:test";
import type { CommitPlace } from "#data-plane/store/backend";
import { createMemoryStore } from "#data-plane/store/memory";
import type { Mutation } from "#data-plane/store/transactions";
import { createVirtualTime } from "#foundation/runtime";
import { checkVersionOrder } from "./check.ts";
import type { PointRead, RecordedRead, RecordedTransaction } from "./recorded.ts";
import { type RunOptions, recordRun } from "./recorded-run.ts";
import type { OrderViolationType } from "./violations.ts";
import { readWitnesses, witnessMutation } from "./witnesses.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const at = (version: number, index = 0): CommitPlace => ({ version: BigInt(version), index });
const set = (key: string, value: string): Mutation => ({ type: "set", key: bytes(key), value: bytes(value) });
const get = (key: string, value: string | undefined, more: Partial<PointRead> = {}): PointRead => ({
  type: "point",
  key: bytes(key),
  value: value === undefined ? undefined : bytes(value),
  ...more,
});

/** One that began and ended at once. */
function made(
  name: string,
  began: number,
  parts: Partial<RecordedTransaction> & Pick<RecordedTransaction, "outcome">,
): RecordedTransaction {
  return { name, began, ended: began, readVersion: undefined, reads: [], mutations: [], ...parts };
}

const committed = (name: string, began: number, place: CommitPlace, mutations: readonly Mutation[]) =>
  made(name, began, { mutations, outcome: { type: "committed", place } });

const reading = (name: string, began: number, version: number, ...reads: readonly RecordedRead[]) =>
  made(name, began, { readVersion: BigInt(version), reads, outcome: { type: "read-only" } });

const typesOf = (...history: readonly RecordedTransaction[]): readonly OrderViolationType[] =>
  checkVersionOrder(history).violations.map(({ type }) => type);

const run = (options: RunOptions) =>
  recordRun(createMemoryStore({ clock: createVirtualTime(0).clock }, { window: "all" }), options);

describe("checkVersionOrder() accepts", () => {
  test("a history of nothing, and says that it has checked nothing", () => {
    expect(checkVersionOrder([])).toEqual({
      verdict: "ok",
      violations: [],
      checked: { commits: 0, unknownApplied: 0, readsAtVersion: 0, readsAtCommit: 0 },
    });
  });

  test("what clients saw of a correct store, with conflicts, lost requests and lost answers", async () => {
    let unknown = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const report = checkVersionOrder(await run({ seed, transactions: 150 }));
      expect([seed, report.violations]).toEqual([seed, []]);
      expect(report.checked.readsAtCommit).toBeGreaterThan(50);
      unknown += report.checked.unknownApplied;
    }
    expect(unknown).toBeGreaterThan(5);
  });

  test("thousands of transactions", async () => {
    const report = checkVersionOrder(await run({ seed: 99, transactions: 3_000, clients: 20, keys: 2_000 }));
    expect([report.verdict, report.checked.commits > 1_500]).toEqual(["ok", true]);
  });

  test("reads of own writes, and a snapshot read that does not hold at the commit", () => {
    const history = [
      committed("a", 1, at(10), [set("x", "1"), set("y", "1")]),
      made("b", 2, {
        readVersion: 10n,
        reads: [
          get("x", "1"),
          get("x", "2", { ownMutations: 1 }),
          get("y", undefined, { ownMutations: 2 }),
          get("z", undefined, { isSnapshot: true }),
        ],
        mutations: [set("x", "2"), { type: "clear_range", begin: bytes("y"), end: bytes("z") }],
        outcome: { type: "committed", place: at(30) },
      }),
      committed("c", 2, at(20), [set("z", "1")]),
      reading("d", 3, 30, get("x", "2"), get("y", undefined), get("z", "1")),
    ];
    expect(typesOf(...history)).toEqual([]);
  });

  test("an unknown commit without a trace as never applied, and one with a trace as applied there", () => {
    const unknown = made("u", 1, { mutations: [set("x", "1")], outcome: { type: "unknown" } });
    expect(typesOf({ ...unknown, witnesses: [] }, reading("r", 9, 50, get("x", undefined)))).toEqual([]);
    expect(typesOf({ ...unknown, witnesses: [at(40)] }, reading("r", 9, 50, get("x", "1")))).toEqual([]);
    expect(typesOf({ ...unknown, witnesses: [at(40)] }, reading("r", 9, 39, get("x", undefined)))).toEqual([]);
  });
});

describe("checkVersionOrder() finds", () => {
  const x1 = committed("a", 1, at(10), [set("x", "1")]);

  test("a value that is not there at the read version", () => {
    const { violations } = checkVersionOrder([x1, reading("r", 0, 9, get("x", "1"))]);
    expect(violations).toEqual([
      {
        type: "wrong-at-read-version",
        transaction: "r",
        text: 'r: at version 9 "x" was read as "1", and is missing',
      },
    ]);
  });

  test("a range that lacks a pair, has one too many, or is cut too early", () => {
    const pairs = ["x", "y", "z"].map((key) => ({ key: bytes(key), value: bytes("1") }));
    const writes = committed("a", 1, at(10), [set("x", "1"), set("y", "1"), set("z", "1")]);
    const range = { type: "range", begin: bytes("x"), end: bytes("z"), reverse: false } as const;
    const wrong = (read: RecordedRead): readonly string[] =>
      checkVersionOrder([writes, reading("r", 2, 10, read)]).violations.map(({ text }) => text);
    expect(wrong({ ...range, pairs: pairs.slice(0, 2) })).toEqual([]);
    expect(wrong({ ...range, pairs: pairs.slice(0, 1), limit: 1 })).toEqual([]);
    expect(wrong({ ...range, pairs: pairs.slice(0, 1), isCut: true })).toEqual([]);
    expect(wrong({ ...range, pairs: pairs.slice(1, 2), limit: 1, reverse: true })).toEqual([]);
    expect(wrong({ ...range, pairs: pairs.slice(0, 1) })).toEqual([
      'r: at version 10 ["x", "z"): pair 1 was read as none, and is "y" with "1"',
    ]);
    expect(wrong({ ...range, pairs })).toEqual([
      'r: at version 10 ["x", "z"): pair 2 was read as "z" with "1", and is none',
    ]);
    expect(wrong({ ...range, pairs: pairs.slice(0, 1), limit: 1, reverse: true })).toEqual([
      'r: at version 10 ["x", "z") backwards: pair 0 was read as "x" with "1", and is "y" with "1"',
    ]);
  });

  test("a read that another transaction changed before the commit", () => {
    const stale = made("b", 2, {
      readVersion: 10n,
      reads: [get("x", "1")],
      mutations: [set("y", "1")],
      outcome: { type: "committed", place: at(30) },
    });
    expect(typesOf(x1, stale, committed("c", 2, at(20), [set("x", "2")]))).toEqual(["wrong-at-commit"]);
    expect(typesOf(x1, stale, committed("c", 2, at(40), [set("x", "2")]))).toEqual([]);
  });

  test("a read version that lies before what was acknowledged, or before what another one saw", () => {
    expect(typesOf(x1, reading("r", 2, 9, get("x", undefined)))).toEqual(["stale-read-version"]);
    const unknown = made("u", 1, { mutations: [set("x", "1")], outcome: { type: "unknown" }, witnesses: [at(10)] });
    const [first, second] = [reading("r", 2, 15, get("x", "1")), reading("s", 3, 9, get("x", undefined))];
    expect(typesOf(unknown, first, second)).toEqual(["stale-read-version"]);
    // Between two commits all versions are the same.
    expect(typesOf(unknown, first, reading("s", 3, 12, get("x", "1")))).toEqual([]);
  });

  test("a commit that lies before one that was acknowledged", () => {
    expect(typesOf(x1, committed("b", 2, at(9), [set("y", "1")]))).toEqual(["stale-commit"]);
    expect(typesOf(x1, committed("b", 1, at(9), [set("y", "1")]))).toEqual([]);
  });

  test("a commit that does not lie after what it read", () => {
    const parts = { readVersion: 10n, mutations: [set("y", "1")] };
    expect(typesOf(x1, made("b", 1, { ...parts, outcome: { type: "committed", place: at(10, 1) } }))).toEqual([
      "commit-not-after-reads",
    ]);
  });

  test("two commits at one place", () => {
    expect(typesOf(x1, committed("b", 1, at(10), [set("y", "1")]))).toEqual(["place-taken"]);
    expect(typesOf(x1, committed("b", 1, at(10, 1), [set("y", "1")]))).toEqual([]);
  });

  test("what was applied twice, or though it had failed, and what was acknowledged and is not there", () => {
    const parts = { mutations: [set("y", "1")] };
    const placed = { ...parts, outcome: { type: "committed", place: at(10) } } as const;
    const seen = (one: RecordedTransaction) => typesOf(one);
    expect(seen(made("b", 1, { ...parts, outcome: { type: "unknown" }, witnesses: [at(10), at(20)] }))).toEqual([
      "applied-twice",
    ]);
    expect(seen(made("b", 1, { ...parts, outcome: { type: "failed" }, witnesses: [at(10)] }))).toEqual([
      "failed-but-applied",
    ]);
    expect(seen(made("b", 1, { ...placed, witnesses: [] }))).toEqual(["commit-lost"]);
    expect(seen(made("b", 1, { ...placed, witnesses: [at(11)] }))).toEqual(["commit-lost"]);
    expect(seen(made("b", 1, { ...placed, witnesses: [at(10)] }))).toEqual([]);
  });

  test("a store that does not look for conflicts, and one whose read versions are old", async () => {
    const found = async (sabotage: "no-conflicts" | "old-versions"): Promise<ReadonlySet<OrderViolationType>> =>
      new Set(typesOf(...(await run({ seed: 3, transactions: 150, sabotage }))));
    expect(await found("no-conflicts")).toEqual(new Set(["wrong-at-commit"]));
    expect(await found("old-versions")).toEqual(new Set(["stale-read-version"]));
  });

  test("any one value that was not read as it is", async () => {
    const history = await run({ seed: 4, transactions: 60 });
    let changed = 0;
    for (const [index, transaction] of history.entries()) {
      for (const [place, read] of transaction.reads.entries()) {
        if (read.type !== "point") continue;
        const reads = transaction.reads.with(place, { ...read, value: bytes("never written") });
        expect(typesOf(...history.with(index, { ...transaction, reads }))).toContain("wrong-at-read-version");
        changed++;
      }
    }
    expect(changed).toBeGreaterThan(20);
  });
});

describe("checkVersionOrder() refuses to judge", () => {
  test("two transactions of one name, reads without a version, and an unknown outcome without witnesses", () => {
    const one = committed("a", 1, at(10), [set("x", "1")]);
    expect(() => checkVersionOrder([one, one])).toThrow("Two transactions are called a.");
    expect(() => checkVersionOrder([{ ...one, reads: [get("x", "1")] }])).toThrow("a reads without a read version.");
    expect(() => checkVersionOrder([{ ...one, outcome: { type: "unknown" } }])).toThrow("left no witness");
  });
});

test("a witness is found again, with its place", async () => {
  const prefix = bytes("w/");
  const store = createMemoryStore({ clock: createVirtualTime(0).clock });
  const commit = () =>
    store.commit({
      readVersion: undefined,
      reads: [],
      writes: [],
      mutations: [witnessMutation(prefix, "näme")],
      idempotencyId: new Uint8Array(0),
    });
  const places = [await commit(), await commit()];
  expect(readWitnesses(prefix, store.contents())).toEqual(new Map([["näme", places]]));
});
