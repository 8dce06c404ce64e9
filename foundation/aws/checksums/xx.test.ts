/** The xxHash family: the runtime's one-shot functions and values of the reference implementation are the peers. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ChecksumAlgorithm, createChecksum } from "./index.ts";

function hexOf(algorithm: ChecksumAlgorithm, ...pieces: readonly Uint8Array[]): string {
  const hasher = createChecksum(algorithm);
  for (const piece of pieces) hasher.update(piece);
  return Buffer.from(hasher.digest()).toString("hex");
}

function hex64(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i * 31 + 7);

describe("XXH128 of the reference implementation (xxHash 0.8)", () => {
  const values: readonly (readonly [length: number, hex: string])[] = [
    [0, "99aa06d3014798d86001c324468d497f"],
    [1, "495b62073ef70ca44c5cca45d0f4811f"],
    [2, "12b2847aa0de5aaaa7e250c97710ff27"],
    [3, "46f66cb93538156515f7093b173d005c"],
    [4, "7fefeeffb4d0eab3b987ca5d9241572a"],
    [7, "9194efbddb0d752c90d8d40e8b5ca9c4"],
    [8, "803c675a846cc6c256bb836ceb6d4baa"],
    [9, "d46556872d230f224376673580310154"],
    [15, "2c612e00ed4f13d9571df173bded2e23"],
    [16, "650fe308c566747df853dd94614dfa07"],
    [17, "18217300b5132d5a78c349fe81b2f26c"],
    [31, "a7591e70669b73f845e862e1ac921624"],
    [32, "3220ff5fe507b3c05726e079716c6a62"],
    [33, "91a4c56ad1b91d883b25275300c8b44e"],
    [64, "f9bfa77da0891a9636c5f7e547426bc4"],
    [65, "5642c5d38e6e787dd0d1d7884590a330"],
    [96, "59861d1adb3e51a263451be079edd707"],
    [97, "0912f66857975b13fa4138b7dc44e45b"],
    [128, "b4f87b99d2db8a511e04fad9f0cacb4d"],
    [129, "6881633650cd8924c51bc887976aef63"],
    [160, "c000b788df6dbbc4f661814e66697391"],
    [161, "9ab20efd5075007b3514442284da8d47"],
    [191, "a738c169d152e2bc07e4807e2b806ac0"],
    [192, "d4479caa4bea0dced8d6fbd475016236"],
    [239, "75acb2ecd970b3996df5c761356a5057"],
    [240, "de57aab31e77a2ff93e173833f75ab66"],
    [241, "92b991a7192f3f080b3b630948ce4a00"],
    [255, "3e68b7e415ce7e5c89932170686cdd9a"],
    [256, "24ee30633ca52c6aec85b75bafe6ca74"],
    [1023, "8e8ed756aa1f01faf0d330ce2b3300fb"],
    [1024, "4c17271c906df79223bc880ebf0d29c6"],
    [1025, "70a4eb1b9691d77fc09fdfbc398c7d82"],
    [1088, "fcf9dfe2b0ba271ba16bad67843c5a45"],
    [1089, "9abc7da3134fb578822327a86aad957c"],
    [2048, "b318976b177a38c719f6f9c987331373"],
    [2049, "11999f258baadb535045460f5d85c275"],
    [70000, "9544c48b6b3678a8ff6e8ad95018ccd9"],
  ];
  for (const [length, hex] of values) {
    test(`${length} bytes`, () => expect(hexOf("XXHASH128", bytes.subarray(0, length))).toBe(hex));
  }
});

test("every length up to several blocks equals the one-shot functions", () => {
  for (let length = 0; length < 3300; length += length < 300 ? 1 : 13) {
    const input = bytes.subarray(0, length);
    expect(hexOf("XXHASH64", input)).toBe(hex64(Bun.hash.xxHash64(input)));
    expect(hexOf("XXHASH3", input)).toBe(hex64(Bun.hash.xxHash3(input)));
  }
});

test("pieces give the same as the whole", () => {
  fc.assert(
    fc.property(fc.nat(bytes.length), fc.array(fc.nat(), { maxLength: 8 }), (length, cuts) => {
      const input = bytes.subarray(0, length);
      const at = [0, ...cuts.map((cut) => cut % (length + 1)).sort((a, b) => a - b), length];
      const pieces = at.slice(1).map((end, i) => input.subarray(at[i], end));
      for (const algorithm of ["XXHASH64", "XXHASH3", "XXHASH128"] as const) {
        expect(hexOf(algorithm, ...pieces)).toBe(hexOf(algorithm, input));
      }
      expect(hexOf("XXHASH64", input)).toBe(hex64(Bun.hash.xxHash64(input)));
      expect(hexOf("XXHASH3", input)).toBe(hex64(Bun.hash.xxHash3(input)));
    }),
    { numRuns: 100 },
  );
});
