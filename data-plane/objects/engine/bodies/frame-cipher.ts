/**
 * Bodies at rest under a key: frames that can be opened one by one, so that a range read decrypts only what it needs.
 *
 *     32 bytes   salt; the body's own key is HMAC-SHA-256(object key, label ‖ salt)
 *     frames     64 KiB of plain bytes each (the last may be shorter, an empty body has one empty frame), AES-256-GCM, 16 bytes of tag after each
 *
 * The nonce of a frame is its index and whether it is the last (the STREAM construction, Hoang, Reyhanitabar, Rogaway, Vizár 2015): a frame moved, repeated,
 * dropped or cut off does not open. A key serves one body only, so nonces never repeat.
 */

import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { EngineError } from "../engine-error.ts";

export const FRAME_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
export const SALT_BYTES = 32;
const STORED_FRAME_BYTES = FRAME_BYTES + TAG_BYTES;
const LABEL = "biplane body frames v1";

/** Bytes on disk of a body of `size` plain bytes. */
export function storedSize(size: number): number {
  return SALT_BYTES + size + TAG_BYTES * frameCount(size);
}

/** Frames of a body of `size` plain bytes. */
export function frameCount(size: number): number {
  return Math.max(1, Math.ceil(size / FRAME_BYTES));
}

/** Where frame `index` starts in the stored body. */
export function frameOffset(index: number): number {
  return SALT_BYTES + index * STORED_FRAME_BYTES;
}

/** The key of one body. */
export function frameKey(objectKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHmac("sha256", objectKey).update(LABEL).update(salt).digest();
}

function nonceOf(index: number, last: boolean): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(index), 3);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** One stored frame: ciphertext and tag. */
export function sealFrame(key: Uint8Array, index: number, last: boolean, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, nonceOf(index, last));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws EngineError Corrupt when the frame is not what was sealed at this place */
export function openFrame(key: Uint8Array, index: number, last: boolean, stored: Uint8Array): Uint8Array {
  if (stored.length < TAG_BYTES) throw new EngineError("Corrupt");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(index, last));
    decipher.setAuthTag(stored.subarray(stored.length - TAG_BYTES));
    const plain = decipher.update(stored.subarray(0, stored.length - TAG_BYTES));
    decipher.final();
    return plain;
  } catch (error) {
    throw new EngineError("Corrupt", {}, error);
  }
}

/** A whole body in memory. */
export function sealBody(objectKey: Uint8Array, salt: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealer = openSealer(objectKey, salt);
  return Buffer.concat([...sealer.push(plain), ...sealer.end()]);
}

/** Seals a body as it streams by. Keeps at most one frame back, since only the end tells which frame is the last. */
export interface Sealer {
  /** Stored bytes that are ready. The chunk is not kept. */
  push(chunk: Uint8Array): Uint8Array[];
  end(): Uint8Array[];
}

export function openSealer(objectKey: Uint8Array, salt: Uint8Array): Sealer {
  const key = frameKey(objectKey, salt);
  const held = new Uint8Array(FRAME_BYTES);
  let filled = 0;
  let index = 0;
  let started = false;
  const begin = (): Uint8Array[] => {
    if (started) return [];
    started = true;
    return [salt];
  };
  return {
    push(chunk) {
      const ready = begin();
      let rest = chunk;
      while (rest.length > 0) {
        if (filled === FRAME_BYTES) {
          ready.push(sealFrame(key, index++, false, held));
          filled = 0;
        }
        const taken = rest.subarray(0, FRAME_BYTES - filled);
        held.set(taken, filled);
        filled += taken.length;
        rest = rest.subarray(taken.length);
      }
      return ready;
    },
    end: () => [...begin(), sealFrame(key, index, true, held.subarray(0, filled))],
  };
}
