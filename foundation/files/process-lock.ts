/** One process at a time: a lock that the operating system takes back when the process dies, however it dies. */
import { Database as Connection } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Locks that are held, so that a caller who drops the handle does not lose the lock to the garbage collector, which closes connections. */
const heldConnections = new Set<Connection>();

/** A held lock. */
export interface ProcessLock {
  /** Gives it back. Releasing twice is harmless. */
  release(): void;
}

/** Another process (or another part of this one) holds the lock. */
export class ProcessLocked extends Error {
  override readonly name = "ProcessLocked";
  readonly code = "Locked";
}

/**
 * Takes the lock that the file stands for, or refuses at once. The lock is SQLite's own on an empty database (advisory locks of the file system), so that a
 * kill -9 leaves nothing to clean up; the file itself stays.
 *
 * @throws ProcessLocked
 * @example
 * const lock = takeProcessLock(join(stateDirectory, "lock"));
 */
export function takeProcessLock(path: string): ProcessLock {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const connection = new Connection(path, { readwrite: true, create: true });
  try {
    connection.run("PRAGMA busy_timeout = 0");
    connection.run("BEGIN EXCLUSIVE");
  } catch (error) {
    connection.close();
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY")) {
      throw new ProcessLocked(`another process holds ${path}; stop it, or choose another directory`, { cause: error });
    }
    throw error;
  }
  heldConnections.add(connection);
  return {
    release() {
      if (!heldConnections.delete(connection)) return;
      connection.run("ROLLBACK");
      connection.close();
    },
  };
}
