/**
 * What code may do to a disk, and what it may rely on after a crash.
 *
 * The promises are those of POSIX and no more, because those are what a power failure keeps:
 * - a write, append or truncate is durable only after a later `sync` of the same file has succeeded;
 * - a created, renamed or removed name is durable only after a later `syncDirectory` of its directory has succeeded;
 * - a write that was not synced may survive whole, in part (512-byte sectors) or not at all, and out of order;
 * - after a failed `sync` the contents written since the last success are unknown, and a second `sync` that succeeds does not make them
 *   durable: write the data anew elsewhere, or stop.
 *
 * Every method rejects with `DiskError`.
 */

/**
 * How a file is opened.
 *
 * | mode | must exist | writable | contents |
 * |---|---|---|---|
 * | `read` | yes | no | kept |
 * | `modify` | yes | yes | kept |
 * | `create` | no | yes | kept |
 * | `createNew` | must not | yes | empty |
 * | `replace` | no | yes | emptied |
 */
export type OpenMode = "read" | "modify" | "create" | "createNew" | "replace";

/** What a path names. */
export interface DiskStat {
  readonly kind: "file" | "directory" | "other";
  readonly sizeBytes: number;
  /** Wall clock of the last change of contents, milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** How full a file system is. */
export interface DiskSpace {
  readonly totalBytes: number;
  /** What an unprivileged program may still write. */
  readonly freeBytes: number;
}

/** An open file. Calls on one file may overlap; overlapping writes to the same bytes end in either order. */
export interface DiskFile {
  readonly path: string;
  /** Reads up to `length` bytes from `offset`; fewer only where the file ends, none at or beyond its end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Writes all bytes at `offset`; a gap before it reads as zeros. The caller leaves `bytes` alone until the promise settles. When it
   * rejects, any part of the bytes may have been written.
   */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /**
   * Writes at the end of the file as this handle knows it, and resolves to the offset of the first byte. Offsets are handed out in the
   * order of the calls, so appends may overlap; a file has one appending handle at a time. A rejected append leaves its range unknown.
   */
  append(bytes: Uint8Array): Promise<number>;
  /** Cuts the file, or extends it with zeros, to `sizeBytes`. */
  truncate(sizeBytes: number): Promise<void>;
  /** Makes everything durable that was written by calls which had resolved before this one was made (fdatasync: contents and size). */
  sync(): Promise<void>;
  /** The current size in bytes. */
  size(): Promise<number>;
  /** Closes the file; calls in flight finish first. Closing twice is harmless; any other use afterwards rejects with EBADF. Syncs nothing. */
  close(): Promise<void>;
}

/** A file system. Paths are absolute, `/` separated. */
export interface Disk {
  /** @throws ENOENT, EEXIST, EISDIR, ENOTDIR as `mode` implies; ENOSPC, EMFILE, EACCES. */
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** Renames a file or directory, atomically replacing a file (or empty directory) at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** Removes the name of a file; its contents live until the last open handle is closed. @throws EISDIR for a directory. */
  unlink(path: string): Promise<void>;
  /** Creates one directory. @throws EEXIST, and ENOENT when the parent is missing. */
  makeDirectory(path: string): Promise<void>;
  /** Removes an empty directory. @throws ENOTEMPTY. */
  removeDirectory(path: string): Promise<void>;
  /** The names in a directory, sorted by code unit. */
  readDirectory(path: string): Promise<readonly string[]>;
  /** @throws ENOENT. */
  stat(path: string): Promise<DiskStat>;
  /** Whether the path names anything. */
  exists(path: string): Promise<boolean>;
  /** Makes durable the names created, renamed and removed in a directory by calls that had resolved before this one was made. */
  syncDirectory(path: string): Promise<void>;
  /** How full the file system that holds `path` is. */
  space(path: string): Promise<DiskSpace>;
}
