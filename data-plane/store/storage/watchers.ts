/**
 * Those who wait for a key to have another value.
 */
import type { KeyRange } from "../keys/index.ts";
import { OrderedMap } from "../ordered-map/index.ts";

interface Watcher {
  readonly value: Uint8Array | undefined;
  readonly tell: (changed: boolean) => void;
}

export class Watchers {
  private readonly byKey = new OrderedMap<Set<Watcher>>();
  count = 0;

  /** Calls `tell` once: when a write gives the key another value than `value`, or when all are told to go. @returns stops waiting */
  add(key: Uint8Array, value: Uint8Array | undefined, tell: (changed: boolean) => void): () => void {
    const own = new Uint8Array(key);
    const watcher: Watcher = {
      value: value === undefined ? undefined : new Uint8Array(value),
      tell: (changed) => {
        stop();
        tell(changed);
      },
    };
    const stop = (): void => {
      const there = this.byKey.get(own);
      if (there?.delete(watcher) !== true) return;
      this.count--;
      if (there.size === 0) this.byKey.delete(own);
    };
    const there = this.byKey.get(own);
    if (there === undefined) this.byKey.set(own, new Set([watcher]));
    else there.add(watcher);
    this.count++;
    return stop;
  }

  onWrite({ begin, end }: KeyRange, value: Uint8Array | undefined): void {
    if (this.count === 0) return;
    for (const [, watchers] of this.byKey.entries({ begin, end })) {
      for (const watcher of [...watchers]) if (!sameValue(watcher.value, value)) watcher.tell(true);
    }
  }

  /** Nobody will be told of changes here any more. */
  endAll(): void {
    for (const [, watchers] of this.byKey.entries()) for (const watcher of [...watchers]) watcher.tell(false);
  }
}

export function sameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
