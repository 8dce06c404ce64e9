import { expect, test } from "bun:test";
import fc from "fast-check";
import { BadFrame, encodeFrame, encodeJsonFrame, FRAME, FRAME_BYTES_MAX, FrameReader, frameJson } from "./frames.ts";

test("FrameReader gives back the frames wherever the bytes are cut", () => {
  const frame = fc.record({
    kind: fc.constantFrom(...Object.values(FRAME)),
    payload: fc.uint8Array({ maxLength: 50 }),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 20 }), (frames, step) => {
      const bytes = Buffer.concat(frames.map(({ kind, payload }) => encodeFrame(kind, payload)));
      const reader = new FrameReader();
      const read = [];
      for (let at = 0; at < bytes.length; at += step) read.push(...reader.push(bytes.subarray(at, at + step)));
      expect(read.map(({ kind, payload }) => [kind, [...payload]])).toEqual(
        frames.map(({ kind, payload }) => [kind, [...payload]]),
      );
    }),
  );
});

test("FrameReader refuses unknown kinds and lengths beyond the limit before it keeps anything", () => {
  expect(() => new FrameReader().push(Uint8Array.of(0x77, 0, 0, 0, 0))).toThrow(BadFrame);
  const head = encodeFrame(FRAME.stdin).slice();
  new DataView(head.buffer).setUint32(1, FRAME_BYTES_MAX + 1);
  expect(() => new FrameReader().push(head)).toThrow(BadFrame);
});

test("frameJson() takes objects only", () => {
  const [frame] = new FrameReader().push(encodeJsonFrame(FRAME.control, { type: "stop" }));
  expect(frameJson(frame!)).toEqual({ type: "stop" });
  for (const text of ["", "1", "null", "[]", "{", "\xff"]) {
    expect(() => frameJson({ kind: FRAME.control, payload: Buffer.from(text, "latin1") })).toThrow(BadFrame);
  }
});
