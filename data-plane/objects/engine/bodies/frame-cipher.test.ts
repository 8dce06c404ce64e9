import { expect, test } from "bun:test";
import { pattern } from "../conformance/fixture.ts";
import { isEngineError } from "../engine-error.ts";
import type { OpenBody } from "./body-files.ts";
import { readRangeNow } from "./body-stream.ts";
import { FRAME_BYTES, frameOffset, SALT_BYTES, sealBody, storedSize } from "./frame-cipher.ts";

const KEY = new Uint8Array(32).fill(5);
const SALT = new Uint8Array(SALT_BYTES).fill(6);

function inMemory(bytes: Uint8Array): OpenBody {
  const part = (offset: number, length: number): Uint8Array => bytes.subarray(offset, offset + length);
  return { readNow: part, read: async (offset, length) => part(offset, length), close: () => undefined };
}

/** What opening the whole body gives: the plain bytes, or "Corrupt". */
function opened(stored: Uint8Array, size: number, key = KEY): Uint8Array | string {
  try {
    return readRangeNow(inMemory(stored), size, { start: 0, end: size }, key);
  } catch (error) {
    return isEngineError(error) ? error.code : String(error);
  }
}

const SIZES = [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES];

test("a body has the announced size on disk and opens again", () => {
  for (const size of SIZES) {
    const stored = sealBody(KEY, SALT, pattern(size));
    expect(stored.length).toBe(storedSize(size));
    expect(Buffer.compare(opened(stored, size) as Uint8Array, pattern(size))).toBe(0);
  }
});

test("any flipped bit is noticed, wherever it is", () => {
  const size = FRAME_BYTES + 100;
  const stored = sealBody(KEY, SALT, pattern(size));
  for (const at of [0, SALT_BYTES - 1, SALT_BYTES, frameOffset(1) - 1, frameOffset(1), stored.length - 1]) {
    const damaged = Uint8Array.from(stored);
    damaged[at]! ^= 1;
    expect(opened(damaged, size)).toBe("Corrupt");
  }
});

test("frames moved, repeated or cut off are noticed", () => {
  const size = 3 * FRAME_BYTES;
  const stored = sealBody(KEY, SALT, pattern(size));
  const frame = (index: number): Uint8Array => stored.subarray(frameOffset(index), frameOffset(index + 1));
  const body = (...frames: Uint8Array[]): Uint8Array => Buffer.concat([SALT, ...frames]);
  expect(opened(body(frame(1), frame(0), frame(2)), size)).toBe("Corrupt");
  expect(opened(body(frame(0), frame(0), frame(2)), size)).toBe("Corrupt");
  // Cut at a frame, and the size in the record cut with it: the last frame is not marked as the last.
  expect(opened(body(frame(0), frame(1)), 2 * FRAME_BYTES)).toBe("Corrupt");
  expect(opened(body(frame(0)), FRAME_BYTES)).toBe("Corrupt");
});

test("another key, or a frame of another body under the same key, does not open", () => {
  const size = 1000;
  const stored = sealBody(KEY, SALT, pattern(size));
  expect(opened(stored, size, new Uint8Array(32).fill(9))).toBe("Corrupt");
  const other = sealBody(KEY, new Uint8Array(SALT_BYTES).fill(7), pattern(size));
  expect(opened(Buffer.concat([SALT, other.subarray(SALT_BYTES)]), size)).toBe("Corrupt");
});

test("the same bytes under the same key look different in every body", () => {
  const one = sealBody(KEY, SALT, pattern(100));
  const two = sealBody(KEY, new Uint8Array(SALT_BYTES).fill(7), pattern(100));
  expect(Buffer.compare(one.subarray(SALT_BYTES), two.subarray(SALT_BYTES))).not.toBe(0);
});
