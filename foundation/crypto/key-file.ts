/** Key files: one key, readable by the owner alone. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { type Random, randomUuid } from "#foundation/runtime";
import { CryptoError } from "./crypto-error.ts";
import { createSealingKey, type SealingKey, sealingKeyFromBase64, sealingKeyToBase64 } from "./sealing-key.ts";

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** Any access of group or others. */
const TOO_OPEN = 0o077;

/**
 * Reads a key file.
 * @throws CryptoError KeyFileMissing, KeyFileTooOpen, InvalidKey
 */
export function readKeyFile(path: string): SealingKey {
  let file: number;
  try {
    // A symbolic link could point into a place that others write.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT")
      throw new CryptoError("KeyFileMissing", `the key file ${path} is missing; restore it from a backup`);
    if (code === "ELOOP")
      throw new CryptoError("KeyFileTooOpen", `the key file ${path} is a symbolic link; put the file itself there`);
    throw error;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || (stat.mode & TOO_OPEN) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
      throw new CryptoError("KeyFileTooOpen", `the key file ${path} has mode ${mode}; it must be a file of mode 0600`);
    }
    return sealingKeyFromBase64(readFileSync(file, "utf8").trimEnd());
  } catch (error) {
    if (!(error instanceof CryptoError) || error.code !== "InvalidKey") throw error;
    throw new CryptoError("InvalidKey", `${path} does not hold a key (${error.message}); restore it from a backup`);
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a fresh key to a new file of mode 0600; the file appears whole or not at all, and is durable when this returns. When the file exists already (another
 * process was faster) its key is read instead.
 * @throws CryptoError as `readKeyFile`
 */
export function createKeyFile(path: string, random: Random): SealingKey {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  const key = createSealingKey(random);
  const temporary = `${path}.${randomUuid(random)}.tmp`;
  writeDurably(temporary, `${sealingKeyToBase64(key)}\n`);
  try {
    // Unlike a rename, a link never replaces a key that others use already.
    linkSync(temporary, path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return readKeyFile(path);
    throw error;
  } finally {
    unlinkSync(temporary);
    syncDirectory(directory);
  }
  return key;
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "wx", FILE_MODE);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
