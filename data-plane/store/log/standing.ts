/**
 * Whom a log obeys and what it may do: what every request is checked against. All of it changes synchronously; `save` puts it on disk.
 */
import { RpcError } from "#foundation/rpc";
import type { Disk } from "#foundation/runtime";
import type { Epoch } from "#foundation/store-protocol";
import { type LogState, saveState } from "./disk/state-file.ts";

export type Mode = "locked" | "recovering" | "running";

/** See the head of this file. */
export class Standing {
  mode: Mode = "locked";
  /** How often it has been locked. */
  locks = 0;
  private current: LogState;
  private endReason: RpcError | undefined;

  constructor(
    private readonly disk: Disk,
    private readonly directory: string,
    state: LogState,
  ) {
    this.current = state;
  }

  get state(): LogState {
    return this.current;
  }

  /** Changes what is to be saved. */
  change(changes: Partial<Omit<LogState, "logId">>): void {
    this.current = { ...this.current, ...changes };
  }

  async save(): Promise<void> {
    await saveState(this.disk, this.directory, this.current);
  }

  /** It belongs to a director from now on, and does nothing for an older epoch. */
  lock(epoch: Epoch, director: string): void {
    this.change({ epoch, director });
    this.mode = "locked";
    this.locks++;
  }

  /** It does nothing at all any more. Returns whether it did before. */
  end(reason: RpcError): boolean {
    const isFirst = this.endReason === undefined;
    this.endReason ??= reason;
    this.mode = "locked";
    return isFirst;
  }

  /** @throws RpcError not_running */
  assertAlive(): void {
    if (this.endReason !== undefined) throw this.endReason;
  }

  /** @throws RpcError newer_epoch */
  assertNotSuperseded(epoch: Epoch, director: string): void {
    const { current } = this;
    if (epoch > current.epoch || (epoch === current.epoch && director === current.director)) return;
    throw new RpcError(
      "newer_epoch",
      `the log belongs to ${current.director} of epoch ${current.epoch}`,
      current.epoch,
    );
  }

  /** @throws RpcError wrong_epoch, not_running */
  assertEpoch(epoch: Epoch): void {
    this.assertAlive();
    const wrong = this.wrongEpoch(epoch);
    if (wrong !== undefined) throw wrong;
  }

  /** @throws RpcError wrong_epoch, not_running */
  assertRunning(epoch: Epoch): void {
    this.assertEpoch(epoch);
    if (this.mode !== "running") throw notRunning(`the log is ${this.mode}`);
  }

  /** Storage servers pull while it runs, recoveries while it does not. @throws RpcError wrong_epoch, not_running */
  assertPullable(epoch: Epoch, recovery: boolean): void {
    this.assertEpoch(epoch);
    const isReady = recovery ? this.mode === "locked" && !this.current.unfinished : this.mode === "running";
    if (!isReady) throw notRunning(`the log is ${this.mode}`);
  }

  /** Why it does nothing for an epoch; undefined when it is its own. */
  wrongEpoch(epoch: Epoch): RpcError | undefined {
    const own = this.current.epoch;
    return epoch === own ? undefined : new RpcError("wrong_epoch", `the log is of epoch ${own}, not ${epoch}`, own);
  }
}

export function notRunning(text: string): RpcError {
  return new RpcError("not_running", text);
}
