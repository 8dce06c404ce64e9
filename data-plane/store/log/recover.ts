/**
 * A locked log takes over a part of history from others. While it does, its state says that what it has is half of something.
 */
import { type Client, type Handlers, type Ref, RpcError } from "#foundation/rpc";
import type { SimulationHooks } from "#foundation/runtime";
import type { LOG } from "#foundation/store-protocol";
import { copyEntries } from "./copy-entries.ts";
import type { History } from "./history.ts";
import { SOURCE_TIMEOUT_MS } from "./limits.ts";
import type { Standing } from "./standing.ts";

const NO_DATA = new Uint8Array();

export interface Recovery {
  readonly request: Parameters<Handlers<typeof LOG>["recoverFrom"]>[0];
  readonly standing: Standing;
  readonly history: History;
  readonly clientOf: (ref: Ref) => Pick<Client<typeof LOG>, "pull">;
  readonly hooks: SimulationHooks;
  /** Aborted when the recovery is not wanted any more. */
  readonly signal: AbortSignal;
}

/** What cannot be asked for. @throws RpcError invalid_request */
export function assertRecoverable({ from, to, sources }: Recovery["request"]): void {
  if (from > to) throw new RpcError("invalid_request", `there is nothing after ${from} and up to ${to}`);
  if (from < to && sources.length === 0) throw new RpcError("invalid_request", "there is nothing to copy from");
}

/** Drops everything and copies. Nothing else may write meanwhile. @throws RpcError of a source, or of `signal`; DiskError */
export async function recover(recovery: Recovery): Promise<{ readonly entries: number; readonly checksum: number }> {
  const { request, standing, history, signal, hooks } = recovery;
  const { epoch, from, to, sources } = request;
  signal.throwIfAborted();
  // Should it end in the middle, what is there holds nothing.
  standing.change({ unfinished: true, lastVersion: 0n });
  await standing.save();
  await history.restart(epoch, from);
  const copied = await copyEntries({
    epoch,
    from,
    to,
    sources,
    clientOf: recovery.clientOf,
    options: { timeoutMs: SOURCE_TIMEOUT_MS, signal },
    append: async (entries, knownCommitted) => {
      signal.throwIfAborted();
      const records = entries.map(({ previous, version, data }) => ({
        epoch,
        previous,
        version,
        knownCommitted,
        data,
      }));
      await history.append(records, epoch);
    },
  });
  signal.throwIfAborted();
  if (copied.last < to) {
    // No source has an entry at the end. So that it is where the log ends, also when it is opened anew, there is one without data.
    hooks.probe("log.end-without-entry");
    const { knownCommitted } = history;
    await history.append([{ epoch, previous: copied.last, version: to, knownCommitted, data: NO_DATA }], epoch);
    signal.throwIfAborted();
  }
  standing.change({ unfinished: false, lastVersion: to });
  await standing.save();
  signal.throwIfAborted();
  return { entries: copied.entries, checksum: copied.checksum };
}
