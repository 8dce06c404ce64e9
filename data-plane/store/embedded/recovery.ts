/**
 * A cluster of one: the roles of a store as objects that call each other, and the recovery that makes a new epoch of what is on the disk.
 *
 * The rules are those of a cluster. Log and storage are locked by the new epoch before anything is decided; the recovery version R is the last version
 * on the log; the new epoch begins far above it; and what shows that the whole works is a system transaction, read back from the storage server. With
 * one log nothing has to be copied, and there is nobody who could be asked for what is missing: then it is damage.
 */
import type { Client, Ref } from "#foundation/rpc";
import { RpcError } from "#foundation/rpc";
import { type Runtime, randomUuid } from "#foundation/runtime";
import {
  type Epoch,
  type Layout,
  type LOG,
  type LogInfo,
  type StorageInfo,
  SYSTEM_KEYS,
  type Version,
} from "#foundation/store-protocol";
import { type LogServer, openLog } from "../log/index.ts";
import { CommitProxy } from "../proxy/index.ts";
import { Resolver } from "../resolver/index.ts";
import { createSequencer } from "../sequencer/index.ts";
import { openStorage, type StorageServer } from "../storage/index.ts";
import { ensureWithin } from "./directory.ts";
import { StoreOpenError } from "./open-error.ts";

/** Far enough above R that no version of an older epoch, written or not, is met: more than it hands out while one is on its way to disk. */
const VERSION_JUMP = 100_000_000n;

const DIRECTOR = "embedded";
const LOG_ID = "log";
const STORAGE_ID = "storage";
/** All keys, those of the system too. */
const EVERYTHING = { begin: new Uint8Array(0), end: Uint8Array.of(0xff, 0xff) };

/** The roles, running. */
export interface Roles {
  readonly epoch: Epoch;
  readonly proxy: CommitProxy;
  readonly storage: StorageServer;
  /** Ends them all; what was acknowledged is on the disk. */
  close(): Promise<void>;
}

/**
 * @param onFailure a role has ended by itself: nothing is committed or read any more
 * @throws StoreOpenError corrupt, LogCorruptionError, EngineCorruptionError, DiskError
 */
export async function recover(runtime: Runtime, path: string, onFailure: (error: unknown) => void): Promise<Roles> {
  const { disk } = runtime;
  const logDirectory = await ensureWithin(disk, path, LOG_ID);
  const storageDirectory = await ensureWithin(disk, path, STORAGE_ID);
  const log = await openLog(runtime, { id: LOG_ID, directory: logDirectory, clientOf: () => log.handlers });
  let storage: StorageServer | undefined;
  try {
    storage = await openStorage(runtime, {
      // There is no other.
      storageOf: () => {
        throw new RpcError("unreachable", "An embedded store has one storage server.");
      },
      id: STORAGE_ID,
      directory: storageDirectory,
      logOf: () => log.handlers,
      onFailure,
    });
    log.failed.then(onFailure);
    return await beginEpoch(runtime, log, storage, onFailure);
  } catch (error) {
    await Promise.all([log.close(), storage?.close()]);
    throw error;
  }
}

async function beginEpoch(
  runtime: Runtime,
  log: LogServer,
  storage: StorageServer,
  onFailure: (error: unknown) => void,
): Promise<Roles> {
  const [ofLog, ofStorage] = [await log.handlers.info({ revision: 0n }), await storage.info({ from: DIRECTOR })];
  const epoch = (ofLog.epoch > ofStorage.epoch ? ofLog.epoch : ofStorage.epoch) + 1n;
  const locked = await log.handlers.lock({ epoch, director: DIRECTOR });
  assertBelongTogether(locked, await storage.lock({ epoch, director: DIRECTOR }));
  const recoveryVersion = locked.lastVersion;
  const firstVersion = recoveryVersion + VERSION_JUMP;

  const { clock, timers } = runtime;
  const sequencer = createSequencer({ epoch, clock, recoveryVersion, firstVersion });
  const resolver = new Resolver({ epoch, recoveryVersion, timers });
  const token = runtime.random.bytes(16);
  const proxy = new CommitProxy({
    epoch,
    id: randomUuid(runtime.random),
    token,
    clock,
    timers,
    neighbours: { sequencer: () => sequencer, resolver: () => resolver, log: (): Client<typeof LOG> => log.handlers },
    onFailure,
  });
  const roles: Roles = {
    epoch,
    proxy,
    storage,
    close: async () => {
      proxy.close();
      resolver.close();
      // The log at the same time, as the storage server waits for it to say something.
      await Promise.all([storage.close(), log.close()]);
    },
  };
  const layout = layoutOf(epoch, recoveryVersion, firstVersion);
  await log.handlers.setPoppers({ epoch, storages: [STORAGE_ID] });
  await log.handlers.activate({ epoch, previous: recoveryVersion });
  // It was opened a moment ago: nothing of any epoch is in memory.
  await storage.unlock({ epoch, previousEpoch: 0n, recoveryVersion, logs: layout.logs, ranges: [EVERYTHING] });
  await proxy.unlock({ epoch, token, layout });
  try {
    const { version } = await proxy.writeLayout({ epoch, token });
    await readBack(storage, epoch, version);
    await log.handlers.finalize({ epoch });
    await storage.finalize({ epoch });
    return roles;
  } catch (error) {
    proxy.close();
    resolver.close();
    throw error;
  }
}

/** @throws StoreOpenError corrupt */
function assertBelongTogether(log: LogInfo, storage: StorageInfo): void {
  if (storage.durableVersion > log.lastVersion) {
    const text = `the storage server has version ${storage.durableVersion}, and the log ends at ${log.lastVersion}`;
    throw new StoreOpenError("corrupt", `${text}: the end of the log is lost, or the two are of different stores`);
  }
  if (log.oldestVersion > storage.durableVersion) {
    const text = `the log begins after ${log.oldestVersion}, and the storage server has ${storage.durableVersion}`;
    throw new StoreOpenError("corrupt", `${text}: what is between is lost, or the two are of different stores`);
  }
}

/** Waits until the storage server has caught up, and holds what the system transaction has written. */
async function readBack(storage: StorageServer, epoch: Epoch, version: Version): Promise<void> {
  for (;;) {
    try {
      const { value } = await storage.get({ epoch, key: SYSTEM_KEYS.epoch, version });
      if (value?.length === 8 && new DataView(value.buffer, value.byteOffset).getBigUint64(0) === epoch) return;
      throw new StoreOpenError("corrupt", "what was written to the store is not what is read from it");
    } catch (error) {
      // It has much to catch up with.
      if (!(error instanceof RpcError && error.code === "version_too_new")) throw error;
    }
  }
}

function layoutOf(epoch: Epoch, recoveryVersion: Version, firstVersion: Version): Layout {
  const ref = (id: string): Ref => ({ address: "", id });
  return {
    epoch,
    director: DIRECTOR,
    recoveryVersion,
    firstVersion,
    sequencer: ref("sequencer"),
    proxies: [ref("proxy")],
    resolvers: [{ begin: new Uint8Array(0), resolver: ref("resolver") }],
    logs: [ref(LOG_ID)],
    teams: [{ tag: "all", ...EVERYTHING, members: [{ storage: ref(STORAGE_ID), status: "up" }] }],
  };
}
