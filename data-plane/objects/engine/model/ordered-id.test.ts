import { expect, test } from "bun:test";
import fc from "fast-check";
import { CHANCE_BYTES, chanceOf, orderedId, sequenceOf } from "./ordered-id.ts";

const chance = chanceOf(new Uint8Array(CHANCE_BYTES).fill(200));
const time = fc.integer({ min: 0, max: 2 ** 43 });
const sequence = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

test("ids have 32 characters, begin with a letter and give back their sequence number", () => {
  fc.assert(
    fc.property(time, sequence, fc.uint8Array({ minLength: 15, maxLength: 15 }), (now, seq, random) => {
      const id = orderedId(now, seq, chanceOf(random));
      expect(id).toMatch(/^[A-Za-z][-0-9A-Za-z_]{31}$/);
      expect(sequenceOf(id)).toBe(seq);
    }),
  );
});

test("the order of ids as text is the order of time, then of sequence", () => {
  fc.assert(
    fc.property(time, time, sequence, sequence, (t1, t2, s1, s2) => {
      const less = t1 < t2 || (t1 === t2 && s1 < s2);
      expect(orderedId(t1, s1, chance) < orderedId(t2, s2, chance)).toBe(less);
    }),
  );
});

test("sequenceOf refuses what this engine did not make", () => {
  const id = orderedId(1, 2, chance);
  for (const text of [
    "",
    "null",
    id.slice(1),
    `${id}a`,
    id.replace(/^./, "+"),
    `${id.slice(0, 31)}é`,
    "z".repeat(32),
  ]) {
    expect(sequenceOf(text)).toBeUndefined();
  }
});
