/** Small files that are whole or not there, also after a power failure. */

import { type Disk, DiskError } from "#foundation/runtime";

/** Replaces a file at once: written beside it, synced, renamed, and the name synced. */
export async function writeDurably(disk: Disk, directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const beside = `${directory}/${name}.new`;
  const file = await disk.open(beside, "replace");
  try {
    await file.append(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(beside, `${directory}/${name}`);
  await disk.syncDirectory(directory);
}

/** The whole file, or undefined when there is none. */
export async function readIfPresent(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await disk.open(path, "read");
    try {
      return await file.read(0, await file.size());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof DiskError && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Makes a directory and its name durable; one that is there already may have a name that is not durable yet. */
export async function ensureDirectory(disk: Disk, parent: string, path: string): Promise<void> {
  try {
    await disk.makeDirectory(path);
  } catch (error) {
    if (!(error instanceof DiskError && error.code === "EEXIST")) throw error;
  }
  await disk.syncDirectory(parent);
}

export async function unlinkIfPresent(disk: Disk, path: string): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (error) {
    if (!(error instanceof DiskError && error.code === "ENOENT")) throw error;
  }
}
