import { type Disk, DiskError } from "#foundation/runtime";
import type { BackupPlace } from "./place.ts";

const TEMPORARY = ".tmp";

/** A directory of its own, made when it is not there; its parent must be. An object is a file, put in its place when it is whole. @param path absolute */
export async function openDirectoryPlace(disk: Disk, path: string): Promise<BackupPlace> {
  if (!(await disk.exists(path))) {
    await disk.makeDirectory(path);
    await disk.syncDirectory(path.slice(0, path.lastIndexOf("/")) || "/");
  }
  return {
    async put(name, bytes) {
      const temporary = `${path}/${name}${TEMPORARY}`;
      const file = await disk.open(temporary, "replace");
      try {
        await file.write(0, bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await disk.rename(temporary, `${path}/${name}`);
      await disk.syncDirectory(path);
    },
    async get(name) {
      try {
        const file = await disk.open(`${path}/${name}`, "read");
        try {
          return await file.read(0, await file.size());
        } finally {
          await file.close();
        }
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    list: () => disk.readDirectory(path),
    async remove(name) {
      try {
        await disk.unlink(`${path}/${name}`);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof DiskError && error.code === "ENOENT";
}
