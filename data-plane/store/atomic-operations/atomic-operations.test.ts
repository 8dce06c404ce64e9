import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { type AtomicOperation, applyAtomic, VALUE_BYTES_MAX } from "./index.ts";

interface Row {
  readonly op: AtomicOperation;
  readonly existing: string | null;
  readonly operand: string;
  readonly result: string | null;
}

vectorTest("every published row of atomic operations gives its result", () => {
  const rows = gunzipSync(readFileSync(`${vectorsDirectory}/fdb/atomic-ops.jsonl.gz`))
    .toString()
    .trim()
    .split("\n");
  expect(rows.length).toBe(2000);
  for (const line of rows) {
    const row = JSON.parse(line) as Row;
    const existing = row.existing === null ? undefined : Buffer.from(row.existing, "hex");
    const result = applyAtomic(row.op, existing, Buffer.from(row.operand, "hex"));
    const got = result === undefined ? null : Buffer.from(result).toString("hex");
    expect({ ...row, result: got }).toEqual(row);
  }
});

test("append_if_fits leaves a value that would grow too long", () => {
  const full = new Uint8Array(VALUE_BYTES_MAX);
  expect(applyAtomic("append_if_fits", full, Uint8Array.of(1))).toBe(full);
  expect(applyAtomic("append_if_fits", full.subarray(1), Uint8Array.of(1))?.length).toBe(VALUE_BYTES_MAX);
});

test("bit_and takes a missing value as the operand and an empty one as zeros", () => {
  expect(applyAtomic("bit_and", undefined, Uint8Array.of(7))).toEqual(Uint8Array.of(7));
  expect(applyAtomic("bit_and", new Uint8Array(0), Uint8Array.of(7))).toEqual(Uint8Array.of(0));
});

test("compare_and_clear clears what is equal and leaves the rest", () => {
  expect(applyAtomic("compare_and_clear", Uint8Array.of(1), Uint8Array.of(1))).toBeUndefined();
  expect(applyAtomic("compare_and_clear", Uint8Array.of(2), Uint8Array.of(1))).toEqual(Uint8Array.of(2));
});
