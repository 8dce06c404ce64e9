import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareKeys } from "../keys/index.ts";
import { OrderedMap } from "./index.ts";

/** The same map, done naively. */
class SortedArray {
  constructor(private list: (readonly [Uint8Array, number])[] = []) {}
  set(key: Uint8Array, value: number): void {
    this.delete(key);
    this.list = [...this.list, [key, value] as const].sort(([a], [b]) => compareKeys(a, b));
  }
  delete(key: Uint8Array): void {
    this.list = this.list.filter(([other]) => compareKeys(other, key) !== 0);
  }
  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.list = this.list.filter(([key]) => compareKeys(key, begin) < 0 || compareKeys(key, end) >= 0);
  }
  get(key: Uint8Array): number | undefined {
    return this.list.find(([other]) => compareKeys(other, key) === 0)?.[1];
  }
  entries(begin?: Uint8Array, end?: Uint8Array): (readonly [Uint8Array, number])[] {
    return this.list.filter(
      ([key]) =>
        (begin === undefined || compareKeys(key, begin) >= 0) && (end === undefined || compareKeys(key, end) < 0),
    );
  }
  keep(kept: (value: number) => boolean): void {
    this.list = this.list.filter(([, value]) => kept(value));
  }
  snapshot(): SortedArray {
    return new SortedArray(this.list);
  }
}

const keys = fc.oneof(
  fc.uint8Array({ maxLength: 2, max: 5 }),
  fc.integer({ min: 0, max: 999 }).map((n) => Uint8Array.of(n >> 8, n & 0xff)),
);
const steps = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("set" as const), key: keys }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("delete" as const), key: keys }) },
  // A run of neighbours, so that the tree grows deep enough to split and to join branches.
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fill" as const), first: fc.nat(900), step: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), begin: keys, end: keys }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sweep" as const), below: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("snapshot" as const), swap: fc.boolean() }) },
);

test("a map and its snapshots are as a sorted array, whatever is written", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60, size: "max" }), fc.array(fc.tuple(keys, keys)), (script, probes) => {
      let map = new OrderedMap<number>();
      let model = new SortedArray();
      const kept: [OrderedMap<number>, SortedArray][] = [];
      for (const [i, step] of script.entries()) {
        if (step.do === "set") {
          const before = model.entries(undefined, Uint8Array.of(...step.key, 0)).at(-1);
          if (i % 2 === 0) map.set(step.key, i);
          else expect(map.replace(step.key, i)).toEqual(before);
          model.set(step.key, i);
        } else if (step.do === "delete") {
          map.delete(step.key);
          model.delete(step.key);
        } else if (step.do === "sweep") {
          const drop = (value: number) => value < step.below;
          for (let from: Uint8Array | undefined = new Uint8Array(0); from !== undefined; ) from = map.sweep(from, drop);
          model.keep((value) => !drop(value));
        } else if (step.do === "clear") {
          map.clearRange(step.begin, step.end);
          model.clearRange(step.begin, step.end);
        } else if (step.do === "fill") {
          for (let n = 0; n < 50; n++) {
            const place = step.first + n * (step.step + 1);
            const key = Uint8Array.of(place >> 8, place & 0xff);
            map.set(key, i);
            model.set(key, i);
          }
        } else {
          const copies: [OrderedMap<number>, SortedArray] = [map.snapshot(), model.snapshot()];
          kept.push(step.swap ? [map, model] : copies);
          if (step.swap) [map, model] = copies;
        }
      }
      for (const [actual, expected] of [[map, model] as const, ...kept]) {
        expect([...actual.entries()]).toEqual(expected.entries());
        expect(actual.isEmpty).toBe(expected.entries().length === 0);
        for (const [begin, end] of probes) {
          expect(actual.get(begin)).toBe(expected.get(begin));
          expect([...actual.entries({ begin, end })]).toEqual(expected.entries(begin, end));
          expect([...actual.reversed({ begin, end })]).toEqual(expected.entries(begin, end).reverse());
          expect(actual.floor(begin)).toEqual(expected.entries(undefined, Uint8Array.of(...begin, 0)).at(-1));
          expect([...actual.reversed({ end })]).toEqual(expected.entries(undefined, end).reverse());
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("many keys, written in any order and cleared in parts, stay in order", () => {
  const map = new OrderedMap<number>();
  const keyOf = (n: number) => Uint8Array.of(n >> 8, n & 0xff);
  // 7919 is prime to 20,000: every number comes once, scattered.
  for (let i = 0; i < 20_000; i++) map.set(keyOf((i * 7919) % 20_000), i);
  map.clearRange(keyOf(100), keyOf(19_000));
  for (let n = 19_100; n < 19_900; n += 2) map.delete(keyOf(n));
  const left = [...map.entries()].map(([key]) => key[0]! * 256 + key[1]!);
  const expected = Array.from({ length: 20_000 }, (_, n) => n).filter(
    (n) => n < 100 || (n >= 19_000 && !(n >= 19_100 && n < 19_900 && n % 2 === 0)),
  );
  expect(left).toEqual(expected);
  map.clearRange(new Uint8Array(0), keyOf(20_000));
  expect(map.isEmpty).toBe(true);
});

test("an iteration sees the map as it was when it was begun", () => {
  const map = new OrderedMap<number>();
  for (let i = 0; i < 100; i++) map.set(Uint8Array.of(i), i);
  const seen: number[] = [];
  for (const [key, value] of map.entries()) {
    seen.push(value);
    map.delete(key);
    map.set(Uint8Array.of(200), 200);
  }
  expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([...map.entries()]).toEqual([[Uint8Array.of(200), 200]]);
});

test("a deep map finds every key after parts of it were cleared and filled again", () => {
  const count = 6_000;
  const keyOf = (n: number) => Uint8Array.of(n >> 8, n & 0xff);
  const parts = fc.record({
    fill: fc.boolean(),
    from: fc.nat(count - 1),
    length: fc.oneof(fc.nat(60), fc.nat(2_000)),
    stride: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(parts, { minLength: 20, maxLength: 60 }), (script) => {
      const map = new OrderedMap<number>();
      const model = new Array<number | undefined>(count).fill(undefined);
      for (let n = 0; n < count; n++) {
        map.set(keyOf(n), n);
        model[n] = n;
      }
      for (const { fill, from, length, stride } of script) {
        const to = Math.min(from + length, count);
        if (!fill) {
          map.clearRange(keyOf(from), keyOf(to));
          model.fill(undefined, from, to);
          continue;
        }
        for (let n = from; n < to; n += stride) {
          map.set(keyOf(n), n);
          model[n] = n;
        }
      }
      expect(model.every((value, n) => map.get(keyOf(n)) === value)).toBe(true);
      expect(Array.from(map.entries(), ([, value]) => value)).toEqual(model.filter((value) => value !== undefined));
    }),
    { numRuns: 30 },
  );
});

test("the first entry from a key on and the last before it are found, at every key and in every gap", () => {
  const at = (n: number) => Uint8Array.of(n >> 8, n & 0xff);
  const map = new OrderedMap<number>();
  for (let n = 10; n < 1_000; n += 2) map.set(at(n), n);
  map.clearRange(at(300), at(501));
  const there = (n: number) => n >= 10 && n < 1_000 && n % 2 === 0 && !(n >= 300 && n < 501);
  const numbers = Array.from({ length: 1_010 }, (_, n) => n).filter(there);
  for (let n = 0; n < 1_010; n++) {
    expect(map.firstFrom(at(n))?.[1]).toBe(numbers.find((other) => other >= n));
    expect(map.lastBefore(at(n))?.[1]).toBe(numbers.findLast((other) => other < n));
  }
  expect(new OrderedMap().firstFrom(at(0))).toBeUndefined();
  expect(new OrderedMap().lastBefore(at(9))).toBeUndefined();
});

test("a key that is put back says what was before it, also where that is in another leaf", () => {
  const map = new OrderedMap<number>();
  const keyOf = (n: number) => Uint8Array.of(n >> 8, n & 0xff);
  for (let n = 0; n < 1_000; n++) expect(map.replace(keyOf(n), n)).toEqual(n === 0 ? undefined : [keyOf(n - 1), n - 1]);
  for (let n = 1; n < 1_000; n++) {
    map.delete(keyOf(n));
    expect(map.replace(keyOf(n), n)).toEqual([keyOf(n - 1), n - 1]);
    expect(map.replace(keyOf(n), n)).toEqual([keyOf(n), n]);
  }
});
