/**
 * The client library of the store: transactions over a `StoreBackend`, be that a store in this process or a cluster.
 *
 * @example
 * const db = openDatabase(createMemoryStore(runtime), { runtime });
 * await db.transact(async (tx) => tx.set(pack(["greeting"]), new TextEncoder().encode("hello")));
 */
export { type Database, type DatabaseOptions, openDatabase } from "./database.ts";
export {
  firstGreaterOrEqual,
  firstGreaterThan,
  lastLessOrEqual,
  lastLessThan,
  moved,
} from "./key-selectors.ts";
export type { TransactionOptions } from "./options.ts";
export type { KeySelector } from "./overlay/index.ts";
export type { ReadTransaction } from "./reading.ts";
export type { GetRangeOptions, RangeBound, StreamingMode } from "./streaming.ts";
export type { StoreTransaction, WriteOptions } from "./transaction.ts";
export { WATCHES_MAX, type Watch } from "./watch.ts";
