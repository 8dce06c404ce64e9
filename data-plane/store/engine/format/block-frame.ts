/**
 * What every block of a run file ends with: `kind u8 | run u64 | offset u64 | crc32c u32`, the checksum over all of the block before it. A block says
 * itself which one it is, so that one in a wrong place is refused as a damaged one is.
 */
import { EngineCorruptionError } from "../errors.ts";
import { crc32c } from "./checksum.ts";

export const FRAME_BYTES = 21;

/** What a block holds. The numbers are part of the format. */
export const BLOCK_KIND = { data: 1, filter: 2, index: 3, tombstones: 4 } as const;

export type BlockKind = (typeof BLOCK_KIND)[keyof typeof BLOCK_KIND];

/** Where a block is. */
export interface BlockPlace {
  readonly kind: BlockKind;
  /** The number of the run. */
  readonly run: number;
  /** Of the block's first byte in its file. */
  readonly offset: number;
}

/** Fills in the last `FRAME_BYTES` of `block`, which the payload has left free. Returns the checksum. */
export function sealBlock(block: Uint8Array, { kind, run, offset }: BlockPlace): number {
  const at = block.length - FRAME_BYTES;
  const view = new DataView(block.buffer, block.byteOffset + at, FRAME_BYTES);
  view.setUint8(0, kind);
  view.setBigUint64(1, BigInt(run));
  view.setBigUint64(9, BigInt(offset));
  const checksum = crc32c(block.subarray(0, block.length - 4));
  view.setUint32(17, checksum);
  return checksum;
}

/**
 * The payload, which shares its memory with `block`.
 * @param checksum what whoever points to the block says of it: a whole block of another file is refused too. @throws EngineCorruptionError
 */
export function openBlock(
  block: Uint8Array,
  { kind, run, offset }: BlockPlace,
  checksum: number,
  file: string,
): Uint8Array {
  if (block.length < FRAME_BYTES) throw new EngineCorruptionError(file, "a block that ends early", offset);
  const at = block.length - FRAME_BYTES;
  const view = new DataView(block.buffer, block.byteOffset + at, FRAME_BYTES);
  if (view.getUint32(17) !== crc32c(block.subarray(0, block.length - 4))) {
    throw new EngineCorruptionError(file, "a block whose checksum differs", offset);
  }
  if (view.getUint32(17) !== checksum) throw new EngineCorruptionError(file, "a block of another file", offset);
  if (view.getUint8(0) !== kind || view.getBigUint64(1) !== BigInt(run) || view.getBigUint64(9) !== BigInt(offset)) {
    throw new EngineCorruptionError(file, "a block that belongs elsewhere", offset);
  }
  return block.subarray(0, at);
}
