/**
 * A transaction as data, and what it may hold at most (FoundationDB's limits).
 */
import { type AtomicOperation, VALUE_BYTES_MAX } from "../atomic-operations/index.ts";
import { compareKeys, type KeyRange } from "../keys/index.ts";

export const KEY_BYTES_MAX = 10_000;
/** The longest encoded transaction, in bytes. */
export const TRANSACTION_BYTES_MAX = 10_000_000;
export const IDEMPOTENCY_ID_BYTES_MAX = 255;

/** The 10 bytes that the commit fills in, and the 4 of the place where it does. */
const STAMP_BYTES = 10;
const PLACE_BYTES = 4;

export type Mutation =
  | { readonly type: "set"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "clear"; readonly key: Uint8Array }
  | { readonly type: "clear_range"; readonly begin: Uint8Array; readonly end: Uint8Array }
  | { readonly type: AtomicOperation; readonly key: Uint8Array; readonly value: Uint8Array }
  /** The key, or the value, ends with the place of its versionstamp in four bytes, little-endian. */
  | { readonly type: "set_versionstamped_key"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "set_versionstamped_value"; readonly key: Uint8Array; readonly value: Uint8Array };

export interface Transaction {
  /** Undefined when nothing was read. */
  readonly readVersion: bigint | undefined;
  readonly reads: readonly KeyRange[];
  readonly writes: readonly KeyRange[];
  readonly mutations: readonly Mutation[];
  /** By which a commit of unknown result is known again; empty for none. */
  readonly idempotencyId: Uint8Array;
}

export type TransactionFailure =
  | "key_too_large"
  | "value_too_large"
  | "transaction_too_large"
  | "inverted_range"
  | "invalid_versionstamp_place"
  | "invalid_idempotency_id"
  | "invalid_read_version"
  | "unknown_format"
  | "checksum_mismatch"
  | "malformed";

/** A transaction beyond the limits, or bytes that no transaction encodes to. */
export class TransactionError extends Error {
  override readonly name = "TransactionError";

  constructor(
    readonly failure: TransactionFailure,
    message: string,
  ) {
    super(message);
  }
}

/** @throws TransactionError when a part of the transaction is beyond its limit */
export function checkTransaction({ readVersion, reads, writes, mutations, idempotencyId }: Transaction): void {
  if (readVersion !== undefined && (readVersion < 0n || readVersion >= 2n ** 63n)) {
    throw new TransactionError("invalid_read_version", "A read version has 63 bits.");
  }
  if (idempotencyId.length > IDEMPOTENCY_ID_BYTES_MAX) {
    throw new TransactionError(
      "invalid_idempotency_id",
      `An idempotency id has at most ${IDEMPOTENCY_ID_BYTES_MAX} bytes.`,
    );
  }
  for (const { begin, end } of reads) checkRange(begin, end);
  for (const { begin, end } of writes) checkRange(begin, end);
  for (const mutation of mutations) checkMutation(mutation);
}

function checkMutation(mutation: Mutation): void {
  if (mutation.type === "clear_range") {
    checkRange(mutation.begin, mutation.end);
    return;
  }
  const stampedKey = mutation.type === "set_versionstamped_key";
  const stampedValue = mutation.type === "set_versionstamped_value";
  if (mutation.key.length > KEY_BYTES_MAX + (stampedKey ? PLACE_BYTES : 0)) {
    throw new TransactionError("key_too_large", `A key has at most ${KEY_BYTES_MAX} bytes.`);
  }
  if (mutation.type === "clear") return;
  if (mutation.value.length > VALUE_BYTES_MAX + (stampedValue ? PLACE_BYTES : 0)) {
    throw new TransactionError("value_too_large", `A value has at most ${VALUE_BYTES_MAX} bytes.`);
  }
  if (stampedKey) checkPlace(mutation.key);
  if (stampedValue) checkPlace(mutation.value);
}

function checkPlace(bytes: Uint8Array): void {
  const room = bytes.length - PLACE_BYTES - STAMP_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (room < 0 || view.getUint32(bytes.length - PLACE_BYTES, true) > room) {
    throw new TransactionError("invalid_versionstamp_place", "The versionstamp does not fit where it is to stand.");
  }
}

function checkRange(begin: Uint8Array, end: Uint8Array): void {
  // One more than a key: the end of the range of the longest key alone.
  if (begin.length > KEY_BYTES_MAX + 1 || end.length > KEY_BYTES_MAX + 1) {
    throw new TransactionError("key_too_large", `A key has at most ${KEY_BYTES_MAX} bytes.`);
  }
  if (compareKeys(begin, end) > 0) throw new TransactionError("inverted_range", "A range ends before it begins.");
}
