/**
 * The store as a library: `biplane/store`.
 *
 * @example
 * import { open, pack } from "biplane/store";
 * const db = await open({ path: "/var/lib/app/store" });
 * await db.transact(async (tx) => tx.set(pack(["greeting"]), new TextEncoder().encode("hello")));
 */
import { type Database, openDatabase, type TransactionOptions } from "#data-plane/store/client";
import { connectCluster } from "#data-plane/store/cluster";
import { openEmbedded } from "#data-plane/store/embedded";
import { openRpcNode } from "#foundation/rpc";
import { createSystemRuntime } from "#foundation/runtime";

export {
  type Database,
  firstGreaterOrEqual,
  firstGreaterThan,
  type GetRangeOptions,
  type KeySelector,
  lastLessOrEqual,
  lastLessThan,
  moved,
  type ReadTransaction,
  type StoreTransaction,
  type TransactionOptions,
  type Watch,
} from "#data-plane/store/client";
export { StoreOpenError } from "#data-plane/store/embedded";
export { STORE_ERRORS, StoreError, type StoreErrorName } from "#data-plane/store/errors";
export {
  DirectoryLayer,
  HighContentionAllocator,
  JobQueue,
  Subspace,
  work,
} from "#data-plane/store/layers";
export { pack, packWithVersionstamp, type Tuple, tupleRange, unpack, Versionstamp } from "#data-plane/store/tuple";

export interface OpenOptions {
  /** Absolute. Made when it is not there; one process at a time has it open. */
  readonly path: string;
  /** For transactions that do not say otherwise. */
  readonly defaults?: TransactionOptions;
}

export interface ConnectOptions {
  /** `host:port` of each coordinator. */
  readonly coordinators: readonly string[];
  /** What all nodes and clients of the cluster share: 32 bytes or more. */
  readonly key?: Uint8Array;
  /** How long a call waits for a cluster that recovers. Default 5 s. */
  readonly patienceMs?: number;
  readonly defaults?: TransactionOptions;
}

/** A store in this process and one directory, without ports. @throws StoreOpenError with what is wrong with the directory */
export async function open({ path, defaults }: OpenOptions): Promise<Database> {
  const runtime = systemRuntime();
  return openDatabase(await openEmbedded(runtime, { path }), { runtime, defaults });
}

/** A client of a cluster. The cluster need not be there yet: calls wait for it, as long as `patienceMs` says. */
export async function connect({ coordinators, key, patienceMs, defaults }: ConnectOptions): Promise<Database> {
  const runtime = systemRuntime();
  const rpc = await openRpcNode(runtime, { key, onDefect: rethrow });
  const store = connectCluster(runtime, { rpc, coordinators, ...(patienceMs === undefined ? {} : { patienceMs }) });
  const db = openDatabase(store, { runtime, defaults });
  return {
    ...db,
    close: async () => {
      await db.close();
      await rpc.close();
    },
  };
}

function systemRuntime() {
  return createSystemRuntime((_task, error) => rethrow(error));
}

/** A defect of this library: nobody waits for it, and it is not to be overlooked. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
