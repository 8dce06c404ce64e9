import { expect, test } from "bun:test";
import fc from "fast-check";
import { type HeapEntry, TimerHeap } from "./timer-heap.ts";

test("TimerHeap pops in order of due time, then of insertion, whatever was cancelled", () => {
  const operations = fc.array(fc.record({ due: fc.nat(20), cancel: fc.boolean() }), { maxLength: 400 });
  fc.assert(
    fc.property(operations, (list) => {
      const heap = new TimerHeap();
      const popped: number[] = [];
      const entries = list.map(({ due }, index): HeapEntry => heap.push(due, () => popped.push(index)));
      list.forEach(({ cancel }, index) => {
        if (cancel) expect(heap.cancel(entries[index]!)).toBe(true);
      });
      const expected = list
        .map(({ due, cancel }, index) => ({ due, cancel, index }))
        .filter(({ cancel }) => !cancel)
        .sort((left, right) => left.due - right.due || left.index - right.index);
      expect(heap.size).toBe(expected.length);
      for (let run = heap.pop(); run !== undefined; run = heap.pop()) run();
      expect(popped).toEqual(expected.map(({ index }) => index));
      expect(heap.size).toBe(0);
      expect(heap.nextDue()).toBeUndefined();
    }),
  );
});

test("TimerHeap does not grow when timeouts are set and cancelled for ever", () => {
  const heap = new TimerHeap();
  const kept = heap.push(1e9, () => {});
  for (let round = 0; round < 100_000; round++) heap.cancel(heap.push(round, () => {}));
  expect(heap.size).toBe(1);
  expect(heap.cancel(kept)).toBe(true);
  expect(heap.cancel(kept)).toBe(false);
});
