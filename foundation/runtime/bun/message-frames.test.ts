import { expect, test } from "bun:test";
import fc from "fast-check";
import { MESSAGE_BYTES_MAX } from "../ports/network.ts";
import { decodeGreeting, encodeFrame, encodeGreeting, FrameReader } from "./message-frames.ts";

const SENDER = { host: "node-1", port: 7000 };

function reader(): { frames: FrameReader; received: Uint8Array[] } {
  const received: Uint8Array[] = [];
  return { frames: new FrameReader((payload) => received.push(payload)), received };
}

test("FrameReader finds the same frames however the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (messages, cuts) => {
        const { frames, received } = reader();
        const wire = Buffer.concat([encodeGreeting(SENDER), ...messages.map(encodeFrame)]);
        for (let offset = 0; offset < wire.length; ) {
          const length = cuts.next().value as number;
          expect(frames.push(wire.subarray(offset, offset + length))).toBe(true);
          offset += length;
        }
        expect(decodeGreeting(received[0]!)).toEqual(SENDER);
        expect(received.slice(1).map((payload) => [...payload])).toEqual(messages.map((message) => [...message]));
      },
    ),
  );
});

test("FrameReader refuses a first frame that cannot be a greeting and later ones above the limit", () => {
  expect(reader().frames.push(new TextEncoder().encode("GET / HTTP/1.1\r\n"))).toBe(false);
  const { frames } = reader();
  expect(frames.push(encodeGreeting(SENDER))).toBe(true);
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, MESSAGE_BYTES_MAX + 1);
  expect(frames.push(header)).toBe(false);
});

test("decodeGreeting refuses what is not one", () => {
  expect(decodeGreeting(new Uint8Array(0))).toBeUndefined();
  expect(decodeGreeting(new TextEncoder().encode("XXXX\x00\x01host"))).toBeUndefined();
  expect(decodeGreeting(new Uint8Array(400))).toBeUndefined();
});
