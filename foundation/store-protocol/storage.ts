/**
 * A storage server: answers reads at versions of a window of about five seconds, and keeps the oldest of them on disk.
 */
import { bytes, flag, list, nothing, optional, record, text, u32, type ValueOf } from "#foundation/binary";
import { method } from "#foundation/rpc";
import { epoch, keyRange, ref, version } from "./values.ts";

const storageInfo = record({
  epoch,
  mode: text,
  /** What is on its disk is the state at this version. */
  durableVersion: version,
  /** Reads below it are too old. */
  oldestVersion: version,
  /** The last version that was applied. */
  appliedVersion: version,
  keys: u32,
  ranges: list(keyRange),
});

const pair = record({ key: bytes, value: bytes });

export const STORAGE = {
  /** Stops pulling, and serving versions of older epochs; the epoch is on disk before the reply. Fails with newer_epoch. */
  lock: method(record({ epoch, director: text }), storageInfo),
  /**
   * Rolls back to the recovery version (what is later was never acknowledged), then pulls from the logs and serves. What a server has in memory of another
   * epoch than `previousEpoch`, whose layout was recovered, is dropped as a whole: recoveries that it missed may have dropped some of it. Versions of the
   * new epoch are not made durable before `finalize`, or a pull, says that its layout is committed.
   * Fails with wrong_epoch, and with corrupt when its disk is beyond the recovery version.
   */
  unlock: method(
    record({ epoch, previousEpoch: epoch, recoveryVersion: version, logs: list(ref), ranges: list(keyRange) }),
    nothing,
  ),
  finalize: method(record({ epoch }), nothing),
  /** Waits a little for a version that is not reached yet. Fails with wrong_epoch, version_too_old, version_too_new, not_running. */
  get: method(record({ epoch, key: bytes, version }), record({ value: optional(bytes) })),
  /** Pairs of `[begin, end)`, which is within one range of the server; at most `limit`, or as many as reach `bytesMax`. */
  getRange: method(
    record({ epoch, begin: bytes, end: bytes, version, limit: u32, bytesMax: u32, reverse: flag }),
    record({ pairs: list(pair), more: flag }),
  ),
  /** Resolves when the value of the key is another than at `version`, or after `waitMs`. */
  watch: method(record({ epoch, key: bytes, version, value: optional(bytes), waitMs: u32 }), record({ changed: flag })),
  info: method(record({ from: text }), storageInfo),
  /**
   * Begins to give away what is on the disk of a server that serves the epoch, as of one version. What nobody reads on for half a minute is given up.
   * Fails with wrong_epoch, not_running, overloaded.
   */
  openCopy: method(record({ epoch, ranges: list(keyRange) }), record({ copy: u32, version })),
  /** The next pairs, in order; `next` is 0 at first, and then what the last reply said. A repeated one gets the same. Fails with no_such_copy. */
  readCopy: method(record({ copy: u32, next: u32 }), record({ pairs: list(pair), next: u32, done: flag })),
  closeCopy: method(record({ copy: u32 }), nothing),
  /**
   * A locked server replaces all that it has by what the source gives. Afterwards it is at the version of the copy, and can be unlocked there, as long as
   * the logs have kept what follows. May take long: it resolves when the copy is on the disk. Fails with wrong_epoch, and with what the source says.
   */
  fill: method(record({ epoch, source: ref, ranges: list(keyRange) }), record({ version })),
};

export type StorageInfo = ValueOf<typeof storageInfo>;
