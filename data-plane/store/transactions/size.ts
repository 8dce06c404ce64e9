/**
 * How long a transaction is as bytes, without making them.
 */
import type { KeyRange } from "../keys/index.ts";
import type { Mutation, Transaction } from "./transaction.ts";

/** Format, checksum, a flag, and the lengths of the idempotency id and of three lists. */
const FIXED_BYTES = 1 + 4 + 1 + 4 * 4;
const READ_VERSION_BYTES = 8;
/** Before each byte string. */
const LENGTH_BYTES = 4;

/** The length of what `encodeTransaction` gives; also of what it refuses as too large. */
export function transactionBytes(transaction: Transaction): number {
  const { readVersion, reads, writes, mutations, idempotencyId } = transaction;
  let bytes = FIXED_BYTES + (readVersion === undefined ? 0 : READ_VERSION_BYTES) + idempotencyId.length;
  for (const range of reads) bytes += rangeBytes(range);
  for (const range of writes) bytes += rangeBytes(range);
  for (const mutation of mutations) bytes += mutationBytes(mutation);
  return bytes;
}

function rangeBytes({ begin, end }: KeyRange): number {
  return 2 * LENGTH_BYTES + begin.length + end.length;
}

function mutationBytes(mutation: Mutation): number {
  if (mutation.type === "clear_range") return 1 + rangeBytes(mutation);
  if (mutation.type === "clear") return 1 + LENGTH_BYTES + mutation.key.length;
  return 1 + 2 * LENGTH_BYTES + mutation.key.length + mutation.value.length;
}
