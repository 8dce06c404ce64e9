/** Records as they are stored (message format v2, KIP-98). Pure. */
import { ByteWriter } from "#foundation/binary";
import { crc32c } from "#foundation/crc32c";
import { writeI16, writeI32, writeI64, writeVarint } from "./primitives.ts";

export interface BatchRecord {
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

/** Who has sent a batch, and which one of theirs it is; without that, twice is twice. */
export interface BatchSession {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

const NOBODY: BatchSession = { producerId: -1n, producerEpoch: -1, baseSequence: -1 };
const MAGIC = 2;
/** Base offset, length, epoch of the leader, magic: what the checksum does not cover; it follows. */
const CRC_AT = 17;

/** @param records at least one */
export function recordBatch(records: readonly BatchRecord[], session: BatchSession = NOBODY): Uint8Array {
  const first = records[0]!.timestamp;
  const latest = Math.max(...records.map(({ timestamp }) => timestamp));
  const to = new ByteWriter(records.reduce((sum, one) => sum + sizeOf(one), 61));
  to.u64(0n);
  writeI32(to, 0);
  writeI32(to, -1);
  to.u8(MAGIC);
  writeI32(to, 0);
  // No compression, the time is the producer's, no transaction.
  writeI16(to, 0);
  writeI32(to, records.length - 1);
  to.whole(first);
  to.whole(latest);
  writeI64(to, session.producerId);
  writeI16(to, session.producerEpoch);
  writeI32(to, session.baseSequence);
  writeI32(to, records.length);
  for (const [index, one] of records.entries()) writeRecord(to, one, one.timestamp - first, index);
  const bytes = to.finish();
  to.setU32(8, bytes.length - 12);
  to.setU32(CRC_AT, crc32c(bytes, 0, CRC_AT + 4));
  return bytes;
}

/** At most so many octets, without those of the batch. */
export function sizeOf({ key, value, headers }: BatchRecord): number {
  // Five numbers of at most five octets, and attributes.
  let size = 26 + (key?.length ?? 0) + value.length;
  for (const [name, text] of headers) size += 10 + Buffer.byteLength(name) + Buffer.byteLength(text);
  return size;
}

function writeRecord(to: ByteWriter, record: BatchRecord, timestampDelta: number, offsetDelta: number): void {
  const { key, value, headers } = record;
  const body = new ByteWriter(sizeOf(record));
  body.u8(0);
  writeVarint(body, timestampDelta);
  writeVarint(body, offsetDelta);
  if (key === undefined) writeVarint(body, -1);
  else writeSized(body, key);
  writeSized(body, value);
  writeVarint(body, headers.length);
  for (const [name, text] of headers) {
    writeSized(body, Buffer.from(name));
    writeSized(body, Buffer.from(text));
  }
  writeSized(to, body.finish());
}

function writeSized(to: ByteWriter, bytes: Uint8Array): void {
  writeVarint(to, bytes.length);
  to.raw(bytes);
}
