/**
 * The server: its modes, and what each call does in them.
 *
 * | mode | |
 * |---|---|
 * | locked | A director has it: nothing is read, pulled or made durable. |
 * | running | It follows the logs of its epoch, and answers reads of it. |
 * | behind | As running, but no log has what it needs next. Reads of versions that it does not reach time out. |
 * | failed | Its disk has failed, or lied. |
 */
import { MalformedBytesError } from "#foundation/binary";
import { type Client, type Handlers, type Ref, RpcError } from "#foundation/rpc";
import type { Runtime, TimerHandle } from "#foundation/runtime";
import type { LOG, LogPull, STORAGE, StorageInfo } from "#foundation/store-protocol";
import type { Version } from "../backend/index.ts";
import { type Engine, openEngine, type Pair } from "../engine/index.ts";
import { decodeMutations, type PlainMutation } from "../mutations/index.ts";
import { Turns } from "../turns/index.ts";
import { applyEntry, holdsAll, isWithin } from "./apply-entry.ts";
import { changeOf } from "./changes.ts";
import { Copies } from "./copies.ts";
import { followLogs } from "./following.ts";
import { decodeKept, encodeKept, type KeptState, type Serving } from "./kept-state.ts";
import { readMerged } from "./merged-range.ts";
import { VersionWaiters } from "./version-waiters.ts";
import { VersionWindow } from "./version-window.ts";
import { sameValue, Watchers } from "./watchers.ts";

export interface StorageOptions {
  readonly id: string;
  /** Absolute; exists, and belongs to this server alone. */
  readonly directory: string;
  readonly logOf: (ref: Ref) => Client<typeof LOG>;
  /** How the servers are reached that give away what this one lacks. */
  readonly storageOf: (ref: Ref) => Client<typeof STORAGE>;
  /** How far back versions are readable. Default 5,000,000: five seconds. */
  readonly windowVersions?: Version;
  /** Beyond so many bytes in memory the window becomes shorter. Default 256 MiB. */
  readonly windowBytesMax?: number;
  /** How often what has left the window is made durable. Default 1 s. */
  readonly flushMs?: number;
  readonly cacheBytes?: number;
  /** The server has stopped by itself: its disk failed, or holds what it should not. */
  readonly onFailure: (error: unknown) => void;
}

export interface StorageServer extends Handlers<typeof STORAGE> {
  readonly id: string;
  /** Makes durable at once what may be. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const WINDOW = 5_000_000n;
const WINDOW_BYTES_MAX = 256 * 1024 * 1024;
const FLUSH_MS = 1_000;
/** How long a read waits for its version. */
const READ_WAIT_MS = 1_000;
const WATCH_MS_MAX = 60_000;
const WATCHES_MAX = 100_000;

/** Opens a server from its disk: locked, or following its logs again where it was. @throws EngineCorruptionError, DiskError, MalformedBytesError, RangeError */
export async function openStorage(runtime: Runtime, options: StorageOptions): Promise<StorageServer> {
  const engine = await openEngine(runtime, {
    directory: options.directory,
    ...(options.cacheBytes === undefined ? {} : { cacheBytes: options.cacheBytes }),
    onFailure: (error) => server.fail(error),
  });
  const server: RunningStorage = new RunningStorage(runtime, options, engine, decodeKept(engine.meta));
  server.start();
  return server;
}

class RunningStorage implements StorageServer {
  readonly id: string;
  private mode: "locked" | "running" | "behind" | "failed" = "locked";
  private kept: KeptState;
  private window: VersionWindow;
  /** Everything up to here is in the window or on the disk. */
  private applied: Version;
  /** Reads before it are too old. It rises before what is on the disk does, so that no read sees a disk that is newer than its version. */
  private oldest: Version;
  private knownCommitted: Version = 0n;
  private finalizedEpoch = 0n;
  private following: { readonly stop: () => void; readonly ended: Promise<void> } | undefined;
  private flushing: Promise<void> | undefined;
  /** What is taken from another server ends when a director wants this one. */
  private filling: AbortController | undefined;
  private timer: TimerHandle | undefined;
  private readonly turns = new Turns();
  private readonly waiters: VersionWaiters;
  private readonly watchers = new Watchers();
  private readonly copies: Copies;
  private closed = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly options: StorageOptions,
    private readonly engine: Engine,
    kept: KeptState,
  ) {
    this.id = options.id;
    this.kept = kept;
    this.waiters = new VersionWaiters(runtime.timers);
    this.copies = new Copies(engine, runtime.timers);
    this.applied = engine.durableVersion;
    this.oldest = engine.durableVersion;
    this.window = new VersionWindow(engine.durableVersion);
  }

  /** A server that was serving when its process ended goes on: what it had in memory is in the logs. */
  start(): void {
    if (this.kept.serving !== undefined) this.serve(this.kept.serving);
    this.timer = this.runtime.timers.every(this.options.flushMs ?? FLUSH_MS, () => this.flushLater());
  }

  async lock({ epoch, director }: { epoch: bigint; director: string }): Promise<StorageInfo> {
    this.checkUsable();
    if (epoch < this.kept.epoch || (epoch === this.kept.epoch && director !== this.kept.director))
      throw newer(this.kept);
    // At once, before anything is awaited: what is asked for from now on finds it locked.
    this.mode = "locked";
    this.filling?.abort();
    return this.turns.run(async () => {
      // Another lock may have come first while this one waited for its turn.
      if (epoch < this.kept.epoch || (epoch === this.kept.epoch && director !== this.kept.director))
        throw newer(this.kept);
      await this.stopServing();
      await this.keep({ epoch, director, serving: undefined });
      return this.describe();
    });
  }

  async unlock(request: { epoch: bigint } & Serving): Promise<void> {
    this.checkUsable();
    return this.turns.run(async () => {
      const { epoch, recoveryVersion, logs, ranges } = request;
      this.checkEpoch(epoch);
      if (logs.length === 0) throw new RpcError("invalid_request", "A storage server needs a log to follow.");
      if (this.mode !== "locked") await this.stopServing();
      const { durableVersion } = this.engine;
      if (durableVersion > recoveryVersion) {
        throw new RpcError(
          "corrupt",
          `Version ${durableVersion} is on the disk; the epoch begins with ${recoveryVersion}.`,
        );
      }
      if (this.applied > recoveryVersion) {
        this.window.rollBack(recoveryVersion);
        this.applied = recoveryVersion;
      }
      const serving = { recoveryVersion, logs, ranges: ranges.map(ownRange) };
      await this.keep({ ...this.kept, serving });
      this.serve(serving);
    });
  }

  async finalize({ epoch }: { epoch: bigint }): Promise<void> {
    if (epoch > this.finalizedEpoch) this.finalizedEpoch = epoch;
  }

  async get({
    epoch,
    key,
    version,
  }: {
    epoch: bigint;
    key: Uint8Array;
    version: Version;
  }): Promise<{ value: Uint8Array | undefined }> {
    if (version > this.applied || this.mode !== "running") await this.reach(epoch, version);
    this.checkReadable(epoch, version);
    if (!isWithin(key, this.kept.serving!.ranges)) throw elsewhere();
    const change = changeOf(this.window.at(version), key);
    if (change !== undefined) return { value: change.value };
    const value = this.engine.get(key);
    return { value: value instanceof Promise ? await value : value };
  }

  async getRange({
    epoch,
    version,
    begin,
    end,
    ...limits
  }: {
    epoch: bigint;
    version: Version;
    begin: Uint8Array;
    end: Uint8Array;
    limit: number;
    bytesMax: number;
    reverse: boolean;
  }): ReturnType<StorageServer["getRange"]> {
    if (limits.limit === 0) throw new RpcError("invalid_request", "A range is read with a limit of at least 1.");
    await this.reach(epoch, version);
    this.checkReadable(epoch, version);
    if (!holdsAll(begin, end, this.kept.serving!.ranges)) throw elsewhere();
    const { reverse } = limits;
    // Both are taken in one turn: what is made durable afterwards changes neither.
    return readMerged(this.window.at(version), { begin, end }, this.engine.range(begin, end, { reverse }), limits);
  }

  async watch({
    epoch,
    key,
    version,
    value,
    waitMs,
  }: {
    epoch: bigint;
    key: Uint8Array;
    version: Version;
    value: Uint8Array | undefined;
    waitMs: number;
  }): Promise<{ changed: boolean }> {
    await this.reach(epoch, version);
    // A version that has left the window may be watched still: the value now tells as well.
    const now = this.applied;
    if (!sameValue((await this.get({ epoch, key, version: now })).value, value)) return { changed: true };
    if (this.watchers.count >= WATCHES_MAX) throw new RpcError("overloaded", "Too many keys are watched here.");
    return new Promise((resolve) => {
      const stop = this.watchers.add(key, value, (changed) => {
        timer.cancel();
        resolve({ changed });
      });
      const timer = this.runtime.timers.after(Math.min(waitMs, WATCH_MS_MAX), () => {
        stop();
        resolve({ changed: false });
      });
      // What was applied while the value was being read has told nobody.
      if (this.applied !== now && this.window.at(this.applied) !== this.window.at(now)) {
        stop();
        timer.cancel();
        resolve({ changed: true });
      }
    });
  }

  async info(): Promise<StorageInfo> {
    return this.describe();
  }

  async openCopy({
    epoch,
    ranges,
  }: {
    epoch: bigint;
    ranges: Serving["ranges"];
  }): Promise<{ copy: number; version: Version }> {
    this.checkEpoch(epoch);
    this.checkServing();
    if (!ranges.every(({ begin, end }) => holdsAll(begin, end, this.kept.serving!.ranges))) throw elsewhere();
    // In one turn: the version is that of what is read.
    return { copy: this.copies.begin(ranges), version: this.engine.durableVersion };
  }

  readCopy({ copy, next }: { copy: number; next: number }): ReturnType<Copies["read"]> {
    return this.copies.read(copy, next);
  }

  async closeCopy({ copy }: { copy: number }): Promise<void> {
    this.copies.end(copy);
  }

  fill({
    epoch,
    source,
    ranges,
  }: {
    epoch: bigint;
    source: Ref;
    ranges: Serving["ranges"];
  }): Promise<{ version: Version }> {
    return this.turns.run(async () => {
      this.checkEpoch(epoch);
      if (this.mode !== "locked") throw new RpcError("not_running", "Only a locked storage server is filled.");
      const filling = new AbortController();
      this.filling = filling;
      const from = this.options.storageOf(source);
      const { copy, version } = await from.openCopy({ epoch, ranges });
      try {
        await this.engine.load({ pairs: pairsOfCopy(from, copy, filling.signal), version });
      } finally {
        // Given up by itself when this is not heard.
        from.closeCopy({ copy }).catch(() => undefined);
      }
      this.window = new VersionWindow(version);
      this.applied = version;
      this.oldest = version;
      return { version };
    });
  }

  flush(): Promise<void> {
    this.flushing ??= this.flushNow().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.timer?.cancel();
    await this.turns.run(() => this.stopServing());
    this.copies.endAll();
    await this.engine.close();
  }

  /** Nothing works any more. */
  fail(error: unknown): void {
    if (this.mode === "failed" || this.closed) return;
    this.mode = "failed";
    this.following?.stop();
    this.timer?.cancel();
    this.waiters.endAll();
    this.watchers.endAll();
    this.options.onFailure(error);
  }

  private serve({ logs }: Serving): void {
    const { epoch } = this.kept;
    this.mode = "running";
    const controller = new AbortController();
    const { signal } = controller;
    const ended = Promise.withResolvers<void>();
    this.following = { stop: () => controller.abort(), ended: ended.promise };
    this.runtime.spawn(`storage ${this.id}`, async () => {
      try {
        const clients = logs.map((log) => this.options.logOf(log));
        const followed = {
          logs: clients,
          epoch,
          applied: () => this.applied,
          take: (pulled: LogPull) => this.take(pulled, signal),
          onGap: () => {
            if (this.mode === "running") this.mode = "behind";
          },
        };
        await followLogs(this.runtime, followed, signal);
      } catch (error) {
        this.fail(error);
      } finally {
        ended.resolve();
      }
    });
  }

  private async stopServing(): Promise<void> {
    this.mode = this.mode === "failed" ? "failed" : "locked";
    this.following?.stop();
    await this.following?.ended;
    this.following = undefined;
    await this.flushing?.catch(() => undefined);
    this.waiters.endAll();
    this.watchers.endAll();
  }

  /** Applies what a log gave, version by version: a version is there as a whole, or not at all. */
  private async take({ entries, upTo, knownCommitted, finalizedEpoch }: LogPull, signal: AbortSignal): Promise<void> {
    if (this.mode === "behind") this.mode = "running";
    const { ranges } = this.kept.serving!;
    for (const { version, previous, data } of entries) {
      if (signal.aborted) return;
      if (version <= this.applied) continue;
      // Entries without a predecessor here would leave a hole: a log that gives them is broken.
      if (previous > this.applied)
        throw new Error(`a log gave version ${version} after ${previous}; ${this.applied} is the last one here`);
      const mutations = decodeEntry(data, version);
      if (mutations.length > 0) {
        const changes = this.window.latest.snapshot();
        const bytes = await applyEntry(
          changes,
          mutations,
          version,
          ranges,
          (key) => this.engine.get(key),
          (begin, end, value) => this.watchers.onWrite({ begin, end }, value),
        );
        if (signal.aborted) return;
        this.window.add(version, changes, bytes);
      }
      this.applied = version;
    }
    if (upTo > this.applied) this.applied = upTo;
    if (finalizedEpoch > this.finalizedEpoch) this.finalizedEpoch = finalizedEpoch;
    if (this.isFinal && knownCommitted > this.knownCommitted) this.knownCommitted = knownCommitted;
    this.waiters.reached(this.applied);
    // Memory that fills faster than time passes: those who write wait for the disk here.
    if (this.window.sizeBytes > this.windowBytesMax) await this.flush();
  }

  private get windowBytesMax(): number {
    return this.options.windowBytesMax ?? WINDOW_BYTES_MAX;
  }

  /** The layout of the epoch is committed: no later recovery takes back what it began with. */
  private get isFinal(): boolean {
    return this.finalizedEpoch >= this.kept.epoch;
  }

  /**
   * The last version that may be made durable: one that no recovery will take back. Until the layout is committed that is only what was known to be
   * committed before: another attempt may begin with an earlier recovery version, as long as nothing after it was acknowledged.
   */
  private get durableLimit(): Version {
    const { recoveryVersion } = this.kept.serving!;
    const limit = this.isFinal && recoveryVersion > this.knownCommitted ? recoveryVersion : this.knownCommitted;
    return limit < this.applied ? limit : this.applied;
  }

  private flushLater(): void {
    if (this.flushing !== undefined || (this.mode !== "running" && this.mode !== "behind")) return;
    this.runtime.spawn(`storage ${this.id} flush`, async () => {
      try {
        await this.flush();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  private async flushNow(): Promise<void> {
    const { serving } = this.kept;
    if (serving === undefined) return;
    const target = this.flushTarget();
    const from = this.engine.durableVersion;
    if (target > from) {
      // Before the disk changes: see `oldest`.
      this.oldest = target;
      const state = this.window.at(target);
      const changes = function* (): Generator<
        Parameters<Engine["flush"]>[0]["changes"] extends Iterable<infer C> ? C : never
      > {
        for (const [key, { version, value, clearedTo }] of state.entries()) {
          // What is older was on the disk before.
          if (version <= from) continue;
          if (value !== undefined) yield { type: "set", key, value };
          else yield { type: "clear_range", begin: key, end: clearedTo! };
        }
      };
      await this.engine.flush({ version: target, changes: changes() });
      this.window.becameDurable(target);
    }
    this.tellLogs(serving, this.engine.durableVersion);
  }

  private flushTarget(): Version {
    const windowed = this.applied - (this.options.windowVersions ?? WINDOW);
    const limit = this.durableLimit;
    const pressed = this.window.sizeBytes > this.windowBytesMax / 2 ? this.window.halfway() : 0n;
    const target = pressed > windowed ? pressed : windowed;
    return target < limit ? target : limit;
  }

  /** Logs keep what some storage server has not on its own disk. One that does not hear of it hears the next time. */
  private tellLogs({ logs }: Serving, durable: Version): void {
    const { epoch } = this.kept;
    for (const log of logs) {
      this.options
        .logOf(log)
        .pop({ epoch, storage: this.id, durable })
        .catch((error: unknown) => {
          if (!(error instanceof RpcError)) this.fail(error);
        });
    }
  }

  /** Resolves when the version may be read, as far as that depends on waiting. */
  private async reach(epoch: bigint, version: Version): Promise<void> {
    if (version <= this.applied && this.mode === "running") return;
    this.checkEpoch(epoch);
    this.checkServing();
    if (version > this.applied && !(await this.waiters.wait(version, READ_WAIT_MS))) {
      this.checkServing();
      throw new RpcError("version_too_new", `Version ${version} is not here yet; ${this.applied} is the last one.`);
    }
  }

  private checkReadable(epoch: bigint, version: Version): void {
    this.checkEpoch(epoch);
    this.checkServing();
    if (version < this.oldest) {
      throw new RpcError(
        "version_too_old",
        `Version ${version} is gone; ${this.oldest} is the oldest one.`,
        this.oldest,
      );
    }
  }

  private checkEpoch(epoch: bigint): void {
    if (epoch !== this.kept.epoch) {
      throw new RpcError("wrong_epoch", `This storage server is of epoch ${this.kept.epoch}.`, this.kept.epoch);
    }
  }

  private checkServing(): void {
    this.checkUsable();
    if (this.mode === "locked") throw new RpcError("not_running", "This storage server is locked.");
  }

  private checkUsable(): void {
    if (this.mode === "failed" || this.closed) throw new RpcError("not_running", "This storage server has ended.");
  }

  private async keep(state: KeptState): Promise<void> {
    await this.engine.setMeta(encodeKept(state));
    this.kept = decodeKept(encodeKept(state));
  }

  private describe(): StorageInfo {
    return {
      epoch: this.kept.epoch,
      mode: this.mode,
      durableVersion: this.engine.durableVersion,
      oldestVersion: this.oldest,
      appliedVersion: this.applied,
      keys: Math.min(this.engine.stats().keysApproximately, 0xffff_ffff),
      ranges: this.kept.serving?.ranges ?? [],
    };
  }
}

async function* pairsOfCopy(source: Client<typeof STORAGE>, copy: number, signal: AbortSignal): AsyncGenerator<Pair> {
  for (let next = 0, done = false; !done; ) {
    if (signal.aborted)
      throw new RpcError("newer_epoch", "Another director has come while the server was being filled.");
    const page = await source.readCopy({ copy, next });
    yield* page.pairs;
    ({ next, done } = page);
  }
}

function decodeEntry(data: Uint8Array, version: Version): readonly PlainMutation[] {
  if (data.length === 0) return [];
  try {
    return decodeMutations(data);
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    throw new Error(`version ${version} in the log is no list of mutations: ${error.message}`);
  }
}

function ownRange({ begin, end }: { begin: Uint8Array; end: Uint8Array }): { begin: Uint8Array; end: Uint8Array } {
  return { begin: new Uint8Array(begin), end: new Uint8Array(end) };
}

function newer({ epoch }: KeptState): RpcError {
  return new RpcError("newer_epoch", `Epoch ${epoch} has locked this storage server.`, epoch);
}

function elsewhere(): RpcError {
  return new RpcError("invalid_request", "The keys are not within one range of this storage server.");
}
