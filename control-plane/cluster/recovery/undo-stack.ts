/**
 * What has to be taken back when an attempt does not come to its end.
 *
 * The inverse is pushed before the effect, so that nothing is forgotten whose reply never came. Inverses are idempotent: each may run when its effect
 * never took place, and more than once.
 */

import type { CallOptions } from "#foundation/rpc";
import type { Timers } from "#foundation/runtime";
import { type CallScope, callOne, causeOf } from "./calls.ts";

export interface Undo {
  /** What is undone, for reports. */
  readonly name: string;
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

/** A call that fails is tried so often; a lost reply or a connection that is made anew takes one of them. */
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

  /** Undoes the last effect first. Never rejects. `keepWorkers`: the layout may have been committed, and then needs them. */
  async run(timers: Timers, epoch: bigint, limits: UndoLimits, keepWorkers = false): Promise<UndoReport> {
    const undone: string[] = [];
    const failed: { name: string; cause: string }[] = [];
    const ended = new AbortController();
    const deadline = timers.after(limits.totalMs, () => ended.abort(new Error("no time is left")));
    const scope: CallScope = { timers, epoch, signal: ended.signal };
    while (this.#entries.length > 0) {
      const entry = this.#entries.pop()!;
      if (keepWorkers && entry.kind === "worker") continue;
      const cause = await tryOften(scope, limits.callMs, entry);
      if (cause === undefined) undone.push(entry.name);
      else failed.push({ name: entry.name, cause });
    }
    deadline.cancel();
    return { undone, failed };
  }
}

async function tryOften(scope: CallScope, callMs: number, entry: Undo): Promise<string | undefined> {
  let cause = "";
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      await callOne(scope, callMs, (options) => entry.run(options));
      return undefined;
    } catch (error) {
      cause = causeOf(error);
      // A newer epoch has taken over: what is there is its own to remove.
      if (scope.signal.aborted || (error instanceof Error && error.name === "Ended")) break;
    }
  }
  return cause;
}
