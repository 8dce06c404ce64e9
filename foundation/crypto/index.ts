/** Sealing short texts (AES-256-GCM), key files, comparison of secrets. */
export { equalInConstantTime } from "./constant-time.ts";
export { CryptoError, type CryptoErrorCode } from "./crypto-error.ts";
export { deriveSealingKey } from "./derived-key.ts";
export { createKeyFile, readKeyFile } from "./key-file.ts";
export { open, SEALED_TEXT_BYTES_MAX, seal } from "./sealed-text.ts";
export {
  createSealingKey,
  SEALING_KEY_BYTES,
  type SealingKey,
  sealingKeyFromBase64,
  sealingKeyToBase64,
} from "./sealing-key.ts";
