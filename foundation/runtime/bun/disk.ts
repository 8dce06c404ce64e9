/**
 * The operating system's files behind the port.
 */

import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import type { Disk, DiskFile, OpenMode } from "../ports/disk.ts";
import { assertPath, assertQuantity } from "../ports/disk-arguments.ts";
import { DiskError } from "../ports/errors.ts";
import { toDiskError } from "./system-errors.ts";

const OPEN_FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  modify: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT,
  createNew: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  replace: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
};

/** Files may hold secrets and other people's data: readable by the owner only. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

async function attempt<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  assertPath(path, operation);
  try {
    return await run();
  } catch (error) {
    throw toDiskError(error, operation, path);
  }
}

class SystemFile implements DiskFile {
  readonly path: string;
  private readonly handle: fs.FileHandle;
  private readonly writable: boolean;
  /** Where the next append goes. */
  private end: number;
  private inFlight = 0;
  private closing: Promise<void> | undefined;
  private idle: (() => void) | undefined;

  constructor(path: string, handle: fs.FileHandle, writable: boolean, end: number) {
    this.path = path;
    this.handle = handle;
    this.writable = writable;
    this.end = end;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.use("read", false, async () => {
      assertQuantity(offset, "read", this.path);
      assertQuantity(length, "read", this.path);
      const target = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await this.handle.read(target, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled === length ? target : target.subarray(0, filled);
    });
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.use("write", true, () => {
      assertQuantity(offset, "write", this.path);
      this.end = Math.max(this.end, offset + bytes.length);
      return this.writeAll(offset, bytes);
    });
  }

  async append(bytes: Uint8Array): Promise<number> {
    return this.use("append", true, async () => {
      const offset = this.end;
      this.end += bytes.length;
      await this.writeAll(offset, bytes);
      return offset;
    });
  }

  async truncate(sizeBytes: number): Promise<void> {
    return this.use("truncate", true, async () => {
      assertQuantity(sizeBytes, "truncate", this.path);
      this.end = sizeBytes;
      await this.handle.truncate(sizeBytes);
    });
  }

  async sync(): Promise<void> {
    return this.use("sync", false, () => this.handle.datasync());
  }

  async size(): Promise<number> {
    return this.use("size", false, async () => (await this.handle.stat()).size);
  }

  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    if (this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.idle = resolve;
      });
    }
    await attempt("close", this.path, () => this.handle.close());
  }

  private async writeAll(offset: number, bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, offset + written);
      written += bytesWritten;
    }
  }

  /** Refuses a closed file, keeps `close` waiting for what is in flight, and normalises errors. */
  private async use<T>(operation: string, writes: boolean, run: () => Promise<T>): Promise<T> {
    if (this.closing !== undefined || (writes && !this.writable)) throw new DiskError("EBADF", operation, this.path);
    this.inFlight++;
    try {
      return await run();
    } catch (error) {
      throw toDiskError(error, operation, this.path);
    } finally {
      this.inFlight--;
      if (this.inFlight === 0) this.idle?.();
    }
  }
}

/** The disk of this machine. Files are created with mode 0600 and directories with 0700. */
export const systemDisk: Disk = Object.freeze<Disk>({
  open: (path, mode) =>
    attempt("open", path, async () => {
      const handle = await fs.open(path, OPEN_FLAGS[mode], FILE_MODE);
      const stat = await handle.stat();
      if (!stat.isDirectory()) return new SystemFile(path, handle, mode !== "read", stat.size);
      await handle.close();
      throw new DiskError("EISDIR", "open", path);
    }),
  rename: (from, to) =>
    attempt("rename", from, () => {
      assertPath(to, "rename");
      return fs.rename(from, to);
    }),
  unlink: (path) =>
    attempt("unlink", path, async () => {
      // unlink(2) of a directory is EISDIR on Linux and EPERM elsewhere; ask first so that the code is the same.
      if ((await fs.lstat(path)).isDirectory()) throw new DiskError("EISDIR", "unlink", path);
      await fs.unlink(path);
    }),
  makeDirectory: (path) => attempt("makeDirectory", path, () => fs.mkdir(path, { mode: DIRECTORY_MODE })),
  removeDirectory: (path) => attempt("removeDirectory", path, () => fs.rmdir(path)),
  readDirectory: (path) => attempt("readDirectory", path, async () => (await fs.readdir(path)).sort()),
  stat: (path) =>
    attempt("stat", path, async () => {
      const stat = await fs.stat(path);
      const kind = stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other";
      return { kind, sizeBytes: stat.size, modifiedMs: Math.floor(stat.mtimeMs) };
    }),
  exists: (path) =>
    attempt("exists", path, async () => {
      try {
        await fs.stat(path);
        return true;
      } catch (error) {
        const normalised = toDiskError(error, "exists", path);
        if (normalised.code === "ENOENT" || normalised.code === "ENOTDIR") return false;
        throw normalised;
      }
    }),
  syncDirectory: (path) =>
    attempt("syncDirectory", path, async () => {
      const handle = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }),
  space: (path) =>
    attempt("space", path, async () => {
      const stat = await fs.statfs(path);
      return { totalBytes: stat.blocks * stat.bsize, freeBytes: stat.bavail * stat.bsize };
    }),
});
