import { describe, expect, test } from "bun:test";
import { batchesOf } from "./test-batches.ts";

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
});
