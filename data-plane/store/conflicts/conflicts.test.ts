import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareKeys, type KeyRange } from "../keys/index.ts";
import { ConflictHistory, type Verdict } from "./index.ts";

const key = (...bytes: number[]) => Uint8Array.from(bytes);
const range = (begin: Uint8Array, end: Uint8Array): KeyRange => ({ begin, end });
/** The range of one key. */
const point = (at: Uint8Array) => range(at, Uint8Array.of(...at, 0));

/** Every write there was, looked at one by one. */
class Naive {
  private readonly written: { readonly range: KeyRange; readonly version: bigint }[] = [];
  private oldest = 0n;

  check(reads: readonly KeyRange[], readVersion: bigint): Verdict {
    if (reads.length > 0 && readVersion < this.oldest) return "too_old";
    const later = this.written.filter(({ version }) => version > readVersion);
    return reads.some((read) => later.some((write) => meet(read, write.range))) ? "conflict" : "free";
  }

  add(writes: readonly KeyRange[], version: bigint): void {
    for (const one of writes) this.written.push({ range: one, version });
  }

  forget(olderThan: bigint): void {
    if (olderThan > this.oldest) this.oldest = olderThan;
  }
}

function meet(a: KeyRange, b: KeyRange): boolean {
  const begin = compareKeys(a.begin, b.begin) > 0 ? a.begin : b.begin;
  const end = compareKeys(a.end, b.end) < 0 ? a.end : b.end;
  return compareKeys(begin, end) < 0;
}

/** Few bytes, so that keys are equal, neighbours or prefixes of each other often. */
const anyKey = fc.array(fc.constantFrom(0, 1, 2, 0xff), { maxLength: 5 }).map((bytes) => Uint8Array.from(bytes));
const anyRange = fc.oneof(
  anyKey.map(point),
  fc.tuple(anyKey, anyKey).map(([begin, end]) => range(begin, end)),
);
const anyTransaction = fc.record({
  age: fc.nat(8),
  reads: fc.array(anyRange, { maxLength: 2 }),
  writes: fc.array(anyRange, { maxLength: 8 }),
});

test("batches of chance get the verdicts of a look at every write", () => {
  const step = fc.record({ batch: fc.array(anyTransaction, { maxLength: 6 }), window: fc.option(fc.nat(10)) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const history = new ConflictHistory();
      const naive = new Naive();
      let version = 10n;
      for (const { batch, window } of steps) {
        version += 1n;
        const ranges = batch.map(({ age, reads, writes }) => ({
          readVersion: version - 1n - BigInt(age),
          reads,
          writes,
        }));
        const wanted = ranges.map(({ reads, writes, readVersion }) => {
          const verdict = naive.check(reads, readVersion);
          if (verdict === "free") naive.add(writes, version);
          return verdict;
        });
        expect(history.resolve(ranges, version)).toEqual(wanted);
        if (window === null) continue;
        history.forget(version - BigInt(window));
        naive.forget(version - BigInt(window));
      }
    }),
  );
});

test("thousands of points over many chunks are found, alone and by ranges", () => {
  const history = new ConflictHistory();
  const at = (n: number) => key(n >> 8, n & 0xff);
  for (let n = 0; n < 4000; n += 2) history.add([point(at((n * 7) % 4000))], BigInt(n + 1));
  for (let n = 0; n < 4000; n++) {
    expect(history.check([point(at(n))], 0n)).toBe(n % 2 === 0 ? "conflict" : "free");
  }
  expect(history.check([range(at(0), at(4000))], 3998n)).toBe("conflict");
  expect(history.check([range(at(0), at(4000))], 3999n)).toBe("free");
  history.add([range(at(1), at(3999))], 5000n);
  expect(history.size).toBeLessThan(10);
  history.forget(6000n);
  expect(history.size).toBe(1);
});

test("memory is given back in slices, whatever is written meanwhile", () => {
  const history = new ConflictHistory();
  const at = (n: number) => key((n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff);
  const window = 1000;
  let largest = 0;
  for (let n = 1; n <= 12_000; n++) {
    history.add([point(at((n * 7919) % 65_536))], BigInt(n));
    history.forget(BigInt(n - window));
    largest = Math.max(largest, history.size);
  }
  // Two boundaries for each write of the window, and what one round of the sweep has not reached yet.
  expect(largest).toBeLessThan(2 * window * 2);
  for (let n = 12_000 - window + 1; n <= 12_000; n++) {
    expect(history.check([point(at((n * 7919) % 65_536))], BigInt(n - 1))).toBe("conflict");
    expect(history.check([point(at((n * 7919) % 65_536))], BigInt(n))).toBe("free");
  }
  for (let n = 0; n < 400; n++) history.forget(20_000n);
  expect(history.size).toBe(1);
});

test("ranges of every width are answered as a look at every step does", () => {
  const history = new ConflictHistory(7n);
  const steps: { readonly at: number; readonly version: bigint }[] = [];
  const at = (n: number) => key(n >> 8, n & 0xff);
  for (let n = 0; n < 3000; n++) {
    const place = (n * 1237) % 3000;
    history.add([point(at(place))], BigInt(8 + n));
    steps[place] = { at: place, version: BigInt(8 + n) };
  }
  for (let n = 0; n < 600; n++) {
    const from = (n * 911) % 3000;
    const to = Math.min(3000, from + ((n * 67) % 700));
    const highest = steps.slice(from, to).reduce((max, { version }) => (version > max ? version : max), 7n);
    expect(history.check([range(at(from), at(to))], highest)).toBe("free");
    if (to > from) expect(history.check([range(at(from), at(to))], highest - 1n)).toBe("conflict");
  }
});

test("a history that begins late calls older readers too old", () => {
  const history = new ConflictHistory(100n);
  expect(history.check([point(key(1))], 99n)).toBe("too_old");
  expect(history.check([point(key(1))], 100n)).toBe("free");
  history.add([point(key(1))], 2n ** 62n);
  expect(history.check([point(key(1))], 100n)).toBe("conflict");
});

test("ranges that only touch do not conflict", () => {
  const history = new ConflictHistory();
  history.add([range(key(2), key(4))], 5n);
  expect(history.check([range(key(1), key(2)), range(key(4), key(5))], 1n)).toBe("free");
  expect(history.check([range(key(3), key(5))], 1n)).toBe("conflict");
  expect(history.check([range(key(3), key(3)), range(key(4), key(1))], 1n)).toBe("free");
});

test("of two that read and write the same key in one batch the first commits", () => {
  const one = { readVersion: 1n, reads: [point(key(1))], writes: [point(key(1))] };
  const history = new ConflictHistory();
  expect(history.resolve([one, one, { ...one, reads: [] }], 2n)).toEqual(["free", "conflict", "free"]);
});

test("who reads before the window is too old, who reads nothing is not", () => {
  const history = new ConflictHistory();
  history.forget(10n);
  expect(history.check([point(key(1))], 9n)).toBe("too_old");
  expect(history.check([point(key(1))], 10n)).toBe("free");
  expect(history.check([], 9n)).toBe("free");
});

test("versions never go backwards", () => {
  const history = new ConflictHistory();
  history.add([point(key(1))], 5n);
  expect(() => history.add([], 4n)).toThrow(RangeError);
  expect(() => history.resolve([], 5n)).toThrow(RangeError);
  expect(() => history.resolve([{ readVersion: 6n, reads: [], writes: [] }], 6n)).toThrow(RangeError);
});

test("keys are copied: a buffer used again changes nothing", () => {
  const history = new ConflictHistory();
  const begin = Buffer.from([1]);
  history.add([range(begin, key(2))], 5n);
  begin.fill(9);
  expect(history.check([point(key(1))], 1n)).toBe("conflict");
});
