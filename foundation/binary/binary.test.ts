import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  ByteReader,
  ByteWriter,
  bytes,
  type Codec,
  decode,
  encode,
  flag,
  list,
  MalformedBytesError,
  nothing,
  oneOf,
  optional,
  record,
  text,
  u8,
  u16,
  u32,
  u64,
  type ValueOf,
  variant,
  whole,
} from "./index.ts";

const shape = variant({
  circle: record({ radius: u32, name: text }),
  mark: record({ at: list(record({ x: u16, y: u8 })), seen: optional(flag), key: bytes }),
  unit: record({ size: oneOf("small", "large"), id: u64, bytes: whole }),
});

const shapes: fc.Arbitrary<ValueOf<typeof shape>> = fc.oneof(
  fc.record({ type: fc.constant("circle" as const), radius: fc.nat(), name: fc.string({ unit: "grapheme" }) }),
  fc.record({
    type: fc.constant("mark" as const),
    at: fc.array(fc.record({ x: fc.nat(0xffff), y: fc.nat(255) })),
    seen: fc.option(fc.boolean(), { nil: undefined }),
    key: fc.uint8Array({ maxLength: 600 }),
  }),
  fc.record({
    type: fc.constant("unit" as const),
    size: fc.constantFrom("small" as const, "large" as const),
    id: fc.bigInt(0n, 2n ** 64n - 1n),
    bytes: fc.maxSafeNat(),
  }),
);

describe("codecs", () => {
  test("what is written is read again", () => {
    fc.assert(fc.property(shapes, (value) => expect(decode(shape, encode(shape, value))).toEqual(value)));
  });

  test("are as they are written down", () => {
    expect(hex(encode(shape, { type: "circle", radius: 258, name: "é" }))).toBe("00" + "00000102" + "00000002c3a9");
    const mark = { type: "mark", at: [{ x: 1, y: 2 }], seen: true, key: Uint8Array.of(0xff) } as const;
    expect(hex(encode(shape, mark))).toBe("01" + "00000001" + "000102" + "0101" + "00000001ff");
    const unit = { type: "unit", size: "large", id: 2n ** 63n, bytes: 2 ** 40 } as const;
    expect(hex(encode(shape, unit))).toBe("02" + "01" + "8000000000000000" + "0000010000000000");
    expect(encode(nothing, undefined)).toHaveLength(0);
  });

  test("read nothing else: whatever comes, a value that is written as it was, or an error that says what is wrong", () => {
    const damaged = fc.tuple(shapes, fc.nat(), fc.nat(255), fc.nat(4)).map(([value, at, byte, cut]) => {
      const all = encode(shape, value);
      all[at % all.length] = byte;
      return all.subarray(0, all.length - Math.min(cut, all.length));
    });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (source) => {
        try {
          expect(encode(shape, decode(shape, source))).toEqual(new Uint8Array(source));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytesError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("reserve nothing by what a hostile count claims", () => {
    const many = list(u64);
    expect(() => decode(many, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3))).toThrow("longer than its bytes");
    expect(() => list(nothing as Codec<unknown>)).toThrow(RangeError);
  });

  test("refuse to write what would be read as another value", () => {
    expect(() => encode(u64, -1n)).toThrow(RangeError);
    expect(() => encode(u64, 2n ** 64n)).toThrow(RangeError);
    expect(() => encode(whole, 2 ** 53)).toThrow(RangeError);
    expect(() => encode(whole, 1.5)).toThrow(RangeError);
    expect(() => encode(oneOf("a", "b"), "c" as "a")).toThrow(RangeError);
    expect(() => encode(shape, { type: "square" } as never)).toThrow(RangeError);
  });

  test("a number beyond 2^53, a flag of 2, a text that is not UTF-8, bytes left over: malformed", () => {
    expect(() => decode(whole, Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0))).toThrow("too large");
    expect(() => decode(flag, Uint8Array.of(2))).toThrow("neither 0 nor 1");
    expect(() => decode(text, Uint8Array.of(0, 0, 0, 1, 0xff))).toThrow("not UTF-8");
    expect(() => decode(u8, Uint8Array.of(1, 2))).toThrow("left over");
  });
});

describe("a writer", () => {
  test("grows, takes back, and fills in what is known later", () => {
    const writer = new ByteWriter(1);
    writer.u32(0);
    writer.raw(new Uint8Array(300).fill(7));
    writer.cutTo(10);
    writer.setU32(0, 6);
    const reader = new ByteReader(writer.finish());
    expect(reader.bytes()).toEqual(new Uint8Array(6).fill(7));
    expect(reader.left).toBe(0);
    expect(() => writer.cutTo(11)).toThrow(RangeError);
    expect(() => writer.setU32(8, 1)).toThrow(RangeError);
  });
});

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString("hex");
}
