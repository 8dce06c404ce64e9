/**
 * The manifest: which runs make up the engine, at which version, with which meta. It is one small file that is written anew for each change and put in
 * place by rename, so that all of it is under one checksum: a log of changes could not tell a damaged last record from a torn one, and would fall back
 * to an older version without a word.
 *
 * `"BPMANI" 0 | format u16`, then durable version u64, meta, next run u64, groups, crc32c u32 over everything before. Byte strings have their length u32
 * before them, lists their count u32; a group is its level u8 and its runs.
 */
import { compareKeys } from "../../keys/index.ts";
import { EngineCorruptionError } from "../errors.ts";
import { crc32c } from "./checksum.ts";
import { FieldReader, FieldWriter } from "./fields.ts";

const FORMAT = 1;
const MAGIC = Uint8Array.from("BPMANI\0", (letter) => letter.charCodeAt(0));
const HEAD_BYTES = 8;

/** Levels 0 … 6. Level 0 holds what was flushed, in one group for each flush; every other level is one group. */
export const LEVELS = 7;

/** One run file, as the manifest names it. */
export interface RunEntry {
  readonly number: number;
  readonly sizeBytes: number;
  readonly footChecksum: number;
  /** With the cleared keys. */
  readonly entries: number;
  readonly clearedKeys: number;
  /** All keys and cleared ranges of the run lie in `[begin, end)`. */
  readonly begin: Uint8Array;
  readonly end: Uint8Array;
}

/** Runs that do not overlap, in order. */
export interface GroupEntry {
  readonly level: number;
  readonly runs: readonly RunEntry[];
}

export interface Manifest {
  readonly durableVersion: bigint;
  readonly meta: Uint8Array;
  /** Above the numbers of all runs there ever were. */
  readonly nextRun: number;
  /** The newest first: groups of level 0, then one of each level that holds anything, from above. */
  readonly groups: readonly GroupEntry[];
}

export function encodeManifest({ durableVersion, meta, nextRun, groups }: Manifest): Uint8Array {
  const fields = new FieldWriter().raw(MAGIC).u8(FORMAT).u64(durableVersion).bytes(meta).whole(nextRun);
  fields.u32(groups.length);
  for (const { level, runs } of groups) {
    fields.u8(level).u32(runs.length);
    for (const run of runs) {
      fields.whole(run.number).whole(run.sizeBytes).u32(run.footChecksum).whole(run.entries).whole(run.clearedKeys);
      fields.bytes(run.begin).bytes(run.end);
    }
  }
  return fields.u32(crc32c(fields.finish())).finish();
}

/** @throws EngineCorruptionError */
export function decodeManifest(bytes: Uint8Array, file: string): Manifest {
  if (bytes.length < HEAD_BYTES + 4 || Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) !== 0) {
    throw new EngineCorruptionError(file, "no manifest", 0);
  }
  if (bytes[HEAD_BYTES - 1] !== FORMAT) {
    throw new EngineCorruptionError(file, `a manifest of an unknown format (${bytes[HEAD_BYTES - 1]})`, HEAD_BYTES - 1);
  }
  const end = bytes.length - 4;
  const sum = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0);
  if (sum !== crc32c(bytes.subarray(0, end))) {
    throw new EngineCorruptionError(file, "a manifest whose checksum differs", end);
  }
  const reader = new FieldReader(bytes.subarray(HEAD_BYTES, end), file, HEAD_BYTES);
  const head = { durableVersion: reader.u64(), meta: reader.bytes(), nextRun: reader.whole() };
  const groups: GroupEntry[] = [];
  for (let left = reader.u32(); left > 0; left--) groups.push(readGroup(reader, groups.at(-1)));
  reader.end();
  return { ...head, groups };
}

function readGroup(reader: FieldReader, before: GroupEntry | undefined): GroupEntry {
  const level = reader.u8();
  const above = before?.level ?? 0;
  if (level >= LEVELS || level < above || (level > 0 && level === before?.level))
    throw reader.corrupt("levels out of order");
  const runs: RunEntry[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const run: RunEntry = {
      number: reader.whole(),
      sizeBytes: reader.whole(),
      footChecksum: reader.u32(),
      entries: reader.whole(),
      clearedKeys: reader.whole(),
      begin: reader.bytes(),
      end: reader.bytes(),
    };
    const last = runs.at(-1);
    const ordered = last === undefined || compareKeys(last.end, run.begin) <= 0;
    if (!ordered || compareKeys(run.begin, run.end) >= 0) throw reader.corrupt("runs out of order");
    runs.push(run);
  }
  if (runs.length === 0) throw reader.corrupt("a group without runs");
  return { level, runs };
}
