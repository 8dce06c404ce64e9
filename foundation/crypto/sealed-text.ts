/**
 * Sealed texts: `v1.<nonce>.<ciphertext and tag>`, both parts in base64url without padding.
 *
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce and a 128-bit tag. SP 800-38D §8.3 allows 2^32 texts under one key with random nonces; a control
 * plane that seals a thousand secrets a second reaches that after 49 days without pause, one that seals a thousand a day never.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "#foundation/runtime";
import { CryptoError } from "./crypto-error.ts";
import type { SealingKey } from "./sealing-key.ts";

const VERSION = "v1";
const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Longest text that is sealed in one piece: 64 KiB. Secrets are short; bodies have formats of their own. */
export const SEALED_TEXT_BYTES_MAX = 64 * 1024;

const FORM = /^v1\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22,})$/;

/**
 * Seals a text so that only the key opens it, and only together with the same additional data (the name of what it belongs to, so that one secret cannot
 * be put in another's place).
 *
 * @throws RangeError above `SEALED_TEXT_BYTES_MAX`
 * @example
 * const sealed = seal(key, "wJalrXUtnFEMI…", "AKIAIOSFODNN7EXAMPLE", random); // "v1.….…"
 * open(key, sealed, "AKIAIOSFODNN7EXAMPLE"); // "wJalrXUtnFEMI…"
 */
export function seal(key: SealingKey, text: string, additionalData: string, random: Random): string {
  const plain = Buffer.from(text, "utf8");
  if (plain.length > SEALED_TEXT_BYTES_MAX) {
    throw new RangeError(`a text of ${plain.length} bytes is too long to seal; the limit is ${SEALED_TEXT_BYTES_MAX}`);
  }
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(additionalData, "utf8"));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${Buffer.from(nonce).toString("base64url")}.${sealed.toString("base64url")}`;
}

/** Opens a sealed text. @throws CryptoError CannotOpen, without saying which of the possible reasons it was */
export function open(key: SealingKey, sealedText: string, additionalData: string): string {
  const parts = FORM.exec(sealedText);
  if (parts === null) throw new CryptoError("CannotOpen", "this is not a sealed text of version 1");
  const nonce = Buffer.from(parts[1]!, "base64url");
  const sealed = Buffer.from(parts[2]!, "base64url");
  // One sealed text has one spelling: unused bits of the last character must be zero.
  if (sealed.toString("base64url") !== parts[2]) throw cannotOpen();
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(additionalData, "utf8"));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]).toString(
      "utf8",
    );
  } catch (error) {
    throw cannotOpen(error);
  }
}

function cannotOpen(cause?: unknown): CryptoError {
  return new CryptoError(
    "CannotOpen",
    "the sealed text does not open: altered, or sealed by another key or for something else",
    {
      cause,
    },
  );
}
