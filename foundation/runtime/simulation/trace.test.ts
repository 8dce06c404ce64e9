import { expect, test } from "bun:test";
import { DivergenceError, Trace, type TraceRecording } from "./trace.ts";

/** Folds entries of (label, value, time) into a trace. */
function fold(trace: Trace, entries: readonly (readonly [string, number, number])[]): Trace {
  for (const [label, value, timeUs] of entries) {
    trace.nowUs = timeUs;
    trace.fold(trace.label(label), value);
  }
  return trace;
}

const ENTRIES = [
  ["a", 1, 10],
  ["b", 2, 20],
  ["a", 3, 20],
] as const;

function recorded(): TraceRecording {
  return fold(new Trace({ record: true }), ENTRIES).recording();
}

test("the hash depends on every label, value, time and on the order", () => {
  const variants = [
    ENTRIES,
    [
      ["a", 1, 10],
      ["b", 2, 20],
      ["b", 3, 20],
    ],
    [
      ["a", 1, 10],
      ["b", 2, 20],
      ["a", 4, 20],
    ],
    [
      ["a", 1, 10],
      ["b", 2, 20],
      ["a", 3, 21],
    ],
    [
      ["a", 1, 10],
      ["b", 2, 20],
      ["a", 3, 20 + 2 ** 40],
    ],
    [
      ["b", 2, 20],
      ["a", 1, 10],
      ["a", 3, 20],
    ],
    [
      ["a", 1, 10],
      ["b", 2, 20],
    ],
  ] as const;
  const hashes = variants.map((entries) => fold(new Trace(), entries).hash);
  expect(new Set(hashes).size).toBe(variants.length);
  expect(fold(new Trace(), ENTRIES).hash).toBe(hashes[0]!);
});

test("an equal run passes, whatever other labels it knows", () => {
  const trace = new Trace({ expected: recorded() });
  trace.label("never used");
  fold(trace, ENTRIES).finish();
  expect(trace.divergence).toBeUndefined();
});

for (const [what, entry] of [
  ["label", ["b", 3, 20]],
  ["value", ["a", 4, 20]],
  ["time", ["a", 3, 21]],
] as const) {
  test(`another ${what} is a divergence, and stays one`, () => {
    const trace = new Trace({ expected: recorded() });
    const differing = [ENTRIES[0], ENTRIES[1], entry] as const;
    expect(() => fold(trace, differing)).toThrow(DivergenceError);
    expect(trace.divergence?.message).toContain("entry 2");
    expect(trace.divergence?.message).toContain("first:  0.020 ms  a  3");
    expect(() => trace.fold(trace.label("a"), 0)).toThrow(DivergenceError);
  });
}

test("a shorter or longer run is a divergence", () => {
  const shorter = fold(new Trace({ expected: recorded() }), ENTRIES.slice(0, 2));
  shorter.finish();
  expect(shorter.divergence?.message).toContain("ended after 2 entries");
  const longer = fold(new Trace({ expected: recorded() }), ENTRIES);
  expect(() => longer.fold(longer.label("a"), 0)).toThrow("(had ended)");
});
