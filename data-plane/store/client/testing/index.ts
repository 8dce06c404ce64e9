/**
 * For tests of what works on the client: a store in memory whose time stands still until it is moved, and whose answers can be exchanged.
 */
import { createVirtualTime, type Random } from "#foundation/runtime";
import type { CommitPlace, StoreBackend } from "../../backend/index.ts";
import { StoreError, type StoreErrorName } from "../../errors/index.ts";
import { createMemoryStore, type MemoryStoreOptions } from "../../memory/index.ts";
import type { Transaction } from "../../transactions/index.ts";
import { type DatabaseOptions, openDatabase } from "../database.ts";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);

export function number(value: number): Uint8Array {
  const eight = new Uint8Array(8);
  new DataView(eight.buffer).setBigUint64(0, BigInt(value), true);
  return eight;
}

/** What a promise fails with, by name; nothing when it does not. */
export async function failure(promise: Promise<unknown>): Promise<StoreErrorName | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

/** As `failure`, of what throws at once. */
export function thrown(run: () => unknown): StoreErrorName | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

/** What a test does with a commit: hands it on, refuses it, or both. */
export type CommitFault = (commit: () => Promise<CommitPlace>) => Promise<CommitPlace>;

export const refused =
  (code: StoreErrorName): CommitFault =>
  async () => {
    throw new StoreError(code, "for the test");
  };

/** The transaction is committed, and the answer is lost. */
export const lostAnswer: CommitFault = async (commit) => {
  await commit();
  throw new StoreError("commit_unknown_result", "for the test");
};

/** The same numbers each time. */
export function fixedRandom(seed = 1): Random {
  // Spread out, so that the numbers of neighbouring seeds are no neighbours.
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  const next = () => {
    // Marsaglia's xorshift, 13, 17, 5.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const random: Random = {
    uint32: next,
    float: () => next() / 2 ** 32,
    bytes: (length) => Uint8Array.from({ length }, () => next() >>> 24),
    fork: () => random,
  };
  return random;
}

export function storeWorld(options: MemoryStoreOptions = {}, database: Partial<DatabaseOptions> = {}) {
  const time = createVirtualTime(0);
  const store = createMemoryStore(time, options);
  const sent: Transaction[] = [];
  const faults: CommitFault[] = [];
  const reads = { versions: 0, keys: 0, ranges: 0 };
  const backend: StoreBackend = {
    ...store,
    getReadVersion: () => {
      reads.versions++;
      return store.getReadVersion();
    },
    get: (key, version) => {
      reads.keys++;
      return store.get(key, version);
    },
    getRange: (begin, end, version, limits) => {
      reads.ranges++;
      return store.getRange(begin, end, version, limits);
    },
    commit: (transaction) => {
      sent.push(transaction);
      const commit = () => store.commit(transaction);
      const fault = faults.shift();
      return fault === undefined ? commit() : fault(commit);
    },
  };
  const delays: number[] = [];
  const timers = {
    ...time.timers,
    after: (delayMs: number, run: () => void) => {
      delays.push(delayMs);
      return time.timers.after(delayMs, run);
    },
  };
  const db = openDatabase(backend, { ...database, runtime: { timers, random: fixedRandom() } });
  return {
    db,
    store,
    time,
    /** Every transaction that was sent, in order. */
    sent,
    /** What is done with the commits to come. */
    faults,
    /** How often the store was asked. */
    reads,
    /** For how long was waited. */
    delays,
    /** Lets time go by until the promise settles. */
    async settle<T>(promise: Promise<T>): Promise<T> {
      let settled = false;
      const done = () => {
        settled = true;
      };
      promise.then(done, done);
      for (let i = 0; !settled && i < 1_000; i++) await time.advanceSettled(100);
      return promise;
    },
  };
}
