/** Who wants to know that the log has grown, for stores whose log others may append to. */
import type { EventId } from "#contracts";
import type { Timers } from "#foundation/runtime";

/** Between two looks at the end of the log: how late an event of another process is noticed when its hint was lost. */
const LOOK_EVERY_MS = 1_000;

export interface AppendHintsOptions {
  /** The end of the log now. */
  readonly head: EventId;
  /** Reads the end of the log. Failing is harmless: the next look comes. */
  readonly look: () => Promise<EventId>;
  /** Called once, when the first listener comes: from then on `told` is called for the hints of other processes. */
  readonly listen: () => Promise<void>;
  readonly timers: Timers;
}

/**
 * Calls the listeners once for each new end of the log, whoever says it first: the append of this process, a hint from the database, or a look at the log, which makes up for
 * hints that were lost.
 */
export class AppendHints {
  readonly #options: AppendHintsOptions;
  readonly #listeners = new Set<(head: EventId) => void>();
  #head: EventId;
  #listening = false;
  #looking = false;
  #timer: { cancel(): void } | undefined;

  constructor(options: AppendHintsOptions) {
    this.#options = options;
    this.#head = options.head;
  }

  subscribe(listener: (head: EventId) => void): () => void {
    this.#listeners.add(listener);
    this.#timer ??= this.#options.timers.every(LOOK_EVERY_MS, () => void this.#look());
    if (!this.#listening) {
      this.#listening = true;
      this.#options.listen().catch(() => {
        // The looks go on; the next listener tries again.
        this.#listening = false;
      });
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  /** Says where the log ends. */
  told(head: EventId): void {
    if (head <= this.#head) return;
    this.#head = head;
    for (const listener of this.#listeners) listener(head);
  }

  close(): void {
    this.#listeners.clear();
    this.#rest();
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
