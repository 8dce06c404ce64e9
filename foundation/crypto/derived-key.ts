/** Keys of a purpose, derived from one key, so that what is sealed for one purpose opens for no other. */
import { createSecretKey, hkdfSync } from "node:crypto";
import { SEALING_KEY_BYTES, type SealingKey } from "./sealing-key.ts";

/** HKDF-SHA-256 (RFC 5869) without salt: the key is uniformly random already. @param purpose for example `aws-session` */
export function deriveSealingKey(key: SealingKey, purpose: string): SealingKey {
  return createSecretKey(Buffer.from(hkdfSync("sha256", key, "", purpose, SEALING_KEY_BYTES)));
}
