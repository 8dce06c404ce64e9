/**
 * What clients may not do, beyond the limits that every transaction has.
 */
import { RpcError } from "#foundation/rpc";
import { compareKeys } from "../keys/index.ts";
import { IDEMPOTENCY_KEYS } from "../mutations/index.ts";
import {
  checkTransaction,
  type Mutation,
  TRANSACTION_BYTES_MAX,
  type Transaction,
  TransactionError,
  transactionBytes,
} from "../transactions/index.ts";

const SYSTEM = 0xff;
const SYSTEM_BEGIN = Uint8Array.of(SYSTEM);

/** @throws RpcError invalid_request */
export function checkClientTransaction(transaction: Transaction): void {
  try {
    checkTransaction(transaction);
  } catch (error) {
    if (error instanceof TransactionError) throw new RpcError("invalid_request", error.message);
    throw error;
  }
  if (
    transaction.readVersion === undefined &&
    transaction.reads.some(({ begin, end }) => compareKeys(begin, end) < 0)
  ) {
    throw new RpcError("invalid_request", "A transaction that has read has a read version.");
  }
  if (transactionBytes(transaction) > TRANSACTION_BYTES_MAX) {
    throw new RpcError("invalid_request", `A transaction has at most ${TRANSACTION_BYTES_MAX} bytes.`);
  }
  for (const mutation of transaction.mutations) {
    if (!isAllowed(mutation)) {
      throw new RpcError("invalid_request", "Keys from 0xFF on belong to the store itself.");
    }
  }
}

/** Clients write below 0xFF. What is kept of idempotency ids they may clear, and nothing else: whoever forgets old ones is a client too. */
function isAllowed(mutation: Mutation): boolean {
  switch (mutation.type) {
    case "clear_range":
      return compareKeys(mutation.end, SYSTEM_BEGIN) <= 0 || isWithin(mutation.begin, mutation.end);
    case "clear":
      return mutation.key[0] !== SYSTEM || isWithin(mutation.key, mutation.key);
    case "set_versionstamped_key": {
      // A stamp that stands first never begins with 0xFF: versions have 63 bits.
      const { key } = mutation;
      const place = new DataView(key.buffer, key.byteOffset, key.length).getUint32(key.length - 4, true);
      return place === 0 || key[0] !== SYSTEM;
    }
    default:
      return mutation.key[0] !== SYSTEM;
  }
}

function isWithin(begin: Uint8Array, end: Uint8Array): boolean {
  return compareKeys(begin, IDEMPOTENCY_KEYS.begin) >= 0 && compareKeys(end, IDEMPOTENCY_KEYS.end) <= 0;
}
