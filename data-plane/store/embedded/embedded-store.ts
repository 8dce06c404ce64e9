/**
 * The port of a store over roles in this process.
 */
import { RpcError } from "#foundation/rpc";
import type { Runtime, TimerHandle } from "#foundation/runtime";
import type { CommitPlace, KeyValue, RangeLimits, RangeResult, StoreBackend, Version } from "../backend/index.ts";
import { checkForStore, commitOnce } from "../commits/index.ts";
import { StoreError } from "../errors/index.ts";
import { compareKeys } from "../keys/index.ts";
import { idempotencyKey, stampToPlace } from "../mutations/index.ts";
import type { Transaction } from "../transactions/index.ts";
import { asStoreError } from "./failures.ts";
import { forgetOldIds } from "./forget-ids.ts";
import type { Roles } from "./recovery.ts";

/** A watch that nobody waits for any more ends by itself within this time. */
const WATCH_MS = 10_000;

/** How often old idempotency ids are looked for. */
const FORGET_IDS_MS = 30_000;

const LAST_KEY = Uint8Array.of(0xff, 0xff);

export class EmbeddedStore implements StoreBackend {
  /** Commits under way: waited for when it is closed. */
  private readonly commits = new Set<Promise<unknown>>();
  private readonly janitor: TimerHandle;
  private closing: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    private readonly runtime: Runtime,
    private readonly roles: Roles,
    /** Gives the directory back. */
    private readonly release: () => void,
  ) {
    this.janitor = runtime.timers.every(FORGET_IDS_MS, () =>
      this.runtime.spawn("forget idempotency ids", () => this.forgetIds()),
    );
  }

  /** A role has ended by itself: from now on everything is refused. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.roles.proxy.close();
  }

  async getReadVersion(): Promise<Version> {
    this.check();
    try {
      return (await this.roles.proxy.readVersion({ epoch: this.roles.epoch })).version;
    } catch (error) {
      throw this.translate(error);
    }
  }

  async get(key: Uint8Array, version: Version): Promise<Uint8Array | undefined> {
    this.check();
    try {
      const { value } = await this.roles.storage.get({ epoch: this.roles.epoch, key, version });
      // A copy: what the storage server has in memory is its own.
      return value && new Uint8Array(value);
    } catch (error) {
      throw this.translate(error);
    }
  }

  async getRange(begin: Uint8Array, end: Uint8Array, version: Version, limits: RangeLimits): Promise<RangeResult> {
    this.check();
    if (!(limits.limit >= 1)) throw new StoreError("range_limits_invalid", "A range read takes at least one pair.");
    const bounds = { begin, end: compareKeys(end, LAST_KEY) < 0 ? end : LAST_KEY };
    if (compareKeys(begin, bounds.end) >= 0) return { pairs: [], more: false };
    try {
      const { epoch, storage } = this.roles;
      const { pairs, more } = await storage.getRange({ epoch, ...bounds, version, ...limits });
      return { pairs: pairs.map(copyOf), more };
    } catch (error) {
      throw this.translate(error);
    }
  }

  async commit(transaction: Transaction): Promise<CommitPlace> {
    this.check();
    checkForStore(transaction);
    const commit =
      transaction.idempotencyId.length === 0
        ? this.roles.proxy.commitTransaction(transaction)
        : this.commitOnce(transaction);
    this.commits.add(commit);
    try {
      return await commit;
    } catch (error) {
      throw this.translate(error);
    } finally {
      this.commits.delete(commit);
    }
  }

  async watch(key: Uint8Array, value: Uint8Array | undefined, version: Version, signal: AbortSignal): Promise<void> {
    this.check();
    const cancelled = new StoreError("operation_cancelled", "The watch was ended before the key changed.");
    if (signal.aborted) throw cancelled;
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(cancelled);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const { epoch, storage } = this.roles;
      for (;;) {
        const watched = storage.watch({ epoch, key, version, value, waitMs: WATCH_MS });
        if ((await Promise.race([watched, stopped.promise])).changed) return;
        if (this.closing !== undefined) throw cancelled;
        this.check();
      }
    } catch (error) {
      throw this.translate(error);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  close(): Promise<void> {
    this.closing ??= this.closeRoles();
    return this.closing;
  }

  private async closeRoles(): Promise<void> {
    this.janitor.cancel();
    await Promise.allSettled([...this.commits]);
    try {
      await this.roles.close();
    } finally {
      this.release();
    }
  }

  private commitOnce(transaction: Transaction): Promise<CommitPlace> {
    const commits = {
      find: (id: Uint8Array) => this.find(id),
      send: (one: Transaction) => this.roles.proxy.commitTransaction(one),
      isRefusal: (error: unknown) =>
        error instanceof RpcError && (error.code === "not_committed" || error.code === "transaction_too_old"),
    };
    return commitOnce(commits, transaction);
  }

  private async find(id: Uint8Array): Promise<{ readonly version: Version; readonly place: CommitPlace | undefined }> {
    const { epoch, proxy, storage } = this.roles;
    const { version } = await proxy.readVersion({ epoch });
    const { value } = await storage.get({ epoch, key: idempotencyKey(id), version });
    return { version, place: value && stampToPlace(value) };
  }

  private async forgetIds(): Promise<void> {
    try {
      while ((await forgetOldIds(this)) > 0);
    } catch (error) {
      // The next round has another try; a store that has failed or was closed says so to its callers.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  private check(): void {
    if (this.closing !== undefined) throw new StoreError("client_invalid_operation", "The store is closed.");
    if (this.failure !== undefined) throw failed(this.failure);
  }

  private translate(error: unknown): StoreError {
    const translated = asStoreError(error);
    // What was being done while it failed, and certainly had no effect.
    if (this.failure !== undefined && translated.code === "process_behind") return failed(this.failure);
    return translated;
  }
}

function copyOf({ key, value }: KeyValue): KeyValue {
  return { key: new Uint8Array(key), value: new Uint8Array(value) };
}

function failed(error: unknown): StoreError {
  const text = error instanceof Error ? error.message : String(error);
  return new StoreError("operation_failed", `The store has failed; close it and open it again: ${text}`);
}
