/**
 * The order of pushes: each names the version before it, and only what continues the chain goes to disk.
 */
import { RpcError } from "#foundation/rpc";
import type { Version } from "#foundation/store-protocol";
import { type LogRecord, recordBytes } from "./disk/format.ts";

/** A push that is not on disk yet. All who push the same version wait for the same promise. */
export interface PendingPush {
  readonly record: LogRecord;
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: RpcError): void;
}

/** What has been accepted and is not on disk, and what waits for its predecessor. */
export class PushChain {
  /** The version that the next one must follow. */
  private tail: Version;
  private queue: PendingPush[] = [];
  /** Queued and being written. */
  private readonly accepted = new Map<Version, PendingPush>();
  /** By the version they follow. */
  private readonly parked = new Map<Version, PendingPush>();
  private bytes = 0;

  /** @param bytesMax how much may wait, in either way: pushes that do not fit are refused */
  constructor(
    private readonly bytesMax: number,
    tail: Version,
  ) {
    this.tail = tail;
  }

  /** Whether anything is ready to be written. */
  get hasQueued(): boolean {
    return this.queue.length > 0;
  }

  /**
   * Takes a push. Undefined when nothing that waits is it and its predecessor has been passed: then it is on disk already, or out of order.
   * @throws RpcError out_of_order, invalid_request
   */
  offer(record: LogRecord): PendingPush | undefined {
    const { previous, version } = record;
    const known = this.accepted.get(version) ?? this.parked.get(previous);
    if (known !== undefined) {
      if (known.record.version === version && known.record.previous === previous) return known;
      throw outOfOrder(record, `${known.record.version} is the one that follows ${known.record.previous}`);
    }
    if (previous < this.tail) return undefined;
    this.bytes += recordBytes(record.data.length);
    if (this.bytes > this.bytesMax) {
      this.bytes -= recordBytes(record.data.length);
      throw new RpcError("invalid_request", `more than ${this.bytesMax} bytes wait to be written`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const pending: PendingPush = { record, done: promise, resolve, reject };
    if (previous > this.tail) this.parked.set(previous, pending);
    else this.accept(pending);
    return pending;
  }

  /** The next pushes to write, in order: at least one, and no more than `bytesMax` otherwise. They are settled by the caller. */
  take(bytesMax: number, countMax: number): readonly PendingPush[] {
    let count = 0;
    for (let bytes = 0; count < this.queue.length && count < countMax; count++) {
      bytes += recordBytes(this.queue[count]!.record.data.length);
      if (bytes > bytesMax && count > 0) break;
    }
    if (count === this.queue.length) {
      const all = this.queue;
      this.queue = [];
      return all;
    }
    return this.queue.splice(0, count);
  }

  /** What was taken is on disk. */
  settle(batch: readonly PendingPush[]): void {
    for (const pending of batch) {
      this.forget(pending);
      pending.resolve();
    }
  }

  /** What was taken may be on disk or not. */
  failTaken(batch: readonly PendingPush[], error: RpcError): void {
    for (const pending of batch) {
      this.forget(pending);
      pending.reject(error);
    }
  }

  /** Refuses everything that has not been taken. What was taken is still settled, and the chain goes on behind it once it is restarted. */
  refuseWaiting(errorFor: (record: LogRecord) => RpcError): void {
    for (const pending of this.queue) this.accepted.delete(pending.record.version);
    const refused = [...this.queue, ...this.parked.values()];
    this.queue = [];
    this.parked.clear();
    for (const pending of refused) {
      this.bytes -= recordBytes(pending.record.data.length);
      pending.reject(errorFor(pending.record));
    }
  }

  /** A new chain begins after a version. Nothing waits. */
  restart(tail: Version): void {
    this.tail = tail;
  }

  private accept(first: PendingPush): void {
    for (let next: PendingPush | undefined = first; next !== undefined; ) {
      this.queue.push(next);
      this.tail = next.record.version;
      this.accepted.set(this.tail, next);
      next = this.parked.get(this.tail);
      this.parked.delete(this.tail);
    }
    for (const [previous, pending] of this.parked) {
      if (previous > this.tail) continue;
      this.parked.delete(previous);
      this.bytes -= recordBytes(pending.record.data.length);
      pending.reject(outOfOrder(pending.record, `the chain has gone from below ${previous} on to ${this.tail}`));
    }
  }

  private forget(pending: PendingPush): void {
    this.accepted.delete(pending.record.version);
    this.bytes -= recordBytes(pending.record.data.length);
  }
}

export function outOfOrder({ previous, version }: LogRecord, why: string): RpcError {
  return new RpcError("out_of_order", `version ${version} after ${previous} is out of order: ${why}`);
}
