/**
 * The transaction as data, its limits and its bytes.
 */
export { decodeTransaction, encodeTransaction } from "./codec.ts";
export { transactionBytes } from "./size.ts";
export {
  checkTransaction,
  IDEMPOTENCY_ID_BYTES_MAX,
  KEY_BYTES_MAX,
  type Mutation,
  TRANSACTION_BYTES_MAX,
  type Transaction,
  TransactionError,
  type TransactionFailure,
} from "./transaction.ts";
