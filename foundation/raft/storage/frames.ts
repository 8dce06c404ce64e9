/**
 * Records of the log file: `magic u32 | sequence u64 | length u32 | crc32c u32 | payload`, the checksum over sequence, length and payload.
 *
 * Each frame is synced before the next is written. A bad frame is therefore the torn end of a write that nobody was told of, and is cut off — unless a
 * good frame with a higher number follows, which proves that the bad one was once whole: then the disk has lost what it had promised.
 * (The last frame of all, rotted later, cannot be told from a torn one.)
 */

import { ByteReader, ByteWriter } from "#foundation/binary";
import { crc32c } from "#foundation/crc32c";
import { readEntries, readWholes, writeEntries, writeWholes } from "../codec/entries.ts";
import type { Entry, HardState } from "../core/types.ts";

/** "BRF2". */
const MAGIC = 0x32465242;
const HEADER_BYTES = 20;

/** One frame: what changed. Entries replace everything from the first one's index on. */
export interface Frame {
  readonly hardState: HardState;
  /** Only in the first frame of a file: what the file's entries follow on. */
  readonly base: { readonly index: number; readonly term: number } | undefined;
  readonly entries: readonly Entry[];
}

/** What was found in a file. */
export interface FramesRead {
  readonly frames: readonly Frame[];
  /** Where the next frame goes. */
  readonly goodBytes: number;
  /** How many bytes of a torn write follow. */
  readonly tornBytes: number;
}

/** What the disk had confirmed is not there any more. Nothing is repaired: restore the member from the others. */
export class RaftCorruptionError extends Error {
  override readonly name = "RaftCorruptionError";
}

export function encodeFrame(sequence: number, frame: Frame): Uint8Array {
  const body = new ByteWriter();
  const { term, vote, commit } = frame.hardState;
  for (const value of [term, vote, commit]) body.whole(value);
  body.u8(frame.base === undefined ? 0 : 1);
  if (frame.base !== undefined) writeWholes(body, [frame.base.index, frame.base.term]);
  writeEntries(body, frame.entries);
  const payload = body.finish();
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setBigUint64(4, BigInt(sequence), true);
  view.setUint32(12, payload.length, true);
  bytes.set(payload, HEADER_BYTES);
  view.setUint32(16, checksum(bytes, 0, payload.length), true);
  return bytes;
}

/** Reads a file of frames. @throws RaftCorruptionError where frames are missing in the middle. */
export function readFrames(bytes: Uint8Array, path: string): FramesRead {
  const frames: Frame[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const length = goodFrameAt(bytes, offset, frames.length);
    if (length === undefined) {
      const later = findLaterFrame(bytes, offset, frames.length);
      if (later === undefined) break;
      throw new RaftCorruptionError(
        `${path}: the record at byte ${offset} is damaged, and a whole one follows at ${later}; this member has lost what it confirmed`,
      );
    }
    frames.push(decodeFrame(bytes.subarray(offset + HEADER_BYTES, offset + HEADER_BYTES + length)));
    offset += HEADER_BYTES + length;
  }
  return { frames, goodBytes: offset, tornBytes: bytes.length - offset };
}

/** The length of the payload; undefined when there is no good frame of at least this number. */
function goodFrameAt(bytes: Uint8Array, offset: number, sequence: number, orLater = false): number | undefined {
  if (offset + HEADER_BYTES > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) return undefined;
  const number = view.getBigUint64(4, true);
  if (orLater ? number <= BigInt(sequence) : number !== BigInt(sequence)) return undefined;
  const length = view.getUint32(12, true);
  if (offset + HEADER_BYTES + length > bytes.length) return undefined;
  return view.getUint32(16, true) === checksum(bytes, offset, length) ? length : undefined;
}

function findLaterFrame(bytes: Uint8Array, from: number, sequence: number): number | undefined {
  for (let offset = from; offset + HEADER_BYTES <= bytes.length; offset++) {
    if (goodFrameAt(bytes, offset, sequence, true) !== undefined) return offset;
  }
  return undefined;
}

function checksum(bytes: Uint8Array, offset: number, length: number): number {
  const head = crc32c(bytes.subarray(offset + 4, offset + 16));
  return crc32c(bytes.subarray(offset + HEADER_BYTES, offset + HEADER_BYTES + length), head);
}

function decodeFrame(payload: Uint8Array): Frame {
  const reader = new ByteReader(payload);
  const hardState = { term: reader.whole(), vote: reader.whole(), commit: reader.whole() };
  const base = reader.flag() ? readWholes(reader) : undefined;
  const entries = readEntries(reader);
  reader.end();
  return { hardState, base: base && { index: base[0] ?? 0, term: base[1] ?? 0 }, entries };
}
