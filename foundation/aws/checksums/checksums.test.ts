import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  announcedChecksum,
  type ChecksumAlgorithm,
  ChecksumError,
  checksumAlgorithms,
  checksumBytes,
  checksumHeader,
  combineChecksums,
  combineParts,
  compositeChecksum,
  computeChecksum,
  createChecksum,
  findChecksum,
  isCombinable,
  MultiHasher,
  parseChecksum,
  toBase64,
} from "./index.ts";

/** Published check values: the checksum of the nine characters "123456789" (CRC catalogue of G. Cook; RFC 1321, FIPS 180 for the hashes). */
const checkValues: Readonly<Record<ChecksumAlgorithm, string>> = {
  CRC32: "cbf43926",
  CRC32C: "e3069283",
  CRC64NVME: "ae8b14860a799888",
  SHA1: "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
  SHA256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
  SHA512:
    "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
  MD5: "25f9e794323b453885f5181f1b624d0b",
  XXHASH64: "8cb841db40e6ae83",
  XXHASH3: "72dcb18b67a17dff",
  XXHASH128: "33119477ede5dcd5e9716427681d5860",
};

const check = Buffer.from("123456789");

function hexOf(algorithm: ChecksumAlgorithm, ...pieces: readonly Uint8Array[]): string {
  const hasher = createChecksum(algorithm);
  for (const piece of pieces) hasher.update(piece);
  return Buffer.from(hasher.digest()).toString("hex");
}

describe("published check values", () => {
  for (const algorithm of checksumAlgorithms) {
    test(algorithm, () => {
      expect(hexOf(algorithm, check)).toBe(checkValues[algorithm]);
      expect(computeChecksum(algorithm, check)).toBe(Buffer.from(checkValues[algorithm], "hex").toString("base64"));
    });
  }

  test("of nothing", () => {
    expect(hexOf("CRC32")).toBe("00000000");
    expect(hexOf("CRC32C")).toBe("00000000");
    expect(hexOf("CRC64NVME")).toBe("0000000000000000");
  });

  test("CRC32C of RFC 3720 appendix B.4", () => {
    expect(hexOf("CRC32C", new Uint8Array(32))).toBe("8a9136aa");
    expect(hexOf("CRC32C", new Uint8Array(32).fill(0xff))).toBe("62a8ab43");
    expect(
      hexOf(
        "CRC32C",
        Uint8Array.from({ length: 32 }, (_, i) => i),
      ),
    ).toBe("46dd794e");
  });
});

/** Bit by bit, from the definition: the oracle for everything faster. */
function slowCrc(polynomial: bigint, bits: bigint, bytes: Uint8Array): string {
  const ones = (1n << bits) - 1n;
  let crc = ones;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let i = 0; i < 8; i++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
  }
  return (crc ^ ones).toString(16).padStart(Number(bits) / 4, "0");
}

test("the fast checks equal the definition, for every length and alignment", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 600 }), fc.nat(20), (bytes, skip) => {
      const part = bytes.subarray(Math.min(skip, bytes.length));
      expect(hexOf("CRC32", part)).toBe(slowCrc(0xedb88320n, 32n, part));
      expect(hexOf("CRC32C", part)).toBe(slowCrc(0x82f63b78n, 32n, part));
      expect(hexOf("CRC64NVME", part)).toBe(slowCrc(0x9a6c9329ac4bc9b5n, 64n, part));
    }),
    { numRuns: 60 },
  );
});

test("pieces give the same as the whole, also beyond the module's buffer", () => {
  const large = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 2_654_435_761) >>> 13);
  fc.assert(
    fc.property(fc.array(fc.nat(large.length), { maxLength: 6 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), large.length];
      const pieces = at.slice(1).map((end, i) => large.subarray(at[i], end));
      const multi = new MultiHasher(checksumAlgorithms);
      for (const piece of pieces) multi.update(piece);
      for (const [algorithm, digest] of multi.digests()) {
        expect(Buffer.from(digest).toString("hex")).toBe(hexOf(algorithm, large));
      }
    }),
    { numRuns: 20 },
  );
});

test("two checks running at once do not disturb each other", () => {
  const a = createChecksum("CRC64NVME");
  const b = createChecksum("CRC64NVME");
  a.update(Buffer.from("12345"));
  b.update(Buffer.from("1234567"));
  a.update(Buffer.from("6789"));
  b.update(Buffer.from("89"));
  expect(toBase64(a.digest())).toBe(toBase64(b.digest()));
});

describe("combination of parts", () => {
  for (const algorithm of checksumAlgorithms.filter(isCombinable)) {
    test(`${algorithm} of parts equals that of the whole`, () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (pieces) => {
          const parts = pieces.map((piece) => ({
            checksum: Buffer.from(hexOf(algorithm, piece), "hex"),
            bytes: piece.length,
          }));
          expect(Buffer.from(combineParts(algorithm, parts)).toString("hex")).toBe(hexOf(algorithm, ...pieces));
        }),
        { numRuns: 60 },
      );
    });

    test(`${algorithm} with a second piece of many zeros`, () => {
      const zeros = new Uint8Array(1_234_567);
      const whole = combineChecksums(
        algorithm,
        Buffer.from(hexOf(algorithm, check), "hex"),
        Buffer.from(hexOf(algorithm, zeros), "hex"),
        zeros.length,
      );
      expect(Buffer.from(whole).toString("hex")).toBe(hexOf(algorithm, check, zeros));
    });
  }

  test("an object of 5 TiB is not too long, a negative length is refused", () => {
    const zero = new Uint8Array(8);
    expect(combineChecksums("CRC64NVME", zero, zero, 5 * 2 ** 40)).toEqual(zero);
    expect(() => combineChecksums("CRC64NVME", zero, zero, -1)).toThrow(RangeError);
    expect(() => combineChecksums("CRC32", zero, zero, 1)).toThrow(RangeError);
  });
});

test("a composite checksum covers the raw checksums and names the number of parts", () => {
  const one = createChecksum("SHA256");
  one.update(Buffer.from("part one"));
  const two = createChecksum("SHA256");
  two.update(Buffer.from("part two"));
  const digests = [one.digest(), two.digest()];
  expect(compositeChecksum("SHA256", digests)).toBe(
    `${new Bun.CryptoHasher("sha256").update(Buffer.concat(digests)).digest("base64")}-2`,
  );
});

describe("presented checksums", () => {
  test("headers and their algorithms", () => {
    expect(checksumHeader("CRC32C")).toBe("x-amz-checksum-crc32c");
    expect(announcedChecksum("x-amz-checksum-crc64nvme")).toBe("CRC64NVME");
    expect(announcedChecksum("content-md5, X-Amz-Checksum-SHA256")).toBe("SHA256");
    expect(announcedChecksum(undefined)).toBeUndefined();
    expect(() => announcedChecksum("x-amz-checksum-crc16")).toThrow(ChecksumError);
    expect(() => announcedChecksum("x-amz-checksum-crc32,x-amz-checksum-sha1")).toThrow(ChecksumError);
  });

  test("only canonical base64 of the right length is taken", () => {
    expect(parseChecksum("CRC32", "y/Q5Jg==").bytes).toEqual(Buffer.from("cbf43926", "hex"));
    for (const bad of ["", "y/Q5Jg", "y/Q5Jg=", " y/Q5Jg==", "y/Q5Jh==", "y_Q5Jg==", "AAAA", "AAAAAAAA"]) {
      expect(() => parseChecksum("CRC32", bad)).toThrow("Value for x-amz-checksum-crc32 header is invalid.");
    }
  });

  test("one among several headers, and never two", () => {
    expect(findChecksum(() => undefined)).toBeUndefined();
    const one = new Map([["x-amz-checksum-crc32", "y/Q5Jg=="]]);
    expect(findChecksum((name) => one.get(name))).toMatchObject({ algorithm: "CRC32", value: "y/Q5Jg==" });
    const two = new Map([...one, ["x-amz-checksum-sha1", computeChecksum("SHA1", check)]]);
    expect(() => findChecksum((name) => two.get(name))).toThrow("Expecting a single x-amz-checksum- header");
  });

  test("what is computed can be presented", () => {
    fc.assert(
      fc.property(fc.constantFrom(...checksumAlgorithms), fc.uint8Array(), (algorithm, bytes) => {
        const value = computeChecksum(algorithm, bytes);
        expect(parseChecksum(algorithm, value).bytes.length).toBe(checksumBytes[algorithm]);
      }),
    );
  });

  test("any text is either refused by type or read", () => {
    fc.assert(
      fc.property(fc.constantFrom(...checksumAlgorithms), fc.string(), (algorithm, text) => {
        try {
          expect(parseChecksum(algorithm, text).value).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ChecksumError);
        }
      }),
    );
  });
});
