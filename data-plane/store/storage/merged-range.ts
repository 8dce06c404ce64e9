/**
 * A range as of one version: what is on the disk, under the changes of the window.
 */
import type { RangeLimits, RangeResult } from "../backend/index.ts";
import type { Pair, RangeCursor } from "../engine/index.ts";
import { compareKeys, type KeyRange } from "../keys/index.ts";
import { type Change, type Changes, changesWithin } from "./changes.ts";

/** Reads up to the limits; the cursor is of the same range and direction, and is closed. */
export async function readMerged(
  changes: Changes,
  range: KeyRange,
  cursor: RangeCursor,
  { limit, bytesMax, reverse }: RangeLimits,
): Promise<RangeResult> {
  const pairs: Pair[] = [];
  let bytes = 0;
  try {
    const above = inOrder(changes, range, reverse);
    let change = above.next().value;
    let below = await cursor.next();
    for (;;) {
      // Which of both comes first, in the direction of the walk.
      const order = nextOf(below, change, reverse);
      let pair: Pair;
      if (order === "none") return { pairs, more: false };
      if (order === "hidden") {
        const next = cursor.next();
        below = next instanceof Promise ? await next : next;
        continue;
      }
      if (order === "passed") {
        change = above.next().value;
        continue;
      }
      if (order === "below") {
        pair = below!;
        const next = cursor.next();
        below = next instanceof Promise ? await next : next;
      } else {
        const [key, { value }] = change!;
        pair = { key, value: value! };
        change = above.next().value;
      }
      // One more than is asked for tells whether there is more.
      if (pairs.length >= limit || bytes >= bytesMax) return { pairs, more: true };
      pairs.push(pair);
      bytes += pair.key.length + pair.value.length;
    }
  } finally {
    cursor.close();
  }
}

type Above = readonly [begin: Uint8Array, change: Change];

/** `hidden`: the pair below is cleared or set anew; `passed`: the clear has no pair left to hide; otherwise whose pair is next. */
function nextOf(
  below: Pair | undefined,
  above: Above | undefined,
  reverse: boolean,
): "below" | "above" | "hidden" | "passed" | "none" {
  if (above === undefined) return below === undefined ? "none" : "below";
  const [begin, { clearedTo }] = above;
  if (clearedTo === undefined) {
    if (below === undefined) return "above";
    const order = compareKeys(below.key, begin) * (reverse ? -1 : 1);
    return order < 0 ? "below" : order === 0 ? "hidden" : "above";
  }
  if (below === undefined) return "passed";
  const isBeyond = reverse ? compareKeys(below.key, begin) < 0 : compareKeys(below.key, clearedTo) >= 0;
  if (isBeyond) return "passed";
  const isBefore = reverse ? compareKeys(below.key, clearedTo) >= 0 : compareKeys(below.key, begin) < 0;
  return isBefore ? "below" : "hidden";
}

function inOrder(changes: Changes, range: KeyRange, reverse: boolean): Iterator<Above, undefined> {
  const forwards = changesWithin(changes, range);
  if (!reverse) return forwards as Iterator<Above, undefined>;
  return backwards(changes, range) as Iterator<Above, undefined>;
}

/** As `changesWithin`, from the end: a clear that begins before the range comes last. */
function* backwards(changes: Changes, { begin, end }: KeyRange): Generator<Above> {
  for (const [key, change] of changes.reversed({ begin, end })) {
    const { clearedTo, version } = change;
    yield clearedTo !== undefined && compareKeys(clearedTo, end) > 0
      ? [key, { version, clearedTo: end }]
      : [key, change];
  }
  const found = changes.floor(begin);
  if (found === undefined) return;
  const [key, { clearedTo, version }] = found;
  if (clearedTo === undefined || compareKeys(key, begin) >= 0 || compareKeys(clearedTo, begin) <= 0) return;
  yield [begin, { version, clearedTo: compareKeys(clearedTo, end) < 0 ? clearedTo : end }];
}
