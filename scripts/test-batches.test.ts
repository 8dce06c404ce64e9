import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { batchesOf, longestFirst } from "./test-batches.ts";
import { TEST_SECONDS } from "./test-seconds.ts";

const named = (count: number, room: string): string[] =>
  Array.from({ length: count }, (_, i) => `${room}/t${i}.test.ts`);

describe("batches of test files", () => {
  test("hold each file once, and of one room alone", () => {
    const files = [...named(30, "foundation/cel"), ...named(3, "data-plane/gateway"), ...named(2, "tests/chaos")];
    const batches = batchesOf(files);
    expect(batches.flat().sort()).toEqual([...files].sort());
    expect(batches.map((batch) => batch.length)).toEqual([12, 12, 6, 3, 1, 1]);
    for (const batch of batches) expect(new Set(batch.map((file) => file.split("/")[1])).size).toBe(1);
  });

  test("what starts processes has one of its own", () => {
    const files = [
      "data-plane/agent/a.test.ts",
      "data-plane/agent/process-runtime.test.ts",
      "data-plane/agent/z.test.ts",
    ];
    expect(batchesOf(files)).toEqual([[files[0]!, files[2]!], [files[1]!]]);
  });

  test("begin with what takes longest; what nobody measured is short", () => {
    const batches = [["new"], ["a", "b"], ["c"], ["d", "new", "new"]];
    expect(longestFirst(batches, { a: 3, b: 4, c: 6, d: 2 })).toEqual([
      batches[1]!,
      batches[2]!,
      batches[3]!,
      batches[0]!,
    ]);
  });

  test("were measured of files that are there", () => {
    expect(Object.keys(TEST_SECONDS).filter((file) => !existsSync(file))).toEqual([]);
  });
});
