/**
 * An open file on a simulated disk.
 */

import type { DiskFile } from "../../ports/disk.ts";
import { assertQuantity } from "../../ports/disk-arguments.ts";
import { DiskError } from "../../ports/errors.ts";
import type { WriteInFlight } from "./disk-device.ts";
import type { FileNode } from "./file-tree.ts";
import type { DiskOperation, SimulatedDisk } from "./simulated-disk.ts";

/** A handle. */
export class SimulatedFile implements DiskFile {
  readonly path: string;
  private readonly disk: SimulatedDisk;
  private readonly node: FileNode;
  private readonly writable: boolean;
  /** Where the next append goes. */
  private end: number;
  private inFlight = 0;
  private closing: Promise<void> | undefined;
  private idle: (() => void) | undefined;

  constructor(disk: SimulatedDisk, path: string, node: FileNode, writable: boolean) {
    this.disk = disk;
    this.path = path;
    this.node = node;
    this.writable = writable;
    this.end = node.content.sizeBytes;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.check("read", false, offset, length);
    return this.use("read", () => {
      this.disk.device.rot(this.node);
      return this.node.content.read(offset, length);
    });
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.check("write", true, offset, bytes.length);
    this.end = Math.max(this.end, offset + bytes.length);
    await this.put("write", offset, bytes);
  }

  async append(bytes: Uint8Array): Promise<number> {
    this.check("append", true, 0, bytes.length);
    const offset = this.end;
    this.end += bytes.length;
    await this.put("append", offset, bytes);
    return offset;
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.check("truncate", true, 0, sizeBytes);
    this.end = sizeBytes;
    const { device, clock } = this.disk;
    return this.use("truncate", () => device.files.truncate(this.node, sizeBytes, this.path, clock.now()));
  }

  async sync(): Promise<void> {
    this.check("sync", false, 0, 0);
    const { content } = this.node;
    const mark = content.mark();
    return this.use(
      "sync",
      () => content.sync(mark),
      () => content.failSync(mark, this.disk.device.random),
    );
  }

  async size(): Promise<number> {
    this.check("size", false, 0, 0);
    return this.use("size", () => this.node.content.sizeBytes);
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
    await this.disk.perform("close", this.path, () => {
      this.disk.device.files.close(this.node);
      if (this.node.handles === 0) this.disk.device.opened.delete(this.node);
    });
  }

  private async put(operation: "write" | "append", offset: number, bytes: Uint8Array): Promise<void> {
    const { device, clock } = this.disk;
    const kept = bytes.slice();
    const write: WriteInFlight = { file: this.node, path: this.path, offset, bytes: kept };
    device.inFlight.add(write);
    const putPart = (length: number): void => {
      const part = length === kept.length ? kept : kept.subarray(0, length);
      device.files.write(this.node, offset, part, this.path, clock.now(), operation);
    };
    await this.use(
      operation,
      () => {
        device.inFlight.delete(write);
        if (Buffer.compare(kept, bytes) !== 0) {
          throw new Error(`${operation} '${this.path}': the caller changed the bytes while the write was in flight`);
        }
        const room = device.files.sizeLimitOf(this.node) - offset;
        if (room >= kept.length) {
          putPart(kept.length);
          return;
        }
        // Like the system, a full disk takes what fits and refuses the rest.
        if (room > 0) putPart(room);
        throw new DiskError("ENOSPC", operation, this.path);
      },
      () => {
        device.inFlight.delete(write);
        const part = device.random.uint32() % (kept.length + 1);
        const room = device.files.sizeLimitOf(this.node) - offset;
        if (part > 0 && part <= room) putPart(part);
      },
    );
  }

  private check(operation: DiskOperation, writes: boolean, offset: number, length: number): void {
    if (this.closing !== undefined || (writes && !this.writable)) throw new DiskError("EBADF", operation, this.path);
    assertQuantity(offset, operation, this.path);
    assertQuantity(length, operation, this.path);
  }

  /** Keeps `close` waiting for what is in flight. */
  private async use<T>(operation: DiskOperation, effect: () => T, onFault?: () => void): Promise<T> {
    this.inFlight++;
    try {
      return await this.disk.perform(operation, this.path, effect, onFault);
    } finally {
      this.inFlight--;
      if (this.inFlight === 0) this.idle?.();
    }
  }
}
