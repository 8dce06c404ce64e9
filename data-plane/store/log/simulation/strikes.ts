/**
 * A disk that stops a program dead before or after a chosen change, so that power can be cut exactly there.
 */
import type { Disk, DiskFile } from "#foundation/runtime";

/** Counts the changes that are asked of a disk. */
export class Strikes {
  /** How many changes there have been in this life. */
  changes = 0;
  /** Whether the program has come to the chosen place: it never goes on from there. */
  struck = false;
  private place = Number.POSITIVE_INFINITY;
  private isAfter = false;
  private isSpared = false;

  /**
   * Stops the next life at its change number `place` (from 1): before it is begun, or after it has been done and before anybody knows.
   * @param sparesOpening counts only what comes after `opened`
   */
  aim(place: number, isAfter: boolean, sparesOpening = false): void {
    this.changes = 0;
    this.struck = false;
    this.place = place;
    this.isAfter = isAfter;
    this.isSpared = sparesOpening;
  }

  /** What comes from now on is not the opening any more. */
  opened(): void {
    this.isSpared = false;
  }

  /** The disk as the program is to see it. */
  wrap(disk: Disk): Disk {
    const change = <T>(run: () => Promise<T>): Promise<T> => this.change(run);
    return {
      ...disk,
      readDirectory: (path) => disk.readDirectory(path),
      stat: (path) => disk.stat(path),
      exists: (path) => disk.exists(path),
      space: (path) => disk.space(path),
      open: async (path, mode) => {
        if (mode === "read") return disk.open(path, mode);
        return this.wrapFile(await change(() => disk.open(path, mode)));
      },
      rename: (from, to) => change(() => disk.rename(from, to)),
      unlink: (path) => change(() => disk.unlink(path)),
      makeDirectory: (path) => change(() => disk.makeDirectory(path)),
      removeDirectory: (path) => change(() => disk.removeDirectory(path)),
      syncDirectory: (path) => change(() => disk.syncDirectory(path)),
    };
  }

  private wrapFile(file: DiskFile): DiskFile {
    return {
      path: file.path,
      read: (offset, length) => file.read(offset, length),
      write: (offset, bytes) => this.change(() => file.write(offset, bytes)),
      append: (bytes) => this.change(() => file.append(bytes)),
      truncate: (sizeBytes) => this.change(() => file.truncate(sizeBytes)),
      sync: () => this.change(() => file.sync()),
      size: () => file.size(),
      close: () => file.close(),
    };
  }

  private async change<T>(run: () => Promise<T>): Promise<T> {
    if (this.struck) return never();
    if (this.isSpared) return run();
    this.changes++;
    if (this.changes !== this.place) return run();
    if (this.isAfter) await run();
    this.struck = true;
    return never();
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
