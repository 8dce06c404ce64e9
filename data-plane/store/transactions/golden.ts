/** Encoded transactions as they were when the format was made: they must be read for ever. */
import type { Mutation, Transaction } from "./index.ts";

const key = Uint8Array.of(1, 2);
const value = Uint8Array.of(3);
const stamped = Uint8Array.of(...new Array(10).fill(0xff), 0, 0, 0, 0);
const types = [
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
] as const;
const mutations: Mutation[] = [
  ...types.map((type) => ({ type, key, value })),
  { type: "compare_and_clear", key, value },
  { type: "clear", key },
  { type: "clear_range", begin: value, end: Uint8Array.of(4) },
  { type: "set_versionstamped_key", key: stamped, value },
  { type: "set_versionstamped_value", key, value: stamped },
];
const none = new Uint8Array(0);

export const GOLDEN: readonly { readonly transaction: Transaction; readonly hex: string }[] = [
  {
    transaction: { readVersion: undefined, reads: [], writes: [], mutations: [], idempotencyId: none },
    hex: "01daeda3e90000000000000000000000000000000000",
  },
  {
    transaction: {
      readVersion: 0x0102030405060708n,
      reads: [{ begin: none, end: key }],
      writes: [{ begin: key, end: value }],
      mutations,
      idempotencyId: Uint8Array.of(9, 9),
    },
    hex: "0182320bca01010203040506070800000002090900000001000000000000000201020000000100000002010200000001030000000f0000000002010200000001030500000002010200000001030600000002010200000001030700000002010200000001030800000002010200000001030900000002010200000001030a00000002010200000001030b00000002010200000001030c00000002010200000001030d00000002010200000001030e0000000201020000000103010000000201020200000001030000000104030000000effffffffffffffffffff000000000000000103040000000201020000000effffffffffffffffffff00000000",
  },
];
