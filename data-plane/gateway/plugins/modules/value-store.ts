/** Values that a plugin keeps from one request to another, in this gateway: bounded in number and size, each for a time. */
import type { Clock } from "#foundation/runtime";

export const VALUE_LIMITS = {
  entries: 10_000,
  /** Of keys and values together. */
  bytes: 16 * 1024 * 1024,
  keyBytes: 256,
  valueBytes: 64 * 1024,
  /** A day. */
  lifeS: 86_400,
} as const;

interface Entry {
  readonly value: Uint8Array;
  readonly endsAtMs: number;
}

/** When it is full, what was written longest ago goes first. */
export class ValueStore {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.endsAtMs > this.#clock.monotonicMs()) return entry.value;
    this.delete(key);
    return undefined;
  }

  /** @param value the store's from now on */
  set(key: string, value: Uint8Array, lifeMs: number): void {
    this.delete(key);
    this.#entries.set(key, { value, endsAtMs: this.#clock.monotonicMs() + lifeMs });
    this.#bytes += key.length + value.length;
    while (this.#entries.size > VALUE_LIMITS.entries || this.#bytes > VALUE_LIMITS.bytes) {
      this.delete(this.#entries.keys().next().value!);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= key.length + entry.value.length;
  }
}
