import { expect, test } from "bun:test";
import type { Entry } from "../core/types.ts";
import { encodeFrame, type Frame, RaftCorruptionError, readFrames } from "./frames.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot-file.ts";

const entry = (index: number): Entry => ({ kind: "command", term: 1, index, data: new Uint8Array([index, 2, 3]) });
const FRAMES: readonly Frame[] = [
  { hardState: { term: 1, vote: 2, commit: 1 }, base: { index: 1, term: 1 }, entries: [entry(2)] },
  { hardState: { term: 1, vote: 2, commit: 2 }, base: undefined, entries: [entry(3), entry(4)] },
  { hardState: { term: 2, vote: 0, commit: 4 }, base: undefined, entries: [] },
];
const PARTS = FRAMES.map((frame, sequence) => encodeFrame(sequence, frame));
const FILE = new Uint8Array(Buffer.concat(PARTS));
const LAST = FILE.length - PARTS[2]!.length;

test("a file of frames is read as it was written", () => {
  expect(readFrames(FILE, "/log")).toEqual({ frames: FRAMES, goodBytes: FILE.length, tornBytes: 0 });
});

test("a torn end is cut off, wherever it is torn", () => {
  for (let length = LAST + 1; length < FILE.length; length++) {
    const read = readFrames(FILE.subarray(0, length), "/log");
    expect(read.frames).toEqual(FRAMES.slice(0, 2));
    expect(read.goodBytes).toBe(LAST);
    expect(read.tornBytes).toBe(length - LAST);
  }
});

test("every damaged bit before the last frame is refused loudly, in the last one taken for torn", () => {
  for (let at = 0; at < FILE.length; at++) {
    const damaged = FILE.slice();
    damaged[at]! ^= 0x10;
    if (at < LAST) expect(() => readFrames(damaged, "/log")).toThrow(RaftCorruptionError);
    else expect(readFrames(damaged, "/log").goodBytes).toBe(LAST);
  }
});

test("a frame of another place is not taken for the next", () => {
  const skipped = new Uint8Array(Buffer.concat([PARTS[0]!, PARTS[2]!]));
  expect(() => readFrames(skipped, "/log")).toThrow(/damaged, and a whole one follows/);
});

test("a snapshot is read as it was written, and refused with any bit changed", () => {
  const membership = { voters: [1, 2], outgoing: [3], learners: [4], learnersNext: [5], autoLeave: true };
  const snapshot = { meta: { index: 7, term: 3, membership }, data: new Uint8Array([1, 2, 3]) };
  const bytes = encodeSnapshot(snapshot);
  expect(decodeSnapshot(bytes, "/snapshot")).toEqual(snapshot);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at]! ^= 1;
    expect(() => decodeSnapshot(damaged, "/snapshot")).toThrow(RaftCorruptionError);
  }
});
