/** The id of a table as clients see it. Pure. */
import type { ResourceId } from "#contracts";

/** A UUID that follows from the identity of the incarnation, in the form of version 4 (RFC 9562 section 5.4). */
export function tableUuid(resourceId: ResourceId): string {
  const digits = new Bun.CryptoHasher("sha256").update(`table ${resourceId}`).digest("hex");
  const variant = "89ab"[Number.parseInt(digits[16] ?? "0", 16) & 3];
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}
