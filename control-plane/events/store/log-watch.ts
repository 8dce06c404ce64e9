/** What others do with a log that this process does not have for itself: they append to it, or take it over. */
import type { EventId } from "#contracts";
import type { Timers } from "#foundation/runtime";
import { deposedError, type EventStoreError } from "./event-store-error.ts";

/** Between two looks at the log: how late the doings of another process are noticed when its hint was lost. */
const LOOK_EVERY_MS = 1_000;

/** Where a log stands. Neither number ever goes down. */
export interface LogState {
  readonly epoch: number;
  readonly head: EventId;
}

export interface LogWatchOptions {
  /** Where the log stands now; the epoch is this opener's. */
  readonly state: LogState;
  /** Looks where the log stands. Failing is harmless: the next look comes. */
  readonly look: () => Promise<LogState>;
  /** Called once, when the first listener comes: from then on `told` is called for the hints of other processes. */
  readonly listen: () => Promise<void>;
  readonly timers: Timers;
}

/**
 * Calls those who want to know once for each new end of the log, and once when it was taken over, whoever says it first: this process's own writes, a hint from the database, or a
 * look at the log, which makes up for hints that were lost.
 */
export class LogWatch {
  readonly #options: LogWatchOptions;
  readonly #grown = new Set<(head: EventId) => void>();
  readonly #left = new Set<(error: EventStoreError) => void>();
  #state: LogState;
  #deposed: EventStoreError | undefined;
  #listening = false;
  #looking = false;
  #timer: { cancel(): void } | undefined;

  constructor(options: LogWatchOptions) {
    this.#options = options;
    this.#state = options.state;
  }

  onAppended(listener: (head: EventId) => void): () => void {
    this.#grown.add(listener);
    this.#begin();
    return () => {
      this.#grown.delete(listener);
      if (this.#grown.size + this.#left.size === 0) this.#rest();
    };
  }

  /** @param listener is called at once when it was noticed before */
  onDeposed(listener: (error: EventStoreError) => void): void {
    if (this.#deposed !== undefined) {
      listener(this.#deposed);
      return;
    }
    this.#left.add(listener);
    this.#begin();
  }

  /** Says where the log stands, or stood a moment ago: hints may come late. */
  told(state: LogState): void {
    const { head } = this.#state;
    if (state.head > head) {
      this.#state = { ...this.#state, head: state.head };
      for (const listener of this.#grown) listener(state.head);
    }
    if (state.epoch > this.#state.epoch) this.deposed(deposedError(state.epoch, this.#state.epoch));
  }

  /** Says that this opener has the log no more. */
  deposed(error: EventStoreError): void {
    if (this.#deposed !== undefined) return;
    this.#deposed = error;
    for (const listener of this.#left) listener(error);
    this.#left.clear();
  }

  close(): void {
    this.#grown.clear();
    this.#left.clear();
    this.#rest();
  }

  #begin(): void {
    this.#timer ??= this.#options.timers.every(LOOK_EVERY_MS, () => void this.#look());
    if (this.#listening) return;
    this.#listening = true;
    this.#options.listen().catch(() => {
      // The looks go on; the next listener tries again.
      this.#listening = false;
    });
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      this.told(await this.#options.look());
    } catch {
      // Whoever reads hears of it.
    } finally {
      this.#looking = false;
    }
  }
}
