/**
 * The disk of a simulated machine, across its lives: contents, conditions, and the faults that a scenario aims at it.
 */

import type { DiskErrorCode } from "../../ports/errors.ts";
import type { DiskConditions } from "../conditions.ts";
import type { FaultCounts } from "../fault-counts.ts";
import { drawLatencyUs } from "../latency.ts";
import { chance, pick, type SeededRandom } from "../seeded-random.ts";
import type { WriteBack } from "./file-content.ts";
import { FileSystem } from "./file-system.ts";
import type { FileNode, NameWriteBack } from "./file-tree.ts";
import type { DiskOperation } from "./simulated-disk.ts";

/** A write that was asked for and has not completed. */
export interface WriteInFlight {
  readonly file: FileNode;
  readonly path: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Which operations an error probability applies to. */
const READS: ReadonlySet<DiskOperation> = new Set(["read", "readDirectory", "stat"]);
const WRITES: ReadonlySet<DiskOperation> = new Set(["write", "append", "truncate", "open", "rename", "makeDirectory"]);
const SYNCS: ReadonlySet<DiskOperation> = new Set(["sync", "syncDirectory"]);

const WRITE_BACKS: readonly WriteBack[] = ["none", "all", "prefix", "sectors"];
const NAME_WRITE_BACKS: readonly NameWriteBack[] = ["none", "all", "prefix", "any"];

/** A disk. Scenarios reach it as `machine.disk`. */
export class DiskDevice {
  readonly files: FileSystem;
  /** May be replaced at any time. */
  conditions: DiskConditions;
  /** What a power failure keeps of unsynced contents and names; undefined draws it anew each time. */
  writeBack: WriteBack | undefined;
  nameWriteBack: NameWriteBack | undefined;
  readonly random: SeededRandom;
  readonly opened = new Set<FileNode>();
  readonly inFlight = new Set<WriteInFlight>();
  private readonly counts: FaultCounts;
  private fullCapacityBytes: number | undefined;
  private readonly aimed: { readonly operation: DiskOperation; readonly code: DiskErrorCode }[] = [];

  constructor(capacityBytes: number, conditions: DiskConditions, random: SeededRandom, counts: FaultCounts) {
    this.files = new FileSystem(capacityBytes);
    this.conditions = conditions;
    this.random = random;
    this.counts = counts;
  }

  /** Lets the next such operation fail. Called several times, several fail. */
  failNext(operation: DiskOperation, code: DiskErrorCode): void {
    this.aimed.push({ operation, code });
  }

  /** Leaves no room for anything new, until `unfill`. */
  fill(): void {
    if (this.fullCapacityBytes !== undefined) return;
    this.fullCapacityBytes = this.files.capacityBytes;
    const { totalBytes, freeBytes } = this.files.space();
    this.files.capacityBytes = totalBytes - freeBytes;
    this.counts.add("disk.full");
  }

  /** Gives the room back that `fill` took. */
  unfill(): void {
    if (this.fullCapacityBytes === undefined) return;
    this.files.capacityBytes = this.fullCapacityBytes;
    this.fullCapacityBytes = undefined;
  }

  /** Flips one bit, chosen by chance, of a file, as a worn-out device does. Returns false when there is no such file or it is empty. */
  corrupt(path: string): boolean {
    const file = this.files.fileAt(path);
    if (file === undefined || file.content.sizeBytes === 0) return false;
    file.content.flipBit(this.random.uint32());
    this.counts.add("disk.bit-rot");
    return true;
  }

  /** The virtual time that the operation takes. */
  latencyUs(operation: DiskOperation): number {
    const { latency, syncLatency } = this.conditions;
    return drawLatencyUs(SYNCS.has(operation) ? syncLatency : latency, this.random);
  }

  /** The code with which the operation fails, or undefined. */
  drawFault(operation: DiskOperation): DiskErrorCode | undefined {
    const code =
      this.takeAimed(operation) ?? (chance(this.random, this.errorProbability(operation)) ? "EIO" : undefined);
    if (code !== undefined) this.counts.add(`disk.${operation}.${code}`);
    return code;
  }

  /** Called before a read: sometimes the bits are no longer what they were. */
  rot(file: FileNode): void {
    if (file.content.sizeBytes === 0 || !chance(this.random, this.conditions.bitRotProbability)) return;
    file.content.flipBit(this.random.uint32());
    this.counts.add("disk.bit-rot");
  }

  /** The program died: writes in flight may or may not have reached the system; with `power` lost, the cache is gone too. */
  crash(powerLost: boolean, nowMs: number): void {
    for (const write of this.inFlight) {
      const limit = this.files.sizeLimitOf(write.file) - write.offset;
      if (chance(this.random, 0.5)) continue;
      const length = Math.max(0, Math.min(write.bytes.length, limit));
      if (length > 0)
        this.files.write(write.file, write.offset, write.bytes.subarray(0, length), write.path, nowMs, "write");
    }
    this.inFlight.clear();
    this.files.closeHandles(this.opened);
    this.opened.clear();
    if (!powerLost) return;
    this.counts.add("disk.power-loss");
    const names = this.nameWriteBack ?? pick(this.random, NAME_WRITE_BACKS);
    this.files.losePower(() => this.writeBack ?? pick(this.random, WRITE_BACKS), names, this.random);
  }

  private takeAimed(operation: DiskOperation): DiskErrorCode | undefined {
    const index = this.aimed.findIndex((fault) => fault.operation === operation);
    return index < 0 ? undefined : this.aimed.splice(index, 1)[0]!.code;
  }

  private errorProbability(operation: DiskOperation): number {
    if (READS.has(operation)) return this.conditions.readErrorProbability;
    if (WRITES.has(operation)) return this.conditions.writeErrorProbability;
    return SYNCS.has(operation) ? this.conditions.syncErrorProbability : 0;
  }
}
