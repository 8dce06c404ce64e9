/**
 * The director of an epoch: recovers the transaction system, then watches it until something of it is lost.
 *
 * One attempt runs at a time, and one step of it after the other. What runs beside them (the loops of `watch/`) never changes what a step decides; it
 * can only abort the attempt's signal. There is one end of each attempt, and it waits for all that the attempt has begun.
 */
import type { Attempt, DirectorMemory } from "./attempt.ts";
import { type DirectorEnd, Ended } from "./endings.ts";
import { DIRECTOR_DEFAULTS, type DirectorOptions } from "./options.ts";
import type { ClientOf, DirectorRuntime, DirectorTask, RecoveryStep } from "./recovery-view.ts";
import { waitForRetry } from "./retry.ts";
import { type Recovered, runAttempt } from "./run-attempt.ts";
import { describeStall, type Stall, Stalled } from "./stalls.ts";
import { type UndoReport, UndoStack } from "./undo-stack.ts";
import { EpochLayout } from "./watch/epoch-layout.ts";
import { keepFull } from "./watch/fill.ts";
import { finalizeAll } from "./watch/finalize.ts";
import { keepClean } from "./watch/janitor.ts";
import { lookForBetter } from "./watch/look-for-better.ts";
import { keepStorage } from "./watch/rejoin.ts";
import { Watch } from "./watch/watch.ts";

export interface DirectorNeeds {
  readonly clientOf: ClientOf;
  readonly runtime: DirectorRuntime;
  readonly options?: Partial<DirectorOptions>;
  /** Hears what was undone after an attempt that failed. */
  readonly onUndone?: (report: UndoReport) => void;
}

type Result = DirectorEnd | { readonly reason: "stalled"; readonly stall: Stall };

/**
 * Runs until the epoch is over, and says why. When it has resolved, nothing of it runs in this process any more.
 *
 * Stalls before anything of the new generation was awake are tried again within the epoch, with growing pauses and whenever the nodes change. Later ones
 * end the epoch, so that what a failed attempt has left can never be taken for a part of the next.
 *
 * Rejects only when it is itself defective.
 */
export async function runDirector(task: DirectorTask, needs: DirectorNeeds): Promise<DirectorEnd> {
  const { signal, director } = task;
  const { clock, timers, random } = needs.runtime;
  const runtime = { clock, timers, random: random.fork(`director ${director}`) };
  const options = { ...DIRECTOR_DEFAULTS, ...needs.options };
  const memory: DirectorMemory = { beganMs: clock.monotonicMs(), suspects: new Set(), slowReplays: 0 };
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(new Ended({ reason: "stopped" }));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (let number = 1; !stop.signal.aborted; number++) {
      // Listens from before the attempt looks at the nodes, so that no change is missed.
      const retry = waitForRetry({ task, runtime, options, number, signal: stop.signal });
      try {
        const result = await runOnce(task, { ...needs, runtime }, { options, memory, number, stop: stop.signal });
        if (result.reason !== "stalled") return result;
        await retry.pause();
      } finally {
        retry.close();
      }
    }
    return { reason: "stopped" };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

interface Once {
  readonly options: DirectorOptions;
  readonly memory: DirectorMemory;
  readonly number: number;
  readonly stop: AbortSignal;
}

async function runOnce(
  task: DirectorTask,
  needs: DirectorNeeds,
  { options, memory, number, stop }: Once,
): Promise<Result> {
  const { epoch, director } = task;
  const { clientOf, runtime } = needs;
  const own = new AbortController();
  const forward = (): void => own.abort(stop.reason);
  if (stop.aborted) forward();
  stop.addEventListener("abort", forward, { once: true });

  let step: RecoveryStep = "lock";
  const begin = (next: RecoveryStep): void => {
    step = next;
    task.report({ step, stall: "", attempt: number });
  };
  const undo = new UndoStack();
  const scope = { timers: runtime.timers, epoch, signal: own.signal };
  const view = { layout: task.previous, config: task.config, nodes: task.nodes() };
  const attempt: Attempt = {
    ...{ epoch, director, number, view, clientOf, runtime, options, scope, undo, memory, begin },
  };
  const watch = new Watch(attempt, (end) => own.abort(new Ended(end)));
  let active = false;
  let failure: unknown;
  try {
    const recovered = await runAttempt(attempt, task, watch, () => {
      active = true;
    });
    undo.clear();
    begin("running");
    failure = await runEpoch(attempt, task, recovered, own);
  } catch (error) {
    failure = error;
  }
  // Calls that are still under way are given up before their inverses run.
  own.abort(failure);
  stop.removeEventListener("abort", forward);
  await watch.ended();
  const end = failure instanceof Ended ? failure.end : undefined;
  if (undo.size > 0) {
    const limits = { callMs: options.undoCallMs, totalMs: options.undoMs };
    const report = await undo.run(runtime.timers, epoch, limits, end?.reason === "commit_unknown");
    needs.onUndone?.(report);
  }
  if (end !== undefined) return end;
  if (!(failure instanceof Stalled)) throw failure;
  const { stall } = failure;
  task.report({ step, stall: describeStall(stall), attempt: number });
  return { reason: active ? "failed" : "stalled", stall };
}

/** Resolves with why the epoch is over. */
async function runEpoch(
  attempt: Attempt,
  task: DirectorTask,
  recovered: Recovered,
  own: AbortController,
): Promise<unknown> {
  const shared = new EpochLayout(recovered.layout);
  const loops = [
    finalizeAll(attempt, recovered),
    keepClean(attempt, task, shared),
    lookForBetter(attempt, task, recovered),
    keepStorage(attempt, task, shared),
    keepFull(attempt, task, shared),
  ];
  // The first loop that fails ends the others; so does whatever the watch finds.
  const settled = Promise.all(loops.map((loop) => loop.catch((error) => own.abort(error))));
  await new Promise<void>((resolve) => {
    if (own.signal.aborted) resolve();
    else own.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await settled;
  return own.signal.reason;
}
