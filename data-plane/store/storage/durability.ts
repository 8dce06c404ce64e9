/**
 * Making durable what has left the window, and telling the logs, which then need not keep it.
 */
import { type Client, type Ref, RpcError } from "#foundation/rpc";
import { sleep, type Timers } from "#foundation/runtime";
import type { LOG } from "#foundation/store-protocol";
import type { Version } from "../backend/index.ts";
import type { Engine, EngineChange } from "../engine/index.ts";
import type { Changes } from "./changes.ts";
import type { Standing } from "./standing.ts";

export interface DurabilityOptions {
  readonly id: string;
  readonly logOf: (ref: Ref) => Client<typeof LOG>;
  readonly timers: Timers;
  readonly windowVersions: Version;
  readonly windowBytesMax: number;
  readonly onFailure: (error: unknown) => void;
}

const FIRST_KEY = new Uint8Array(0);

export class Durability {
  private knownCommitted: Version = 0n;
  private finalizedEpoch = 0n;
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly standing: Standing,
    private readonly engine: Engine,
    private readonly options: DurabilityOptions,
  ) {}

  get isFlushing(): boolean {
    return this.flushing !== undefined;
  }

  /** More is in memory than may be. */
  get isPressed(): boolean {
    return this.standing.window.sizeBytes > this.options.windowBytesMax;
  }

  /** The layout of the epoch is committed. */
  finalize(epoch: bigint): void {
    if (epoch > this.finalizedEpoch) this.finalizedEpoch = epoch;
  }

  /** All logs of the epoch have it; what is said before the layout is committed does not count: its logs may be given up. */
  committed(version: Version): void {
    if (this.isFinal && version > this.knownCommitted) this.knownCommitted = version;
  }

  /** Makes durable what may be. @throws what the engine throws */
  flush(): Promise<void> {
    this.flushing ??= this.flushNow().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  /** Resolves when nothing is being made durable, whatever became of it. */
  async settled(): Promise<void> {
    await this.flushing?.catch(() => undefined);
  }

  private get isFinal(): boolean {
    return this.finalizedEpoch >= this.standing.kept.epoch;
  }

  private async flushNow(): Promise<void> {
    const { standing, engine } = this;
    if (standing.kept.serving === undefined) return;
    const { epoch, serving } = standing.kept;
    const target = this.target(serving.recoveryVersion);
    const advances = target > engine.durableVersion;
    if (advances) {
      // Before the disk changes: see `oldest`.
      standing.oldest = target;
      const changes = changesAfter(engine.durableVersion, standing.window.at(target));
      await engine.flush({ version: target, changes });
      standing.window.becameDurable(target);
    }
    this.tellLogs(serving.logs, epoch);
    if (advances) await this.sweep();
  }

  /** Takes out of memory what is on the disk, while others have their turns. What is left when the server is locked goes with the next flush. */
  private async sweep(): Promise<void> {
    const { standing } = this;
    const { window } = standing;
    for (let next = window.sweep(FIRST_KEY); next !== undefined && standing.follows; next = window.sweep(next)) {
      await sleep(this.options.timers, 0);
    }
  }

  /** What is older than the window, or more than memory can hold, as far as it will never be taken back. */
  private target(recoveryVersion: Version): Version {
    const { window, applied } = this.standing;
    const windowed = applied - this.options.windowVersions;
    const pressed = window.sizeBytes > this.options.windowBytesMax / 2 ? window.halfway() : 0n;
    const wanted = pressed > windowed ? pressed : windowed;
    const limit = this.limit(recoveryVersion);
    return wanted < limit ? wanted : limit;
  }

  /**
   * The last version that may be made durable: one that no recovery will take back. Until the layout is committed that is only what was known to be
   * committed before: another attempt may begin with an earlier recovery version, as long as nothing after it was acknowledged.
   */
  private limit(recoveryVersion: Version): Version {
    const { applied } = this.standing;
    const limit = this.isFinal && recoveryVersion > this.knownCommitted ? recoveryVersion : this.knownCommitted;
    return limit < applied ? limit : applied;
  }

  /** Logs keep what some storage server has not on its own disk. One that does not hear of it hears the next time. */
  private tellLogs(logs: readonly Ref[], epoch: bigint): void {
    const { id: storage, logOf, onFailure } = this.options;
    const durable = this.engine.durableVersion;
    for (const log of logs) {
      logOf(log)
        .pop({ epoch, storage, durable })
        .catch((error: unknown) => {
          if (!(error instanceof RpcError)) onFailure(error);
        });
    }
  }
}

/** What a state has that was not on the disk at `version`. */
function* changesAfter(version: Version, state: Changes): Generator<EngineChange> {
  for (const [key, change] of state.entries()) {
    if (change.version <= version) continue;
    if (change.value !== undefined) yield { type: "set", key, value: change.value };
    else yield { type: "clear_range", begin: key, end: change.clearedTo };
  }
}
