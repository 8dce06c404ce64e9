/**
 * Transactions that wait for a batch, and when the next one begins: at once while nothing is under way; beside others only when enough has come or the
 * oldest has waited long enough. So a lone client waits for nobody, and many share one write to disk. Pure: time comes in with each call.
 */
import type { CommitPlace } from "../backend/index.ts";
import type { Transaction } from "../transactions/index.ts";
import type { ProxyLimits } from "./limits.ts";

/** A transaction and whoever waits for its fate. */
export interface Pending {
  readonly transaction: Transaction;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly resolve: (place: CommitPlace) => void;
  readonly reject: (error: Error) => void;
}

export class CommitQueue {
  private queue: Pending[] = [];
  private bytes = 0;

  constructor(private readonly limits: ProxyLimits) {}

  get length(): number {
    return this.queue.length;
  }

  add(pending: Pending): void {
    this.queue.push(pending);
    this.bytes += pending.bytes;
  }

  /** Milliseconds until a batch is to be begun, with so many under way: 0 for now, undefined for not before something changes. */
  dueInMs(underWay: number, nowMs: number): number | undefined {
    const { batchCountMax, batchBytesMax, batchLatencyMs, batchesMax } = this.limits;
    const oldest = this.queue[0];
    if (oldest === undefined || underWay >= batchesMax) return undefined;
    if (underWay === 0 || this.queue.length >= batchCountMax || this.bytes >= batchBytesMax) return 0;
    return Math.max(0, oldest.sinceMs + batchLatencyMs - nowMs);
  }

  /** Takes the oldest, up to the limits; at least one, when there is one. */
  take(): readonly Pending[] {
    const { batchCountMax, batchBytesMax } = this.limits;
    let count = 0;
    let bytes = 0;
    while (count < this.queue.length && count < batchCountMax) {
      const next = this.queue[count]!.bytes;
      if (count > 0 && bytes + next > batchBytesMax) break;
      bytes += next;
      count++;
    }
    const taken = this.queue.splice(0, count);
    this.bytes -= bytes;
    return taken;
  }

  /** Takes all, for nobody will. */
  drain(): readonly Pending[] {
    const all = this.queue;
    this.queue = [];
    this.bytes = 0;
    return all;
  }
}
