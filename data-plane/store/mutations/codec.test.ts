import { expect, test } from "bun:test";
import fc from "fast-check";
import { MalformedBytesError } from "#foundation/binary";
import { decodeMutations, encodeMutations, type PlainMutation } from "./index.ts";

const anyBytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => new Uint8Array(bytes));
const anyMutation: fc.Arbitrary<PlainMutation> = fc.oneof(
  fc.record({ type: fc.constant("clear" as const), key: anyBytes }),
  fc.record({ type: fc.constant("clear_range" as const), begin: anyBytes, end: anyBytes }),
  fc.record({
    type: fc.constantFrom(
      "set",
      "add",
      "bit_and",
      "bit_or",
      "bit_xor",
      "append_if_fits",
      "max",
      "min",
      "byte_max",
      "byte_min",
      "compare_and_clear",
    ),
    key: anyBytes,
    value: anyBytes,
  }),
);

test("mutations are read as they were written", () => {
  fc.assert(
    fc.property(fc.array(anyMutation, { maxLength: 20 }), (mutations) => {
      expect(decodeMutations(encodeMutations(mutations))).toEqual(mutations);
    }),
  );
});

/** As they were when the format was made: they must be read for ever. */
const key = Uint8Array.of(1, 2);
const value = Uint8Array.of(3);
const GOLDEN: readonly { readonly mutations: readonly PlainMutation[]; readonly hex: string }[] = [
  { mutations: [], hex: "0100000000" },
  {
    mutations: [
      { type: "set", key, value },
      { type: "clear", key },
      { type: "clear_range", begin: value, end: Uint8Array.of(4) },
      { type: "add", key, value },
      { type: "bit_and", key, value },
      { type: "bit_or", key, value },
      { type: "bit_xor", key, value },
      { type: "append_if_fits", key, value },
      { type: "max", key, value },
      { type: "min", key, value },
      { type: "byte_max", key, value },
      { type: "byte_min", key, value },
      { type: "compare_and_clear", key, value },
    ],
    hex: "010000000d0000000002010200000001030100000002010202000000010300000001040300000002010200000001030400000002010200000001030500000002010200000001030600000002010200000001030700000002010200000001030800000002010200000001030900000002010200000001030a00000002010200000001030b00000002010200000001030c0000000201020000000103",
  },
];

test.each(GOLDEN)("the bytes of the format stay: case %#", ({ mutations, hex }) => {
  expect(Buffer.from(encodeMutations(mutations)).toString("hex")).toBe(hex);
  expect(decodeMutations(Buffer.from(hex, "hex")).map((one) => one.type)).toEqual(mutations.map((one) => one.type));
});

test("damaged bytes are refused, or read as other mutations: never anything else", () => {
  const place = fc.record({ at: fc.nat(), to: fc.nat(255), cut: fc.nat() });
  fc.assert(
    fc.property(fc.array(anyMutation, { maxLength: 6 }), place, (mutations, { at, to, cut }) => {
      const bytes = encodeMutations(mutations);
      const damaged = bytes.slice(0, 1 + (cut % bytes.length));
      damaged[at % damaged.length] = to;
      try {
        expect(encodeMutations(decodeMutations(damaged))).toEqual(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedBytesError);
      }
    }),
  );
});

test("a count that the bytes cannot hold reserves nothing", () => {
  expect(() => decodeMutations(Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff))).toThrow(MalformedBytesError);
  expect(() => decodeMutations(Uint8Array.of(2, 0, 0, 0, 0))).toThrow("no format");
  expect(() => decodeMutations(Uint8Array.of(1, 0, 0, 0, 0, 0))).toThrow("left over");
});
