/**
 * A snapshot on disk: `magic u32 | crc32c u32 | meta, data`. Written beside, synced, renamed: it is there whole or not at all.
 */

import { ByteReader, ByteWriter } from "#foundation/binary";
import { crc32c } from "#foundation/crc32c";
import type { Disk } from "#foundation/runtime";
import { ownBytes, readMeta, writeMeta } from "../codec/entries.ts";
import type { Snapshot } from "../core/types.ts";
import { RaftCorruptionError } from "./frames.ts";

/** "BRS2". */
const MAGIC = 0x32535242;

export function encodeSnapshot({ meta, data }: Snapshot): Uint8Array {
  const body = new ByteWriter();
  writeMeta(body, meta);
  body.bytes(data);
  const payload = body.finish();
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, crc32c(payload), true);
  bytes.set(payload, 8);
  return bytes;
}

/** @throws RaftCorruptionError when the file is not what was written. */
export function decodeSnapshot(bytes: Uint8Array, path: string): Snapshot {
  const damaged = new RaftCorruptionError(`${path}: the snapshot is damaged; this member has lost what it confirmed`);
  if (bytes.length < 8) throw damaged;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const payload = bytes.subarray(8);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== crc32c(payload)) throw damaged;
  const reader = new ByteReader(payload);
  const snapshot = { meta: readMeta(reader), data: ownBytes(reader) };
  reader.end();
  return snapshot;
}

/** Puts a file in place so that a crash leaves the old state or the new one. */
export async function placeFile(disk: Disk, directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${directory}/${name}.tmp`;
  const file = await disk.open(temporary, "replace");
  try {
    await file.write(0, bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, `${directory}/${name}`);
  await disk.syncDirectory(directory);
}

/** All bytes of a file. */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, "read");
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}
