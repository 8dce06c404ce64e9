import { describe, expect, test } from "bun:test";
import type { Random } from "../ports/random.ts";
import { randomBelow } from "../ports/random.ts";
import { chance, exponential, SeededRandom } from "./seeded-random.ts";

/** How far `counts` are from uniform, as chi-squared per degree of freedom: about 1 for random numbers. */
function unevenness(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) / (counts.length - 1);
}

/** Counts values in [0, 1) by the bucket that they fall into. */
function bucketed(values: Iterable<number>): readonly number[] {
  const counts = new Array<number>(32).fill(0);
  for (const value of values) counts[Math.floor(value * 32)]!++;
  return counts;
}

function* drawn(count: number, draw: (index: number) => number): Iterable<number> {
  for (let index = 0; index < count; index++) yield draw(index);
}

const unit = (random: Random): number => random.uint32() / 2 ** 32;

/** The definition, in arbitrary precision, as the paper writes it. */
function* naive(state: readonly bigint[]): Generator<number> {
  const word = (value: bigint): bigint => BigInt.asUintN(32, value);
  const rotate = (value: bigint, by: bigint): bigint => word(value << by) | (value >> (32n - by));
  let [s0, s1, s2, s3] = state as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number(word(rotate(word(s1 * 5n), 7n) * 9n));
    const shifted = word(s1 << 9n);
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotate(s3, 11n);
  }
}

describe("SeededRandom", () => {
  test("draws what xoshiro128** 1.1 draws", () => {
    const random = SeededRandom.fromState(1, 2, 3, 4);
    expect([random.uint32(), random.uint32(), random.uint32(), random.uint32()]).toEqual([11520, 0, 5927040, 70819200]);
    const state = [0x12345678, 0x9abcdef0, 0xdeadbeef, 0xffffffff] as const;
    const fast = SeededRandom.fromState(...state);
    const slow = naive(state.map(BigInt));
    for (let count = 0; count < 10_000; count++) expect(fast.uint32()).toBe(slow.next().value as number);
  });

  test("neighbouring seeds, forks of neighbours and later draws are all even", () => {
    const samples: readonly (readonly [string, (index: number) => number])[] = [
      ["first draws of seeds", (index) => unit(SeededRandom.fromSeed(index))],
      ["first draws of large seeds", (index) => unit(SeededRandom.fromSeed(index * 2 ** 32))],
      ["first draws of forks", (index) => unit(SeededRandom.fromSeed(index).fork("child"))],
      ["first draws of siblings", (index) => unit(SeededRandom.fromSeed(1).fork(`child ${index}`))],
      ["first draws of grandchildren", (index) => unit(SeededRandom.fromSeed(index).fork("a").fork("b"))],
      ["floats", (index) => SeededRandom.fromSeed(index).float()],
      ["bytes", (index) => SeededRandom.fromSeed(index).bytes(1)[0]! / 256],
    ];
    for (const [what, draw] of samples) {
      const measured = unevenness(bucketed(drawn(20_000, draw)));
      expect([what, measured > 0.3 && measured < 2]).toEqual([what, true]);
    }
    const one = SeededRandom.fromSeed(7);
    expect(unevenness(bucketed(drawn(100_000, () => unit(one))))).toBeLessThan(2);
  });

  test("forks differ by name and parent, and not by what the parent has drawn", () => {
    const parent = SeededRandom.fromSeed(1);
    const before = parent.fork("x").uint32();
    parent.uint32();
    expect(parent.fork("x").uint32()).toBe(before);
    expect(parent.fork("y").uint32()).not.toBe(before);
    expect(SeededRandom.fromSeed(2).fork("x").uint32()).not.toBe(before);
    expect(parent.fork("a").fork("b").path).toBe("/a/b");
    expect(parent.fork("a").fork("b").uint32()).not.toBe(parent.fork("b").fork("a").uint32());
  });

  test("seeds are whole numbers up to 2^53", () => {
    expect(() => SeededRandom.fromSeed(-1)).toThrow(RangeError);
    expect(() => SeededRandom.fromSeed(1.5)).toThrow(RangeError);
    expect(SeededRandom.fromSeed(2 ** 53 - 1).uint32()).not.toBe(SeededRandom.fromSeed(2 ** 32 - 1).uint32());
  });

  test("randomBelow is even for a bound that does not divide 2^32", () => {
    const random = SeededRandom.fromSeed(3);
    const counts = new Array<number>(7).fill(0);
    for (let count = 0; count < 70_000; count++) counts[randomBelow(random, 7)]!++;
    expect(unevenness(counts)).toBeLessThan(3);
    expect(() => randomBelow(random, 0)).toThrow(RangeError);
  });

  test("chance and exponential have the mean that they are asked for", () => {
    const random = SeededRandom.fromSeed(5);
    let hits = 0;
    let sum = 0;
    for (let count = 0; count < 100_000; count++) {
      if (chance(random, 0.2)) hits++;
      sum += exponential(random, 3);
    }
    expect(hits / 100_000).toBeCloseTo(0.2, 1);
    expect(sum / 100_000).toBeCloseTo(3, 0);
    expect([chance(random, 0), chance(random, 1)]).toEqual([false, true]);
  });
});
