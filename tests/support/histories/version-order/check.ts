/**
 * Whether a store that says of each transaction where it was committed kept its word: the commits are replayed in the order of their places against a plain map,
 * and every read is checked twice, at the version that it was made at, and (serializability) where its transaction was committed.
 *
 * In time that grows with the number of transactions, reads and pairs.
 */
import { compareBigInts, comparePlaces, sayPlace } from "./places.ts";
import { plainMap } from "./plain-map.ts";
import type { RecordedTransaction } from "./recorded.ts";
import { apply, checkReads } from "./replay.ts";
import { checkTimes } from "./times.ts";
import type { AppliedTransaction, OrderViolation, Say } from "./violations.ts";

export interface OrderReport {
  readonly verdict: "ok" | "violation";
  /** No more than `VIOLATIONS_MAX`: one mistake makes many. */
  readonly violations: readonly OrderViolation[];
  /** What the verdict rests on. */
  readonly checked: {
    readonly commits: number;
    /** Of unknown outcome, and found to be applied. */
    readonly unknownApplied: number;
    readonly readsAtVersion: number;
    readonly readsAtCommit: number;
  };
}

export const VIOLATIONS_MAX = 50;

/**
 * @param history of a store that was empty before, with everything that was written to it
 * @throws RangeError when the history cannot be judged: a name twice, reads without a read version, or an unknown outcome without witnesses
 */
export function checkVersionOrder(history: readonly RecordedTransaction[]): OrderReport {
  refuseUnfit(history);
  const violations: OrderViolation[] = [];
  const say: Say = (type, { name }, text) => {
    if (violations.length < VIOLATIONS_MAX) violations.push({ type, transaction: name, text: `${name}: ${text}` });
  };
  const applied = findApplied(history, say);
  checkTimes(history, applied, say);

  const map = plainMap();
  const readers = history
    .flatMap((transaction) => (transaction.reads.length > 0 ? [transaction] : []))
    .sort((left, right) => compareBigInts(left.readVersion!, right.readVersion!));
  let nextReader = 0;
  let readsAtVersion = 0;
  let readsAtCommit = 0;
  /** Checks those that read at a version before `version`: the map holds all that they may see. */
  const checkReadersBefore = (version: bigint | undefined): void => {
    for (; nextReader < readers.length; nextReader++) {
      const reader = readers[nextReader]!;
      if (version !== undefined && reader.readVersion! >= version) return;
      readsAtVersion += reader.reads.length;
      for (const problem of checkReads(map, reader.reads, reader.mutations)) {
        say("wrong-at-read-version", reader, `at version ${reader.readVersion} ${problem}`);
      }
    }
  };
  for (const { transaction, place } of applied) {
    checkReadersBefore(place.version);
    const serial = transaction.reads.filter(({ isSnapshot }) => isSnapshot !== true);
    readsAtCommit += serial.length;
    for (const problem of checkReads(map, serial, transaction.mutations)) {
      say("wrong-at-commit", transaction, `where it was committed, at ${sayPlace(place)}, ${problem}`);
    }
    for (const mutation of transaction.mutations) apply(map, mutation, place);
  }
  checkReadersBefore(undefined);

  const unknownApplied = applied.filter(({ transaction }) => transaction.outcome.type === "unknown").length;
  return {
    verdict: violations.length === 0 ? "ok" : "violation",
    violations,
    checked: { commits: applied.length, unknownApplied, readsAtVersion, readsAtCommit },
  };
}

function refuseUnfit(history: readonly RecordedTransaction[]): void {
  const names = new Set<string>();
  for (const { name, reads, readVersion, mutations, outcome, witnesses } of history) {
    if (names.has(name)) throw new RangeError(`Two transactions are called ${name}.`);
    names.add(name);
    if (reads.length > 0 && readVersion === undefined) throw new RangeError(`${name} reads without a read version.`);
    if (reads.some(({ ownMutations = 0 }) => ownMutations > mutations.length)) {
      throw new RangeError(`${name} has a read after more mutations than it made.`);
    }
    if (outcome.type === "read-only" && mutations.length > 0) {
      throw new RangeError(`${name} is read-only and has mutations.`);
    }
    if (outcome.type === "unknown" && mutations.length > 0 && witnesses === undefined) {
      throw new RangeError(`${name} is of unknown outcome, and left no witness of whether it was applied.`);
    }
  }
}

/** All that was applied, once each, in the order of their places. */
function findApplied(history: readonly RecordedTransaction[], say: Say): readonly AppliedTransaction[] {
  const applied: AppliedTransaction[] = [];
  for (const transaction of history) {
    const { outcome, witnesses } = transaction;
    const places = (witnesses ?? []).map(sayPlace);
    if (places.length > 1) say("applied-twice", transaction, `it was applied at ${places.join(" and at ")}`);
    if (outcome.type === "committed") {
      if (witnesses !== undefined && !places.includes(sayPlace(outcome.place))) {
        const found = places.length === 0 ? "is not to be found" : `was found at ${places.join(", ")}`;
        say("commit-lost", transaction, `it was acknowledged at ${sayPlace(outcome.place)} and ${found}`);
      }
      applied.push({ transaction, place: outcome.place });
      continue;
    }
    const place = witnesses?.[0];
    if (place === undefined) continue;
    if (outcome.type !== "unknown") say("failed-but-applied", transaction, `it was applied at ${places.join(", ")}`);
    applied.push({ transaction, place });
  }
  applied.sort(({ place: left }, { place: right }) => comparePlaces(left, right));
  for (let i = 1; i < applied.length; i++) {
    const { transaction, place } = applied[i]!;
    const before = applied[i - 1]!;
    if (comparePlaces(before.place, place) !== 0) continue;
    say("place-taken", transaction, `its place ${sayPlace(place)} is that of ${before.transaction.name} as well`);
  }
  return applied;
}
