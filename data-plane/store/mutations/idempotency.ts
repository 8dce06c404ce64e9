/**
 * How idempotency ids are kept: as keys of the store itself, written by the very transaction that they identify, so that either both are there or none.
 *
 * ```
 * \xff/idempotency/id/<id>                     → stamp (10 bytes) of the transaction
 * \xff/idempotency/at/<stamp><id>              → nothing; by age, to forget them
 * ```
 */
import type { CommitPlace } from "../backend/index.ts";
import { type KeyRange, prefixRange } from "../keys/index.ts";
import type { PlainMutation } from "./apply.ts";
import { placeToStamp, STAMP_BYTES, stampToPlace } from "./versionstamps.ts";

const BY_ID = systemPrefix("/idempotency/id/");
const BY_STAMP = systemPrefix("/idempotency/at/");
const EMPTY = new Uint8Array(0);

/** All keys of this kind. */
export const IDEMPOTENCY_KEYS: KeyRange = prefixRange(systemPrefix("/idempotency/"));

/** Where the stamp of the transaction with this id is, once it is committed; `stampToPlace` reads it. */
export function idempotencyKey(id: Uint8Array): Uint8Array {
  return join(BY_ID, id);
}

/** What the commit of a transaction with this id writes beside its own mutations. */
export function idempotencyRecord(id: Uint8Array, place: CommitPlace): PlainMutation[] {
  const stamp = placeToStamp(place);
  return [
    { type: "set", key: idempotencyKey(id), value: stamp },
    { type: "set", key: join(BY_STAMP, stamp, id), value: EMPTY },
  ];
}

/** The keys by age of all transactions before `version`. To forget one: clear it and the `idempotencyKey` of its id. */
export function idempotencyRecordsBefore(version: bigint): KeyRange {
  return { begin: BY_STAMP, end: join(BY_STAMP, placeToStamp({ version, index: 0 })) };
}

/** What a key of `idempotencyRecordsBefore` says. */
export function readIdempotencyIndexKey(key: Uint8Array): { readonly id: Uint8Array; readonly place: CommitPlace } {
  const rest = new Uint8Array(key.subarray(BY_STAMP.length));
  return { id: rest.subarray(STAMP_BYTES), place: stampToPlace(rest) };
}

function systemPrefix(name: string): Uint8Array {
  return join(Uint8Array.of(0xff), new TextEncoder().encode(name));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
