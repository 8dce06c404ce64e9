/**
 * A simulated file system: the operations of the disk port, at once and without faults. Pure; latency and faults come on top.
 */

import type { DiskSpace, DiskStat, OpenMode } from "../../ports/disk.ts";
import { assertPath } from "../../ports/disk-arguments.ts";
import { DiskError, type DiskErrorCode } from "../../ports/errors.ts";
import type { Random } from "../../ports/random.ts";
import type { WriteBack } from "./file-content.ts";
import { type DirectoryNode, type FileNode, FileTree, type NameWriteBack, type TreeNode } from "./file-tree.ts";

/** Space is given out in blocks, as by common file systems. */
const BLOCK_BYTES = 4096;
/** NAME_MAX on Linux. */
const NAME_BYTES_MAX = 255;

/** Where a path leads: its directory, its last name, and what that name means. */
interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: TreeNode | undefined;
}

/** The files of one machine; it outlives the machine's crashes. */
export class FileSystem {
  /** May be changed at any time, to fill the disk or to enlarge it. */
  capacityBytes: number;
  private readonly tree = new FileTree();
  private usedBytes = 0;

  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
  }

  open(path: string, mode: OpenMode, nowMs: number): FileNode {
    const place = this.locate(path, "open");
    const { node } = place;
    if (node?.kind === "directory") throw new DiskError(mode === "createNew" ? "EEXIST" : "EISDIR", "open", path);
    if (node === undefined) {
      if (mode === "read" || mode === "modify") throw new DiskError("ENOENT", "open", path);
      if (this.usedBytes >= this.capacityBytes) throw new DiskError("ENOSPC", "open", path);
      const created = this.tree.newFile(nowMs);
      this.tree.setName(place.directory, place.name, created);
      created.handles++;
      return created;
    }
    if (mode === "createNew") throw new DiskError("EEXIST", "open", path);
    if (mode === "replace") this.truncate(node, 0, path, nowMs);
    node.handles++;
    return node;
  }

  close(file: FileNode): void {
    file.handles--;
    this.releaseUnused(file);
  }

  /** Writes; keeps `bytes`. @throws DiskError ENOSPC without having written anything. */
  write(file: FileNode, offset: number, bytes: Uint8Array, path: string, nowMs: number, operation: string): void {
    this.allocate(file, Math.max(file.content.sizeBytes, offset + bytes.length), path, operation);
    file.content.write(offset, bytes);
    file.modifiedMs = nowMs;
  }

  truncate(file: FileNode, sizeBytes: number, path: string, nowMs: number): void {
    if (sizeBytes === file.content.sizeBytes) return;
    this.allocate(file, sizeBytes, path, "truncate");
    file.content.truncate(sizeBytes);
    file.modifiedMs = nowMs;
  }

  rename(from: string, to: string): void {
    const source = this.locate(from, "rename");
    const target = this.locate(to, "rename");
    if (source.node === target.node && source.node !== undefined) return;
    const code = refusalOf(source.node, target);
    if (code !== undefined) throw new DiskError(code, "rename", from);
    this.tree.moveName(source.directory, source.name, target.directory, target.name);
    if (target.node?.kind === "file") this.releaseUnused(target.node);
  }

  unlink(path: string): void {
    const { directory, name, node } = this.locate(path, "unlink");
    if (node === undefined) throw new DiskError("ENOENT", "unlink", path);
    if (node.kind === "directory") throw new DiskError("EISDIR", "unlink", path);
    this.tree.setName(directory, name, undefined);
    this.releaseUnused(node);
  }

  makeDirectory(path: string, nowMs: number): void {
    const { directory, name, node } = this.locate(path, "makeDirectory");
    if (node !== undefined) throw new DiskError("EEXIST", "makeDirectory", path);
    this.tree.setName(directory, name, this.tree.newDirectory(nowMs));
  }

  removeDirectory(path: string): void {
    const { directory, name, node } = this.locate(path, "removeDirectory");
    if (node === undefined) throw new DiskError("ENOENT", "removeDirectory", path);
    if (node.kind !== "directory") throw new DiskError("ENOTDIR", "removeDirectory", path);
    if (node.entries.size > 0) throw new DiskError("ENOTEMPTY", "removeDirectory", path);
    if (node === this.tree.root) throw new DiskError("EINVAL", "removeDirectory", path);
    this.tree.setName(directory, name, undefined);
  }

  readDirectory(path: string): readonly string[] {
    return [...this.directoryAt(path, "readDirectory").entries.keys()].sort();
  }

  stat(path: string): DiskStat {
    const { node } = this.locate(path, "stat");
    if (node === undefined) throw new DiskError("ENOENT", "stat", path);
    const sizeBytes = node.kind === "file" ? node.content.sizeBytes : 0;
    return { kind: node.kind, sizeBytes, modifiedMs: node.modifiedMs };
  }

  exists(path: string): boolean {
    try {
      return this.locate(path, "exists").node !== undefined;
    } catch (error) {
      if (error instanceof DiskError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return false;
      throw error;
    }
  }

  space(): DiskSpace {
    return { totalBytes: this.capacityBytes, freeBytes: Math.max(0, this.capacityBytes - this.usedBytes) };
  }

  /** The directory at a path, for syncing it. */
  directoryAt(path: string, operation: string): DirectoryNode {
    const { node } = this.locate(path, operation);
    if (node === undefined) throw new DiskError("ENOENT", operation, path);
    if (node.kind !== "directory") throw new DiskError("ENOTDIR", operation, path);
    return node;
  }

  /** The file at a path, or undefined. */
  fileAt(path: string): FileNode | undefined {
    const { node } = this.locate(path, "open");
    return node?.kind === "file" ? node : undefined;
  }

  /** How large the file may grow before the disk is full. */
  sizeLimitOf(file: FileNode): number {
    const free = Math.max(0, this.capacityBytes - this.usedBytes);
    return file.allocatedBytes + Math.floor(free / BLOCK_BYTES) * BLOCK_BYTES;
  }

  /** A position in the history of names, to be given to `syncDirectory`. */
  markNames(): number {
    return this.tree.mark();
  }

  syncDirectory(directory: DirectoryNode, mark: number): void {
    this.tree.sync(directory, mark);
  }

  failSyncDirectory(directory: DirectoryNode, mark: number, random: Random): void {
    this.tree.failSync(directory, mark, random);
  }

  /** The power failed: what was not synced is gone as far as the draws say. */
  losePower(drawWriteBack: () => WriteBack, names: NameWriteBack, random: Random): void {
    this.tree.losePower(names, random);
    this.usedBytes = 0;
    for (const file of this.tree.files()) {
      file.content.losePower(file.content.dirty ? drawWriteBack() : "none", random);
      file.allocatedBytes = blocksOf(file.content.sizeBytes);
      this.usedBytes += file.allocatedBytes;
    }
  }

  /** The program died and the system lived: handles are closed, nothing is lost. */
  closeHandles(files: Iterable<FileNode>): void {
    for (const file of files) {
      file.handles = 0;
      this.releaseUnused(file);
    }
  }

  private locate(path: string, operation: string): Place {
    assertPath(path, operation);
    let place: Place = { directory: this.tree.root, name: "", node: this.tree.root };
    for (const name of segmentsOf(path)) {
      const { node } = place;
      if (node === undefined) throw new DiskError("ENOENT", operation, path);
      if (node.kind !== "directory") throw new DiskError("ENOTDIR", operation, path);
      if (name.length > NAME_BYTES_MAX) throw new DiskError("ENAMETOOLONG", operation, path);
      place = { directory: node, name, node: node.entries.get(name) };
    }
    return place;
  }

  private allocate(file: FileNode, sizeBytes: number, path: string, operation: string): void {
    const needed = blocksOf(sizeBytes);
    const growth = needed - file.allocatedBytes;
    if (growth > 0 && this.usedBytes + growth > this.capacityBytes) throw new DiskError("ENOSPC", operation, path);
    this.usedBytes += growth;
    file.allocatedBytes = needed;
  }

  private releaseUnused(file: FileNode): void {
    if (file.links > 0 || file.handles > 0) return;
    this.usedBytes -= file.allocatedBytes;
    file.allocatedBytes = 0;
  }
}

/** Why a rename makes no sense, or undefined when it does (rename(2)). */
function refusalOf(moved: TreeNode | undefined, target: Place): DiskErrorCode | undefined {
  if (moved === undefined) return "ENOENT";
  if (moved.kind === "file") return target.node?.kind === "directory" ? "EISDIR" : undefined;
  if (isWithin(target.directory, moved)) return "EINVAL";
  if (target.node?.kind === "file") return "ENOTDIR";
  return target.node !== undefined && target.node.entries.size > 0 ? "ENOTEMPTY" : undefined;
}

/** The names along a path. There are no symbolic links, so `..` may be resolved in the text. */
function segmentsOf(path: string): readonly string[] {
  const segments: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") segments.pop();
    else if (name !== "" && name !== ".") segments.push(name);
  }
  return segments;
}

function blocksOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Whether `directory` is `ancestor` or lies below it. */
function isWithin(directory: DirectoryNode, ancestor: DirectoryNode): boolean {
  if (directory === ancestor) return true;
  for (const node of ancestor.entries.values()) if (node.kind === "directory" && isWithin(directory, node)) return true;
  return false;
}
