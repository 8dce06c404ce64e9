/**
 * The two ends of a run file. Between them lie, without gaps, the data blocks, the filter, the index and the cleared ranges.
 *
 * Head: `"BPRUN" 0 | format u16 | run u64`. Foot: `entries u64 | cleared keys u64 | filter at u64 | bytes u32 and checksum u32 of the filter, the index and
 * the cleared ranges | run u64 | "BPRUNEND" | crc32c u32` over all of the foot before it.
 *
 * The foot names the blocks before it by their checksums, the index those of the data blocks, and the manifest the foot: so each file is the very one
 * that was written, and not only a whole one.
 */
import { EngineCorruptionError } from "../errors.ts";
import { crc32c } from "./checksum.ts";
import { FieldReader, FieldWriter } from "./fields.ts";

/** Raised when a reader of the older format could not read the newer one. */
const FORMAT = 1;
const HEAD_MAGIC = Uint8Array.from("BPRUN\0", (letter) => letter.charCodeAt(0));
const FOOT_MAGIC = Uint8Array.from("BPRUNEND", (letter) => letter.charCodeAt(0));

export const RUN_HEAD_BYTES = 16;
export const RUN_FOOT_BYTES = 68;

/** A block that the foot points to. */
export interface BlockSize {
  readonly bytes: number;
  readonly checksum: number;
}

/** What the foot of a run file says. */
export interface RunFoot {
  readonly run: number;
  /** With the cleared keys. */
  readonly entries: number;
  readonly clearedKeys: number;
  /** The data blocks end there. */
  readonly filterAt: number;
  readonly filter: BlockSize;
  readonly index: BlockSize;
  readonly tombstones: BlockSize;
}

export function encodeRunHead(run: number): Uint8Array {
  return new FieldWriter().raw(HEAD_MAGIC).u8(0).u8(FORMAT).whole(run).finish();
}

/** @throws EngineCorruptionError when these are not the first bytes of this run. */
export function checkRunHead(bytes: Uint8Array, run: number, file: string): void {
  if (Buffer.compare(bytes.subarray(0, 6), HEAD_MAGIC) !== 0) throw new EngineCorruptionError(file, "no run file", 0);
  if (bytes[6] !== 0 || bytes[7] !== FORMAT) {
    throw new EngineCorruptionError(file, `a run of an unknown format (${(bytes[6]! << 8) | bytes[7]!})`, 6);
  }
  if (Buffer.compare(bytes, encodeRunHead(run)) !== 0) throw new EngineCorruptionError(file, "another run", 8);
}

export function encodeRunFoot(foot: RunFoot): Uint8Array {
  const fields = new FieldWriter().whole(foot.entries).whole(foot.clearedKeys).whole(foot.filterAt);
  for (const { bytes, checksum } of [foot.filter, foot.index, foot.tombstones]) fields.u32(bytes).u32(checksum);
  fields.whole(foot.run).raw(FOOT_MAGIC);
  return fields.u32(crc32c(fields.finish())).finish();
}

/** @param sizeBytes of the whole file. @throws EngineCorruptionError */
export function decodeRunFoot(bytes: Uint8Array, run: number, sizeBytes: number, file: string): RunFoot {
  const offset = sizeBytes - RUN_FOOT_BYTES;
  const damaged = (what: string) => new EngineCorruptionError(file, what, offset);
  if (bytes.length !== RUN_FOOT_BYTES) throw damaged("a foot that ends early");
  const reader = new FieldReader(bytes, file, offset);
  const block = (): BlockSize => ({ bytes: reader.u32(), checksum: reader.u32() });
  const head = { entries: reader.whole(), clearedKeys: reader.whole(), filterAt: reader.whole() };
  const foot: RunFoot = {
    ...head,
    filter: block(),
    index: block(),
    tombstones: block(),
    run: reader.whole(),
  };
  const magic = reader.raw(FOOT_MAGIC.length);
  if (reader.u32() !== crc32c(bytes.subarray(0, RUN_FOOT_BYTES - 4))) throw damaged("a foot whose checksum differs");
  if (Buffer.compare(magic, FOOT_MAGIC) !== 0 || foot.run !== run) throw damaged("the foot of another file");
  if (foot.filterAt + foot.filter.bytes + foot.index.bytes + foot.tombstones.bytes !== offset) {
    throw damaged("a foot that does not fit the file");
  }
  return foot;
}
