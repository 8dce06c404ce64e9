/**
 * What the engine does to files, small enough that a test can fail or stop at every single step.
 *
 * Paths are relative to the engine's directory. Errors are the system's, with an errno `code`.
 */

/** A file being written in `staging/`. */
export interface StagedFile {
  /** Writes all bytes at the end. The caller leaves `bytes` alone until the promise settles. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes contents and size durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** For the thread that answers requests: nothing here blocks it. */
export interface StagingFiles {
  /** @throws EEXIST */
  createNew(path: string): Promise<StagedFile>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Removes a file; one that is not there is no error. */
  remove(path: string): Promise<void>;
}

/** For the housekeeper, which runs in a thread of its own. */
export interface HousekeepingFiles {
  /** Creates or replaces a whole file. Not durable before {@link makeDurable}. */
  writeWhole(path: string, bytes: Uint8Array): void;
  /** @throws ENOENT */
  rename(from: string, to: string): void;
  /** Removes a file; false when it was not there. */
  remove(path: string): boolean;
  /** Removes a directory if it is empty; false when it was not empty or not there. */
  removeEmptyDirectory(path: string): boolean;
  /** Makes a directory and those above it, and their names durable. */
  makeDirectory(path: string): void;
  /** The names in a directory. */
  list(path: string): readonly string[];
  exists(path: string): boolean;
  /** Makes the contents of files and the names in directories durable. */
  makeDurable(files: readonly string[], directories: readonly string[]): void;
}

/** The errno name of a system error. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether a system error or one of SQLite's says that there is no room. */
export function isNoSpace(error: unknown): boolean {
  const code = errnoOf(error);
  return code === "ENOSPC" || code === "EDQUOT" || code === "SQLITE_FULL";
}
