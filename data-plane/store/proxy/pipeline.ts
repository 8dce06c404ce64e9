/**
 * The way of commits through a proxy: batches, several under way at once, each a version of the chain.
 *
 * Handlers and answers interleave at every `await`; what keeps the order is this. A batch asks for its version only when the one before it has its own, so
 * that batches of this proxy are versions in the order in which they were made. Resolvers and logs take versions in the order of the chain, whatever
 * order they come in. A batch is reported and answered only after the one before it was. And once the pipeline has ended no step is taken any more: that
 * is looked at after each `await`, and above all right before the first log is written to.
 */
import { RpcError } from "#foundation/rpc";
import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import type { Epoch, Version } from "#foundation/store-protocol";
import type { CommitPlace } from "../backend/index.ts";
import type { ConflictRanges, Verdict } from "../conflicts/index.ts";
import type { Transaction } from "../transactions/index.ts";
import { conflictsOf, logEntry } from "./batch.ts";
import { CommitQueue, type Pending } from "./commit-queue.ts";
import { combineVerdicts, splitConflicts } from "./conflict-split.ts";
import type { ProxyLimits } from "./limits.ts";
import type { Calls, Connected } from "./neighbours.ts";

interface Batch {
  /** Those who have not been answered yet. */
  readonly unanswered: Set<Pending>;
  /** Some log may have it: whether it is committed is for the next recovery to say, unless all logs acknowledge. */
  pushed: boolean;
}

export interface PipelineOptions {
  readonly epoch: Epoch;
  /** The name of this proxy for the sequencer: never used by another one. */
  readonly proxy: string;
  readonly recoveryVersion: Version;
  readonly connected: Connected;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits: ProxyLimits;
  /** A batch has failed; ends all of this by `close`. */
  readonly onFailure: (error: unknown) => void;
}

export class Pipeline {
  private readonly queue: CommitQueue;
  private readonly batches = new Set<Batch>();
  private pendingCount = 0;
  private pendingBytes = 0;
  private requests = 0;
  /** A batch waits for its version. */
  private assigning = false;
  private pumpScheduled = false;
  private latencyTimer: TimerHandle | undefined;
  private idleTimer: TimerHandle | undefined;
  /** The last batch made is reported and answered. */
  private lastFinal: Promise<void> = Promise.resolve();
  private knownCommitted: Version;
  private ended = false;

  constructor(private readonly options: PipelineOptions) {
    this.queue = new CommitQueue(options.limits);
    this.knownCommitted = options.recoveryVersion;
  }

  /** The transaction is within all limits. @throws RpcError as `COMMIT_PROXY.commit` */
  commit(transaction: Transaction, bytes: number): Promise<CommitPlace> {
    const { limits, clock } = this.options;
    if (this.pendingCount >= limits.pendingCountMax || this.pendingBytes + bytes > limits.pendingBytesMax) {
      return Promise.reject(new RpcError("not_running", "The proxy has too many commits waiting."));
    }
    this.pendingCount++;
    this.pendingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.queue.add({ transaction, bytes, sinceMs: clock.monotonicMs(), resolve, reject });
      this.schedulePump();
    });
  }

  /**
   * Ends it: everybody who waits is refused, with `commit_unknown_result` when a log may have been written to, else with `not_running`, for what was not
   * pushed by now never will be.
   */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.latencyTimer?.cancel();
    this.idleTimer?.cancel();
    for (const pending of this.queue.drain()) this.refuse(pending, "not_running", "The proxy has ended.");
    for (const { unanswered, pushed } of this.batches) {
      for (const pending of [...unanswered]) {
        unanswered.delete(pending);
        if (pushed) this.refuse(pending, "commit_unknown_result", "The proxy failed while it committed.");
        else this.refuse(pending, "not_running", "The proxy has ended.");
      }
    }
  }

  /** What is asked for within one turn goes into one batch. */
  private schedulePump(): void {
    if (this.pumpScheduled) return;
    this.pumpScheduled = true;
    queueMicrotask(() => {
      this.pumpScheduled = false;
      this.pump();
    });
  }

  private pump(): void {
    if (this.ended || this.assigning) return;
    const { clock, timers } = this.options;
    const dueInMs = this.queue.dueInMs(this.batches.size, clock.monotonicMs());
    if (dueInMs === 0) {
      this.begin(this.queue.take());
    } else if (dueInMs !== undefined && this.latencyTimer === undefined) {
      this.latencyTimer = timers.after(dueInMs, () => {
        this.latencyTimer = undefined;
        this.pump();
      });
    }
  }

  private begin(pendings: readonly Pending[]): void {
    this.idleTimer?.cancel();
    const batch: Batch = { unanswered: new Set(pendings), pushed: false };
    this.batches.add(batch);
    this.assigning = true;
    const before = this.lastFinal;
    const final = this.run(batch, pendings, before);
    // The one place where a failure of a batch goes; whoever comes after it fails with it.
    this.lastFinal = final.then(
      () => this.finished(batch),
      (error: unknown) => {
        if (!this.ended) this.options.onFailure(error);
        throw error;
      },
    );
    this.lastFinal.catch(() => undefined);
  }

  private finished(batch: Batch): void {
    this.batches.delete(batch);
    if (this.ended) return;
    this.pump();
    if (this.batches.size > 0) return;
    this.idleTimer?.cancel();
    this.idleTimer = this.options.timers.after(this.options.limits.idleMs, () => {
      if (!this.ended && this.batches.size === 0) this.begin([]);
    });
  }

  private async run(batch: Batch, pendings: readonly Pending[], before: Promise<void>): Promise<void> {
    const { epoch, proxy, connected, calls } = this.options;
    const request = ++this.requests;
    const { previous, version } = await calls.repeated((options) =>
      connected.sequencer.nextCommitVersion({ epoch, proxy, request }, options),
    );
    this.assigning = false;
    this.schedulePump();
    this.mustRun();

    const candidates = this.admit(batch, pendings, version);
    const verdicts = await this.resolve(
      previous,
      version,
      candidates.map(({ transaction }, index) => conflictsOf(transaction, { version, index })),
    );
    this.mustRun();
    const committed: { readonly transaction: Transaction; readonly pending: Pending; readonly index: number }[] = [];
    const refusedLater: (() => void)[] = [];
    candidates.forEach((pending, index) => {
      const { transaction } = pending;
      const verdict = verdicts[index]!;
      if (verdict === "free") {
        committed.push({ transaction, pending, index });
        return;
      }
      const refuse = () => {
        batch.unanswered.delete(pending);
        if (verdict === "too_old")
          this.refuse(pending, "transaction_too_old", "The transaction has read too long ago.");
        else this.refuse(pending, "not_committed", "Another transaction has written what this one has read.");
      };
      // Nothing is written on its behalf: it need not wait for the disks. With an id, what it conflicts with may be an earlier attempt of its own; whoever
      // looks for that after the answer is to find it, so that the answer waits until everything up to this version can be read.
      if (transaction.idempotencyId.length === 0) refuse();
      else refusedLater.push(refuse);
    });

    const data = logEntry(version, committed);
    const { knownCommitted } = this;
    batch.pushed = true;
    await Promise.all(
      connected.logs.map((log) =>
        calls.once((options) => log.push({ epoch, previous, version, knownCommitted, data }, options)),
      ),
    );
    await before;
    this.mustRun();
    await calls.repeated((options) => connected.sequencer.reportCommitted({ epoch, version }, options));
    this.mustRun();
    this.knownCommitted = version;
    for (const { pending, index } of committed) {
      batch.unanswered.delete(pending);
      this.settled(pending);
      pending.resolve({ version, index });
    }
    for (const refuse of refusedLater) refuse();
  }

  /** Those who have read before the version. Nobody can have read later, unless he makes it up. */
  private admit(batch: Batch, pendings: readonly Pending[], version: Version): readonly Pending[] {
    return pendings.filter((pending) => {
      const { readVersion } = pending.transaction;
      if (readVersion === undefined || readVersion < version) return true;
      batch.unanswered.delete(pending);
      this.refuse(pending, "invalid_request", "The read version has not been reached yet.");
      return false;
    });
  }

  private async resolve(
    previous: Version,
    version: Version,
    conflicts: readonly ConflictRanges[],
  ): Promise<readonly Verdict[]> {
    const { epoch, connected, calls } = this.options;
    const parts = splitConflicts(
      conflicts,
      connected.resolvers.map(({ begin }) => begin),
    );
    const replies = await Promise.all(
      connected.resolvers.map(({ resolver }, i) =>
        calls.repeated((options) => resolver.resolve({ epoch, previous, version, transactions: parts[i]! }, options)),
      ),
    );
    return combineVerdicts(
      replies.map(({ verdicts }) => verdicts),
      conflicts.length,
    );
  }

  private refuse(pending: Pending, code: string, message: string): void {
    this.settled(pending);
    pending.reject(new RpcError(code, message));
  }

  private settled(pending: Pending): void {
    this.pendingCount--;
    this.pendingBytes -= pending.bytes;
  }

  private mustRun(): void {
    if (this.ended) throw new RpcError("cancelled", "The proxy has ended.");
  }
}
