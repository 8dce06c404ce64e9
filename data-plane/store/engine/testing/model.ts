/**
 * The engine as a naive map, and changes drawn by chance to try both with.
 */
import { type Random, randomBelow } from "#foundation/runtime";
import type { KeyRange } from "../../keys/index.ts";
import type { EngineChange, Pair } from "../index.ts";

/** Sizes so small that a few keys make several blocks, runs and levels. */
export const TINY = { blockBytes: 64, runBytes: 400, levelBytes: 1000 };

/** All keys there are: `everything.begin` and what comes after the last one. */
export const EVERYTHING: KeyRange = { begin: new Uint8Array(0), end: new Uint8Array(6).fill(0xff) };

export class Model {
  private readonly pairs = new Map<string, string>();

  copy(): Model {
    const copy = new Model();
    for (const [key, value] of this.pairs) copy.pairs.set(key, value);
    return copy;
  }

  /** Ranges first: what is set within one stays. */
  apply(changes: readonly EngineChange[]): void {
    for (const change of changes) {
      if (change.type === "clear_range") this.clear(change.begin, change.end);
    }
    for (const change of changes) {
      if (change.type === "set") this.pairs.set(hex(change.key), hex(change.value));
      else if (change.type === "clear") this.pairs.delete(hex(change.key));
    }
  }

  replace(range: KeyRange | undefined, pairs: readonly Pair[]): void {
    if (range === undefined) this.pairs.clear();
    else this.clear(range.begin, range.end);
    for (const { key, value } of pairs) this.pairs.set(hex(key), hex(value));
  }

  get size(): number {
    return this.pairs.size;
  }

  get(key: Uint8Array): string | undefined {
    return this.pairs.get(hex(key));
  }

  /** `key=value` of each pair in order, in hex. */
  range(begin: Uint8Array, end: Uint8Array, reverse = false): readonly string[] {
    const [from, to] = [hex(begin), hex(end)];
    const keys = [...this.pairs.keys()].filter((key) => from <= key && key < to).sort();
    if (reverse) keys.reverse();
    return keys.map((key) => `${key}=${this.pairs.get(key)}`);
  }

  private clear(begin: Uint8Array, end: Uint8Array): void {
    const [from, to] = [hex(begin), hex(end)];
    for (const key of this.pairs.keys()) if (from <= key && key < to) this.pairs.delete(key);
  }
}

export function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

export function pairText({ key, value }: Pair): string {
  return `${hex(key)}=${hex(value)}`;
}

/** One of about a thousand keys; many share their beginning, some are the beginning of others. */
export function drawKey(random: Random): Uint8Array {
  const length = randomBelow(random, 6);
  return Uint8Array.from({ length }, () => [0, 1, 0x80, 0xff][randomBelow(random, 4)]!);
}

export function drawValue(random: Random): Uint8Array {
  const length = randomBelow(random, 5) === 0 ? 300 : randomBelow(random, 12);
  return random.bytes(length);
}

/** A range that is not empty. */
export function drawRange(random: Random): KeyRange {
  for (;;) {
    const [a, b] = [drawKey(random), drawKey(random)];
    const order = Buffer.compare(a, b);
    if (order !== 0) return order < 0 ? { begin: a, end: b } : { begin: b, end: a };
  }
}

/** Changes as a flush wants them. @param most how many keys are set or cleared at most */
export function drawChanges(random: Random, most = 40): readonly EngineChange[] {
  const clears = randomBelow(random, 3) === 0;
  const points = new Map<string, EngineChange>();
  for (let left = randomBelow(random, most); left > 0; left--) {
    const key = drawKey(random);
    const cleared = randomBelow(random, clears ? 2 : 8) === 0;
    points.set(hex(key), cleared ? { type: "clear", key } : { type: "set", key, value: drawValue(random) });
  }
  const ranges = new Map<string, EngineChange>();
  let after = "";
  const bounds = Array.from({ length: 2 * randomBelow(random, clears ? 6 : 2) }, () => drawKey(random));
  bounds.sort(Buffer.compare);
  for (let i = 0; i + 1 < bounds.length; i += 2) {
    const [begin, end] = [bounds[i]!, bounds[i + 1]!];
    if (hex(begin) === hex(end) || hex(begin) < after) continue;
    ranges.set(hex(begin), { type: "clear_range", begin, end });
    after = hex(end);
  }
  const all = [...ranges.values(), ...points.values()];
  return all.sort((a, b) => Buffer.compare(positionOf(a), positionOf(b)));
}

export function drawPairs(random: Random, range = EVERYTHING): readonly Pair[] {
  const pairs = new Map<string, Pair>();
  for (let left = randomBelow(random, 40); left > 0; left--) {
    const key = drawKey(random);
    if (Buffer.compare(range.begin, key) > 0 || Buffer.compare(key, range.end) >= 0) continue;
    pairs.set(hex(key), { key, value: drawValue(random) });
  }
  return [...pairs.values()].sort((a, b) => Buffer.compare(a.key, b.key));
}

function positionOf(change: EngineChange): Uint8Array {
  return change.type === "clear_range" ? change.begin : change.key;
}
