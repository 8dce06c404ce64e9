/** An artifact in a file that may be replaced at any time: by a rename, by another target of a link (as Kubernetes does it), or written anew in place. */
import { type BigIntStats, readFileSync, statSync } from "node:fs";
import type { TimerHandle, Timers } from "#foundation/runtime";

/** A look is one system call. Watching by the system misses replaced links on some file systems. */
const LOOK_EVERY_MS = 500;

export interface WatchedFile {
  /** Looks now, whatever the file's dates say. */
  look(): void;
  close(): void;
}

export interface WatchOptions {
  readonly path: string;
  readonly timers: Timers;
  /** Told the contents whenever the file is another than before, and by `look`. */
  readonly onContents: (bytes: Uint8Array) => void;
  /** Told once when it cannot be read any more, until it can. */
  readonly onUnreadable: (error: unknown) => void;
}

/** Watches a file whose contents at this moment are known already. */
export function watchFile({ path, timers, onContents, onUnreadable }: WatchOptions): WatchedFile {
  let seen = identityOf(path);
  let isReadable = true;
  let timer: TimerHandle;
  const read = (identity: string | undefined): void => {
    try {
      const bytes = readFileSync(path);
      // What was known before reading, so that a change while reading is seen by the next look.
      seen = identity;
      isReadable = true;
      onContents(bytes);
    } catch (error) {
      if (isReadable) onUnreadable(error);
      isReadable = false;
    }
  };
  const look = (): void => {
    const identity = identityOf(path);
    if (identity !== seen || !isReadable) read(identity);
    timer = timers.after(LOOK_EVERY_MS, look);
  };
  timer = timers.after(LOOK_EVERY_MS, look);
  return {
    look: () => read(identityOf(path)),
    close: () => timer.cancel(),
  };
}

/** Which file it is and when it was changed; undefined when it is not there. Links are followed. */
function identityOf(path: string): string | undefined {
  let found: BigIntStats;
  try {
    found = statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
  return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
}
