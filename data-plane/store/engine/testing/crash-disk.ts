/**
 * A disk that calls out before each operation that changes something, so that a test can cut the power there.
 */
import type { Disk, DiskFile } from "#foundation/runtime";

/** @param before called before each write, sync, opening for writing, renaming and removing */
export function watchedDisk(disk: Disk, before: (operation: string) => void): Disk {
  const watch =
    <A extends unknown[], R>(operation: string, run: (...args: A) => R) =>
    (...args: A): R => {
      before(operation);
      return run(...args);
    };
  const file = (inner: DiskFile): DiskFile => ({
    path: inner.path,
    read: (offset, length) => inner.read(offset, length),
    write: watch("write", (offset: number, bytes: Uint8Array) => inner.write(offset, bytes)),
    append: watch("append", (bytes: Uint8Array) => inner.append(bytes)),
    truncate: watch("truncate", (sizeBytes: number) => inner.truncate(sizeBytes)),
    sync: watch("sync", () => inner.sync()),
    size: () => inner.size(),
    close: () => inner.close(),
  });
  return {
    open: async (path, mode) => {
      if (mode !== "read") before("open");
      return file(await disk.open(path, mode));
    },
    rename: watch("rename", (from: string, to: string) => disk.rename(from, to)),
    unlink: watch("unlink", (path: string) => disk.unlink(path)),
    makeDirectory: (path) => disk.makeDirectory(path),
    removeDirectory: (path) => disk.removeDirectory(path),
    readDirectory: (path) => disk.readDirectory(path),
    stat: (path) => disk.stat(path),
    exists: (path) => disk.exists(path),
    syncDirectory: watch("syncDirectory", (path: string) => disk.syncDirectory(path)),
    space: (path) => disk.space(path),
  };
}
