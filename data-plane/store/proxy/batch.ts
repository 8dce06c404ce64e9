/**
 * Transactions that commit at one version, and what is worked out about them. Pure.
 */
import type { Version } from "#foundation/store-protocol";
import type { CommitPlace } from "../backend/index.ts";
import type { ConflictRanges } from "../conflicts/index.ts";
import { type KeyRange, keyAfter } from "../keys/index.ts";
import {
  encodeMutations,
  idempotencyKey,
  idempotencyRecord,
  type PlainMutation,
  resolveVersionstamps,
  stampedWrites,
} from "../mutations/index.ts";
import type { Transaction } from "../transactions/index.ts";

const NO_RANGES: readonly KeyRange[] = [];

/**
 * What resolvers are to know of a transaction that stands at `place`: its own ranges, the keys that only its versionstamp completes, and the key of its
 * idempotency id, which it reads and writes: of two attempts with the same id, the later one conflicts.
 */
export function conflictsOf(transaction: Transaction, place: CommitPlace): ConflictRanges {
  const { readVersion, mutations, idempotencyId } = transaction;
  let { reads, writes } = transaction;
  const stamped = stampedWrites(mutations, place);
  if (stamped.length > 0) writes = [...writes, ...stamped];
  if (idempotencyId.length > 0) {
    const key = idempotencyKey(idempotencyId);
    const ofId = { begin: key, end: keyAfter(key) };
    writes = [...writes, ofId];
    if (readVersion !== undefined) reads = [...reads, ofId];
  }
  // Who reads nothing has no version to compare with; any that is before the commit will do.
  return readVersion === undefined
    ? { readVersion: place.version - 1n, reads: NO_RANGES, writes }
    : { readVersion, reads, writes };
}

/** The entry of the logs for those transactions of a version that commit, in their order. */
export function logEntry(
  version: Version,
  committed: readonly { readonly transaction: Transaction; readonly index: number }[],
): Uint8Array<ArrayBuffer> {
  const mutations: PlainMutation[] = [];
  for (const { transaction, index } of committed) {
    const place = { version, index };
    for (const mutation of resolveVersionstamps(transaction.mutations, place)) mutations.push(mutation);
    if (transaction.idempotencyId.length === 0) continue;
    for (const mutation of idempotencyRecord(transaction.idempotencyId, place)) mutations.push(mutation);
  }
  return encodeMutations(mutations);
}
