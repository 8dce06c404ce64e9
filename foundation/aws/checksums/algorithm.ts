/** The checksum algorithms of S3, by the names that AWS gives them (S3 API Reference, "ChecksumAlgorithm"). */

/** Every algorithm that S3 knows and that is computed here. */
export const checksumAlgorithms = [
  "CRC32",
  "CRC32C",
  "CRC64NVME",
  "SHA1",
  "SHA256",
  "SHA512",
  "MD5",
  "XXHASH64",
  "XXHASH3",
  "XXHASH128",
] as const;

/** The name of an algorithm, as in `x-amz-checksum-algorithm`. */
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** How the checksum of a multipart object is made: from the checksums of its parts, or as if it had been one part. */
export type ChecksumType = "COMPOSITE" | "FULL_OBJECT";

/** The algorithm of an upload that names none. */
export const defaultChecksumAlgorithm: ChecksumAlgorithm = "CRC64NVME";

/** Length of a raw checksum in bytes. */
export const checksumBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  MD5: 16,
  XXHASH64: 8,
  XXHASH3: 8,
  XXHASH128: 16,
};

/** The header and trailer that carries a checksum, in lower case: `x-amz-checksum-crc32c`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return headers[algorithm];
}

const headers = Object.fromEntries(
  checksumAlgorithms.map((algorithm) => [algorithm, `x-amz-checksum-${algorithm.toLowerCase()}`]),
) as Readonly<Record<ChecksumAlgorithm, string>>;

const byHeader: ReadonlyMap<string, ChecksumAlgorithm> = new Map(
  checksumAlgorithms.map((algorithm) => [headers[algorithm], algorithm]),
);

/** The algorithm whose header this is (lower case), or undefined. */
export function algorithmOfHeader(lowerCaseName: string): ChecksumAlgorithm | undefined {
  return byHeader.get(lowerCaseName);
}

/** The algorithm of a name in any case, or undefined. */
export function algorithmOfName(name: string): ChecksumAlgorithm | undefined {
  return byHeader.get(`x-amz-checksum-${name.toLowerCase()}`);
}
