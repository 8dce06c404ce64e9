/** A consistent copy of a database that others may be writing to. */
import { Database as Connection } from "bun:sqlite";
import { closeSync, fsyncSync, openSync } from "node:fs";

/** A writer may hold the file for a moment, and so may its checkpoints. */
const BUSY_MS = 30_000;

/**
 * Copies what is committed at one moment into a new file (`VACUUM INTO`), whole and durable when this returns. Reads beside the writers of the original and
 * does not hold them up.
 *
 * @throws when the original is no database, or the target exists
 */
export function copyDatabase(path: string, target: string): void {
  const connection = new Connection(path, { readonly: true });
  try {
    connection.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    connection.prepare("VACUUM INTO ?1").run(target);
  } finally {
    connection.close();
  }
  const file = openSync(target, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
