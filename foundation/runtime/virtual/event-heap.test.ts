import { expect, test } from "bun:test";
import fc from "fast-check";
import { EventHeap, type HeapEntry } from "./event-heap.ts";

function entryOf(due: number, tie: number, sequence: number): HeapEntry {
  return { due, tie, sequence, run: () => {} };
}

test("EventHeap pops in order of due time, tie and insertion, whatever was cancelled", () => {
  const operations = fc.array(fc.record({ due: fc.nat(20), tie: fc.nat(2), cancel: fc.boolean() }), { maxLength: 400 });
  fc.assert(
    fc.property(operations, (list) => {
      const heap = new EventHeap<HeapEntry>();
      const entries = list.map(({ due, tie }, index) => entryOf(due, tie, index));
      for (const entry of entries) heap.push(entry);
      list.forEach(({ cancel }, index) => {
        if (cancel) expect(heap.cancel(entries[index]!)).toBe(true);
      });
      const expected = entries
        .filter((_, index) => !list[index]!.cancel)
        .sort((left, right) => left.due - right.due || left.tie - right.tie || left.sequence - right.sequence);
      expect(heap.size).toBe(expected.length);
      const popped: HeapEntry[] = [];
      for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) popped.push(entry);
      expect(popped.map((entry) => entry.sequence)).toEqual(expected.map((entry) => entry.sequence));
      expect(heap.size).toBe(0);
      expect(heap.peek()).toBeUndefined();
    }),
  );
});

test("EventHeap does not grow when timeouts are set and cancelled for ever", () => {
  const heap = new EventHeap<HeapEntry>();
  const kept = entryOf(1e9, 0, 0);
  heap.push(kept);
  for (let round = 1; round < 100_000; round++) {
    const entry = entryOf(round, 0, round);
    heap.push(entry);
    heap.cancel(entry);
  }
  expect([...heap.waiting()]).toEqual([kept]);
  expect(heap.size).toBe(1);
  expect(heap.cancel(kept)).toBe(true);
  expect(heap.cancel(kept)).toBe(false);
});
