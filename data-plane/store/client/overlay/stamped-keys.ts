/**
 * Where a versionstamped key may come to be: what the transaction itself cannot read before its commit.
 */
import { type KeyRange, keyAfter } from "../../keys/index.ts";
import { fillStamp, placeToStamp, STAMP_BYTES } from "../../mutations/index.ts";
import { earlierKey } from "./range-set.ts";
import { KEYS_END } from "./reads.ts";

/** All keys that the stamp of a commit after `readVersion` can make of the operand of a `set_versionstamped_key`. */
export function stampedKeyRange(operand: Uint8Array, readVersion: bigint | undefined): KeyRange {
  const first = placeToStamp({ version: readVersion === undefined ? 0n : readVersion + 1n, index: 0 });
  const last = new Uint8Array(STAMP_BYTES).fill(0xff);
  return { begin: fillStamp(operand, first), end: earlierKey(keyAfter(fillStamp(operand, last)), KEYS_END) };
}
