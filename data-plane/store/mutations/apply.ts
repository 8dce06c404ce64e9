/**
 * One mutation applied to a map of keys and values.
 */
import { applyAtomic } from "../atomic-operations/index.ts";
import type { Mutation } from "../transactions/index.ts";

/** Writes whose keys and values are known: those without a versionstamp. */
export type PlainMutation = Exclude<Mutation, { type: `set_versionstamped_${string}` }>;

/** What mutations are applied to; an `OrderedMap<Uint8Array>` is one. It keeps the very bytes of the mutations. */
export interface KeyMap {
  get(key: Uint8Array): Uint8Array | undefined;
  set(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /** None, when `end` is not after `begin`. */
  clearRange(begin: Uint8Array, end: Uint8Array): void;
}

/** Mutations of a transaction are applied one by one in its order: each sees what those before it did. */
export function applyMutation(map: KeyMap, mutation: PlainMutation): void {
  switch (mutation.type) {
    case "set":
      map.set(mutation.key, mutation.value);
      return;
    case "clear":
      map.delete(mutation.key);
      return;
    case "clear_range":
      map.clearRange(mutation.begin, mutation.end);
      return;
    default: {
      const before = map.get(mutation.key);
      const after = applyAtomic(mutation.type, before, mutation.value);
      if (after === undefined) map.delete(mutation.key);
      else if (after !== before) map.set(mutation.key, after);
    }
  }
}
