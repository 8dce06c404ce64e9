/**
 * How often the node has been started: by its number, what it says now is told from what it said before.
 */
import type { Disk } from "#foundation/runtime";

/** Counts one more start, durably, in the file `incarnation` of an existing directory. @throws Error when the file is damaged; DiskError */
export async function nextIncarnation(disk: Disk, directory: string): Promise<bigint> {
  const path = `${directory}/incarnation`;
  const last = (await disk.exists(path)) ? await read(disk, path) : 0n;
  const next = last + 1n;
  const file = await disk.open(`${path}.new`, "replace");
  try {
    await file.write(0, new TextEncoder().encode(`${next}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(`${path}.new`, path);
  await disk.syncDirectory(directory);
  return next;
}

async function read(disk: Disk, path: string): Promise<bigint> {
  const file = await disk.open(path, "read");
  try {
    const text = new TextDecoder().decode(await file.read(0, 100));
    if (!/^[0-9]{1,19}\n$/.test(text)) throw new Error(`${path} is damaged: it holds no number`);
    return BigInt(text.trim());
  } finally {
    await file.close();
  }
}
