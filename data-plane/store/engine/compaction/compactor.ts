/**
 * Compacts in the background, one compaction after another, as long as there is something to do.
 */
import { type Runtime, sleep } from "#foundation/runtime";
import { EngineClosedError, EngineFailedError } from "../errors.ts";
import { exchangeRuns } from "../layout.ts";
import { isRefusedForSpace } from "../manifest-file.ts";
import type { RunStore } from "../run-store.ts";
import type { Run } from "../runs/run.ts";
import { mergeRuns } from "./merge-runs.ts";
import {
  type CompactionPlan,
  compactionDebt,
  FLUSHES_MAX,
  type PlanLimits,
  planCompaction,
  planWholeCompaction,
} from "./plan.ts";

/** A flush waits while level 0 holds so many groups, if they are being merged: reads would become slow, and the debt without end. */
export const FLUSHES_BEFORE_WAITING = 12;
/** How long a slice is followed by nothing where it only saves space: 128 KiB each 8 ms are 16 MiB/s. */
const IDLE_PAUSE_MS = 8;
/** The same where a limit was just reached; with twice the need there is no pause but a turn of the event loop. */
const USUAL_PAUSE_MS = 2;

interface Waiter {
  readonly done: () => boolean;
  readonly resolve: () => void;
}

export class Compactor {
  private readonly resumeAt = new Map<number, Uint8Array>();
  private readonly limits: PlanLimits;
  private running: Promise<void> | undefined;
  private stopping = false;
  /** Asked for by `compactAll`: no rest until everything is one group. */
  private whole = false;
  private waiters: Waiter[] = [];
  /** Why the last compaction had to be given up, until one succeeds. */
  lastRefusal: Error | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly store: RunStore,
    levelBytes: number,
  ) {
    this.limits = { levelBytes, runBytes: store.runBytes, resumeAt: this.resumeAt };
  }

  get debtBytes(): number {
    return compactionDebt(this.store.layout.groups, this.limits);
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** To be called after each change of the layout. */
  wake(): void {
    if (this.running !== undefined || this.stopping || this.store.failed !== undefined) return;
    if (this.next() === undefined) return;
    // `work` never rejects: whatever fails goes to the store, or is kept as a refusal.
    this.running = this.work().finally(() => {
      this.running = undefined;
      this.wakeWaiters(true);
      // Something may have changed after the last look.
      if (this.lastRefusal === undefined) this.wake();
    });
  }

  /** Merges everything into one group without anything cleared. @throws what has stopped it: no room, the engine failed or closed */
  async compactAll(): Promise<void> {
    this.lastRefusal = undefined;
    for (;;) {
      this.store.check();
      this.whole = true;
      if (this.next() === undefined) break;
      this.wake();
      await this.running;
      if (this.lastRefusal !== undefined) {
        this.whole = false;
        throw this.lastRefusal;
      }
    }
    this.whole = false;
  }

  /** Waits while level 0 is too full and is being merged. */
  async relieve(): Promise<void> {
    const done = () => this.flushes < FLUSHES_BEFORE_WAITING;
    if (done() || this.running === undefined) return;
    await new Promise<void>((resolve) => this.waiters.push({ done, resolve }));
  }

  /** Ends what is running, at its next slice. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private get flushes(): number {
    return this.store.layout.groups.filter(({ level }) => level === 0).length;
  }

  private next(): CompactionPlan | undefined {
    const { groups } = this.store.layout;
    return this.whole ? planWholeCompaction(groups, this.limits) : planCompaction(groups, this.limits);
  }

  private async work(): Promise<void> {
    try {
      for (let plan = this.next(); plan !== undefined && !this.stopping; plan = this.next()) {
        await this.compact(plan);
        this.lastRefusal = undefined;
        this.wakeWaiters(false);
      }
    } catch (error) {
      if (error instanceof EngineClosedError || error instanceof EngineFailedError) return;
      // Without room there is nothing to be done until the next flush; anything else is a defect that must not go on.
      if (isRefusedForSpace(error) && error instanceof Error) this.lastRefusal = error;
      else this.store.fail(error);
    }
  }

  private async compact(plan: CompactionPlan): Promise<void> {
    const inputs = new Set(plan.inputs.flat());
    const last = plan.inputs[0]!.at(-1)!;
    if (plan.level > 1) this.resumeAt.set(plan.level - 1, last.entry.end);
    this.runtime.hooks.probe(plan.moves ? "engine.moved" : plan.level === 0 ? "engine.small-flushes" : "engine.merged");
    if (plan.moves) {
      await this.replace(inputs, [...inputs], plan.level, { written: [], loads: this.store.loads });
      return;
    }
    // The inputs stay on the disk while they are read, even when a flush makes them unnecessary.
    const layout = this.store.layout.acquire();
    const { loads } = this.store;
    try {
      const pause = () => this.pause(plan.need);
      const outputs = await this.store.write((writer) => mergeRuns(plan, writer, pause));
      await this.replace(inputs, outputs, plan.level, { written: outputs, loads });
    } finally {
      layout.release();
    }
  }

  /**
   * Puts the outputs in the place of the inputs. An input that is gone was hidden by a cleared range that was flushed meanwhile: that range is newer than
   * the outputs, and hides in them what it has hidden in the input. After a load nothing of the kind is known, and the outputs are given up.
   */
  private async replace(
    inputs: ReadonlySet<Run>,
    outputs: readonly Run[],
    level: number,
    { written, loads }: { readonly written: readonly Run[]; readonly loads: number },
  ): Promise<void> {
    await this.store.change(written, () => {
      const { layout } = this.store;
      const left = [...layout.runs()].filter((run) => inputs.has(run));
      const changed = left.length < inputs.size;
      if (changed) this.runtime.hooks.probe("engine.input-gone");
      if (left.length === 0 || (changed && (this.store.loads !== loads || written.length === 0))) return undefined;
      const sorted = [...outputs].sort((a, b) => Buffer.compare(a.entry.begin, b.entry.begin));
      return { groups: exchangeRuns(layout.groups, inputs, level, sorted) };
    });
  }

  private async pause(need: number): Promise<void> {
    this.store.check();
    if (this.stopping) throw new EngineClosedError();
    const urgent = this.whole || need >= 2 || this.flushes >= 2 * FLUSHES_MAX;
    await sleep(this.runtime.timers, urgent ? 0 : need < 1 ? IDLE_PAUSE_MS : USUAL_PAUSE_MS);
    if (this.stopping) throw new EngineClosedError();
  }

  private wakeWaiters(all: boolean): void {
    const waiting = this.waiters;
    this.waiters = [];
    for (const waiter of waiting) {
      if (all || waiter.done()) waiter.resolve();
      else this.waiters.push(waiter);
    }
  }
}
