import { expect, test } from "bun:test";
import { createReceiptHandles, HANDLE_KEY_BYTES } from "./receipt-handles.ts";

const handles = createReceiptHandles(new Uint8Array(HANDLE_KEY_BYTES).fill(7));

test("a handle says again what it was made of, up to the ends of the ranges", () => {
  for (const [queue, seq, generation] of [
    [1, 1, 1],
    [2 ** 32 - 1, 2 ** 48 - 1, 2 ** 32 - 1],
    [0, 0, 0],
  ] as const) {
    expect(handles.decode(queue, handles.encode(queue, seq, generation))).toEqual({ seq, generation });
  }
});

test("handles of other queues, other keys, and anything made up are none", () => {
  const handle = handles.encode(3, 500, 2);
  expect(handles.decode(4, handle)).toBeUndefined();
  expect(createReceiptHandles(new Uint8Array(HANDLE_KEY_BYTES)).decode(3, handle)).toBeUndefined();
  for (const text of ["", "x", `${handle}A`, handle.slice(1), `${handle.slice(0, 21)}=`, "é".repeat(22)]) {
    expect(handles.decode(3, text), text).toBeUndefined();
  }
  for (let at = 0; at < handle.length - 1; at++) {
    const other = handle[at] === "A" ? "B" : "A";
    expect(handles.decode(3, handle.slice(0, at) + other + handle.slice(at + 1))).toBeUndefined();
  }
});
