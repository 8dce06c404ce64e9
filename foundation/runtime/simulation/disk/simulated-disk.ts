/**
 * The disk port over a simulated file system: every operation takes virtual time and may fail.
 */

import type { Clock } from "../../ports/clock.ts";
import type { Disk, DiskFile, DiskSpace, DiskStat, OpenMode } from "../../ports/disk.ts";
import { DiskError, type DiskErrorCode } from "../../ports/errors.ts";
import type { EventOwner, Scheduler } from "../scheduler.ts";
import type { LabelId, Trace } from "../trace.ts";
import type { DiskDevice } from "./disk-device.ts";
import { SimulatedFile } from "./simulated-file.ts";

/** The operations of the port that take time; the names by which faults are aimed and errors are reported. */
export const DISK_OPERATIONS = [
  "open",
  "read",
  "write",
  "append",
  "truncate",
  "sync",
  "size",
  "close",
  "rename",
  "unlink",
  "makeDirectory",
  "removeDirectory",
  "readDirectory",
  "stat",
  "exists",
  "syncDirectory",
  "space",
] as const;

export type DiskOperation = (typeof DISK_OPERATIONS)[number];

/** One life's view of its machine's disk. */
export class SimulatedDisk implements Disk {
  readonly device: DiskDevice;
  readonly clock: Clock;
  private readonly scheduler: Scheduler;
  private readonly owner: EventOwner;
  private readonly labels: Readonly<Record<DiskOperation, LabelId>>;

  constructor(device: DiskDevice, clock: Clock, scheduler: Scheduler, owner: EventOwner, trace: Trace) {
    this.device = device;
    this.clock = clock;
    this.scheduler = scheduler;
    this.owner = owner;
    const label = (operation: DiskOperation): LabelId => trace.label(`${owner.name} disk.${operation}`);
    this.labels = Object.fromEntries(DISK_OPERATIONS.map((operation) => [operation, label(operation)])) as Record<
      DiskOperation,
      LabelId
    >;
  }

  open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.perform("open", path, () => {
      const node = this.device.files.open(path, mode, this.clock.now());
      this.device.opened.add(node);
      return new SimulatedFile(this, path, node, mode !== "read");
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.perform("rename", from, () => this.device.files.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return this.perform("unlink", path, () => this.device.files.unlink(path));
  }

  makeDirectory(path: string): Promise<void> {
    return this.perform("makeDirectory", path, () => this.device.files.makeDirectory(path, this.clock.now()));
  }

  removeDirectory(path: string): Promise<void> {
    return this.perform("removeDirectory", path, () => this.device.files.removeDirectory(path));
  }

  readDirectory(path: string): Promise<readonly string[]> {
    return this.perform("readDirectory", path, () => this.device.files.readDirectory(path));
  }

  stat(path: string): Promise<DiskStat> {
    return this.perform("stat", path, () => this.device.files.stat(path));
  }

  exists(path: string): Promise<boolean> {
    return this.perform("exists", path, () => this.device.files.exists(path));
  }

  syncDirectory(path: string): Promise<void> {
    const { device } = this;
    const mark = device.files.markNames();
    return this.perform(
      "syncDirectory",
      path,
      () => device.files.syncDirectory(device.files.directoryAt(path, "syncDirectory"), mark),
      () => device.files.failSyncDirectory(device.files.directoryAt(path, "syncDirectory"), mark, device.random),
    );
  }

  space(path: string): Promise<DiskSpace> {
    return this.perform("space", path, () => {
      this.device.files.stat(path);
      return this.device.files.space();
    });
  }

  /**
   * Runs `effect` after the operation's latency, or fails it. `onFault` does what an injected failure leaves behind.
   */
  perform<T>(
    operation: DiskOperation,
    path: string,
    effect: () => T,
    onFault?: (code: DiskErrorCode) => void,
  ): Promise<T> {
    const { scheduler, device } = this;
    const label = this.labels[operation];
    const task = scheduler.currentTask;
    if (task !== undefined) {
      task.waitsFor = label;
      task.waitsOn = path;
    }
    const latencyUs = device.latencyUs(operation);
    return new Promise((resolve, reject) => {
      scheduler.schedule(scheduler.nowUs + latencyUs, label, this.owner, () => {
        const code = device.drawFault(operation);
        if (code !== undefined) {
          onFault?.(code);
          reject(new DiskError(code, operation, path));
          return;
        }
        try {
          resolve(effect());
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}
