/**
 * A storage server: follows the logs, answers reads at the versions of the last seconds from memory and disk together, and makes durable what is older.
 */
export { openStorage, type StorageOptions, type StorageServer } from "./storage-server.ts";
