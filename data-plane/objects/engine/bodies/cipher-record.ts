/**
 * What a row remembers about the encryption of a body, as one short text; null for none.
 *
 *     S.<sealed key>               SSE-S3: the object's key, sealed by the master key (base64)
 *     C.<key MD5>.<salt>.<check>   SSE-C: enough to refuse a wrong key, not enough to find the right one (each base64)
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "#foundation/runtime";
import { EngineError } from "../engine-error.ts";
import type { Encryption, EncryptionRequest } from "../port.ts";
import { type MasterKey, OBJECT_KEY_BYTES } from "./master-key.ts";

/** A record and the key that it is about. The key lives as long as one request. */
export interface BodyKey {
  readonly record: string;
  readonly key: Uint8Array;
}

const SALT_BYTES = 16;
const NONE: Encryption = Object.freeze({ mode: "none" });
const SSE_S3: Encryption = Object.freeze({ mode: "SSE-S3" });

/** What the port shows of a record. */
export function encryptionOfRecord(record: string | null): Encryption {
  if (record === null) return NONE;
  if (record.startsWith("S.")) return SSE_S3;
  return { mode: "SSE-C", keyMd5: record.split(".")[1]! };
}

/** Makes the key and record of a new body; null for no encryption. */
export function newBodyKey(request: EncryptionRequest, masterKey: MasterKey, random: Random): BodyKey | null {
  switch (request.mode) {
    case "none":
      return null;
    case "SSE-S3": {
      const key = random.bytes(OBJECT_KEY_BYTES);
      return { key, record: `S.${Buffer.from(masterKey.seal(key)).toString("base64")}` };
    }
    case "SSE-C": {
      if (request.key.length !== OBJECT_KEY_BYTES) throw new EngineError("WrongEncryptionKey");
      const salt = random.bytes(SALT_BYTES);
      const fields = [
        request.keyMd5,
        Buffer.from(salt).toString("base64"),
        checkOf(request.key, salt).toString("base64"),
      ];
      return { key: request.key, record: `C.${fields.join(".")}` };
    }
  }
}

/**
 * The key for a body that has this record; null for none.
 * @param customerKey for SSE-C
 * @throws EngineError WrongEncryptionKey, Corrupt when the sealed key does not open
 */
export function bodyKeyOfRecord(
  record: string | null,
  customerKey: Uint8Array | undefined,
  masterKey: MasterKey,
): BodyKey | null {
  if (record === null) return null;
  const fields = record.split(".");
  if (fields[0] === "S") return { record, key: masterKey.open(Buffer.from(fields[1]!, "base64")) };
  if (customerKey === undefined) throw new EngineError("WrongEncryptionKey");
  const check = checkOf(customerKey, Buffer.from(fields[2]!, "base64"));
  if (!timingSafeEqual(check, Buffer.from(fields[3]!, "base64"))) throw new EngineError("WrongEncryptionKey");
  return { record, key: customerKey };
}

/** Tells a wrong key from the right one. One-way: the key has 256 random bits, so that a salted HMAC cannot be searched. */
function checkOf(key: Uint8Array, salt: Uint8Array): Buffer {
  return createHmac("sha256", key).update("biplane customer key check").update(salt).digest();
}

/** Base64 MD5 of a key, as S3 clients send it. */
export function md5OfKey(key: Uint8Array): string {
  return createHash("md5").update(key).digest("base64");
}
