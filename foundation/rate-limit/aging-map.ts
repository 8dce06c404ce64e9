/** A map that forgets what nobody writes any more, and never grows beyond its limit. */
import type { Clock } from "#foundation/runtime";

/** What an `AgingMap` needs. */
export interface AgingMapOptions {
  readonly clock: Clock;
  /** An entry lives at least this long after it was last set, milliseconds, and less than twice as long. */
  readonly lifeMs: number;
  /** Most entries. What is to happen when there are so many is the caller's to decide. */
  readonly entriesMax: number;
}

/**
 * Two generations instead of a time for each entry: setting an entry puts it into the young one; once a life the old one is dropped as a whole and the young one
 * takes its place. Costs one or two look-ups, and nothing for what is dropped.
 */
export class AgingMap<Value> {
  readonly #options: AgingMapOptions;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  #turnsAt: number;

  constructor(options: AgingMapOptions) {
    this.#options = options;
    this.#turnsAt = options.clock.monotonicMs() + options.lifeMs;
  }

  /** Entries, at most `entriesMax`. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Reading does not lengthen a life. */
  get(key: string): Value | undefined {
    this.#turn();
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Begins (or begins again) the life of an entry. False when there is no room for one more: nothing has changed then. */
  set(key: string, value: Value): boolean {
    this.#turn();
    if (!this.#old.delete(key) && !this.#young.has(key) && this.size >= this.#options.entriesMax) return false;
    this.#young.set(key, value);
    return true;
  }

  delete(key: string): void {
    if (!this.#young.delete(key)) this.#old.delete(key);
  }

  #turn(): void {
    const now = this.#options.clock.monotonicMs();
    if (now < this.#turnsAt) return;
    // After two lives of silence the young ones are too old as well.
    this.#old = now < this.#turnsAt + this.#options.lifeMs ? this.#young : new Map();
    this.#young = new Map();
    this.#turnsAt = now + this.#options.lifeMs;
  }
}
