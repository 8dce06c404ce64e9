/**
 * Refuses new data while there is still room on the disk for getting rid of old data.
 *
 * A delete writes too: to the database's log, and when the log is moved into the database. On a disk that is full to the last byte nothing could be deleted
 * any more.
 */

import { statfs } from "node:fs/promises";
import type { Clock } from "#foundation/runtime";
import { EngineError } from "../engine-error.ts";

const MIB = 1024 * 1024;

/**
 * Free bytes below which new bodies are refused. The log is at most 16 MiB when its checkpoint begins, one commit adds at most 16 MiB more in practice, and
 * moving them may extend the database by as much: 64 MiB. On a disk so small that this would be most of it, an eighth.
 */
const RESERVE_BYTES = 64 * MIB;
const RESERVE_SHARE = 1 / 8;

/** Free bytes below which small bodies no longer take the way through the log, which writes them three times. */
const JOURNAL_FLOOR_BYTES = 256 * MIB;
const JOURNAL_FLOOR_SHARE = 1 / 4;

/** A look at the disk is trusted for so long, minus what was written since. */
const FRESH_MS = 500;

/** What the guard asks the file system. */
export interface DiskRoom {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface SpaceGuard {
  /**
   * Announces that bytes will be written.
   * @returns undefined when there is room; otherwise a promise that looks again and rejects when there is none
   * @throws EngineError InsufficientStorage, from the promise
   */
  take(bytes: number): Promise<void> | undefined;
  /** Whether small bodies may go through the log. */
  readonly mayJournal: boolean;
}

/** How much room there is where `path` lies. */
export async function roomAt(path: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** Starts with a first look. */
export async function openSpaceGuard(room: () => Promise<DiskRoom>, clock: Clock): Promise<SpaceGuard> {
  let free = 0;
  let reserve = 0;
  let floor = 0;
  let lookedAt = 0;
  let looking: Promise<void> | undefined;

  const look = (): Promise<void> => {
    looking ??= room()
      .then(({ freeBytes, totalBytes }) => {
        free = freeBytes;
        reserve = Math.min(RESERVE_BYTES, totalBytes * RESERVE_SHARE);
        floor = Math.min(JOURNAL_FLOOR_BYTES, totalBytes * JOURNAL_FLOOR_SHARE);
        lookedAt = clock.monotonicMs();
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const lookAgain = async (): Promise<void> => {
    await look();
    if (free < reserve) throw new EngineError("InsufficientStorage");
  };

  await look();
  return {
    take(bytes) {
      free -= bytes;
      if (free < reserve) return lookAgain();
      // A failed look leaves the estimate, which shrinks with every write until a look is insisted on.
      if (clock.monotonicMs() - lookedAt > FRESH_MS) look().catch(() => undefined);
      return undefined;
    },
    get mayJournal() {
      return free >= floor;
    },
  };
}
