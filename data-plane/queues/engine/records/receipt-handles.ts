/** Receipt handles: opaque to clients, good for one queue and one receipt, verified without looking anything up. */

import { createCipheriv, createDecipheriv } from "node:crypto";

/** What a handle says. */
export interface Receipt {
  readonly seq: number;
  /** Counts the receives of the message (and the returns of receives that reached nobody). */
  readonly generation: number;
}

export interface ReceiptHandles {
  /** 22 characters of base64url. */
  encode(queueKey: number, seq: number, generation: number): string;
  /** Undefined for anything that `encode` did not make for this queue. */
  decode(queueKey: number, handle: string): Receipt | undefined;
}

export const HANDLE_KEY_BYTES = 16;
const BLOCK_BYTES = 16;
const HANDLE_LENGTH = 22;
const SHAPE = /^[A-Za-z0-9_-]{22}$/;

/**
 * A handle is one block, enciphered: seq (6 bytes), generation (4), queue (4), zero (2). Enciphering a text that has redundancy authenticates it as far as
 * the redundancy goes (Bellare and Rogaway, "Encode-then-encipher encryption", 2000): a guess names this queue with a chance of 2^-48, and a message
 * that is in flight under just that generation with less still. Blocks are never equal, so that one key and no chaining are enough.
 */
export function createReceiptHandles(key: Uint8Array): ReceiptHandles {
  const encipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  const decipher = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  const block = Buffer.alloc(BLOCK_BYTES);
  return {
    encode(queueKey, seq, generation) {
      block.writeUIntBE(seq, 0, 6);
      block.writeUInt32BE(generation, 6);
      block.writeUInt32BE(queueKey, 10);
      block.writeUInt16BE(0, 14);
      return encipher.update(block).toString("base64url");
    },
    decode(queueKey, handle) {
      if (handle.length !== HANDLE_LENGTH || !SHAPE.test(handle)) return undefined;
      const plain = decipher.update(Buffer.from(handle, "base64url"));
      if (plain.readUInt16BE(14) !== 0 || plain.readUInt32BE(10) !== queueKey) return undefined;
      return { seq: plain.readUIntBE(0, 6), generation: plain.readUInt32BE(6) };
    },
  };
}
