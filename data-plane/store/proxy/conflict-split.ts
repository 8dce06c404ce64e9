/**
 * The conflict ranges of a batch, dealt out to the resolvers, and their verdicts put together again. Pure.
 */
import type { ConflictRanges, Verdict } from "../conflicts/index.ts";
import { compareKeys, type KeyRange } from "../keys/index.ts";

/**
 * For each resolver, what of each transaction lies in its range: every resolver gets every transaction, if only with nothing in it, so that places
 * stay the same.
 *
 * @param begins the first key of each resolver's range, in order; the first is the empty key, and each range ends where the next begins
 */
export function splitConflicts(
  transactions: readonly ConflictRanges[],
  begins: readonly Uint8Array[],
): ConflictRanges[][] {
  return begins.map((begin, i) => {
    const end = begins[i + 1];
    return transactions.map(({ readVersion, reads, writes }) => ({
      readVersion,
      reads: clip(reads, begin, end),
      writes: clip(writes, begin, end),
    }));
  });
}

/** A transaction commits only when every resolver lets it. */
export function combineVerdicts(ofResolvers: readonly (readonly Verdict[])[], count: number): Verdict[] {
  const combined = new Array<Verdict>(count).fill("free");
  for (const verdicts of ofResolvers) {
    if (verdicts.length !== count) throw new RangeError(`a resolver has ${verdicts.length} verdicts on ${count}`);
    for (let i = 0; i < count; i++) combined[i] = worse(combined[i]!, verdicts[i]!);
  }
  return combined;
}

function worse(a: Verdict, b: Verdict): Verdict {
  if (a === "too_old" || b === "too_old") return "too_old";
  return a === "conflict" || b === "conflict" ? "conflict" : "free";
}

function clip(ranges: readonly KeyRange[], begin: Uint8Array, end: Uint8Array | undefined): readonly KeyRange[] {
  if (begin.length === 0 && end === undefined) return ranges;
  const within: KeyRange[] = [];
  for (const range of ranges) {
    const from = compareKeys(range.begin, begin) > 0 ? range.begin : begin;
    const to = end === undefined || compareKeys(range.end, end) < 0 ? range.end : end;
    if (compareKeys(from, to) < 0) within.push({ begin: from, end: to });
  }
  return within;
}
