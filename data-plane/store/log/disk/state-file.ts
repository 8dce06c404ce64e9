/**
 * The file `state`: whom the log obeys. Put in place whole by each change: `magic u32 | format u16 | crc32c u32 | state`, the checksum over the state.
 */

import {
  ByteReader,
  ByteWriter,
  decode,
  encode,
  flag,
  list,
  MalformedBytesError,
  record,
  text,
  u64,
  type ValueOf,
} from "#foundation/binary";
import { crc32c } from "#foundation/crc32c";
import type { Disk } from "#foundation/runtime";
import { LogCorruptionError } from "./corruption.ts";
import { placeFile, readWhole } from "./files.ts";

/** "BLS1". */
const MAGIC = 0x424c5331;
const FORMAT = 1;
const HEAD_BYTES = 10;
const NAME = "state";

const state = record({
  logId: text,
  /** The epoch that has locked the log last, and its director. 0: none has. */
  epoch: u64,
  director: text,
  /** What is in the segments is half of something, and holds nothing: a recovery was begun and not finished, or the log is being made. */
  unfinished: flag,
  /** What the last lock, or recovery, found to be the last version on disk: it must be there. */
  lastVersion: u64,
  /** The highest epoch whose layout is known to be committed. */
  finalizedEpoch: u64,
  /** The storage servers that pop. */
  poppers: list(text),
});

export type LogState = ValueOf<typeof state>;

export function encodeState(value: LogState): Uint8Array<ArrayBuffer> {
  const body = encode(state, value);
  const writer = new ByteWriter(HEAD_BYTES + body.length);
  writer.u32(MAGIC);
  writer.u16(FORMAT);
  writer.u32(crc32c(body));
  writer.raw(body);
  return writer.finish();
}

/** @throws MalformedBytesError */
export function decodeState(bytes: Uint8Array): LogState {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw new MalformedBytesError("the file is not the state of a log");
  const format = reader.u16();
  if (format !== FORMAT) throw new MalformedBytesError(`the state has the format ${format}, which is not known`);
  const checksum = reader.u32();
  const body = reader.raw(reader.left);
  if (crc32c(body) !== checksum) throw new MalformedBytesError("the state of the log is damaged");
  return decode(state, body);
}

/** Resolves when the state is on disk. */
export async function saveState(disk: Disk, directory: string, value: LogState): Promise<void> {
  await placeFile(disk, directory, NAME, encodeState(value));
}

/** What was saved last; undefined when nothing ever was. @throws LogCorruptionError, DiskError */
export async function loadState(disk: Disk, directory: string): Promise<LogState | undefined> {
  const path = `${directory}/${NAME}`;
  if (!(await disk.exists(path))) return undefined;
  try {
    return decodeState(await readWhole(disk, path));
  } catch (error) {
    if (error instanceof MalformedBytesError) throw new LogCorruptionError(path, 0, error.message);
    throw error;
  }
}
