/**
 * The transaction log: a role of one epoch at a time, over segments on disk.
 *
 * What keeps it serial: who may write is decided by the epoch and the mode alone, which change synchronously; a lock holds from the moment it is called, before
 * anything is awaited. What spans several awaits and touches disk or state has its turn (`turns`), but for the appending of pushes, of which there is
 * one loop at a time (`appending`). A lock waits for that loop, which ends by itself once the mode is not `running`; nothing else writes in that mode.
 */
import { type Client, type Handlers, type Ref, RpcError } from "#foundation/rpc";
import type { Runtime } from "#foundation/runtime";
import type { Epoch, LOG, LogInfo, LogPull, Version } from "#foundation/store-protocol";
import { Turns } from "../turns/index.ts";
import { Bell } from "./bell.ts";
import { LogCorruptionError } from "./disk/corruption.ts";
import type { LogRecord } from "./disk/format.ts";
import type { LogState } from "./disk/state-file.ts";
import type { History } from "./history.ts";
import { BATCH_BYTES_MAX, PULL_BYTES_MAX, PULL_ENTRIES_MAX, PULL_WAIT_MS_MAX, PUSH_BYTES_MAX } from "./limits.ts";
import { Poppers } from "./poppers.ts";
import { outOfOrder, PushChain } from "./push-chain.ts";
import { assertRecoverable, recover } from "./recover.ts";
import { notRunning, Standing } from "./standing.ts";

type Requests = { readonly [M in keyof Handlers<typeof LOG>]: Parameters<Handlers<typeof LOG>[M]>[0] };
type Replies = { readonly [M in keyof Handlers<typeof LOG>]: ReturnType<Handlers<typeof LOG>[M]> };

/** What a log is made of. */
export interface LogParts {
  readonly runtime: Pick<Runtime, "disk" | "timers" | "hooks">;
  readonly directory: string;
  readonly clientOf: (ref: Ref) => Pick<Client<typeof LOG>, "pull">;
  readonly state: LogState;
  readonly history: History;
  readonly waitingBytesMax: number;
  readonly onFailure: (error: unknown) => void;
}

/** See the head of this file. */
export class Log implements Handlers<typeof LOG> {
  private readonly standing: Standing;
  private readonly history: History;
  private readonly chain: PushChain;
  private readonly poppers: Poppers;
  private readonly turns = new Turns();
  /** Rings when there is something to pull, or nothing to wait for. */
  private readonly bell = new Bell();
  /** The version that the running epoch began after, and what was known to be committed then. */
  private base: Version;
  private committedBefore: Version;
  private appending: Promise<void> | undefined;
  private recovery: AbortController | undefined;

  constructor(private readonly parts: LogParts) {
    const { state, history, runtime, directory } = parts;
    this.standing = new Standing(runtime.disk, directory, state);
    this.history = history;
    this.base = history.last;
    this.committedBefore = history.knownCommitted;
    this.chain = new PushChain(parts.waitingBytesMax, history.last);
    this.poppers = new Poppers(state.poppers);
  }

  async lock({ epoch, director }: Requests["lock"]): Replies["lock"] {
    this.standing.assertAlive();
    this.standing.assertNotSuperseded(epoch, director);
    // From here on no append of an older epoch begins. What is being written is on its way, and counts.
    this.standing.lock(epoch, director);
    this.recovery?.abort(new RpcError("superseded", "the log has been locked meanwhile"));
    this.chain.refuseWaiting(
      (record) => this.standing.wrongEpoch(record.epoch) ?? notRunning("the log has been locked"),
    );
    this.bell.ring();
    return this.turn(async () => {
      await this.appending;
      this.standing.assertAlive();
      if (!this.standing.state.unfinished) this.standing.change({ lastVersion: this.history.last });
      await this.standing.save();
      this.standing.assertNotSuperseded(epoch, director);
      return this.describe();
    });
  }

  async recoverFrom(request: Requests["recoverFrom"]): Replies["recoverFrom"] {
    this.standing.assertEpoch(request.epoch);
    assertRecoverable(request);
    if (this.standing.mode === "running") throw notRunning("the log is not locked");
    this.recovery?.abort(new RpcError("superseded", "another recovery of the log has begun"));
    const attempt = new AbortController();
    this.recovery = attempt;
    this.standing.mode = "recovering";
    const { standing, history, parts } = this;
    const { clientOf, runtime } = parts;
    const recovery = { request, standing, history, clientOf, hooks: runtime.hooks, signal: attempt.signal };
    return this.turn(() => recover(recovery)).finally(() => {
      // Otherwise the mode is that of who has ended this attempt.
      if (this.recovery !== attempt) return;
      this.recovery = undefined;
      if (this.standing.mode === "recovering") this.standing.mode = "locked";
    });
  }

  async activate({ epoch, previous }: Requests["activate"]): Replies["activate"] {
    const { standing } = this;
    standing.assertEpoch(epoch);
    const { locks } = standing;
    return this.turn(async () => {
      standing.assertEpoch(epoch);
      if (standing.mode === "running" && previous === this.base) return;
      if (standing.locks !== locks) throw notRunning("the log has been locked meanwhile");
      if (standing.mode !== "locked") throw notRunning(`the log is ${standing.mode}`);
      if (standing.state.unfinished) throw notRunning("the log is half recovered");
      const { last, knownCommitted } = this.history;
      if (previous !== last) throw new RpcError("out_of_order", `the log ends at ${last}, not at ${previous}`, last);
      this.base = last;
      this.committedBefore = knownCommitted;
      this.chain.restart(last);
      standing.mode = "running";
    });
  }

  async confirmRunning({ epoch }: Requests["confirmRunning"]): Replies["confirmRunning"] {
    this.standing.assertRunning(epoch);
  }

  async push(record: Requests["push"]): Replies["push"] {
    this.standing.assertRunning(record.epoch);
    const { previous, version, knownCommitted, data } = record;
    if (previous >= version || knownCommitted >= version) {
      throw new RpcError("invalid_request", `version ${version} is not after ${previous} and ${knownCommitted}`);
    }
    if (data.length > PUSH_BYTES_MAX) {
      throw new RpcError("invalid_request", `the entry has more than ${PUSH_BYTES_MAX} bytes`);
    }
    const pending = this.chain.offer(record);
    if (pending === undefined) return this.acknowledgeAgain(record);
    if (this.chain.hasQueued) this.appending ??= this.appendQueued();
    return pending.done;
  }

  async pull(request: Requests["pull"]): Replies["pull"] {
    this.standing.assertPullable(request.epoch, request.recovery);
    const { after, upTo, entriesMax, waitMs } = request;
    if (entriesMax === 0) throw new RpcError("invalid_request", "no entries are asked for");
    const { timers, hooks } = this.parts.runtime;
    const limits = {
      entriesMax: hooks.buggify("log.short-pull") ? 1 : Math.min(entriesMax, PULL_ENTRIES_MAX),
      bytesMax: Math.min(request.bytesMax, PULL_BYTES_MAX),
    };
    const { finalizedEpoch } = this.standing.state;
    let isOver = waitMs === 0;
    const end = (): void => {
      isOver = true;
      this.bell.ring();
    };
    const timer = isOver ? undefined : timers.after(Math.min(waitMs, PULL_WAIT_MS_MAX), end);
    try {
      for (;;) {
        const { last } = this.history;
        const end = upTo !== undefined && upTo < last ? upTo : last;
        if (after < end) {
          const entries = await this.read(after, { ...limits, upTo: end });
          // What was read may have been dropped meanwhile, and what is told beside it be of another epoch.
          this.standing.assertPullable(request.epoch, request.recovery);
          return this.page(entries, end, request.recovery);
        }
        // Who waits is told at once, too, that what it has may be made durable.
        const isOld = this.standing.state.finalizedEpoch !== finalizedEpoch;
        if (isOver || isOld || (upTo !== undefined && upTo <= after)) return this.page([], end, request.recovery);
        await this.bell.rung();
        this.standing.assertPullable(request.epoch, request.recovery);
      }
    } finally {
      timer?.cancel();
    }
  }

  async finalize({ epoch }: Requests["finalize"]): Replies["finalize"] {
    this.standing.assertEpoch(epoch);
    return this.turn(async () => {
      this.standing.assertEpoch(epoch);
      this.standing.change({ finalizedEpoch: epoch });
      await this.standing.save();
      this.bell.ring();
    });
  }

  async pop({ epoch, storage, durable }: Requests["pop"]): Replies["pop"] {
    this.standing.assertRunning(epoch);
    this.poppers.pop(storage, durable);
    if (this.history.canTrim(this.poppers.common)) await this.trim(epoch);
  }

  async setPoppers({ epoch, storages }: Requests["setPoppers"]): Replies["setPoppers"] {
    this.standing.assertEpoch(epoch);
    return this.turn(async () => {
      this.standing.assertEpoch(epoch);
      this.standing.change({ poppers: storages });
      this.poppers.replace(storages);
      await this.standing.save();
    });
  }

  async info(_request: Requests["info"]): Replies["info"] {
    this.standing.assertAlive();
    return this.describe();
  }

  /** Ends everything that waits; what is being written is finished. */
  async close(): Promise<void> {
    this.end(notRunning("the log has been closed"));
    await this.turns.run(async () => {
      await this.appending;
      await this.history.close();
    });
  }

  /** Writes what is queued until nothing is. Never rejects: what fails ends the log. */
  private async appendQueued(): Promise<void> {
    const { hooks } = this.parts.runtime;
    // What is pushed in the same moment goes to disk together.
    await undefined;
    while (this.standing.mode === "running" && this.chain.hasQueued) {
      const batch = this.chain.take(BATCH_BYTES_MAX, hooks.buggify("log.small-batch") ? 1 : Number.POSITIVE_INFINITY);
      const records = batch.map(({ record }) => record);
      try {
        await this.history.append(records, this.standing.state.epoch);
      } catch (error) {
        this.chain.failTaken(batch, this.fail(error));
        break;
      }
      this.chain.settle(batch);
      this.bell.ring();
    }
    this.appending = undefined;
  }

  /** For a push whose place in the chain has been passed: it is there, or something else is. */
  private async acknowledgeAgain(record: LogRecord): Promise<void> {
    const { previous, version } = record;
    // What is not later than the base was copied, or is of another epoch: nobody pushes it again.
    const stored = version > this.base ? await this.attemptRead(() => this.history.find(version)) : undefined;
    if (stored?.previous === previous) return;
    throw outOfOrder(record, `${this.history.last} is on disk`);
  }

  private async trim(epoch: Epoch): Promise<void> {
    await this.turn(async () => {
      // By a lock it has become part of what a recovery counts on.
      if (this.standing.mode === "running" && this.standing.state.epoch === epoch)
        await this.history.trim(this.poppers.common);
    });
  }

  private async read(after: Version, limits: Parameters<History["read"]>[1]): Promise<readonly LogRecord[]> {
    return this.attemptRead(() => this.history.read(after, limits));
  }

  /** Damage ends the log; that the disk could not be read once does not. */
  private async attemptRead<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof RpcError) throw error;
      throw error instanceof LogCorruptionError ? this.fail(error) : new RpcError("failed", String(error));
    }
  }

  private page(entries: readonly LogRecord[], end: Version, recovery: boolean): LogPull {
    const { finalizedEpoch, epoch } = this.standing.state;
    // Before the layout is committed the epoch may come to nothing, and the next one may begin before what this one has copied.
    const isCertain = recovery || finalizedEpoch === epoch;
    const knownCommitted = isCertain ? this.history.knownCommitted : this.committedBefore;
    return { entries, upTo: entries.at(-1)?.version ?? end, knownCommitted, finalizedEpoch };
  }

  private describe(): LogInfo {
    const { epoch, unfinished } = this.standing.state;
    const { last, oldest, knownCommitted } = this.history;
    if (unfinished) return { epoch, mode: this.standing.mode, lastVersion: 0n, oldestVersion: 0n, knownCommitted: 0n };
    return { epoch, mode: this.standing.mode, lastVersion: last, oldestVersion: oldest, knownCommitted };
  }

  /** Does something when all before it has ended. What it throws, other than `RpcError`, ends the log. */
  private turn<T>(run: () => Promise<T>): Promise<T> {
    return this.turns.run(async () => {
      this.standing.assertAlive();
      try {
        return await run();
      } catch (error) {
        throw error instanceof RpcError ? error : this.fail(error);
      }
    });
  }

  /** Ends the log for good: what is on disk is not known any more, or not what it should be. */
  private fail(error: unknown): RpcError {
    const text = `the log has failed: ${error instanceof Error ? error.message : String(error)}`;
    if (this.end(notRunning(text))) this.parts.onFailure(error);
    return new RpcError(error instanceof LogCorruptionError ? "corrupt" : "failed", text);
  }

  /** Returns whether it had not ended before. */
  private end(reason: RpcError): boolean {
    const isFirst = this.standing.end(reason);
    this.recovery?.abort(reason);
    this.chain.refuseWaiting(() => reason);
    this.bell.ring();
    return isFirst;
  }
}
