/** Tells listeners which streams have new records. */
import type { StreamReference } from "./port.ts";

export interface StreamWatch {
  watch(listener: (reference: StreamReference) => void): () => void;
  notify(streams: readonly number[]): void;
}

export function createStreamWatch(referenceOf: (stream: number) => StreamReference | undefined): StreamWatch {
  const listeners = new Set<(reference: StreamReference) => void>();
  return {
    watch(listener) {
      // The same function twice is two listeners.
      const own = (reference: StreamReference): void => listener(reference);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    notify(streams) {
      if (listeners.size === 0) return;
      for (const stream of streams) {
        const reference = referenceOf(stream);
        if (reference === undefined) continue;
        for (const listener of listeners) listener(reference);
      }
    },
  };
}
