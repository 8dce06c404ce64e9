/** CRC-32C as a number. */
import { createChecksum } from "#foundation/aws/checksums";

export function crc32c(bytes: Uint8Array): number {
  const hasher = createChecksum("CRC32C");
  hasher.update(bytes);
  const sum = hasher.digest();
  return ((sum[0]! << 24) | (sum[1]! << 16) | (sum[2]! << 8) | sum[3]!) >>> 0;
}
