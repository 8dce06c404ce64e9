/**
 * How long a director waits before its next attempt.
 */
import { sleep } from "#foundation/runtime";
import type { DirectorOptions } from "./options.ts";
import type { DirectorRuntime, DirectorTask } from "./recovery-view.ts";

export interface Retry {
  /** Resolves when it is time: at once when the nodes have changed since the attempt began, or as soon as they do. Never rejects. */
  pause(): Promise<void>;
  /** Listens no longer. */
  close(): void;
}

interface RetryNeeds {
  readonly task: DirectorTask;
  readonly runtime: DirectorRuntime;
  readonly options: DirectorOptions;
  /** Of the attempt that begins now. */
  readonly number: number;
  readonly signal: AbortSignal;
}

/** Begins to listen for changes; called before the attempt looks at the nodes. */
export function waitForRetry({ task, runtime, options, number, signal }: RetryNeeds): Retry {
  const before = fingerprint(task);
  const changed = new AbortController();
  const close = task.onNodesChanged(() => {
    if (fingerprint(task) !== before) changed.abort();
  });
  return {
    close,
    async pause() {
      const delayMs = pauseMs(options, number, runtime.random.float());
      const ends = new AbortController();
      const end = (): void => ends.abort();
      const sources = [signal, changed.signal];
      if (sources.some(({ aborted }) => aborted)) return;
      for (const source of sources) source.addEventListener("abort", end, { once: true });
      await sleep(runtime.timers, delayMs, ends.signal).catch(() => undefined);
      for (const source of sources) source.removeEventListener("abort", end);
    },
  };
}

/** min(first · 2ⁿ, most), and up to a fifth more: directors that failed together do not come back together. */
export function pauseMs(
  { retryFirstMs, retryMostMs }: Pick<DirectorOptions, "retryFirstMs" | "retryMostMs">,
  number: number,
  chance: number,
): number {
  return Math.min(retryFirstMs * 2 ** (number - 1), retryMostMs) * (1 + chance / 5);
}

/** What of the nodes can turn a stall into a success. Their workers cannot be meant: attempts make and remove those themselves. */
function fingerprint(task: DirectorTask): string {
  const described = task
    .nodes()
    .map(({ node, incarnation, address, capabilities }) => [node, incarnation, address, ...capabilities].join(" "));
  return described.sort().join("\n");
}
