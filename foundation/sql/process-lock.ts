/** The lock of whoever opens a database for himself. */
import { type ProcessLock, ProcessLocked, takeProcessLock } from "#foundation/files";
import { SqlError } from "./sql-error.ts";

export type { ProcessLock };

/**
 * Takes the lock that the file stands for, or refuses at once, see `takeProcessLock`.
 *
 * @throws SqlError Locked when another process (or another part of this one) holds it
 * @example
 * const lock = acquireProcessLock(join(dataDirectory, "lock"));
 */
export function acquireProcessLock(path: string): ProcessLock {
  try {
    return takeProcessLock(path);
  } catch (error) {
    if (error instanceof ProcessLocked) throw new SqlError("Locked", error.message, { cause: error });
    throw error;
  }
}
