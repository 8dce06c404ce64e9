/** Incremental checksums, one interface for all algorithms. */

import { crc32 } from "node:zlib";
import { type ChecksumAlgorithm, checksumAlgorithms } from "./algorithm.ts";
import { crcModule } from "./crc-module.ts";
import { Xxh3 } from "./xxh3.ts";
import { Xxh64 } from "./xxh64.ts";

/** A checksum being computed. */
export interface ChecksumHasher {
  /** Takes more bytes; they are not kept. */
  update(bytes: Uint8Array): void;
  /** The raw checksum, most significant byte first. Ends the computation. */
  digest(): Uint8Array;
}

/** Begins a checksum. */
export function createChecksum(algorithm: ChecksumAlgorithm): ChecksumHasher {
  switch (algorithm) {
    case "CRC32":
      return new Crc32();
    case "CRC32C":
      return new Crc32c();
    case "CRC64NVME":
      return new Crc64Nvme();
    case "SHA1":
    case "SHA256":
    case "SHA512":
    case "MD5":
      return new Bun.CryptoHasher(cryptoNames[algorithm]);
    case "XXHASH64":
      return new Xxh64();
    case "XXHASH3":
      return new Xxh3(64);
    case "XXHASH128":
      return new Xxh3(128);
  }
}

/** The checksum of bytes at hand, in base64 as AWS writes it. */
export function computeChecksum(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  const hasher = createChecksum(algorithm);
  hasher.update(bytes);
  return toBase64(hasher.digest());
}

/** Several checksums of the same bytes. */
export class MultiHasher {
  readonly #algorithms: readonly ChecksumAlgorithm[];
  readonly #hashers: readonly ChecksumHasher[];

  /** @param algorithms repeated names count once */
  constructor(algorithms: Iterable<ChecksumAlgorithm>) {
    const wanted = new Set(algorithms);
    this.#algorithms = checksumAlgorithms.filter((algorithm) => wanted.has(algorithm));
    this.#hashers = this.#algorithms.map(createChecksum);
  }

  update(bytes: Uint8Array): void {
    for (const hasher of this.#hashers) hasher.update(bytes);
  }

  /** Raw checksums by algorithm. Ends the computation. */
  digests(): ReadonlyMap<ChecksumAlgorithm, Uint8Array> {
    const digests = new Map<ChecksumAlgorithm, Uint8Array>();
    for (let i = 0; i < this.#algorithms.length; i++) {
      const algorithm = this.#algorithms[i];
      const hasher = this.#hashers[i];
      if (algorithm !== undefined && hasher !== undefined) digests.set(algorithm, hasher.digest());
    }
    return digests;
  }
}

/** Base64 as AWS writes checksums. */
export function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

const cryptoNames = { SHA1: "sha1", SHA256: "sha256", SHA512: "sha512", MD5: "md5" } as const;

class Crc32 implements ChecksumHasher {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }

  digest(): Uint8Array {
    return bigEndian32(this.#value);
  }
}

class Crc32c implements ChecksumHasher {
  /** Inverted, as the algorithm carries it. */
  #state = 0xffffffff;

  update(bytes: Uint8Array): void {
    this.#state = crcModule().crc32c(this.#state, bytes);
  }

  digest(): Uint8Array {
    return bigEndian32(~this.#state);
  }
}

class Crc64Nvme implements ChecksumHasher {
  /** Inverted, low half first. */
  readonly #state = Uint32Array.of(0xffffffff, 0xffffffff);

  update(bytes: Uint8Array): void {
    crcModule().crc64nvme(this.#state, bytes);
  }

  digest(): Uint8Array {
    const result = Buffer.allocUnsafe(8);
    result.writeInt32BE(~(this.#state[1] ?? 0), 0);
    result.writeInt32BE(~(this.#state[0] ?? 0), 4);
    return result;
  }
}

function bigEndian32(value: number): Uint8Array {
  const result = Buffer.allocUnsafe(4);
  result.writeInt32BE(value | 0);
  return result;
}
