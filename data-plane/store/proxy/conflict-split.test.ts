import { expect, test } from "bun:test";
import fc from "fast-check";
import { ConflictHistory, type ConflictRanges } from "../conflicts/index.ts";
import { compareKeys } from "../keys/index.ts";
import { combineVerdicts, splitConflicts } from "./conflict-split.ts";

const anyKey = fc.array(fc.nat(3), { maxLength: 3 }).map((bytes) => Uint8Array.from(bytes));
const anyRange = fc.record({ begin: anyKey, end: anyKey });
const anyTransaction = fc.record({
  readVersion: fc.constant(0n),
  reads: fc.array(anyRange, { maxLength: 3 }),
  writes: fc.array(anyRange, { maxLength: 3 }),
});
const anyBegins = fc
  .array(anyKey, { maxLength: 4 })
  .map((keys) =>
    [new Uint8Array(0), ...keys]
      .sort(compareKeys)
      .filter((key, i, all) => i === 0 || compareKeys(all[i - 1]!, key) < 0),
  );

test("every key of a range is in the part of the one resolver that has it, and in no other", () => {
  fc.assert(
    fc.property(fc.array(anyTransaction, { maxLength: 4 }), anyBegins, anyKey, (transactions, begins, key) => {
      const owner = begins.findLastIndex((begin) => compareKeys(begin, key) <= 0);
      const holds = (ranges: ConflictRanges["reads"]) =>
        ranges.some(({ begin, end }) => compareKeys(begin, key) <= 0 && compareKeys(key, end) < 0);
      const parts = splitConflicts(transactions, begins);
      parts.forEach((part, resolver) => {
        expect(part).toHaveLength(transactions.length);
        part.forEach(({ reads, writes }, i) => {
          expect(holds(reads)).toBe(resolver === owner && holds(transactions[i]!.reads));
          expect(holds(writes)).toBe(resolver === owner && holds(transactions[i]!.writes));
        });
      });
    }),
  );
});

test("several resolvers together let pass no transaction that conflicts with one that they let pass before", () => {
  fc.assert(
    fc.property(fc.array(anyTransaction, { maxLength: 8 }), anyBegins, (transactions, begins) => {
      const parts = splitConflicts(transactions, begins);
      const verdicts = combineVerdicts(
        parts.map((part) => new ConflictHistory().resolve(part, 1n)),
        transactions.length,
      );
      const passed = new ConflictHistory();
      transactions.forEach(({ reads, writes }, i) => {
        if (verdicts[i] !== "free") return;
        expect(passed.check(reads, 0n)).toBe("free");
        passed.add(writes, 1n);
      });
      // What meets nothing at all passes.
      const alone = combineVerdicts(
        splitConflicts(transactions.slice(0, 1), begins).map((part) => new ConflictHistory().resolve(part, 1n)),
        Math.min(1, transactions.length),
      );
      expect(alone.every((verdict) => verdict === "free")).toBe(true);
    }),
  );
});

test("the worst verdict counts, and one resolver too few of them is no verdict", () => {
  expect(
    combineVerdicts(
      [
        ["free", "conflict", "free"],
        ["free", "free", "too_old"],
      ],
      3,
    ),
  ).toEqual(["free", "conflict", "too_old"]);
  expect(() => combineVerdicts([["free"], []], 1)).toThrow(RangeError);
});
