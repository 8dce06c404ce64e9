/**
 * What a storage server is at this moment, and what may be asked of it then.
 *
 * | mode | |
 * |---|---|
 * | locked | A director has it: nothing is read, pulled or made durable. |
 * | running | It follows the logs of its epoch, and answers reads of it. |
 * | behind | As running, but no log has what it needs next. Reads of versions that it does not reach time out. |
 * | failed | Its disk has failed, or lied. |
 */
import { RpcError } from "#foundation/rpc";
import type { Version } from "../backend/index.ts";
import type { Engine } from "../engine/index.ts";
import { decodeKept, encodeKept, type KeptState } from "./kept-state.ts";
import { VersionWindow } from "./version-window.ts";

export type Mode = "locked" | "running" | "behind" | "failed";

/** Changed by the server alone; what reads it finds it whole, as nothing of it changes within a turn. */
export class Standing {
  mode: Mode = "locked";
  closed = false;
  kept: KeptState;
  window!: VersionWindow;
  /** The epoch whose logs the window was filled from last. */
  windowEpoch = 0n;
  /** Everything up to here is in the window or on the disk. */
  applied!: Version;
  /** Reads before it are too old. It rises before what is on the disk does, so that no read sees a disk that is newer than its version. */
  oldest!: Version;

  constructor(private readonly engine: Engine) {
    this.kept = decodeKept(engine.meta);
    this.beginAt(engine.durableVersion);
  }

  /** There is what is on the disk, and nothing else. */
  beginAt(version: Version): void {
    this.window = new VersionWindow(version);
    this.applied = version;
    this.oldest = version;
  }

  /** It takes what its logs give, and makes that durable. */
  get follows(): boolean {
    return this.mode === "running" || this.mode === "behind";
  }

  /** Resolves when it is on the disk, and holds from then on. */
  async keep(state: KeptState): Promise<void> {
    const encoded = encodeKept(state);
    await this.engine.setMeta(encoded);
    this.kept = decodeKept(encoded);
  }

  /** @throws RpcError newer_epoch, when another director has it */
  checkMayLock(epoch: bigint, director: string): void {
    const { kept } = this;
    if (epoch > kept.epoch || (epoch === kept.epoch && director === kept.director)) return;
    throw new RpcError("newer_epoch", `Epoch ${kept.epoch} has locked this storage server.`, kept.epoch);
  }

  /** @throws RpcError wrong_epoch, not_running, version_too_old */
  checkReadable(epoch: bigint, version: Version): void {
    this.checkEpoch(epoch);
    this.checkServing();
    if (version >= this.oldest) return;
    throw new RpcError("version_too_old", `Version ${version} is gone; ${this.oldest} is the oldest one.`, this.oldest);
  }

  checkEpoch(epoch: bigint): void {
    const own = this.kept.epoch;
    if (epoch !== own) throw new RpcError("wrong_epoch", `This storage server is of epoch ${own}.`, own);
  }

  checkServing(): void {
    this.checkUsable();
    if (this.mode === "locked") throw new RpcError("not_running", "This storage server is locked.");
  }

  checkUsable(): void {
    if (this.mode === "failed" || this.closed) throw new RpcError("not_running", "This storage server has ended.");
  }
}
