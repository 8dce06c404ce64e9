/**
 * Versionstamps: ten bytes that say where a transaction stands among all, written into its keys and values at the commit. Eight bytes of version
 * and two of the index in its batch, big-endian, so that they sort as the commits do (FoundationDB's `transformVersionstampMutation`).
 */
import type { CommitPlace } from "../backend/index.ts";
import { type KeyRange, keyAfter } from "../keys/index.ts";
import type { Mutation } from "../transactions/index.ts";
import type { PlainMutation } from "./apply.ts";

export const STAMP_BYTES = 10;

/** The four bytes at the end of a stamped key or value that say where the stamp goes. */
const OFFSET_BYTES = 4;

export function placeToStamp({ version, index }: CommitPlace): Uint8Array {
  const stamp = new Uint8Array(STAMP_BYTES);
  const view = new DataView(stamp.buffer);
  view.setBigUint64(0, version);
  view.setUint16(8, index);
  return stamp;
}

/** @throws RangeError when it is shorter than a stamp; what follows the stamp does not count */
export function stampToPlace(stamp: Uint8Array): CommitPlace {
  const view = new DataView(stamp.buffer, stamp.byteOffset, stamp.length);
  return { version: view.getBigUint64(0), index: view.getUint16(8) };
}

/**
 * The mutations as they are to be applied: stamped keys and values are plain sets now. The order stays.
 *
 * @throws RangeError when a stamp does not fit where it is to stand (`checkTransaction` refuses such mutations)
 */
export function resolveVersionstamps(mutations: readonly Mutation[], place: CommitPlace): PlainMutation[] {
  let stamp: Uint8Array | undefined;
  return mutations.map((mutation) => {
    switch (mutation.type) {
      case "set_versionstamped_key":
        stamp ??= placeToStamp(place);
        return { type: "set", key: fillStamp(mutation.key, stamp), value: mutation.value };
      case "set_versionstamped_value":
        stamp ??= placeToStamp(place);
        return { type: "set", key: mutation.key, value: fillStamp(mutation.value, stamp) };
      default:
        return mutation;
    }
  });
}

/**
 * The write conflicts of the stamped keys: the client does not know them, so whoever resolves conflicts adds them to the transaction's own once it has
 * its place.
 */
export function stampedWrites(mutations: readonly Mutation[], place: CommitPlace): KeyRange[] {
  const writes: KeyRange[] = [];
  for (const mutation of mutations) {
    if (mutation.type !== "set_versionstamped_key") continue;
    const key = fillStamp(mutation.key, placeToStamp(place));
    writes.push({ begin: key, end: keyAfter(key) });
  }
  return writes;
}

/**
 * The key or value that a stamp makes of its operand.
 *
 * @throws RangeError when the stamp does not fit where it is to stand
 */
export function fillStamp(bytes: Uint8Array, stamp: Uint8Array): Uint8Array {
  const length = bytes.length - OFFSET_BYTES;
  const offset = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(length, true);
  if (offset + STAMP_BYTES > length) throw new RangeError("The versionstamp does not fit where it is to stand.");
  const filled = new Uint8Array(bytes.subarray(0, length));
  filled.set(stamp, offset);
  return filled;
}
