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
import { Bell } from "./bell.ts";
import { copyEntries } from "./copy-entries.ts";
import { LogCorruptionError } from "./disk/corruption.ts";
import type { LogRecord } from "./disk/format.ts";
import { type LogState, saveState } from "./disk/state-file.ts";
import type { History } from "./history.ts";
import {
  BATCH_BYTES_MAX,
  PULL_BYTES_MAX,
  PULL_ENTRIES_MAX,
  PULL_WAIT_MS_MAX,
  PUSH_BYTES_MAX,
  SOURCE_TIMEOUT_MS,
} from "./limits.ts";
import { Poppers } from "./poppers.ts";
import { outOfOrder, PushChain } from "./push-chain.ts";
import { Turns } from "./turns.ts";

type Requests = { readonly [M in keyof Handlers<typeof LOG>]: Parameters<Handlers<typeof LOG>[M]>[0] };
type Replies = { readonly [M in keyof Handlers<typeof LOG>]: ReturnType<Handlers<typeof LOG>[M]> };

const NO_DATA = new Uint8Array();

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
  private state: LogState;
  private mode: "locked" | "recovering" | "running" = "locked";
  private readonly history: History;
  private readonly chain: PushChain;
  private readonly poppers: Poppers;
  private readonly turns = new Turns();
  /** Rings when there is something to pull, or nothing to wait for. */
  private readonly bell = new Bell();
  /** The version that the running epoch began after, and what was known to be committed then. */
  private base: Version;
  private committedBefore: Version;
  /** How often it has been locked. */
  private locks = 0;
  private appending: Promise<void> | undefined;
  private recovery: AbortController | undefined;
  /** Why it does nothing any more. */
  private ended: RpcError | undefined;

  constructor(private readonly parts: LogParts) {
    const { state, history } = parts;
    this.state = state;
    this.history = history;
    this.base = history.last;
    this.committedBefore = history.knownCommitted;
    this.chain = new PushChain(parts.waitingBytesMax, history.last);
    this.poppers = new Poppers(state.poppers);
  }

  async lock({ epoch, director }: Requests["lock"]): Replies["lock"] {
    this.assertAlive();
    this.assertNotSuperseded(epoch, director);
    // From here on no append of an older epoch begins. What is being written is on its way, and counts.
    this.state = { ...this.state, epoch, director };
    this.mode = "locked";
    this.locks++;
    this.recovery?.abort(new RpcError("superseded", "the log has been locked meanwhile"));
    this.chain.refuseWaiting((record) => this.wrongEpoch(record.epoch) ?? notRunning("the log has been locked"));
    this.bell.ring();
    return this.turn(async () => {
      await this.appending;
      this.assertAlive();
      if (!this.state.unfinished) this.state = { ...this.state, lastVersion: this.history.last };
      await this.save();
      this.assertNotSuperseded(epoch, director);
      return this.describe();
    });
  }

  async recoverFrom(request: Requests["recoverFrom"]): Replies["recoverFrom"] {
    this.assertEpoch(request.epoch);
    const { from, to, sources } = request;
    if (from > to) throw new RpcError("invalid_request", `there is nothing after ${from} and up to ${to}`);
    if (from < to && sources.length === 0) throw new RpcError("invalid_request", "there is nothing to copy from");
    if (this.mode === "running") throw notRunning("the log is not locked");
    this.recovery?.abort(new RpcError("superseded", "another recovery of the log has begun"));
    const attempt = new AbortController();
    this.recovery = attempt;
    this.mode = "recovering";
    return this.turn(() => this.copy(request, attempt.signal)).finally(() => {
      // Otherwise the mode is that of who has ended this attempt.
      if (this.recovery !== attempt) return;
      this.recovery = undefined;
      if (this.mode === "recovering") this.mode = "locked";
    });
  }

  async activate({ epoch, previous }: Requests["activate"]): Replies["activate"] {
    this.assertEpoch(epoch);
    const { locks } = this;
    return this.turn(async () => {
      this.assertEpoch(epoch);
      if (this.mode === "running" && previous === this.base) return;
      if (this.locks !== locks) throw notRunning("the log has been locked meanwhile");
      if (this.mode !== "locked") throw notRunning(`the log is ${this.mode}`);
      if (this.state.unfinished) throw notRunning("the log is half recovered");
      const { last, knownCommitted } = this.history;
      if (previous !== last) throw new RpcError("out_of_order", `the log ends at ${last}, not at ${previous}`, last);
      this.base = last;
      this.committedBefore = knownCommitted;
      this.chain.restart(last);
      this.mode = "running";
    });
  }

  async confirmRunning({ epoch }: Requests["confirmRunning"]): Replies["confirmRunning"] {
    this.assertRunning(epoch);
  }

  async push(record: Requests["push"]): Replies["push"] {
    this.assertRunning(record.epoch);
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
    this.assertPullable(request);
    const { after, upTo, entriesMax, waitMs } = request;
    if (entriesMax === 0) throw new RpcError("invalid_request", "no entries are asked for");
    const { timers, hooks } = this.parts.runtime;
    const limits = {
      entriesMax: hooks.buggify("log.short-pull") ? 1 : Math.min(entriesMax, PULL_ENTRIES_MAX),
      bytesMax: Math.min(request.bytesMax, PULL_BYTES_MAX),
    };
    const { finalizedEpoch } = this.state;
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
        if (after < end) return this.page(await this.read(after, { ...limits, upTo: end }), end, request.recovery);
        // Who waits is told at once, too, that what it has may be made durable.
        const isOld = this.state.finalizedEpoch !== finalizedEpoch;
        if (isOver || isOld || upTo === after) return this.page([], end, request.recovery);
        await this.bell.rung();
        this.assertPullable(request);
      }
    } finally {
      timer?.cancel();
    }
  }

  async finalize({ epoch }: Requests["finalize"]): Replies["finalize"] {
    this.assertEpoch(epoch);
    return this.turn(async () => {
      this.assertEpoch(epoch);
      this.state = { ...this.state, finalizedEpoch: epoch };
      await this.save();
      this.bell.ring();
    });
  }

  async pop({ epoch, storage, durable }: Requests["pop"]): Replies["pop"] {
    this.assertRunning(epoch);
    this.poppers.pop(storage, durable);
    if (this.history.canTrim(this.poppers.common)) await this.trim(epoch);
  }

  async setPoppers({ epoch, storages }: Requests["setPoppers"]): Replies["setPoppers"] {
    this.assertEpoch(epoch);
    return this.turn(async () => {
      this.assertEpoch(epoch);
      this.state = { ...this.state, poppers: storages };
      this.poppers.replace(storages);
      await this.save();
    });
  }

  async info(_request: Requests["info"]): Replies["info"] {
    this.assertAlive();
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
    while (this.mode === "running" && this.chain.hasQueued) {
      const batch = this.chain.take(BATCH_BYTES_MAX, hooks.buggify("log.small-batch") ? 1 : Number.POSITIVE_INFINITY);
      const records = batch.map(({ record }) => record);
      try {
        await this.history.append(records, this.state.epoch);
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

  private async copy(request: Requests["recoverFrom"], signal: AbortSignal): Replies["recoverFrom"] {
    const { epoch, from, to, sources } = request;
    const { history } = this;
    signal.throwIfAborted();
    // Should it end in the middle, what is there holds nothing.
    this.state = { ...this.state, unfinished: true, lastVersion: 0n };
    await this.save();
    await history.restart(epoch, from);
    const copied = await copyEntries({
      epoch,
      from,
      to,
      sources: sources.map(this.parts.clientOf),
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
      this.parts.runtime.hooks.probe("log.end-without-entry");
      const { knownCommitted } = history;
      await history.append([{ epoch, previous: copied.last, version: to, knownCommitted, data: NO_DATA }], epoch);
      signal.throwIfAborted();
    }
    this.state = { ...this.state, unfinished: false, lastVersion: to };
    await this.save();
    signal.throwIfAborted();
    return { entries: copied.entries, checksum: copied.checksum };
  }

  private async trim(epoch: Epoch): Promise<void> {
    await this.turn(async () => {
      // By a lock it has become part of what a recovery counts on.
      if (this.mode === "running" && this.state.epoch === epoch) await this.history.trim(this.poppers.common);
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
    const { finalizedEpoch, epoch } = this.state;
    // Before the layout is committed the epoch may come to nothing, and the next one may begin before what this one has copied.
    const isCertain = recovery || finalizedEpoch === epoch;
    const knownCommitted = isCertain ? this.history.knownCommitted : this.committedBefore;
    return { entries, upTo: entries.at(-1)?.version ?? end, knownCommitted, finalizedEpoch };
  }

  private describe(): LogInfo {
    const { epoch, unfinished } = this.state;
    const { last, oldest, knownCommitted } = this.history;
    if (unfinished) return { epoch, mode: this.mode, lastVersion: 0n, oldestVersion: 0n, knownCommitted: 0n };
    return { epoch, mode: this.mode, lastVersion: last, oldestVersion: oldest, knownCommitted };
  }

  private async save(): Promise<void> {
    await saveState(this.parts.runtime.disk, this.parts.directory, this.state);
  }

  /** Does something when all before it has ended. What it throws, other than `RpcError`, ends the log. */
  private turn<T>(run: () => Promise<T>): Promise<T> {
    return this.turns.run(async () => {
      this.assertAlive();
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
    if (this.ended === undefined) {
      this.end(notRunning(text));
      this.parts.onFailure(error);
    }
    return new RpcError(error instanceof LogCorruptionError ? "corrupt" : "failed", text);
  }

  private end(reason: RpcError): void {
    this.ended ??= reason;
    this.mode = "locked";
    this.recovery?.abort(reason);
    this.chain.refuseWaiting(() => reason);
    this.bell.ring();
  }

  private assertAlive(): void {
    if (this.ended !== undefined) throw this.ended;
  }

  private assertNotSuperseded(epoch: Epoch, director: string): void {
    const { state } = this;
    if (epoch > state.epoch || (epoch === state.epoch && director === state.director)) return;
    throw new RpcError("newer_epoch", `the log belongs to ${state.director} of epoch ${state.epoch}`, state.epoch);
  }

  private assertEpoch(epoch: Epoch): void {
    this.assertAlive();
    const wrong = this.wrongEpoch(epoch);
    if (wrong !== undefined) throw wrong;
  }

  private assertRunning(epoch: Epoch): void {
    this.assertEpoch(epoch);
    if (this.mode !== "running") throw notRunning(`the log is ${this.mode}`);
  }

  /** Storage servers pull while it runs, recoveries while it does not. */
  private assertPullable({ epoch, recovery }: Requests["pull"]): void {
    this.assertEpoch(epoch);
    const isReady = recovery ? this.mode === "locked" && !this.state.unfinished : this.mode === "running";
    if (!isReady) throw notRunning(`the log is ${this.mode}`);
  }

  private wrongEpoch(epoch: Epoch): RpcError | undefined {
    const own = this.state.epoch;
    return epoch === own ? undefined : new RpcError("wrong_epoch", `the log is of epoch ${own}, not ${epoch}`, own);
  }
}

function notRunning(text: string): RpcError {
  return new RpcError("not_running", text);
}
