/**
 * Versions against the clock: whoever begins after something was acknowledged must see it.
 */
import { sayPlace } from "./places.ts";
import type { RecordedTransaction } from "./recorded.ts";
import type { AppliedTransaction, Say } from "./violations.ts";

/** @param applied in the order of their places */
export function checkTimes(
  history: readonly RecordedTransaction[],
  applied: readonly AppliedTransaction[],
  say: Say,
): void {
  const places = new Map(applied.map(({ transaction, place }) => [transaction, place]));
  const versions = applied.map(({ place }) => place.version);
  const ends = history
    .flatMap((transaction) => {
      const seen = newestSeen(transaction, versions);
      return seen === undefined ? [] : [{ transaction, seen }];
    })
    .sort((left, right) => left.transaction.ended - right.transaction.ended);
  let next = 0;
  let newest: { readonly transaction: RecordedTransaction; readonly seen: bigint } | undefined;
  for (const transaction of [...history].sort((left, right) => left.began - right.began)) {
    for (; next < ends.length && ends[next]!.transaction.ended < transaction.began; next++) {
      if (newest === undefined || ends[next]!.seen > newest.seen) newest = ends[next]!;
    }
    const { readVersion } = transaction;
    const place = places.get(transaction);
    if (place !== undefined && readVersion !== undefined && place.version <= readVersion) {
      say("commit-not-after-reads", transaction, `it read at ${readVersion} and was committed at ${sayPlace(place)}`);
    }
    if (newest === undefined) continue;
    const told = `${newest.transaction.name} had ended with version ${newest.seen} before it began`;
    if (readVersion !== undefined && readVersion < newest.seen) {
      say("stale-read-version", transaction, `it read at ${readVersion}, but ${told}`);
    }
    if (place !== undefined && place.version <= newest.seen) {
      say("stale-commit", transaction, `it was committed at ${sayPlace(place)}, but ${told}`);
    }
  }
}

/**
 * The version that others must see once the transaction has ended: that of its commit, or of the last commit that its reads could see (the versions between
 * two commits are all the same).
 */
function newestSeen(
  { outcome, readVersion, reads }: RecordedTransaction,
  versions: readonly bigint[],
): bigint | undefined {
  if (outcome.type === "committed") return outcome.place.version;
  if (outcome.type !== "read-only" || readVersion === undefined || reads.length === 0) return undefined;
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (versions[middle]! <= readVersion) low = middle + 1;
    else high = middle;
  }
  return versions[low - 1];
}
