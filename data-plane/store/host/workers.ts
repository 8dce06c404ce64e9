/**
 * Workers that run: opened from their directories, opened anew when they fail, made and removed on request.
 */
import type { RpcNode, Served } from "#foundation/rpc";
import type { Runtime, TimerHandle } from "#foundation/runtime";
import { LOG, STORAGE, type WorkerKind } from "#foundation/store-protocol";
import { EngineCorruptionError } from "../engine/index.ts";
import { LogCorruptionError, openLog } from "../log/index.ts";
import { openStorage } from "../storage/index.ts";
import { Turns } from "../turns/index.ts";
import { tellingDiskErrors } from "./disk-errors.ts";
import { makeWorker, readWorkers, removeWorker, type WorkerOnDisk } from "./worker-directory.ts";

/** A worker that has failed is opened anew after this, and then after twice as long, and so on. */
const REOPEN_MS = { first: 500, most: 30_000 } as const;

export interface WorkerSettings {
  readonly storage?: { readonly windowVersions?: bigint; readonly flushMs?: number; readonly cacheBytes?: number };
  readonly log?: { readonly segmentBytes?: number; readonly cacheBytes?: number };
}

interface Worker {
  readonly kind: WorkerKind;
  readonly served: Served;
  close(): Promise<void>;
}

export interface WorkersOptions {
  readonly directory: string;
  readonly settings: WorkerSettings;
  /** A worker has begun or ceased to run. */
  readonly onChange: () => void;
  /** A worker has failed, or cannot be opened. It is tried again, unless its disk is damaged. */
  readonly onFailure: (id: string, error: unknown) => void;
}

/** What changes the set of workers is done one after the other. */
export class Workers {
  private readonly running = new Map<string, Worker>();
  private readonly reopening = new Map<string, TimerHandle>();
  private readonly turns = new Turns();
  private closed = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly rpc: RpcNode,
    private readonly options: WorkersOptions,
  ) {}

  get list(): readonly { readonly id: string; readonly kind: WorkerKind }[] {
    return [...this.running].map(([id, { kind }]) => ({ id, kind }));
  }

  /** Opens all workers of the directory. Those that cannot be opened are reported, and keep nobody else from it. */
  open(): Promise<void> {
    return this.turns.run(async () => {
      const found = await readWorkers(this.runtime.disk, this.options.directory);
      for (const worker of found) await this.run(worker, 0);
    });
  }

  /** Makes a worker, or finds the one that was made by the same request before. */
  create(id: string, kind: WorkerKind): Promise<void> {
    return this.turns.run(async () => {
      if (this.running.has(id)) return;
      const { disk } = this.runtime;
      const { directory } = this.options;
      const there = (await readWorkers(disk, directory)).find((worker) => worker.id === id);
      await this.start(there ?? (await makeWorker(disk, directory, id, kind)), 0);
      this.options.onChange();
    });
  }

  remove(id: string): Promise<void> {
    return this.turns.run(async () => {
      this.reopening.get(id)?.cancel();
      this.reopening.delete(id);
      await this.stop(id);
      await removeWorker(this.runtime.disk, this.options.directory, id);
      this.options.onChange();
    });
  }

  close(): Promise<void> {
    this.closed = true;
    for (const timer of this.reopening.values()) timer.cancel();
    return this.turns.run(async () => {
      for (const id of [...this.running.keys()]) await this.stop(id);
    });
  }

  private async run(worker: WorkerOnDisk, failures: number): Promise<void> {
    try {
      await this.start(worker, failures);
      this.options.onChange();
    } catch (error) {
      this.afterFailure(worker, failures, error);
    }
  }

  private async start(worker: WorkerOnDisk, failures: number): Promise<void> {
    const { id, kind, data } = worker;
    const fail = (error: unknown): void => this.onFailure(worker, failures, error);
    this.running.set(id, kind === "log" ? await this.openLog(id, data, fail) : await this.openStorage(id, data, fail));
  }

  private async openLog(id: string, directory: string, onFailure: (error: unknown) => void): Promise<Worker> {
    const { rpc, runtime, options } = this;
    const log = await openLog(runtime, {
      ...options.settings.log,
      id,
      directory,
      clientOf: (ref) => rpc.client(LOG, ref),
    });
    runtime.spawn(`watch ${id}`, async () => onFailure(await log.failed));
    return { kind: "log", served: rpc.serve(id, LOG, tellingDiskErrors(log.handlers, LOG)), close: () => log.close() };
  }

  private async openStorage(id: string, directory: string, onFailure: (error: unknown) => void): Promise<Worker> {
    const { rpc, runtime, options } = this;
    const storage = await openStorage(runtime, {
      ...options.settings.storage,
      id,
      directory,
      logOf: (ref) => rpc.client(LOG, ref),
      storageOf: (ref) => rpc.client(STORAGE, ref),
      onFailure,
    });
    return {
      kind: "storage",
      served: rpc.serve(id, STORAGE, tellingDiskErrors(storage, STORAGE)),
      close: () => storage.close(),
    };
  }

  private async stop(id: string): Promise<void> {
    const worker = this.running.get(id);
    if (worker === undefined) return;
    this.running.delete(id);
    worker.served.end();
    await worker.close();
  }

  private onFailure(worker: WorkerOnDisk, failures: number, error: unknown): void {
    if (this.closed) return;
    this.runtime.spawn(`end ${worker.id}`, () =>
      this.turns.run(async () => {
        if (!this.running.has(worker.id)) return;
        await this.stop(worker.id);
        this.options.onChange();
        this.afterFailure(worker, failures, error);
      }),
    );
  }

  private afterFailure(worker: WorkerOnDisk, failures: number, error: unknown): void {
    const { id } = worker;
    this.options.onFailure(id, error);
    // What is damaged does not mend itself: an operator removes it, or a director that does without it.
    const isDamaged = error instanceof LogCorruptionError || error instanceof EngineCorruptionError;
    if (isDamaged || this.closed) return;
    const delayMs = Math.min(REOPEN_MS.first * 2 ** failures, REOPEN_MS.most);
    const reopen = (): Promise<void> =>
      this.turns.run(async () => {
        if (this.reopening.delete(id) && !this.closed) await this.run(worker, failures + 1);
      });
    this.reopening.set(
      id,
      this.runtime.timers.after(delayMs, () => this.runtime.spawn(`reopen ${id}`, reopen)),
    );
  }
}
