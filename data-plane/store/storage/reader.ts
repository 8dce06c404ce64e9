/**
 * Answering reads: from the window and the disk together, as of one version.
 */
import { type Handlers, RpcError } from "#foundation/rpc";
import type { Timers } from "#foundation/runtime";
import type { STORAGE } from "#foundation/store-protocol";
import type { Version } from "../backend/index.ts";
import type { Engine } from "../engine/index.ts";
import { holdsAll, isWithin } from "./apply-entry.ts";
import { changeOf } from "./changes.ts";
import { readMerged } from "./merged-range.ts";
import type { Standing } from "./standing.ts";
import { VersionWaiters } from "./version-waiters.ts";
import { sameValue, Watchers } from "./watchers.ts";

type Storage = Handlers<typeof STORAGE>;

/** How long a read waits for its version. */
const READ_WAIT_MS = 1_000;
const WATCH_MS_MAX = 60_000;
const WATCHES_MAX = 100_000;

export class Reader {
  readonly waiters: VersionWaiters;
  readonly watchers = new Watchers();

  constructor(
    private readonly standing: Standing,
    private readonly engine: Engine,
    private readonly timers: Timers,
  ) {
    this.waiters = new VersionWaiters(timers);
  }

  async get({ epoch, key, version }: Parameters<Storage["get"]>[0]): Promise<{ value: Uint8Array | undefined }> {
    const { standing } = this;
    if (version > standing.applied || standing.mode !== "running") await this.reach(epoch, version);
    standing.checkReadable(epoch, version);
    if (!isWithin(key, standing.kept.serving!.ranges)) throw elsewhere();
    const change = changeOf(standing.window.at(version), key);
    if (change !== undefined) return { value: change.value };
    const value = this.engine.get(key);
    return { value: value instanceof Promise ? await value : value };
  }

  async getRange(request: Parameters<Storage["getRange"]>[0]): ReturnType<Storage["getRange"]> {
    const { epoch, version, begin, end, ...limits } = request;
    const { standing } = this;
    if (limits.limit === 0) throw new RpcError("invalid_request", "A range is read with a limit of at least 1.");
    await this.reach(epoch, version);
    standing.checkReadable(epoch, version);
    if (!holdsAll(begin, end, standing.kept.serving!.ranges)) throw elsewhere();
    const { reverse } = limits;
    // Both are taken in one turn: what is made durable afterwards changes neither.
    return readMerged(standing.window.at(version), { begin, end }, this.engine.range(begin, end, { reverse }), limits);
  }

  async watch(request: Parameters<Storage["watch"]>[0]): Promise<{ changed: boolean }> {
    const { epoch, key, version, value, waitMs } = request;
    const { standing } = this;
    await this.reach(epoch, version);
    // A version that has left the window may be watched still: the value now tells as well.
    const now = standing.applied;
    if (!sameValue((await this.get({ epoch, key, version: now })).value, value)) return { changed: true };
    if (this.watchers.count >= WATCHES_MAX) throw new RpcError("overloaded", "Too many keys are watched here.");
    // What was applied while the value was being read has told nobody.
    if (standing.applied !== now && standing.window.at(standing.applied) !== standing.window.at(now)) {
      return { changed: true };
    }
    return new Promise((resolve) => {
      const stop = this.watchers.add(key, value, (changed) => {
        timer.cancel();
        resolve({ changed });
      });
      const timer = this.timers.after(Math.min(waitMs, WATCH_MS_MAX), () => {
        stop();
        resolve({ changed: false });
      });
    });
  }

  /** Whoever waits will not get here what he waits for. */
  endAll(): void {
    this.waiters.endAll();
    this.watchers.endAll();
  }

  /** Resolves when the version may be read, as far as that depends on waiting. */
  private async reach(epoch: bigint, version: Version): Promise<void> {
    const { standing } = this;
    if (version <= standing.applied && standing.mode === "running") return;
    standing.checkEpoch(epoch);
    standing.checkServing();
    if (version <= standing.applied || (await this.waiters.wait(version, READ_WAIT_MS))) return;
    standing.checkServing();
    const text = `Version ${version} is not here yet; ${standing.applied} is the last one.`;
    throw new RpcError("version_too_new", text);
  }
}

export function elsewhere(): RpcError {
  return new RpcError("invalid_request", "The keys are not within one range of this storage server.");
}
