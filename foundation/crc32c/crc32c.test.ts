import { expect, test } from "bun:test";
import fc from "fast-check";
import { createChecksum } from "#foundation/aws/checksums";
import { crc32c } from "./index.ts";

test("checksums are those that others publish", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  // RFC 3720 B.4: 32 bytes of zeros, of ones, and rising.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e);
});

test("a checksum goes on from where another one ended, at any place", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (whole, a, b) => {
      const [start, middle] = [Math.min(a, b, whole.length), Math.min(Math.max(a, b), whole.length)];
      const hasher = createChecksum("CRC32C");
      hasher.update(whole.subarray(start));
      const expected = new DataView(hasher.digest().slice().buffer).getUint32(0);
      expect(crc32c(whole, crc32c(whole, 0, start, middle), middle)).toBe(expected);
    }),
  );
});
