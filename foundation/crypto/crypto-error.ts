/** What can be wrong with keys and sealed texts. Messages never contain key material or plain text. */

export type CryptoErrorCode =
  /** The text or file is not a key. */
  | "InvalidKey"
  /** Group or others may read the key file, or it is no regular file. Change its mode to 0600, or make a new key. */
  | "KeyFileTooOpen"
  /** The key file is missing. Restore it from a backup; without it what was sealed stays sealed. */
  | "KeyFileMissing"
  /** The sealed text was altered, was sealed by another key or for another purpose, or has another form. */
  | "CannotOpen";

/** A failure of this room, with a permanent code. */
export class CryptoError extends Error {
  override readonly name = "CryptoError";
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
