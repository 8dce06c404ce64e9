import { expect, test } from "bun:test";
import type { BucketId } from "#contracts";
import { compareBytes, encodeKey } from "./key-order.ts";
import { type Position, type RowSource, walkPage } from "./list-walk.ts";

/** Keys in memory, and how often they were looked at. */
function counting(keys: readonly string[]) {
  const sorted = [...keys].sort((a, b) => compareBytes(encodeKey(a), encodeKey(b)));
  const counts = { scans: 0, rows: 0, peeks: 0 };
  const from = ({ key, pastSeq }: Position, end: Uint8Array): string[] =>
    sorted.filter((one) => {
      const order = compareBytes(encodeKey(one), key);
      return (pastSeq === undefined ? order >= 0 : order > 0) && compareBytes(encodeKey(one), end) < 0;
    });
  const source: RowSource<{ readonly key: string }> = {
    scan(position, end, limit) {
      counts.scans++;
      const rows = from(position, end).slice(0, limit);
      counts.rows += rows.length;
      return rows.map((key) => ({ key }));
    },
    peek(position, end) {
      counts.peeks++;
      return from(position, end)[0];
    },
    keyOf: ({ key }) => key,
    seqOf: () => 1,
  };
  return { source, counts };
}

const bucketId = "b" as BucketId;

test("a common prefix costs one look, however many keys it stands for", () => {
  const keys = ["a", "b", "c"].flatMap((folder) => Array.from({ length: 500 }, (_, index) => `${folder}/${index}`));
  const { source, counts } = counting(keys);
  const page = walkPage(source, { bucketId, prefix: "", delimiter: "/", limit: 1000 });
  expect(page.commonPrefixes).toEqual(["a/", "b/", "c/"]);
  expect(counts.rows).toBeLessThan(200);
  expect(counts.peeks).toBe(3);
});

test("a page without delimiter is one scan of one row more than its limit", () => {
  const { source, counts } = counting(Array.from({ length: 3000 }, (_, index) => String(index)));
  const page = walkPage(source, { bucketId, prefix: "", delimiter: "", limit: 1000 });
  expect([page.rows.length, page.truncated]).toEqual([1000, true]);
  expect(counts).toEqual({ scans: 1, rows: 1001, peeks: 0 });
});

test("keys and prefixes mixed are found in order and counted together", () => {
  const { source } = counting(["a", "b/1", "b/2", "c", "d/1", "e"]);
  const page = walkPage(source, { bucketId, prefix: "", delimiter: "/", limit: 4 });
  expect(page.rows.map(({ key }) => key)).toEqual(["a", "c"]);
  expect(page.commonPrefixes).toEqual(["b/", "d/"]);
  expect([page.truncated, page.next, page.last]).toEqual([true, "d/", undefined]);
});

test("no more than 1000 entries, whatever is asked for", () => {
  const { source } = counting(Array.from({ length: 1200 }, (_, index) => String(index)));
  expect(walkPage(source, { bucketId, prefix: "", delimiter: "", limit: 5000 }).rows).toHaveLength(1000);
});
