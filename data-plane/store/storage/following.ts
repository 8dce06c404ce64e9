/**
 * Following the logs: pulls from one after the other until one answers.
 */
import { type Client, RpcError } from "#foundation/rpc";
import { type Runtime, randomBelow, sleep } from "#foundation/runtime";
import type { LOG, LogPull } from "#foundation/store-protocol";

const ENTRIES_MAX = 2_000;
const BYTES_MAX = 4 * 1024 * 1024;
const WAIT_MS = 1_000;
const TIMEOUT_MS = 5_000;
const RETRY_MS = 50;

export interface Followed {
  readonly logs: readonly Client<typeof LOG>[];
  readonly epoch: bigint;
  /** Up to where the server has everything. */
  readonly applied: () => bigint;
  /** Takes what a log has given. Nothing more is pulled until it resolves. */
  readonly take: (pulled: LogPull) => Promise<void>;
  /** No log has what comes next any more: it has been away for too long. */
  readonly onGap: () => void;
}

/** Pulls until the signal is aborted. @throws what `take` throws */
export async function followLogs(runtime: Runtime, followed: Followed, signal: AbortSignal): Promise<void> {
  const { logs, epoch } = followed;
  let place = randomBelow(runtime.random, logs.length);
  let gaps = 0;
  while (!signal.aborted) {
    const request = {
      after: followed.applied(),
      upTo: undefined,
      entriesMax: ENTRIES_MAX,
      bytesMax: BYTES_MAX,
      waitMs: WAIT_MS,
      recovery: false,
      epoch,
    };
    let pulled: LogPull;
    try {
      pulled = await logs[place]!.pull(request, { timeoutMs: TIMEOUT_MS, signal });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (signal.aborted) return;
      gaps = error.code === "version_too_old" ? gaps + 1 : 0;
      if (gaps >= logs.length) followed.onGap();
      place = (place + 1) % logs.length;
      await sleep(runtime.timers, RETRY_MS, signal).catch(() => undefined);
      continue;
    }
    gaps = 0;
    if (!signal.aborted) await followed.take(pulled);
  }
}
