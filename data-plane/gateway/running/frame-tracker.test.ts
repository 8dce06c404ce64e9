import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { closeFrame, FrameTracker } from "./frame-tracker.ts";

function frame(opcode: number, length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const head =
    length < 126
      ? Buffer.of(0x80 | opcode, mask | length)
      : length < 65_536
        ? Buffer.of(0x80 | opcode, mask | 126, length >> 8, length & 0xff)
        : Buffer.of(0x80 | opcode, mask | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff);
  return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0, 0x88), Buffer.alloc(length, 0x88)]);
}

const frames = fc.array(
  fc.tuple(
    fc.constantFrom(0, 1, 2, 9, 10),
    fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 65_000, max: 66_000 })),
    fc.boolean(),
  ),
  { minLength: 1, maxLength: 6 },
);

describe("FrameTracker", () => {
  test("knows where frames end, however they are cut", () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1 }), (all, cuts) => {
        const pieces = all.map(([opcode, length, isMasked]) => frame(opcode, length, isMasked));
        const ends = new Set([0]);
        for (const { length } of pieces) ends.add([...ends].at(-1)! + length);
        const octets = Buffer.concat(pieces);
        const tracker = new FrameTracker();
        for (let at = 0, i = 0; at < octets.length; i++) {
          const to = Math.min(octets.length, at + cuts[i % cuts.length]!);
          tracker.pass(octets.subarray(at, to));
          expect(tracker.isBetween).toBe(ends.has(to));
          at = to;
        }
        expect(tracker.hasClosed).toBe(false);
      }),
    );
  });

  test("stops at the end of the frame that is begun, and no later", () => {
    fc.assert(
      fc.property(frames, fc.nat(), (all, cut) => {
        const pieces = all.map(([opcode, length, isMasked]) => frame(opcode, length, isMasked));
        const octets = Buffer.concat(pieces);
        const at = cut % octets.length;
        let end = 0;
        for (const { length } of pieces) if (end < at) end += length;
        const tracker = new FrameTracker();
        tracker.pass(octets.subarray(0, at));
        expect(at + tracker.passToEnd(octets.subarray(at))).toBe(end);
        expect(tracker.isBetween).toBe(true);
      }),
    );
  });

  test("says that it is not at an end, and knows frames that close", () => {
    const tracker = new FrameTracker();
    expect(tracker.passToEnd(Buffer.alloc(0))).toBe(0);
    tracker.pass(frame(2, 10, true).subarray(0, 8));
    expect([tracker.isBetween, tracker.passToEnd(Buffer.alloc(2)), tracker.hasClosed]).toEqual([false, -1, false]);
    expect(tracker.passToEnd(Buffer.alloc(20))).toBe(6);
    tracker.pass(closeFrame(1001, "bye", Buffer.of(1, 2, 3, 4)));
    expect([tracker.isBetween, tracker.hasClosed]).toEqual([true, true]);
  });
});

test("closeFrame() says a code and a reason, masked by clients", () => {
  expect(closeFrame(1001, "bye")).toEqual(Buffer.from("\x88\x05\x03\xe9bye", "latin1"));
  expect(closeFrame(1001, "bye", Buffer.of(1, 2, 3, 4))).toEqual(
    Buffer.concat([Buffer.of(0x88, 0x85, 1, 2, 3, 4, 2, 0xeb), Buffer.of(0x62 ^ 3, 0x79 ^ 4, 0x65 ^ 1)]),
  );
});
