import type { Clock } from "#foundation/runtime";
import type { CommitPlace, KeyValue, RangeLimits, RangeResult, StoreBackend, Version } from "../backend/index.ts";
import { ConflictHistory } from "../conflicts/index.ts";
import { StoreError } from "../errors/index.ts";
import {
  applyMutation,
  idempotencyKey,
  idempotencyRecord,
  idempotencyRecordsBefore,
  readIdempotencyIndexKey,
  resolveVersionstamps,
  stampedWrites,
  stampToPlace,
} from "../mutations/index.ts";
import { checkTransaction, type Transaction, TransactionError } from "../transactions/index.ts";
import { History } from "./history.ts";
import { Watches } from "./watches.ts";

/** Versions a second: they follow the clock in microseconds. */
const VERSIONS_PER_MS = 1_000;
const VERSIONS_PER_SECOND = 1_000_000n;

export interface MemoryStoreOptions {
  /** How many versions back can be read, and told apart when transactions conflict; five seconds of them when left out, "all" for every one. */
  readonly window?: Version | "all";
  /** How many versions back idempotency ids are known; a minute of them when left out. */
  readonly idempotencyWindow?: Version;
}

export interface MemoryStore extends StoreBackend {
  /** Every pair there is now, those of the system too, in order. */
  contents(): KeyValue[];
}

/** An empty store. Versions follow the monotonic clock, a microsecond each, as far as commits are not faster. */
export function createMemoryStore({ clock }: { readonly clock: Clock }, options: MemoryStoreOptions = {}): MemoryStore {
  const { window = 5n * VERSIONS_PER_SECOND, idempotencyWindow = 60n * VERSIONS_PER_SECOND } = options;
  const startMs = clock.monotonicMs();
  const history = new History();
  const conflicts = new ConflictHistory();
  const watches = new Watches();
  let newest: Version = 0n;
  let oldest: Version = 0n;
  let closed = false;

  // Everything below happens within one turn of the event loop: no function waits between looking and changing.

  function advance(atLeast: Version): Version {
    const byClock = BigInt(Math.floor((clock.monotonicMs() - startMs) * VERSIONS_PER_MS));
    newest = byClock > atLeast ? byClock : atLeast;
    if (window !== "all" && newest - window > oldest) oldest = newest - window;
    return newest;
  }

  function checkOpen(): void {
    if (closed) throw new StoreError("client_invalid_operation", "The store is closed.");
  }

  function stateAt(version: Version) {
    checkOpen();
    if (version > newest) throw new StoreError("future_version", `Version ${version} is after ${newest}, the newest.`);
    if (version < oldest) throw tooOld();
    return history.at(version);
  }

  function commit(transaction: Transaction): CommitPlace {
    checkOpen();
    check(transaction);
    const { readVersion, reads, mutations, idempotencyId } = transaction;
    const before = idempotencyId.length === 0 ? undefined : history.latest.get(idempotencyKey(idempotencyId));
    if (before !== undefined) return stampToPlace(before);
    if (readVersion === undefined && reads.length > 0) {
      throw new StoreError("client_invalid_operation", "A transaction that reads has a read version.");
    }
    if (readVersion !== undefined && readVersion > newest) {
      throw new StoreError("future_version", `Version ${readVersion} is after ${newest}, the newest.`);
    }
    const place = { version: advance(newest + 1n), index: 0 };
    conflicts.forget(oldest);
    const verdict = conflicts.check(reads, readVersion ?? newest);
    if (verdict === "too_old") throw tooOld();
    if (verdict === "conflict") {
      throw new StoreError("not_committed", "Another transaction has written what this one has read.");
    }
    conflicts.add([...transaction.writes, ...stampedWrites(mutations, place)], place.version);
    history.add(place.version, (state) => {
      for (const mutation of resolveVersionstamps(mutations, place)) applyMutation(state, mutation);
      if (idempotencyId.length > 0) {
        for (const mutation of idempotencyRecord(idempotencyId, place)) applyMutation(state, mutation);
      }
      if (place.version > idempotencyWindow) {
        for (const [key] of state.entries(idempotencyRecordsBefore(place.version - idempotencyWindow))) {
          state.delete(key);
          state.delete(idempotencyKey(readIdempotencyIndexKey(key).id));
        }
      }
    });
    history.forget(oldest);
    watches.look(history.latest);
    return place;
  }

  return {
    getReadVersion: async () => {
      checkOpen();
      return advance(newest);
    },
    get: async (key, version) => {
      const value = stateAt(version).get(key);
      return value && new Uint8Array(value);
    },
    getRange: async (begin, end, version, limits) => {
      const state = stateAt(version);
      const range = { begin, end };
      return cut(limits.reverse ? state.reversed(range) : state.entries(range), limits);
    },
    commit: async (transaction) => commit(transaction),
    watch: async (key, value, version, signal) => {
      const state = stateAt(version);
      return watches.add(key, value, [state, ...history.after(version)], signal);
    },
    close: async () => {
      closed = true;
      watches.end();
    },
    contents: () => Array.from(history.latest.entries(), ([key, value]) => ({ key, value })),
  };
}

function tooOld(): StoreError {
  return new StoreError("transaction_too_old", "The read version has left the window that can be read.");
}

function cut(entries: Iterable<readonly [Uint8Array, Uint8Array]>, { limit, bytesMax }: RangeLimits): RangeResult {
  if (!(limit >= 1)) throw new StoreError("range_limits_invalid", "A range read takes at least one pair.");
  const pairs: KeyValue[] = [];
  let bytes = 0;
  for (const [key, value] of entries) {
    if (pairs.length >= limit || (pairs.length > 0 && bytes >= bytesMax)) return { pairs, more: true };
    pairs.push({ key: new Uint8Array(key), value: new Uint8Array(value) });
    bytes += key.length + value.length;
  }
  return { pairs, more: false };
}

/** The client has looked at this before; whoever speaks to the store without one is refused here. */
function check(transaction: Transaction): void {
  try {
    checkTransaction(transaction);
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    const { failure, message } = error;
    const known = ["key_too_large", "value_too_large", "transaction_too_large", "inverted_range"] as const;
    throw new StoreError(known.find((code) => code === failure) ?? "client_invalid_operation", message);
  }
}
