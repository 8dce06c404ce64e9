/**
 * Bloom filters: whether a run may hold a key. Ten bits a key and six probes let about one absent key in a hundred pass.
 * `keys u32 | bits` (one array of bytes). Probes are spaced by double hashing (Kirsch and Mitzenmacher, "Less hashing, same performance", 2006).
 */
import { EngineCorruptionError } from "../errors.ts";
import { FRAME_BYTES } from "./block-frame.ts";

const BITS_PER_KEY = 10;
const PROBES = 6;
const HEAD_BYTES = 4;

/** FNV-1a over the bytes, then the mixing steps of MurmurHash3, so that all bits depend on all bytes. Part of the format. */
export function hashKey(key: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A filter for so many keys, none of them in it yet, with room for the frame. */
export function emptyBloomFilter(keys: number): Uint8Array {
  const block = new Uint8Array(HEAD_BYTES + Math.ceil((keys * BITS_PER_KEY) / 8) + FRAME_BYTES);
  new DataView(block.buffer).setUint32(0, keys);
  return block;
}

/** Puts keys, by their hashes, into a filter that is being made. */
export function addToBloomFilter(block: Uint8Array, hashes: Uint32Array): void {
  const bits = (block.length - HEAD_BYTES - FRAME_BYTES) * 8;
  for (const hash of hashes) {
    const step = stepOf(hash);
    for (let probe = 0, at = hash; probe < PROBES; probe++, at = (at + step) >>> 0) {
      const bit = (at >>> 1) % bits;
      block[HEAD_BYTES + (bit >>> 3)]! |= 1 << (bit & 7);
    }
  }
}

export class BloomFilter {
  private readonly bits: number;

  /** @param payload kept. @throws EngineCorruptionError */
  constructor(
    private readonly payload: Uint8Array,
    file: string,
    offset: number,
  ) {
    const damaged = new EngineCorruptionError(file, "a filter of the wrong size", offset);
    if (payload.length < HEAD_BYTES) throw damaged;
    const keys = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    const bytes = payload.length - HEAD_BYTES;
    if (bytes !== Math.ceil((keys * BITS_PER_KEY) / 8)) throw damaged;
    this.bits = bytes * 8;
  }

  get residentBytes(): number {
    return this.payload.length + FRAME_BYTES;
  }

  /** False: the key of this hash is not there. */
  mayHold(hash: number): boolean {
    if (this.bits === 0) return false;
    const step = stepOf(hash);
    for (let probe = 0, at = hash; probe < PROBES; probe++, at = (at + step) >>> 0) {
      const bit = (at >>> 1) % this.bits;
      if ((this.payload[HEAD_BYTES + (bit >>> 3)]! & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

/** Odd, so that no hash probes one bit only. */
function stepOf(hash: number): number {
  return ((hash >>> 17) | (hash << 15) | 1) >>> 0;
}
