import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareKeys, SortedKeys } from "./index.ts";

/** Mistakes are about keys that end where others go on: rare among keys of chance. */
const RUNS = { numRuns: 1_000 };

/** Few bytes, zeros above all: a missing byte and a zero are what numbers could mistake. */
const tail = fc.array(fc.constantFrom(0, 0, 1, 0x61, 0xff), { maxLength: 9 });

/** Keys that mostly begin with the same bytes, of which there are none, or some, or several pieces; and some that end within them, or leave them. */
const keysOfSome = fc
  .constantFrom("", "a", "a\0", "\0\0\0\0\0\0", "prefix", "prefix/that is longer than two pieces/", "prefix\0\0")
  .map((text) => [...new TextEncoder().encode(text)])
  .map((beginning) =>
    fc.oneof(
      { weight: 12, arbitrary: tail.map((bytes) => Uint8Array.from([...beginning, ...bytes])) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.nat(beginning.length), tail)
          .map(([kept, bytes]) => Uint8Array.from([...beginning.slice(0, kept), ...bytes])),
      },
      { weight: 1, arbitrary: fc.nat(beginning.length).map((kept) => Uint8Array.from(beginning.slice(0, kept))) },
    ),
  );

const sorted = (list: readonly Uint8Array[]): Uint8Array[] =>
  [...list].sort(compareKeys).filter((key, i, all) => i === 0 || compareKeys(all[i - 1]!, key) !== 0);

function expectSame(found: SortedKeys, model: readonly Uint8Array[], probes: readonly Uint8Array[]): void {
  expect(found.length).toBe(model.length);
  for (const key of [...probes, ...model]) {
    const before = model.filter((one) => compareKeys(one, key) < 0).length;
    const there = model[before] !== undefined && compareKeys(model[before], key) === 0;
    expect(found.countBefore(key)).toBe(before);
    expect(found.countAtMost(key)).toBe(before + (there ? 1 : 0));
    expect(found.isAt(before, key)).toBe(there);
    expect(found.isAt(before + 1, key)).toBe(false);
  }
}

test("places are those of comparing each key, whatever was inserted, removed, cut off and appended", () => {
  const stepsOf = (keys: fc.Arbitrary<Uint8Array>) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("insert" as const), key: keys }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), from: fc.nat(20), count: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("cut and append" as const), from: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("copy" as const), key: keys }) },
    );
  fc.assert(
    fc.property(
      keysOfSome.chain((keys) => fc.tuple(fc.array(keys, { maxLength: 12 }), fc.array(stepsOf(keys)), fc.array(keys))),
      ([given, script, probes]) => {
        const model = sorted(given);
        let found = new SortedKeys([...model]);
        for (const step of script) {
          if (step.do === "insert") {
            const place = found.countBefore(step.key);
            if (found.isAt(place, step.key)) continue;
            found.insert(place, step.key);
            model.splice(place, 0, step.key);
          } else if (step.do === "remove") {
            const from = Math.min(step.from, model.length);
            found.remove(from, step.count);
            model.splice(from, step.count);
          } else if (step.do === "copy") {
            const before = found;
            found = found.copy();
            before.insert(before.countBefore(step.key), step.key);
          } else {
            found.append(found.cut(Math.min(step.from, model.length)));
          }
        }
        expectSame(found, model, probes);
      },
    ),
    RUNS,
  );
});

test("a key is replaced by another one that sorts at its place", () => {
  fc.assert(
    fc.property(
      keysOfSome.chain((keys) => fc.tuple(fc.array(keys, { minLength: 1 }), fc.nat(), keys, fc.array(keys))),
      ([given, nth, key, probes]) => {
        const model = sorted(given);
        const place = nth % model.length;
        const next = sorted(model.map((one, i) => (i === place ? key : one)));
        if (next.length < model.length || compareKeys(next[place]!, key) !== 0) return;
        const found = new SortedKeys([...model]);
        found.replace(place, key);
        expectSame(found, next, probes);
      },
    ),
    RUNS,
  );
});
