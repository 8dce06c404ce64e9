/**
 * Refuses writes that add data while there is still room on the disk for those that remove some.
 *
 * A delete writes too: to the database's log, and when the log is moved into the database. On a disk that is full to the last byte nothing could be deleted any more.
 */
import { statfs } from "node:fs/promises";
import type { Timers } from "#foundation/runtime";

/**
 * Free bytes that only removals may use. The log is 16 MiB when it begins to be moved, a commit adds at most about as much, and moving both may extend the database by as much: 64 MiB.
 * On a disk so small that this would be most of it, an eighth.
 */
const RESERVE_BYTES = 64 * 1024 * 1024;
const RESERVE_SHARE = 1 / 8;

/** The disk is looked at so often; in between, what was written is subtracted. */
const LOOK_EVERY_MS = 1_000;

/** An item's bytes go to the log, to the database, and in part to indexes and streams. */
const BYTES_PER_BYTE = 3;

export interface DiskRoom {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface DiskGuard {
  /** Whether an item of so many bytes may be written. */
  mayWrite(bytes: number): boolean;
  close(): void;
}

/** How much room there is where `path` lies. */
export async function roomAt(path: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** Starts with a first look. A later look that fails leaves the estimate. */
export async function openDiskGuard(room: () => Promise<DiskRoom>, timers: Timers): Promise<DiskGuard> {
  let spare = 0;
  const look = async (): Promise<void> => {
    const { freeBytes, totalBytes } = await room();
    spare = freeBytes - Math.min(RESERVE_BYTES, totalBytes * RESERVE_SHARE);
  };
  await look();
  const timer = timers.every(LOOK_EVERY_MS, () => {
    look().catch(() => undefined);
  });
  return {
    mayWrite(bytes) {
      spare -= bytes * BYTES_PER_BYTE;
      return spare >= 0;
    },
    close: () => timer.cancel(),
  };
}
