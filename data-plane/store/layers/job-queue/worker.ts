/**
 * Does the jobs of a queue, one after the other.
 */
import { type Clock, sleep, type Timers } from "#foundation/runtime";
import type { Database, StoreTransaction } from "../../client/index.ts";
import { type Job, type JobQueue, JobQueueError, type Lease } from "./job-queue.ts";

export interface WorkOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Ends the work after the job at hand. */
  readonly signal: AbortSignal;
}

/** Looks again after so long, though nothing was said to have come. */
const IDLE_MS_MAX = 60_000;

/**
 * Runs `handle` for each job until the signal says so. While it runs its lease is extended; when it throws, the job comes again later, or is buried.
 * What it returns is run in the transaction that completes the job: that happens once, though `handle` may run several times.
 *
 * Rejects when the store fails for good.
 */
export async function work(
  db: Database,
  queue: JobQueue,
  handle: (job: Job) => Promise<void | ((tx: StoreTransaction) => Promise<void>)>,
  options: WorkOptions,
): Promise<void> {
  while (!options.signal.aborted) {
    const lease = await db.transact((tx) => queue.lease(tx), { idempotent: true });
    if (lease === undefined) await untilNext(db, queue, options);
    else await workOn(db, queue, lease, handle, options);
  }
}

async function workOn(
  db: Database,
  queue: JobQueue,
  lease: Lease,
  handle: Parameters<typeof work>[2],
  { timers }: WorkOptions,
): Promise<void> {
  const held = new Held(db, queue, lease);
  const extending = timers.every(queue.leaseMs / 3, () => held.extend());
  let outcome: { readonly finish: (tx: StoreTransaction) => Promise<void> } | { readonly failed: string };
  try {
    const finish = await handle(lease);
    outcome = { finish: finish ?? (async () => {}) };
  } catch (error) {
    outcome = { failed: error instanceof Error ? error.message : String(error) };
  } finally {
    extending.cancel();
  }
  const now = await held.settled();
  try {
    await db.transact(
      async (tx) => {
        if ("failed" in outcome) await queue.fail(tx, now, outcome.failed);
        else {
          await queue.complete(tx, now);
          await outcome.finish(tx);
        }
      },
      { idempotent: true },
    );
  } catch (error) {
    // Somebody else has the job now, and will do it again.
    if (!(error instanceof JobQueueError)) throw error;
  }
}

/** A lease that is extended from time to time. */
class Held {
  private extending: Promise<void> = Promise.resolve();
  private busy = false;

  constructor(
    private readonly db: Database,
    private readonly queue: JobQueue,
    private lease: Lease,
  ) {}

  extend(): void {
    if (this.busy) return;
    this.busy = true;
    this.extending = this.db
      .transact((tx) => this.queue.extend(tx, this.lease), { idempotent: true })
      .then(
        (longer) => {
          this.lease = longer;
        },
        // Whoever completes the job will see that it is lost, or that the store is.
        () => {},
      )
      .finally(() => {
        this.busy = false;
      });
  }

  async settled(): Promise<Lease> {
    await this.extending;
    return this.lease;
  }
}

/** Resolves when there may be a job, or the signal ends the wait. */
async function untilNext(db: Database, queue: JobQueue, { clock, timers, signal }: WorkOptions): Promise<void> {
  const { watch, dueMs } = await db.transact(async (tx) => ({
    watch: queue.watch(tx),
    dueMs: await queue.nextDueMs(tx.snapshot),
  }));
  const waitMs = dueMs === undefined ? IDLE_MS_MAX : Math.min(Math.max(dueMs - clock.now(), 0), IDLE_MS_MAX);
  const over = new AbortController();
  const stop = () => over.abort();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  // A watch that fails is no news of a job, and no reason to stop: the next look tells whether the store is there.
  const timer = sleep(timers, waitMs, over.signal).catch(() => {});
  await Promise.race([timer, watch.changed.catch(() => timer)]);
  stop();
  watch.cancel();
  signal.removeEventListener("abort", stop);
}
