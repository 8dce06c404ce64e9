/**
 * What has to be taken back when an attempt does not come to its end.
 *
 * The inverse is pushed before the effect, so that nothing is forgotten whose reply never came. Inverses are idempotent: each may run when its effect
 * never took place, and more than once.
 */
import type { CallOptions } from "#foundation/rpc";
import type { Timers } from "#foundation/runtime";
import { type CallScope, callOne, causeOf } from "./calls.ts";
import { Ended } from "./endings.ts";

export interface Undo {
  /** What is undone, for reports. */
  readonly name: string;
  /** Where. What is undone in one place waits for nothing in another: a host that is silent holds up itself alone. */
  readonly host: string;
  /** `worker`: has a disk; it must not be removed when it may be in a committed layout. `component`: ends by its lease at the latest. */
  readonly kind: "worker" | "component";
  readonly run: (options: CallOptions) => Promise<void>;
}

export interface UndoReport {
  readonly undone: readonly string[];
  readonly failed: readonly { readonly name: string; readonly cause: string }[];
}

export interface UndoLimits {
  /** Of one call. */
  readonly callMs: number;
  /** Of everything: what is not undone by then is left to leases and to the janitor of the next epoch. */
  readonly totalMs: number;
}

/** A call that fails is tried so often, and a host that has not answered so often is asked no more. */
const TRIES = 3;

export class UndoStack {
  #entries: Undo[] = [];

  push(undo: Undo): void {
    this.#entries.push(undo);
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Nothing is to be undone any more. */
  clear(): void {
    this.#entries = [];
  }

  /** Undoes, on each host, the last effect first. Never rejects. `keepWorkers`: the layout may have been committed, and then needs them. */
  async run(timers: Timers, epoch: bigint, limits: UndoLimits, keepWorkers = false): Promise<UndoReport> {
    const entries = this.#entries.reverse().filter(({ kind }) => !keepWorkers || kind !== "worker");
    this.#entries = [];
    const ended = new AbortController();
    const deadline = timers.after(limits.totalMs, () => ended.abort(new Error("no time is left")));
    const scope: CallScope = { timers, epoch, signal: ended.signal };
    const report = { undone: [] as string[], failed: [] as { name: string; cause: string }[] };
    const hosts = new Set(entries.map(({ host }) => host));
    await Promise.all(
      [...hosts].map((host) =>
        undoAll(
          scope,
          limits.callMs,
          entries.filter((entry) => entry.host === host),
          report,
        ),
      ),
    );
    deadline.cancel();
    return report;
  }
}

async function undoAll(
  scope: CallScope,
  callMs: number,
  entries: readonly Undo[],
  report: { readonly undone: string[]; readonly failed: { name: string; cause: string }[] },
): Promise<void> {
  let silences = 0;
  for (const { name, run } of entries) {
    let cause = "the host is silent";
    for (let tries = 0; tries < TRIES && silences < TRIES && cause !== ""; tries++) {
      try {
        await callOne(scope, callMs, run);
        cause = "";
      } catch (error) {
        cause = causeOf(error);
        if (cause.startsWith("timed_out")) silences++;
        // A newer epoch has taken over: what is there is its own to remove.
        if (scope.signal.aborted || error instanceof Ended) break;
      }
    }
    if (cause === "") report.undone.push(name);
    else report.failed.push({ name, cause });
  }
}
