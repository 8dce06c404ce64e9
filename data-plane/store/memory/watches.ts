/**
 * Those who wait for a key to change.
 */
import { StoreError } from "../errors/index.ts";
import { compareKeys } from "../keys/index.ts";
import type { OrderedMap } from "../ordered-map/index.ts";

type State = OrderedMap<Uint8Array>;

interface Watch {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: StoreError) => void;
}

export class Watches {
  private readonly waiting = new Set<Watch>();

  /** Resolves once a state, one of those given or a later one, has another value than `value`. Rejects when the signal says so. */
  async add(
    key: Uint8Array,
    value: Uint8Array | undefined,
    states: readonly State[],
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) throw cancelled();
    if (states.some((state) => differs(state.get(key), value))) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const watch: Watch = { key: new Uint8Array(key), value, resolve, reject };
    const stop = () => reject(cancelled());
    this.waiting.add(watch);
    signal.addEventListener("abort", stop, { once: true });
    try {
      await promise;
    } finally {
      this.waiting.delete(watch);
      signal.removeEventListener("abort", stop);
    }
  }

  /** To be called with each new state. */
  look(state: State): void {
    for (const { key, value, resolve } of this.waiting) if (differs(state.get(key), value)) resolve();
  }

  /** Nothing will change any more. */
  end(): void {
    for (const { reject } of this.waiting) reject(cancelled());
  }
}

function differs(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a !== b : compareKeys(a, b) !== 0;
}

function cancelled(): StoreError {
  return new StoreError("operation_cancelled", "The watch was ended before the key changed.");
}
