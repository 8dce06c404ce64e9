/** An engine in a thread of its own, so that neither SQL nor an fsync ever blocks the event loop that answers requests. */
import type { OpenOptions } from "./database.ts";
import type { EngineHost, EngineOperations, ResultOf } from "./engine.ts";
import { EngineError } from "./engine-error.ts";
import { createGroupCommit } from "./group-commit.ts";
import type { Outcome } from "./outcome.ts";
import type { EngineCommand } from "./run-batch.ts";
import { withoutUnclonable } from "./unclonable.ts";
import { workerEntry } from "./worker-entry.ts";
import type { FromWorker, ToWorker } from "./worker-protocol.ts";

/** Options of the worker host. */
export interface WorkerHostOptions<Settings> {
  readonly kind: "worker";
  /** The worker entry's path from the root of the repository, a file `*.worker.ts` that calls `serveEngine`; see `workerEntry`. */
  readonly entry: string;
  readonly database: OpenOptions;
  /** Crosses by structured clone. */
  readonly settings: Settings;
  readonly batchMax?: number;
  readonly queueMax?: number;
  /**
   * See `GroupCommitOptions.inFlightMax`. Default {@link BATCHES_IN_FLIGHT}. One, where each batch costs more than its commands: then all who come during a commit share
   * the next one instead of two, and each of them waits for one message more.
   */
  readonly inFlightMax?: number;
}

/** One batch in commit, one behind it: the worker never waits for this thread to hear of the first. */
const BATCHES_IN_FLIGHT = 2;

interface Awaited {
  readonly resolve: (outcomes: readonly Outcome<unknown>[]) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the thread and resolves once its engine has opened the database. @throws EngineError with the code of what failed there */
export async function hostInWorker<Operations extends EngineOperations<Operations>, Settings>(
  options: WorkerHostOptions<Settings>,
): Promise<EngineHost<Operations>> {
  const worker = new Worker(workerEntry(options.entry), { type: "module" });
  const awaited: Awaited[] = [];
  let failure: EngineError | undefined;
  let closing: Promise<void> | undefined;
  let finished: (() => void) | undefined;

  const post = (message: ToWorker): void => worker.postMessage(message);
  const fail = (message: string, cause?: unknown): void => {
    failure ??= new EngineError("EngineFailed", message, { cause });
    for (const batch of awaited.splice(0)) batch.reject(failure);
    finished?.();
  };
  const onReport = (report: Extract<FromWorker, { type: "report" }>): void => {
    awaited.shift()?.resolve(report.outcomes);
    if (report.fatal) fail("the storage failed; check the disk and start again");
  };

  await new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data: message }: MessageEvent<FromWorker>) => {
      switch (message.type) {
        case "opened":
          return resolve();
        case "notOpened":
          return reject(EngineError.of(message.failure));
        case "report":
          return onReport(message);
        case "closed":
          return finished?.();
      }
    };
    worker.onerror = (event) => {
      fail(`the engine's thread failed: ${event.message}`);
      reject(failure);
    };
    worker.addEventListener("close", () => {
      if (closing !== undefined) return;
      fail("the engine's thread ended by itself");
      reject(failure);
    });
    post({ type: "open", database: options.database, settings: options.settings });
  }).catch((error) => {
    worker.terminate();
    throw error;
  });

  const group = createGroupCommit<EngineCommand, unknown>({
    commit: (commands) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const { sendable, complete } = withoutUnclonable(commands, (batch) => post({ type: "batch", commands: batch }));
        if (sendable) awaited.push({ resolve: (outcomes) => resolve(complete(outcomes)), reject });
        else resolve(complete([]));
      }),
    batchMax: options.batchMax,
    queueMax: options.queueMax,
    inFlightMax: options.inFlightMax ?? BATCHES_IN_FLIGHT,
    // Each batch wakes the worker, writes the pages of its commit and syncs: a batch of all who came in one turn, not one of the first of them and one of the rest.
    gather: "turn",
  });

  return {
    apply: <Name extends keyof Operations & string>(name: Name, argument: unknown) =>
      group.submit([name, argument]) as Promise<ResultOf<Operations, Name>>,
    get pending() {
      return group.pending;
    },
    get failure() {
      return failure;
    },
    close() {
      closing ??= group.close().then(async () => {
        await new Promise<void>((resolve) => {
          if (failure !== undefined) return resolve();
          finished = resolve;
          post({ type: "close" });
        });
        worker.terminate();
      });
      return closing;
    },
  };
}
