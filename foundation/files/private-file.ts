/** Small files that only this user may read. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const FILE_MODE = 0o600;

/** Whole or not at all, mode 0600 from the first byte on, durable when this returns. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  // A leftover of a crash may have any mode; a new file has ours.
  rmSync(temporary, { force: true });
  const file = openSync(temporary, "wx", FILE_MODE);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The text of a file; undefined when there is none. @throws the system's error for anything else */
export function readFileIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
