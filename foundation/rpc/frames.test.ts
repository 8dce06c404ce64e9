import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteWriter, MalformedBytesError } from "#foundation/binary";
import {
  FRAME_BYTES_MAX,
  FrameReader,
  KIND,
  PREAMBLE_BYTES,
  PROTOCOL_VERSION,
  preambleOf,
  readPreamble,
  writeFrame,
} from "./frames.ts";

const PREAMBLE = preambleOf(false);

function plainReader(): { readonly reader: FrameReader; readonly seen: { version?: number } } {
  const seen: { version?: number } = {};
  const greet = (greeting: Uint8Array): void => void Object.assign(seen, readPreamble(greeting));
  return { seen, reader: new FrameReader(PREAMBLE_BYTES, greet, (frame) => frame) };
}

describe("frames", () => {
  test("are cut the same wherever the bytes were split", () => {
    const contents = fc.array(fc.tuple(fc.nat(4), fc.uint8Array({ maxLength: 40 })), { maxLength: 6 });
    fc.assert(
      fc.property(contents, fc.infiniteStream(fc.integer({ min: 1, max: 30 })), (frames, sizes) => {
        const writer = new ByteWriter();
        writer.raw(PREAMBLE);
        for (const [kind, content] of frames) writeFrame(writer, kind, (w) => w.raw(content));
        const all = writer.finish();
        const { reader, seen } = plainReader();
        const read: [number, Uint8Array][] = [];
        for (let at = 0; at < all.length; ) {
          const size = sizes.next().value as number;
          for (const { kind, content } of reader.push(all.slice(at, at + size)))
            read.push([kind, content.raw(content.left)]);
          at += size;
        }
        expect(read).toEqual(frames as [number, Uint8Array<ArrayBuffer>][]);
        expect(seen.version).toBe(PROTOCOL_VERSION);
      }),
    );
  });

  test("whatever comes is frames or malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (noise, begun) => {
        const { reader } = plainReader();
        try {
          if (begun) reader.push(PREAMBLE);
          reader.push(noise);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytesError);
        }
      }),
    );
  });

  test("a frame that claims to be longer than any may be is refused before it is waited for", () => {
    const { reader } = plainReader();
    reader.push(PREAMBLE);
    expect(() => reader.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toThrow(MalformedBytesError);
    const { reader: empty } = plainReader();
    empty.push(PREAMBLE);
    expect(() => empty.push(new Uint8Array(4))).toThrow(MalformedBytesError);
  });

  test("one that is too long is not written", () => {
    const writer = new ByteWriter();
    expect(() => writeFrame(writer, KIND.reply, (w) => w.raw(new Uint8Array(FRAME_BYTES_MAX)))).toThrow(RangeError);
  });

  test("another protocol, and another version of this one, are told apart", () => {
    expect(() => readPreamble(new TextEncoder().encode("GET / HT"))).toThrow(MalformedBytesError);
    expect(readPreamble(PREAMBLE.with(7, 9))).toEqual({ version: 9, keyed: false });
    expect(readPreamble(preambleOf(true)).keyed).toBe(true);
  });
});
