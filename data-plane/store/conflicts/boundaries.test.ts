import { expect, test } from "bun:test";
import fc from "fast-check";
import { Boundaries } from "./boundaries.ts";

/** As many keys as make a tree of three levels. */
const KEYS = 9000;
const at = (n: number) => Uint8Array.of(n >> 8, n & 0xff);

const anySteps = fc.array(
  fc.record({
    from: fc.nat(KEYS - 1),
    width: fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(KEYS) }),
    kind: fc.constantFrom("assign", "assign", "ask", "sweep"),
  }),
  { minLength: 100, maxLength: 400 },
);

test("trees of several levels answer as an array of all keys does, while they are written, swept and cut", () => {
  fc.assert(
    fc.property(anySteps, (steps) => {
      const boundaries = new Boundaries(0);
      const versions = new Array<number>(KEYS).fill(0);
      let version = 0;
      let horizon = 0;
      const assign = (from: number, to: number) => {
        version++;
        boundaries.assign(at(from), at(to), version);
        versions.fill(version, from, to);
      };
      for (let n = 0; n < KEYS; n += 1) assign((n * 7919) % KEYS, ((n * 7919) % KEYS) + 1);
      for (const { from, width, kind } of steps) {
        const to = Math.min(KEYS, from + 1 + width);
        if (kind === "assign") assign(from, to);
        if (kind === "sweep") {
          horizon = Math.max(horizon, version - width);
          boundaries.sweep(horizon, 200 + width);
        }
        const highest = versions.slice(from, to).reduce((max, one) => Math.max(max, one), 0);
        if (highest >= horizon) {
          expect(boundaries.anyAbove(at(from), at(to), highest)).toBe(false);
          expect(boundaries.anyAbove(at(from), at(to), highest - 1)).toBe(true);
        } else {
          expect(boundaries.anyAbove(at(from), at(to), horizon)).toBe(false);
        }
      }
      expect(boundaries.size).toBeLessThanOrEqual(KEYS + 2 * steps.length + 2);
      for (let n = 0; n < 100; n++) boundaries.sweep(version + 1, KEYS);
      expect(boundaries.size).toBe(1);
    }),
    { numRuns: 12 },
  );
});
