/** Files in `staging/` on the operating system. What lies far into a large one goes to the disk past the page cache. */

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errnoOf, type StagedFile } from "./file-operations.ts";

/**
 * Bytes of a body that go through the page cache. What comes after them is rarely read soon, would drive out what is read often, and is cheaper without: one copy
 * less, and no pages to find (8 ms of CPU against 20 for 64 MiB where pages lie ready; 180 ms were measured in a virtual machine that had to be given each page).
 */
const CACHED_BYTES = 8 * 1024 * 1024;

/** Direct writes must begin and end at multiples of the disk's block, and their memory must lie at one: 4 KiB satisfies every common disk (open(2), "O_DIRECT"). */
const BLOCK_BYTES = 4096;

/** Absent where the system has none. */
const O_DIRECT: number | undefined = constants.O_DIRECT;

/** @throws EEXIST */
export async function createStagedFile(path: string, mode: number): Promise<StagedFile> {
  const cached = await open(path, "wx", mode);
  let direct: FileHandle | undefined;
  let mayBeDirect = O_DIRECT !== undefined;
  let position = 0;

  const handleFor = async (bytes: Uint8Array): Promise<FileHandle> => {
    const fits = position >= CACHED_BYTES && position % BLOCK_BYTES === 0 && bytes.length % BLOCK_BYTES === 0;
    if (!mayBeDirect || O_DIRECT === undefined || !fits) return cached;
    try {
      direct ??= await open(path, constants.O_WRONLY | O_DIRECT);
      return direct;
    } catch {
      // Not every file system has it; should something else be wrong, the other handle will tell.
      mayBeDirect = false;
      return cached;
    }
  };
  const writeSome = async (bytes: Uint8Array): Promise<number> => {
    const handle = await handleFor(bytes);
    try {
      return (await handle.write(bytes, 0, bytes.length, position)).bytesWritten;
    } catch (error) {
      if (handle === cached || errnoOf(error) !== "EINVAL") throw error;
      // Memory or file are not aligned as this disk wants it.
      mayBeDirect = false;
      return 0;
    }
  };

  return {
    async write(bytes) {
      for (let written = 0; written < bytes.length; ) {
        const count = await writeSome(bytes.subarray(written));
        written += count;
        position += count;
      }
    },
    // Of the file, whichever handle wrote it; also empties the disk's own cache.
    sync: () => cached.datasync(),
    async close() {
      await direct?.close();
      await cached.close();
    },
  };
}
