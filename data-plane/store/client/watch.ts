/**
 * Watches: they are made by a transaction, begin to count when it is committed, and live on after it.
 */
import { type Random, sleep, type Timers } from "#foundation/runtime";
import type { StoreBackend, Version } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { compareKeys } from "../keys/index.ts";
import { Backoff, RETRY_DELAY_MAX_MS } from "./backoff.ts";

export interface Watch {
  /**
   * Resolves when the key has another value than the transaction saw. It may do so without reason, and need not do so for a value that was back
   * before anybody looked. Rejects when the transaction is not committed, or the watch is cancelled.
   */
  readonly changed: Promise<void>;
  cancel(): void;
}

/** How many watches one database may have at a time (FoundationDB's default). */
export const WATCHES_MAX = 10_000;

/** What the watches of one database share. */
export interface WatchRoom {
  readonly backend: StoreBackend;
  readonly timers: Timers;
  readonly random: Random;
  /** How many there are. */
  open: number;
}

/** A watch whose transaction is not over yet. */
export class PendingWatch implements Watch {
  private readonly abort = new AbortController();
  private readonly outcome = Promise.withResolvers<void>();
  private over = false;
  /** What the transaction sees. */
  private readonly value: Promise<Uint8Array | undefined>;

  /** @throws StoreError too_many_watches */
  constructor(
    private readonly room: WatchRoom,
    private readonly key: Uint8Array,
    read: () => Promise<Uint8Array | undefined>,
  ) {
    if (room.open >= WATCHES_MAX) {
      throw new StoreError("too_many_watches", `A database has at most ${WATCHES_MAX} watches at a time.`);
    }
    room.open++;
    // Who does not look at the outcome loses nothing: it is no failure of the program.
    this.outcome.promise.catch(() => {});
    this.value = read();
    this.value.catch((error) => this.fail(error));
  }

  get changed(): Promise<void> {
    return this.outcome.promise;
  }

  cancel(): void {
    this.fail(new StoreError("operation_cancelled", "The watch was cancelled."));
  }

  /** The transaction failed, or is over without a commit. */
  fail(error: unknown): void {
    if (!this.end()) return;
    this.outcome.reject(error);
    this.abort.abort();
  }

  /** The transaction is committed at `version`, or read there and wrote nothing. */
  start(version: Version): void {
    if (this.over) return;
    this.run(version).then(
      () => this.end() && this.outcome.resolve(),
      (error) => this.fail(error),
    );
  }

  private async run(version: Version): Promise<void> {
    const { backend, timers, random } = this.room;
    const { signal } = this.abort;
    const backoff = new Backoff(random, RETRY_DELAY_MAX_MS);
    const value = await this.value;
    for (let at = version; ; ) {
      try {
        return await backend.watch(this.key, value, at, signal);
      } catch (error) {
        if (!(error instanceof StoreError && error.retryable)) throw error;
        await sleep(timers, backoff.after(error), signal);
        const later = await this.look();
        if (later === undefined) continue;
        if (!same(later.value, value)) return;
        at = later.version;
      }
    }
  }

  /** What the key holds now; nothing when that cannot be said at the moment. */
  private async look(): Promise<{ version: Version; value: Uint8Array | undefined } | undefined> {
    try {
      const version = await this.room.backend.getReadVersion();
      return { version, value: await this.room.backend.get(this.key, version) };
    } catch (error) {
      if (error instanceof StoreError && error.retryable) return undefined;
      throw error;
    }
  }

  private end(): boolean {
    if (this.over) return false;
    this.over = true;
    this.room.open--;
    return true;
  }
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : compareKeys(a, b) === 0;
}
