/**
 * A segment file: a header, and records behind each other.
 *
 * header: `magic u32 | format u16 | segment u64 | generation u64 | after u64 | log id (u32 length, UTF-8) | crc32c u32`, the checksum over all before it
 * record: `length u32 | crc32c u32 | type u8 | synced u32 | epoch u64 | previous u64 | version u64 | knownCommitted u64 | data`, all big-endian
 *
 * A record's checksum is over everything of it but itself, and goes on from the checksum of the header (the salt): bytes that belonged to another segment,
 * or another log, never pass for a record of this one. `length` is that of the data.
 *
 * `synced` says how much of the file had been synced when the record was written. All records of one write may be torn apart, in any order, by a loss
 * of power; but a record that says that the file had been synced beyond a damaged one proves that the damaged one was once whole.
 */

import { ByteReader, ByteWriter, MalformedBytesError } from "#foundation/binary";
import { crc32c } from "#foundation/crc32c";
import type { Epoch, Version } from "#foundation/store-protocol";

/** "BLG1". */
const MAGIC = 0x424c4731;
const FORMAT = 1;
const ENTRY = 1;

/** 4 + 4 + 1 + 4 + 4 · 8. */
export const RECORD_HEAD_BYTES = 45;

export interface SegmentHeader {
  readonly logId: string;
  /** The epoch that the log was in when the segment was begun. */
  readonly generation: Epoch;
  /** Counts the segments of a log; never given twice. */
  readonly segment: number;
  /** The first record is the first one after this version. */
  readonly after: Version;
}

/** What is read of a header. */
export interface HeaderRead extends SegmentHeader {
  /** What the checksums of the segment's records go on from. */
  readonly salt: number;
  /** Where the first record begins. */
  readonly headerBytes: number;
}

/** An entry of the log as it is on disk. */
export interface LogRecord {
  /** In which it was pushed, or copied by a recovery. */
  readonly epoch: Epoch;
  readonly previous: Version;
  readonly version: Version;
  readonly knownCommitted: Version;
  readonly data: Uint8Array;
}

/** A record at its place. */
export interface RecordRead extends LogRecord {
  /** Where the next record begins. */
  readonly end: number;
}

export function encodeHeader(header: SegmentHeader): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.u32(MAGIC);
  writer.u16(FORMAT);
  writer.whole(header.segment);
  writer.u64(header.generation);
  writer.u64(header.after);
  writer.text(header.logId);
  const end = writer.size;
  writer.u32(0);
  const bytes = writer.finish();
  writer.setU32(end, crc32c(bytes, 0, 0, end));
  return bytes;
}

/** Reads the header at the beginning of a segment. @throws MalformedBytesError */
export function readHeader(bytes: Uint8Array): HeaderRead {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw new MalformedBytesError("the file is not a segment of a log");
  const format = reader.u16();
  if (format !== FORMAT) throw new MalformedBytesError(`the segment has the format ${format}, which is not known`);
  const segment = reader.whole();
  const generation = reader.u64();
  const after = reader.u64();
  const logId = reader.text();
  const checked = reader.position;
  const salt = reader.u32();
  if (crc32c(bytes, 0, 0, checked) !== salt) throw new MalformedBytesError("the header of the segment is damaged");
  return { logId, generation, segment, after, salt, headerBytes: reader.position };
}

/** What a record with so much data takes on disk. */
export function recordBytes(dataBytes: number): number {
  return RECORD_HEAD_BYTES + dataBytes;
}

/** The records of one write, in one buffer, which what is returned shares: `records` are those given, with data that lies there. */
export function encodeRecords(
  salt: number,
  synced: number,
  records: readonly LogRecord[],
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly records: readonly LogRecord[] } {
  let size = 0;
  for (const { data } of records) size += recordBytes(data.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const written = records.map(({ epoch, previous, version, knownCommitted, data }): LogRecord => {
    const dataAt = at + RECORD_HEAD_BYTES;
    const end = dataAt + data.length;
    view.setUint32(at, data.length);
    view.setUint8(at + 8, ENTRY);
    view.setUint32(at + 9, synced);
    view.setBigUint64(at + 13, epoch);
    view.setBigUint64(at + 21, previous);
    view.setBigUint64(at + 29, version);
    view.setBigUint64(at + 37, knownCommitted);
    bytes.set(data, dataAt);
    view.setUint32(at + 4, recordChecksum(bytes, at, end, salt));
    at = end;
    return { epoch, previous, version, knownCommitted, data: bytes.subarray(dataAt, end) };
  });
  return { bytes, records: written };
}

/** The record at `at`; undefined when there is no whole one. Its data is a view of `bytes`. */
export function readRecord(bytes: Uint8Array, view: DataView, at: number, salt: number): RecordRead | undefined {
  const dataAt = at + RECORD_HEAD_BYTES;
  if (dataAt > bytes.length || view.getUint8(at + 8) !== ENTRY) return undefined;
  const end = dataAt + view.getUint32(at);
  if (end > bytes.length || view.getUint32(at + 4) !== recordChecksum(bytes, at, end, salt)) return undefined;
  return {
    epoch: view.getBigUint64(at + 13),
    previous: view.getBigUint64(at + 21),
    version: view.getBigUint64(at + 29),
    knownCommitted: view.getBigUint64(at + 37),
    data: bytes.subarray(dataAt, end),
    end,
  };
}

/** Where the record that begins at `at` would end, by what its head says; undefined when not even the head is there. */
export function claimedEnd(bytes: Uint8Array, view: DataView, at: number): number | undefined {
  return at + RECORD_HEAD_BYTES > bytes.length ? undefined : at + RECORD_HEAD_BYTES + view.getUint32(at);
}

/** What a record at `at` would say of how much had been synced before it. */
export function syncedBefore(view: DataView, at: number): number {
  return view.getUint32(at + 9);
}

function recordChecksum(bytes: Uint8Array, at: number, end: number, salt: number): number {
  return crc32c(bytes, crc32c(bytes, salt, at, at + 4), at + 8, end);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
