/**
 * A transaction log: keeps what was committed, in order, until every storage server has it.
 */
import { bytes, flag, list, nothing, optional, record, text, u32, u64, type ValueOf } from "#foundation/binary";
import { method } from "#foundation/rpc";
import { epoch, ref, version } from "./values.ts";

const logEntry = record({ version, previous: version, data: bytes });

const logInfo = record({
  epoch,
  mode: text,
  /** The last version on disk. */
  lastVersion: version,
  /** Entries above it are all there; those up to it may be gone. */
  oldestVersion: version,
  /** What the pushers knew to be committed by all logs. */
  knownCommitted: version,
});

const logPull = record({
  entries: list(logEntry),
  /** Everything up to here has been given: the version of the last entry, or, when there is no more, the log's last one. */
  upTo: version,
  knownCommitted: version,
  /** The highest epoch whose layout is known to be committed: what is later than its recovery may be made durable by storage servers. */
  finalizedEpoch: epoch,
});

export const LOG = {
  /**
   * Ends the log's part in older epochs: afterwards no push of one is taken, also after a restart. The epoch is on disk before the reply, and so is every
   * version up to `lastVersion`. The same director may repeat it.
   * Fails with newer_epoch.
   */
  lock: method(record({ epoch, director: text }), logInfo),
  /**
   * Makes a locked log hold what its sources have after `from` and up to `to`, and nothing else: everything it had before is dropped first. It
   * stays locked. Repeating it begins anew. The reply says how many entries there are, and a checksum over all of them that equals that of every other
   * log with the same entries.
   */
  recoverFrom: method(
    record({ epoch, sources: list(ref), from: version, to: version }),
    record({ entries: u32, checksum: u32 }),
  ),
  /** A locked log of this epoch takes pushes from now on; the first one follows `previous` (the recovery version). */
  activate: method(record({ epoch, previous: version }), nothing),
  /** Whether the log still takes pushes of the epoch (the fence of read versions). Fails with wrong_epoch, not_running. */
  confirmRunning: method(record({ epoch }), nothing),
  /**
   * Resolves when the entry is on disk. Those that come before their predecessor wait for it. A repeated one is acknowledged again.
   * Fails with wrong_epoch, not_running, out_of_order, invalid_request.
   */
  push: method(record({ epoch, previous: version, version, knownCommitted: version, data: bytes }), nothing),
  /**
   * Entries after `after`, waiting up to `waitMs` for the first one. For recoveries of the given epoch while the log is locked, for storage servers
   * while it runs. Fails with version_too_old.
   */
  pull: method(
    record({
      after: version,
      upTo: optional(version),
      entriesMax: u32,
      bytesMax: u32,
      waitMs: u32,
      recovery: flag,
      epoch,
    }),
    logPull,
  ),
  /** The layout of the epoch is committed: told to storage servers with their next pull. */
  finalize: method(record({ epoch }), nothing),
  /** This storage server has everything up to `durable` on its own disk. What all poppers have is trimmed. */
  pop: method(record({ epoch, storage: text, durable: version }), nothing),
  /** Which storage servers pop: nothing is trimmed that one of them has not. */
  setPoppers: method(record({ epoch, storages: list(text) }), nothing),
  info: method(record({ revision: u64 }), logInfo),
};

export type LogEntry = ValueOf<typeof logEntry>;
export type LogInfo = ValueOf<typeof logInfo>;
export type LogPull = ValueOf<typeof logPull>;
