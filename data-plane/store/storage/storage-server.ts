/**
 * The server: who has it, what it follows, and what each call does.
 *
 * What spans several awaits and changes who has it, or what it has, has its turn (`turns`); a lock holds from the moment it is called. What is pulled is
 * applied by one loop, and nothing else changes the window while that runs.
 */
import { MalformedBytesError } from "#foundation/binary";
import { type Client, type Handlers, type Ref, RpcError } from "#foundation/rpc";
import { DiskError, type Runtime, type TimerHandle } from "#foundation/runtime";
import type { LOG, LogPull, STORAGE, StorageInfo } from "#foundation/store-protocol";
import type { Version } from "../backend/index.ts";
import { type Engine, openEngine } from "../engine/index.ts";
import { decodeMutations, type PlainMutation } from "../mutations/index.ts";
import { Turns } from "../turns/index.ts";
import { applyEntry, holdsAll } from "./apply-entry.ts";
import { Copies, pairsOfCopy } from "./copies.ts";
import { Durability } from "./durability.ts";
import { followLogs } from "./following.ts";
import type { Serving } from "./kept-state.ts";
import { elsewhere, Reader } from "./reader.ts";
import { Standing } from "./standing.ts";

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

type Requests = {
  readonly [M in keyof Handlers<typeof STORAGE>]: Parameters<Handlers<typeof STORAGE>[M]>[0];
};

const WINDOW = 5_000_000n;
const WINDOW_BYTES_MAX = 256 * 1024 * 1024;
const FLUSH_MS = 1_000;

/** Opens a server from its disk: locked, or following its logs again where it was. @throws EngineCorruptionError, DiskError, MalformedBytesError, RangeError */
export async function openStorage(runtime: Runtime, options: StorageOptions): Promise<StorageServer> {
  const engine = await openEngine(runtime, {
    directory: options.directory,
    ...(options.cacheBytes === undefined ? {} : { cacheBytes: options.cacheBytes }),
    onFailure: (error) => server.fail(error),
  });
  const server: RunningStorage = new RunningStorage(runtime, options, engine);
  server.start();
  return server;
}

class RunningStorage implements StorageServer {
  readonly id: string;
  private readonly standing: Standing;
  private readonly reader: Reader;
  private readonly durability: Durability;
  private readonly copies: Copies;
  private readonly turns = new Turns();
  private following: { readonly stop: () => void; readonly ended: Promise<void> } | undefined;
  /** What is taken from another server ends when a director wants this one. */
  private filling: AbortController | undefined;
  private timer: TimerHandle | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly options: StorageOptions,
    private readonly engine: Engine,
  ) {
    const { id, logOf, windowVersions = WINDOW, windowBytesMax = WINDOW_BYTES_MAX } = options;
    this.id = id;
    this.standing = new Standing(engine);
    this.reader = new Reader(this.standing, engine, runtime.timers);
    const onFailure = (error: unknown): void => this.fail(error);
    const { timers } = runtime;
    this.durability = new Durability(this.standing, engine, {
      ...{ id, logOf, timers, windowVersions, windowBytesMax, onFailure },
    });
    this.copies = new Copies(engine, runtime.timers);
  }

  /** A server that was serving when its process ended goes on: what it had in memory is in the logs. */
  start(): void {
    const { serving } = this.standing.kept;
    if (serving !== undefined) this.serve(serving);
    this.timer = this.runtime.timers.every(this.options.flushMs ?? FLUSH_MS, () => this.flushLater());
  }

  async lock({ epoch, director }: Requests["lock"]): Promise<StorageInfo> {
    const { standing } = this;
    standing.checkUsable();
    standing.checkMayLock(epoch, director);
    // At once, before anything is awaited: what is asked for from now on finds it locked.
    standing.mode = "locked";
    this.filling?.abort();
    return this.turns.run(async () => {
      // Another lock may have come first while this one waited for its turn.
      standing.checkMayLock(epoch, director);
      await this.stopServing();
      await standing.keep({ epoch, director, serving: undefined });
      return this.describe();
    });
  }

  async unlock({ epoch, previousEpoch, recoveryVersion, logs, ranges }: Requests["unlock"]): Promise<void> {
    const { standing } = this;
    standing.checkUsable();
    return this.turns.run(async () => {
      standing.checkEpoch(epoch);
      if (logs.length === 0) throw new RpcError("invalid_request", "A storage server needs a log to follow.");
      if (standing.mode !== "locked") await this.stopServing();
      const { durableVersion } = this.engine;
      if (durableVersion > recoveryVersion) {
        const text = `Version ${durableVersion} is on the disk; the epoch begins with ${recoveryVersion}.`;
        throw new RpcError("corrupt", text);
      }
      if (standing.windowEpoch !== epoch && standing.windowEpoch !== previousEpoch) {
        this.runtime.hooks.probe("storage.missed-an-epoch");
        standing.beginAt(durableVersion);
      }
      if (standing.applied > recoveryVersion) {
        standing.window.rollBack(recoveryVersion);
        standing.applied = recoveryVersion;
      }
      const serving = { recoveryVersion, logs, ranges };
      await standing.keep({ ...standing.kept, serving });
      this.serve(serving);
    });
  }

  async finalize({ epoch }: Requests["finalize"]): Promise<void> {
    this.durability.finalize(epoch);
  }

  get(request: Requests["get"]): ReturnType<StorageServer["get"]> {
    return this.reader.get(request);
  }

  getRange(request: Requests["getRange"]): ReturnType<StorageServer["getRange"]> {
    return this.reader.getRange(request);
  }

  watch(request: Requests["watch"]): ReturnType<StorageServer["watch"]> {
    return this.reader.watch(request);
  }

  async info(): Promise<StorageInfo> {
    return this.describe();
  }

  async openCopy({ epoch, ranges }: Requests["openCopy"]): ReturnType<StorageServer["openCopy"]> {
    const { standing } = this;
    standing.checkEpoch(epoch);
    standing.checkServing();
    const held = standing.kept.serving!.ranges;
    if (!ranges.every(({ begin, end }) => holdsAll(begin, end, held))) throw elsewhere();
    // In one turn: the version is that of what is read.
    return { copy: this.copies.begin(ranges), version: this.engine.durableVersion };
  }

  readCopy({ copy, next }: Requests["readCopy"]): ReturnType<StorageServer["readCopy"]> {
    return this.copies.read(copy, next);
  }

  async closeCopy({ copy }: Requests["closeCopy"]): Promise<void> {
    this.copies.end(copy);
  }

  fill({ epoch, source, ranges }: Requests["fill"]): ReturnType<StorageServer["fill"]> {
    const { standing } = this;
    return this.turns.run(async () => {
      standing.checkEpoch(epoch);
      if (standing.mode !== "locked") throw new RpcError("not_running", "Only a locked storage server is filled.");
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
      standing.beginAt(version);
      return { version };
    });
  }

  flush(): Promise<void> {
    return this.durability.flush();
  }

  async close(): Promise<void> {
    if (this.standing.closed) return;
    this.standing.closed = true;
    this.timer?.cancel();
    this.filling?.abort();
    await this.turns.run(() => this.stopServing());
    this.copies.endAll();
    await this.engine.close();
  }

  /** Nothing works any more. */
  fail(error: unknown): void {
    const { standing } = this;
    if (standing.mode === "failed" || standing.closed) return;
    standing.mode = "failed";
    this.following?.stop();
    this.timer?.cancel();
    this.reader.endAll();
    this.options.onFailure(error);
  }

  private serve({ logs }: Pick<Serving, "logs">): void {
    const { standing } = this;
    const { epoch } = standing.kept;
    standing.windowEpoch = epoch;
    standing.mode = "running";
    const controller = new AbortController();
    const { signal } = controller;
    const ended = Promise.withResolvers<void>();
    this.following = { stop: () => controller.abort(), ended: ended.promise };
    this.runtime.spawn(`storage ${this.id}`, async () => {
      try {
        const followed = {
          logs: logs.map((log) => this.options.logOf(log)),
          epoch,
          applied: () => standing.applied,
          take: (pulled: LogPull) => this.take(pulled, signal),
          onGap: () => {
            if (standing.mode === "running") standing.mode = "behind";
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
    const { standing } = this;
    if (standing.mode !== "failed") standing.mode = "locked";
    this.following?.stop();
    await this.following?.ended;
    this.following = undefined;
    await this.durability.settled();
    this.reader.endAll();
  }

  /** Applies what a log gave, version by version: a version is there as a whole, or not at all. */
  private async take({ entries, upTo, knownCommitted, finalizedEpoch }: LogPull, signal: AbortSignal): Promise<void> {
    const { standing, durability } = this;
    if (standing.mode === "behind") standing.mode = "running";
    for (const { version, previous, data } of entries) {
      if (signal.aborted) return;
      if (version <= standing.applied) continue;
      // Entries without a predecessor here would leave a hole: a log that gives them is broken.
      if (previous > standing.applied) {
        throw new Error(`a log gave version ${version} after ${previous}; ${standing.applied} is the last one here`);
      }
      if (!(await this.apply(version, decodeEntry(data, version), signal))) return;
      standing.applied = version;
    }
    if (upTo > standing.applied) standing.applied = upTo;
    durability.finalize(finalizedEpoch);
    durability.committed(knownCommitted);
    this.reader.waiters.reached(standing.applied);
    // Memory that fills faster than time passes: those who write wait for the disk here.
    if (durability.isPressed) await durability.flush();
  }

  /** @returns false when it is not to go on: nothing of the version is there then */
  private async apply(version: Version, mutations: readonly PlainMutation[], signal: AbortSignal): Promise<boolean> {
    if (mutations.length === 0) return true;
    const { window, kept } = this.standing;
    const changes = window.latest.snapshot();
    const bytes = await applyEntry(
      changes,
      mutations,
      version,
      kept.serving!.ranges,
      (key) => this.engine.get(key),
      (begin, end, value) => this.reader.watchers.onWrite({ begin, end }, value),
    );
    if (signal.aborted) return false;
    window.add(version, changes, bytes);
    return true;
  }

  private flushLater(): void {
    if (this.durability.isFlushing || !this.standing.follows) return;
    this.runtime.spawn(`storage ${this.id} flush`, async () => {
      try {
        await this.durability.flush();
      } catch (error) {
        // On a full disk nothing has changed; there may be space the next time.
        if (!(error instanceof DiskError && error.code === "ENOSPC")) this.fail(error);
      }
    });
  }

  private describe(): StorageInfo {
    const { kept, mode, oldest, applied } = this.standing;
    return {
      epoch: kept.epoch,
      mode,
      durableVersion: this.engine.durableVersion,
      oldestVersion: oldest,
      appliedVersion: applied,
      keys: Math.min(this.engine.stats().keysApproximately, 0xffff_ffff),
      ranges: kept.serving?.ranges ?? [],
    };
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
