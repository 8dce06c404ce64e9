/** Keys that seal texts. */
import { createSecretKey, type KeyObject } from "node:crypto";
import type { Random } from "#foundation/runtime";
import { CryptoError } from "./crypto-error.ts";

/** AES-256 (NIST FIPS 197): 256 bits. */
export const SEALING_KEY_BYTES = 32;

/** A key for `seal` and `open`. Opaque, so that it never ends up in a log by accident; `sealingKeyToBase64` shows it. */
export type SealingKey = KeyObject;

/** A fresh key. */
export function createSealingKey(random: Random): SealingKey {
  return createSecretKey(random.bytes(SEALING_KEY_BYTES));
}

/** @throws CryptoError InvalidKey when the text is not the base64 form of 32 bytes */
export function sealingKeyFromBase64(text: string): SealingKey {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== SEALING_KEY_BYTES || bytes.toString("base64") !== text) {
    throw new CryptoError("InvalidKey", `a sealing key is ${SEALING_KEY_BYTES} bytes in base64`);
  }
  return createSecretKey(bytes);
}

/** The key itself, as base64: for key files and for the change stream's `welcome`, nothing else. */
export function sealingKeyToBase64(key: SealingKey): string {
  return key.export().toString("base64");
}
