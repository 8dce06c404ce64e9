/**
 * Lays the layers of an image over each other in one directory (OCI image specification 1.1, layer.md, "Applying Changesets").
 *
 * Nothing is ever made, changed or removed outside of the root, whatever an archive holds: see `RootedPaths`. Devices, sockets and pipes are left
 * out and counted (a runtime makes /dev itself); extended attributes are counted and left out too.
 */

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  symlinkSync,
  write as writeFile,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { decompress } from "../archive/decompress.ts";
import { readTar } from "../archive/read-tar.ts";
import type { TarEntry } from "../archive/tar-entry.ts";
import { assertDigest, type Digest, Digester, digestParts } from "../content/digest.ts";
import { layerInvalid, tooLarge } from "../errors.ts";
import type { ImageLimits } from "../limits.ts";
import { modeFor, type Owner, type Ownership, ownerOf } from "./ownership.ts";
import { emptyDirectory, removeTree } from "./remove-tree.ts";
import { pathParts, RootedPaths } from "./rooted-path.ts";

export interface UnpackOptions {
  readonly ownership: Ownership;
  readonly limits: ImageLimits;
  readonly signal?: AbortSignal;
}

export interface UnpackReport {
  /** Entries of all layers, whiteouts included. */
  readonly entries: number;
  /** Sum of the sizes of all files of all layers. */
  readonly fileBytes: number;
  /** Character and block devices and pipes that were left out. */
  readonly skippedDevices: number;
  /** Files whose extended attributes (capabilities, for example) were left out. */
  readonly withoutXattrs: number;
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Names that AUFS kept for itself; they mean nothing in an image. */
const AUFS_PREFIX = ".wh..wh.";
/** Larger pieces are written without holding up everything else. */
const SYNC_WRITE_BYTES = 64 * 1024;
const IMPLIED_DIRECTORY = { mode: 0o755, uid: 0, gid: 0, modifiedMs: undefined };

const writeAsync = promisify(writeFile);

interface DirectoryNote extends Owner {
  readonly mode: number;
  /** Undefined leaves the time as it came out. */
  readonly modifiedMs: number | undefined;
}

/** One tree being made. Layers go in one after another, from the lowest; `finish` comes last. */
export class TreeUnpacker {
  readonly #options: UnpackOptions;
  readonly #paths: RootedPaths;
  /**
   * What directories shall become, by real path. Set at the end: until then all are 0700, so that read-only directories can be filled, nobody else
   * walks into a half-made tree, and times are not disturbed.
   */
  readonly #directories = new Map<string, DirectoryNote>();
  /** Real paths that the current layer has made: its own whiteouts do not touch them. */
  #created = new Set<string>();
  #archiveBytes = 0;
  #report = { entries: 0, fileBytes: 0, skippedDevices: 0, withoutXattrs: 0 };

  /** @param root an empty directory, of mode 0700, that nobody else changes */
  constructor(root: string, options: UnpackOptions) {
    this.#options = options;
    this.#paths = new RootedPaths(root, (path) => this.#makeDirectory(path, IMPLIED_DIRECTORY));
    this.#directories.set(root, IMPLIED_DIRECTORY);
  }

  /**
   * Applies one layer.
   *
   * @param diffId digest of the archive before compression; checked when its last byte has passed
   * @throws image_layer_invalid, image_too_large; system errors of the disk. The tree is then of no use.
   */
  async layer(compressed: AsyncIterable<Uint8Array>, diffId: Digest): Promise<void> {
    this.#created = new Set();
    const digester = new Digester(digestParts(diffId).algorithm);
    for await (const entry of readTar(this.#counted(decompress(compressed), digester))) {
      this.#options.signal?.throwIfAborted();
      await this.#apply(entry);
    }
    assertDigest(digester.digest(), diffId, "A layer, unpacked,");
  }

  /** Gives the directories their modes, owners and times. */
  finish(): UnpackReport {
    // Children before parents: a parent may end up closed to us.
    const paths = [...this.#directories.keys()].sort((a, b) => b.length - a.length);
    for (const path of paths) {
      const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      try {
        this.#attribute(fd, this.#directories.get(path)!);
      } finally {
        closeSync(fd);
      }
    }
    return this.#report;
  }

  async *#counted(source: AsyncIterable<Uint8Array>, digester: Digester): AsyncGenerator<Uint8Array, void, void> {
    const { unpackedBytes } = this.#options.limits;
    for await (const chunk of source) {
      this.#archiveBytes += chunk.length;
      if (this.#archiveBytes > unpackedBytes) throw tooLarge("unpacked bytes", unpackedBytes);
      digester.update(chunk);
      yield chunk;
    }
  }

  async #apply(entry: TarEntry): Promise<void> {
    this.#count(entry);
    const parts = pathParts(entry.path);
    const name = parts.at(-1);
    if (name === undefined) {
      if (entry.kind !== "directory") throw layerInvalid("The image makes its root something else than a directory.");
      this.#directories.set(this.#paths.root, entry);
      return;
    }
    if (name.startsWith(WHITEOUT)) return await this.#whiteout(parts, name);
    const parent = this.#paths.parentOf(parts, true)!;
    const path = `${parent}/${name}`;
    if (entry.kind === "hardlink") await this.#hardLink(entry, path);
    else if (entry.kind === "directory") await this.#directory(entry, path);
    else if (entry.kind === "symlink") await this.#symlink(entry, path);
    else if (entry.kind === "file") await this.#file(entry, path);
    else {
      await this.#clear(path);
      this.#report.skippedDevices++;
      return;
    }
    this.#created.add(path);
  }

  #count(entry: TarEntry): void {
    const { entries, unpackedBytes } = this.#options.limits;
    const report = this.#report;
    report.entries++;
    report.fileBytes += entry.sizeBytes;
    if (entry.xattrs.length > 0) report.withoutXattrs++;
    if (report.entries > entries) throw tooLarge("files", entries);
    if (report.fileBytes > unpackedBytes) throw tooLarge("unpacked bytes", unpackedBytes);
  }

  /** `.wh.NAME` hides NAME of the layers below; the opaque mark hides all that they have in the directory. */
  async #whiteout(parts: readonly string[], name: string): Promise<void> {
    const parent = this.#paths.parentOf(parts, false);
    if (name === OPAQUE) {
      if (parent !== undefined) await emptyDirectory(parent, this.#removal(this.#created));
      return;
    }
    if (name.startsWith(AUFS_PREFIX)) return;
    const hidden = name.slice(WHITEOUT.length);
    if (hidden === "" || hidden === "." || hidden === "..")
      throw layerInvalid("A whiteout of the image hides no name.");
    if (parent !== undefined) await removeTree(`${parent}/${hidden}`, this.#removal(this.#created));
  }

  /** Makes room: whatever is at the path goes, and is not followed. */
  async #clear(path: string): Promise<void> {
    await removeTree(path, this.#removal(new Set()));
  }

  #removal(keep: ReadonlySet<string>) {
    return {
      keep,
      removed: (path: string): void => {
        this.#directories.delete(path);
        this.#paths.forget();
      },
    };
  }

  async #directory(entry: TarEntry, path: string): Promise<void> {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) this.#directories.set(path, entry);
    else {
      if (there !== undefined) await this.#clear(path);
      this.#makeDirectory(path, entry);
    }
  }

  #makeDirectory(path: string, note: DirectoryNote): void {
    mkdirSync(path, { mode: 0o700 });
    this.#directories.set(path, note);
    this.#created.add(path);
  }

  async #symlink(entry: TarEntry, path: string): Promise<void> {
    if (entry.linkPath === "")
      throw layerInvalid(`The link ${JSON.stringify(entry.path)} of the image points nowhere.`);
    await this.#clear(path);
    this.#makeSymlink(entry.linkPath, path, entry);
  }

  #makeSymlink(target: string, path: string, entry: TarEntry): void {
    symlinkSync(target, path);
    const owner = ownerOf(this.#options.ownership, entry);
    if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
    const seconds = secondsOf(entry.modifiedMs);
    lutimesSync(path, seconds, seconds);
  }

  async #hardLink(entry: TarEntry, path: string): Promise<void> {
    const parts = pathParts(entry.linkPath);
    const parent = parts.length === 0 ? undefined : this.#paths.parentOf(parts, false);
    const target = `${parent}/${parts.at(-1)}`;
    const stat = parent === undefined ? undefined : lstatSync(target, { throwIfNoEntry: false });
    if (stat === undefined || !(stat.isFile() || stat.isSymbolicLink())) {
      throw layerInvalid(`The hard link ${JSON.stringify(entry.path)} of the image points to no file of it.`);
    }
    if (target === path) return;
    await this.#clear(path);
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) {
      throw layerInvalid(`The hard link ${JSON.stringify(entry.path)} of the image takes the place of its own target.`);
    }
    // link(2) of a symbolic link follows it on some systems, and could then leave the root: the link is made anew instead.
    if (stat.isSymbolicLink()) this.#makeSymlink(readlinkSync(target), path, entry);
    else linkSync(target, path);
  }

  async #file(entry: TarEntry, path: string): Promise<void> {
    await this.#clear(path);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(path, flags, 0o600);
    try {
      let end = 0;
      for await (const { offset, bytes } of entry.pieces()) {
        this.#options.signal?.throwIfAborted();
        await writeAll(fd, bytes, offset);
        end = offset + bytes.length;
      }
      if (end < entry.sizeBytes) ftruncateSync(fd, entry.sizeBytes);
      this.#attribute(fd, entry);
    } finally {
      closeSync(fd);
    }
  }

  /** Owner before mode: changing the owner takes setuid and setgid away. */
  #attribute(fd: number, note: DirectoryNote): void {
    const owner = ownerOf(this.#options.ownership, note);
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
    fchmodSync(fd, modeFor(this.#options.ownership, note.mode));
    if (note.modifiedMs === undefined) return;
    const seconds = secondsOf(note.modifiedMs);
    futimesSync(fd, seconds, seconds);
  }
}

/** 1 January 2400: later times are no honest ones, and some file systems refuse them. */
const LATEST_SECONDS = 13_569_465_600;

function secondsOf(milliseconds: number): number {
  return Math.min(Math.max(milliseconds / 1000, 0), LATEST_SECONDS);
}

async function writeAll(fd: number, bytes: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const left = bytes.length - done;
    if (left <= SYNC_WRITE_BYTES) done += writeSync(fd, bytes, done, left, offset + done);
    else done += (await writeAsync(fd, bytes, done, left, offset + done)).bytesWritten;
  }
}
