/** The key that seals the keys of objects under SSE-S3: one file per data plane, made at first open, readable by its owner only. */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { CryptoError } from "#foundation/crypto";
import type { Random } from "#foundation/runtime";
import { EngineError } from "../engine-error.ts";

/** AES-256. */
export const OBJECT_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = Buffer.from("biplane object key v1");

export interface MasterKey {
  /** Nonce, ciphertext and tag of an object's key. */
  seal(key: Uint8Array): Uint8Array;
  /** @throws EngineError Corrupt */
  open(sealed: Uint8Array): Uint8Array;
}

/** Reads the key at `path`, or makes it. @throws CryptoError InvalidKey */
export function openMasterKey(path: string, random: Random): MasterKey {
  return masterKeyOf(readKey(path) ?? createKey(path, random), random);
}

function readKey(path: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== OBJECT_KEY_BYTES) {
    const problem = `${path} does not hold a key of ${OBJECT_KEY_BYTES} bytes in base64; restore it from a backup`;
    throw new CryptoError("InvalidKey", problem);
  }
  return key;
}

function createKey(path: string, random: Random): Uint8Array {
  const key = random.bytes(OBJECT_KEY_BYTES);
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", 0o600);
  try {
    writeSync(file, `${Buffer.from(key).toString("base64")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return key;
}

/** Sealing with a key that is at hand. */
export function masterKeyOf(key: Uint8Array, random: Random): MasterKey {
  return {
    seal(objectKey) {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(PURPOSE);
      return Buffer.concat([nonce, cipher.update(objectKey), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed) {
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES));
        decipher.setAAD(PURPOSE);
        decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
        return Buffer.concat([
          decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)),
          decipher.final(),
        ]);
      } catch (error) {
        throw new EngineError("Corrupt", {}, error);
      }
    },
  };
}
