/** One engine on a directory at a time: a second one would take the first one's staged bodies for what a crash left over. */

import { join } from "node:path";
import { type Database, errorCode, openDatabase } from "#foundation/sql";

/** A process that is being stopped may still hold the lock when its successor starts. */
const WAIT_MS = 500;

/** Holds the lock until it is closed. The lock is the operating system's: it ends with the process, however that ends. */
export interface DirectoryLock {
  close(): void;
}

/**
 * Takes the lock of a directory, by way of SQLite's file locks.
 * @throws Error when another process, or another engine in this one, has it
 */
export function lockDirectory(directory: string): DirectoryLock {
  const database: Database = openDatabase({ path: join(directory, "engine.lock") });
  try {
    database.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (!errorCode(error)?.startsWith("SQLITE_BUSY")) throw error;
    throw new Error(`${directory} is in use by another engine; stop that one first`, { cause: error });
  }
}
