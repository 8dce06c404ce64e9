import type { Disk } from "#foundation/runtime";

/** What a file is called until it is whole. */
export const TEMPORARY = ".tmp";

/** Puts a file in place so that a loss of power leaves it whole, or what was there before. */
export async function placeFile(disk: Disk, directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${directory}/${name}${TEMPORARY}`;
  const file = await disk.open(temporary, "replace");
  try {
    await file.write(0, bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, `${directory}/${name}`);
  await disk.syncDirectory(directory);
}

/** All bytes of a file. */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, "read");
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}
