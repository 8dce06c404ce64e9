/** Checksums of objects uploaded in parts (S3 User Guide, "Checking object integrity", "Multipart uploads"). */

import type { ChecksumAlgorithm, ChecksumType } from "./algorithm.ts";
import { createChecksum, toBase64 } from "./hasher.ts";

/**
 * The composite checksum: the checksum of the parts' raw checksums one after the other, and the number of parts: `base64-N`.
 *
 * @param parts raw checksums in the order of the parts
 */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly Uint8Array[]): string {
  const hasher = createChecksum(algorithm);
  for (const part of parts) hasher.update(part);
  return `${toBase64(hasher.digest())}-${parts.length}`;
}

const permittedTypes: Readonly<Record<ChecksumAlgorithm, readonly [ChecksumType, ...ChecksumType[]]>> = {
  CRC32: ["COMPOSITE", "FULL_OBJECT"],
  CRC32C: ["COMPOSITE", "FULL_OBJECT"],
  CRC64NVME: ["FULL_OBJECT"],
  SHA1: ["COMPOSITE"],
  SHA256: ["COMPOSITE"],
  SHA512: ["COMPOSITE"],
  MD5: ["COMPOSITE"],
  XXHASH64: ["COMPOSITE"],
  XXHASH3: ["COMPOSITE"],
  XXHASH128: ["COMPOSITE"],
};

/** The type that a multipart upload gets when it names only an algorithm. */
export function defaultChecksumType(algorithm: ChecksumAlgorithm): ChecksumType {
  return permittedTypes[algorithm][0];
}

/** Whether S3 accepts this type for this algorithm; otherwise `InvalidRequest`. */
export function isPermittedType(algorithm: ChecksumAlgorithm, type: ChecksumType): boolean {
  return permittedTypes[algorithm].includes(type);
}
