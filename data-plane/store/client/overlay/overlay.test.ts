import { expect, test } from "bun:test";
import fc from "fast-check";
import { type AtomicOperation, applyAtomic } from "../../atomic-operations/index.ts";
import { compareKeys, type KeyRange, keyAfter } from "../../keys/index.ts";
import type { PlainMutation } from "../../mutations/index.ts";
import {
  type BaseAnswer,
  type BaseQuestion,
  KEYS_BEGIN,
  KEYS_END,
  type KeySelector,
  Overlay,
  type RangeEntries,
  type Read,
  readLater,
  readNow,
} from "./index.ts";
import { RangeSet } from "./range-set.ts";

type Entries = (readonly [Uint8Array, Uint8Array])[];

const ATOMIC: readonly AtomicOperation[] = [
  "add",
  "bit_and",
  "bit_or",
  "bit_xor",
  "append_if_fits",
  "max",
  "min",
  "byte_max",
  "byte_min",
  "compare_and_clear",
];

const key = fc.uint8Array({ maxLength: 2, max: 4 });
const value = fc.uint8Array({ maxLength: 2, max: 2 });
const range = fc.record({ begin: key, end: fc.oneof(key, fc.constant(KEYS_END)) });
const baseEntries = fc.array(fc.tuple(key, value), { maxLength: 16 }).map(sorted);
const mutation: fc.Arbitrary<PlainMutation> = fc.oneof(
  fc.record({ type: fc.constant("set" as const), key, value }),
  fc.record({ type: fc.constant("clear" as const), key }),
  fc.record({ type: fc.constant("clear_range" as const), begin: key, end: key }),
  fc.record({ type: fc.constantFrom(...ATOMIC), key, value }),
);
type ReadStep =
  | { readonly read: "get"; readonly key: Uint8Array }
  | { readonly read: "range"; readonly range: KeyRange; readonly limit: number | undefined; readonly reverse: boolean }
  | { readonly read: "key"; readonly selector: KeySelector };
const read: fc.Arbitrary<ReadStep> = fc.oneof(
  fc.record({ read: fc.constant("get" as const), key }),
  fc.record({
    read: fc.constant("range" as const),
    range,
    limit: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    reverse: fc.boolean(),
  }),
  fc.record({
    read: fc.constant("key" as const),
    selector: fc.record({
      key: fc.oneof(key, fc.constant(KEYS_END), fc.constant(KEYS_BEGIN)),
      orEqual: fc.boolean(),
      offset: fc.integer({ min: -4, max: 4 }),
    }),
  }),
);

/** Later entries of a key win. */
function sorted(entries: Entries): Entries {
  const byKey = new Map(entries.map((entry) => [String(entry[0]), entry]));
  return [...byKey.values()].sort(([a], [b]) => compareKeys(a, b));
}

function inside(entry: Uint8Array, { begin, end }: KeyRange): boolean {
  return compareKeys(begin, entry) <= 0 && compareKeys(entry, end) < 0;
}

/** A base that answers with `page` entries at most. */
function baseOf(entries: Entries, page: number): (question: BaseQuestion) => BaseAnswer {
  return ({ begin, end, limit, reverse }) => {
    const all = entries.filter(([entry]) => inside(entry, { begin, end }));
    if (reverse) all.reverse();
    const given = all.slice(0, Math.min(limit, page));
    return { entries: given, more: given.length < all.length };
  };
}

/** What the entries become, naively. */
function applied(entries: Entries, mutations: readonly PlainMutation[]): Entries {
  let now = entries;
  for (const mutation of mutations) {
    if (mutation.type === "clear_range") {
      now = now.filter(([entry]) => !inside(entry, mutation));
      continue;
    }
    const before = now.find(([entry]) => compareKeys(entry, mutation.key) === 0)?.[1];
    now = now.filter(([entry]) => compareKeys(entry, mutation.key) !== 0);
    if (mutation.type === "clear") continue;
    const after = mutation.type === "set" ? mutation.value : applyAtomic(mutation.type, before, mutation.value);
    if (after !== undefined) now = sorted([...now, [mutation.key, after]]);
  }
  return now;
}

function readNaively(entries: Entries, step: ReadStep): unknown {
  if (step.read === "get") return entries.find(([entry]) => compareKeys(entry, step.key) === 0)?.[1];
  if (step.read === "range") {
    const all = entries.filter(([entry]) => inside(entry, step.range));
    if (step.reverse) all.reverse();
    return all.slice(0, step.limit);
  }
  const { key, orEqual, offset } = step.selector;
  const before = entries.filter(([entry]) => compareKeys(entry, key) < (orEqual ? 1 : 0)).length;
  const at = before - 1 + offset;
  return at < 0 ? KEYS_BEGIN : (entries[at]?.[0] ?? KEYS_END);
}

function begin(overlay: Overlay, step: ReadStep, snapshot = false) {
  if (step.read === "get") return overlay.get(step.key, { snapshot });
  if (step.read === "key") return overlay.getKey(step.selector, { snapshot });
  const { range, limit, reverse } = step;
  return entriesOf(overlay.getRange(range, { limit, reverse, snapshot }));
}

function* entriesOf(read: Read<RangeEntries>): Read<RangeEntries["entries"]> {
  return (yield* read).entries;
}

function overlayOf(mutations: readonly PlainMutation[]): Overlay {
  const overlay = new Overlay();
  for (const mutation of mutations) overlay.write(mutation);
  return overlay;
}

const set = (at: number, byte = 1): PlainMutation => ({
  type: "set",
  key: Uint8Array.of(at),
  value: Uint8Array.of(byte),
});
const point = (at: number): KeyRange => ({ begin: Uint8Array.of(at), end: Uint8Array.of(at, 0) });
const span = (from: number, to: number): KeyRange => ({ begin: Uint8Array.of(from), end: Uint8Array.of(to) });

test("reads see the base with all writes before them applied", () => {
  fc.assert(
    fc.property(
      baseEntries,
      fc.array(fc.oneof(mutation, read), { maxLength: 24 }),
      fc.integer({ min: 1, max: 4 }),
      (base, script, page) => {
        const overlay = new Overlay();
        const written: PlainMutation[] = [];
        for (const step of script) {
          if ("read" in step) {
            const expected = readNaively(applied(base, written), step);
            expect<unknown>(readNow<unknown>(begin(overlay, step), baseOf(base, page))).toEqual(expected);
          } else {
            written.push(step);
            overlay.write(step);
          }
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test("what others change outside the read conflicts changes no read", () => {
  fc.assert(
    fc.property(
      baseEntries,
      baseEntries,
      fc.array(mutation, { maxLength: 8 }),
      read,
      (base, other, mutations, step) => {
        const overlay = overlayOf(mutations);
        const seen = readNow<unknown>(begin(overlay, step), baseOf(base, 2));
        const fixed = (entry: Uint8Array) => overlay.reads.some((range) => inside(entry, range));
        const changed = sorted([
          ...base.filter(([entry]) => fixed(entry)),
          ...other.filter(([entry]) => !fixed(entry)),
        ]);
        expect<unknown>(readNow<unknown>(begin(overlayOf(mutations), step), baseOf(changed, 2))).toEqual(seen);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("read conflicts are disjoint, in order, and hold nothing that the transaction has written itself", () => {
  fc.assert(
    fc.property(baseEntries, fc.array(mutation, { maxLength: 8 }), fc.array(read), (base, mutations, steps) => {
      const overlay = overlayOf(mutations);
      for (const step of steps) readNow<unknown>(begin(overlay, step), baseOf(base, 3));
      const { reads } = overlay;
      for (const [i, { begin, end }] of reads.entries()) {
        expect(compareKeys(begin, end)).toBeLessThan(0);
        if (i > 0) expect(compareKeys(reads[i - 1]!.end, begin)).toBeLessThan(0);
      }
      const last = mutations.at(-1);
      if (last?.type === "set" || last?.type === "clear") {
        expect(reads.some((range) => inside(last.key, range))).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});

test("a key that is missing, and a range that is empty, are read conflicts all the same", () => {
  const overlay = new Overlay();
  readNow(overlay.get(Uint8Array.of(1)), baseOf([], 9));
  readNow(overlay.getRange(span(3, 5)), baseOf([], 9));
  expect(overlay.reads).toEqual([point(1), span(3, 5)]);
});

test("a limit ends the read conflict at the last entry returned, in both directions", () => {
  const base = baseOf(
    [1, 3, 5, 7].map((at) => [Uint8Array.of(at), Uint8Array.of(0)] as const),
    9,
  );
  const forward = new Overlay();
  readNow(forward.getRange(span(0, 9), { limit: 2 }), base);
  expect(forward.reads).toEqual([{ begin: Uint8Array.of(0), end: Uint8Array.of(3, 0) }]);
  const reverse = new Overlay();
  readNow(reverse.getRange(span(0, 9), { limit: 2, reverse: true }), base);
  expect(reverse.reads).toEqual([span(5, 9)]);
});

test("a selector conflicts from where it starts to the key it finds", () => {
  const base = baseOf([[Uint8Array.of(4), Uint8Array.of(0)]], 9);
  const overlay = new Overlay();
  readNow(overlay.getKey({ key: Uint8Array.of(2), orEqual: false, offset: 1 }), base);
  expect(overlay.reads).toEqual([{ begin: Uint8Array.of(2), end: Uint8Array.of(4, 0) }]);
});

test("own writes are no read conflicts, atomic operations over the base are once they are read", () => {
  const overlay = overlayOf([
    set(2),
    { type: "clear_range", ...span(4, 6) },
    { type: "add", key: Uint8Array.of(7), value: Uint8Array.of(1) },
  ]);
  expect(overlay.reads).toEqual([]);
  readNow(overlay.getRange(span(1, 9)), baseOf([], 9));
  expect(overlay.reads).toEqual([span(1, 2), { begin: Uint8Array.of(2, 0), end: Uint8Array.of(4) }, span(6, 9)]);
});

test("each write is a write conflict unless it says otherwise, an atomic operation too", () => {
  const overlay = new Overlay();
  overlay.write(set(1));
  overlay.write({ type: "add", key: Uint8Array.of(3), value: Uint8Array.of(1) });
  overlay.write({ type: "clear_range", ...span(5, 7) });
  overlay.write(set(9), { withoutConflict: true });
  expect(overlay.writes).toEqual([point(1), point(3), span(5, 7)]);
  expect(overlay.mutations.length).toBe(4);
});

test("snapshot reads see own writes and conflict with nothing", () => {
  fc.assert(
    fc.property(baseEntries, fc.array(mutation, { maxLength: 8 }), read, (base, mutations, step) => {
      const overlay = overlayOf(mutations);
      const seen = readNow<unknown>(begin(overlay, step, true), baseOf(base, 2));
      expect(seen).toEqual(readNaively(applied(base, mutations), step));
      expect(overlay.reads).toEqual([]);
    }),
  );
});

test("explicit conflicts are what they say, over own writes too", () => {
  const overlay = overlayOf([set(2)]);
  overlay.addReadConflict(span(1, 4));
  overlay.addWriteConflict(span(6, 8));
  expect(overlay.reads).toEqual([span(1, 4)]);
  expect(overlay.writes).toEqual([point(2), span(6, 8)]);
});

test("a read does not see, and still conflicts over, what is written while it waits", async () => {
  const overlay = new Overlay();
  const base = baseOf([[Uint8Array.of(1), Uint8Array.of(7)]], 9);
  const seen = await readLater(overlay.get(Uint8Array.of(1)), async (question) => {
    overlay.write(set(1, 8));
    return base(question);
  });
  expect(seen).toEqual(Uint8Array.of(7));
  expect(overlay.reads).toEqual([point(1)]);
});

test("a key that is known asks the base nothing, nor does a cleared range", () => {
  const overlay = overlayOf([{ type: "clear_range", ...span(1, 9) }, set(4)]);
  const none = () => {
    throw new Error("The base was asked.");
  };
  expect(readNow(overlay.get(Uint8Array.of(4)), none)).toEqual(Uint8Array.of(1));
  expect(readNow(overlay.get(Uint8Array.of(5)), none)).toBeUndefined();
  const known = { entries: [[Uint8Array.of(4), Uint8Array.of(1)]], more: false };
  expect<unknown>(readNow(overlay.getRange(span(2, 8)), none)).toEqual(known);
});

test("the bytes of a caller may change after a write, those of a Buffer too", () => {
  const bytes = Buffer.from([1]);
  const overlay = overlayOf([{ type: "set", key: bytes, value: bytes }]);
  bytes[0] = 9;
  expect(overlay.mutations).toEqual([set(1)]);
  expect(readNow(overlay.get(Uint8Array.of(1)), baseOf([], 1))).toEqual(Uint8Array.of(1));
});

test("limits of nothing and offsets in parts are refused", () => {
  const overlay = new Overlay();
  expect(() => overlay.getRange(span(0, 1), { limit: 0 })).toThrow(RangeError);
  expect(() => overlay.getKey({ key: KEYS_BEGIN, orEqual: false, offset: 0.5 })).toThrow(RangeError);
});

test("a base that has more and gives nothing is an error, not an endless read", () => {
  const read = new Overlay().getRange({ begin: KEYS_BEGIN, end: keyAfter(KEYS_BEGIN) });
  expect(() => readNow(read, () => ({ entries: [], more: true }))).toThrow("there is more");
});

test("what a versionstamp gives is unreadable until it is cleared, and a limit that ends before it is no read of it", () => {
  const stamped = Uint8Array.of(...new Uint8Array(10), 0, 0, 0, 0);
  const overlay = overlayOf([set(1)]);
  overlay.write({ type: "set_versionstamped_value", key: Uint8Array.of(2), value: stamped });
  const base = baseOf([[Uint8Array.of(3), Uint8Array.of(9)]], 9);
  expect(() => readNow(overlay.get(Uint8Array.of(2)), base)).toThrow("versionstamp");
  expect(() => readNow(overlay.getRange(span(1, 4)), base)).toThrow("versionstamp");
  expect(() => readNow(overlay.getRange(span(1, 4), { limit: 2, reverse: true }), base)).toThrow("versionstamp");
  expect(readNow(overlay.getRange(span(1, 4), { limit: 1 }), base).entries).toHaveLength(1);
  expect(readNow(overlay.getRange(span(1, 4), { limit: 1, reverse: true }), base).entries).toHaveLength(1);
  overlay.write(set(2));
  expect(() => readNow(overlay.get(Uint8Array.of(2)), base)).toThrow("versionstamp");
  overlay.write({ type: "clear", key: Uint8Array.of(2) });
  expect(readNow(overlay.get(Uint8Array.of(2)), base)).toBeUndefined();
  overlay.write(set(2, 5));
  expect(readNow(overlay.get(Uint8Array.of(2)), base)).toEqual(Uint8Array.of(5));
});

test("keys that a stamp may make are unreadable from the read version on, and no write conflict of the client's", () => {
  const operand = Uint8Array.of(1, ...new Uint8Array(10), 1, 0, 0, 0);
  const overlay = new Overlay();
  overlay.write({ type: "set_versionstamped_key", key: operand, value: Uint8Array.of(1) }, { readVersion: 0xffn });
  expect(overlay.writes).toEqual([]);
  const stamp = (version: number) => Uint8Array.of(1, 0, 0, 0, 0, 0, 0, version, 0, 0, 0);
  expect(readNow(overlay.get(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff)), baseOf([], 1))).toBeUndefined();
  expect(() => readNow(overlay.get(stamp(1)), baseOf([], 1))).toThrow("versionstamp");
  expect(() => readNow(overlay.get(Uint8Array.of(1, ...new Uint8Array(10).fill(0xff))), baseOf([], 1))).toThrow();
  expect(readNow(overlay.getRange(span(2, 3)), baseOf([], 1)).entries).toEqual([]);
  overlay.write({ type: "clear_range", ...span(0, 2) });
  expect(readNow(overlay.getRange(span(0, 3)), baseOf([], 1)).entries).toEqual([]);
});

test("a limit of bytes ends a read after the entry that reaches it, over own writes too", () => {
  const overlay = overlayOf([set(1), set(3)]);
  const base = baseOf([[Uint8Array.of(2), Uint8Array.of(0)]], 9);
  const lengths = [1, 2, 3, 4, 5, 6].map(
    (bytesMax) => readNow(overlay.getRange(span(0, 9), { bytesMax }), base).entries.length,
  );
  expect(lengths).toEqual([1, 1, 2, 2, 3, 3]);
});

test("who changes what was read does not change what is written", () => {
  const overlay = overlayOf([set(1, 7)]);
  readNow(overlay.get(Uint8Array.of(1)), baseOf([], 1))![0] = 9;
  readNow(overlay.getRange(span(0, 9)), baseOf([], 1)).entries[0]![0][0] = 9;
  expect(overlay.mutations).toEqual([set(1, 7)]);
  expect(readNow(overlay.get(Uint8Array.of(1)), baseOf([], 1))).toEqual(Uint8Array.of(7));
});

test("a set of ranges is what its keys are, after adding and removing at random", () => {
  const edge = fc.integer({ min: 0, max: 12 });
  const step = fc.record({ from: edge, to: edge, add: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 16 }), (steps) => {
      const set = RangeSet.empty();
      const naive = new Set<number>();
      for (const { from, to, add } of steps) {
        const range = span(from, to);
        if (add) set.add(range);
        else set.remove(range);
        for (let at = from; at < to; at++) {
          if (add) naive.add(at);
          else naive.delete(at);
        }
      }
      for (let at = 0; at < 12; at++) expect(set.around(Uint8Array.of(at)) !== undefined).toBe(naive.has(at));
      for (const reverse of [false, true]) {
        let rest = span(0, 12);
        while (compareKeys(rest.begin, rest.end) < 0) {
          const segment = set.firstSegment(rest, reverse);
          for (let at = segment.begin[0]!; at < segment.end[0]!; at++) expect(naive.has(at)).toBe(segment.inside);
          rest = reverse ? { begin: rest.begin, end: segment.begin } : { begin: segment.end, end: rest.end };
        }
      }
    }),
    { numRuns: 300 },
  );
});
