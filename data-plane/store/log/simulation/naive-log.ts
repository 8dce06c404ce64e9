/**
 * What a log must be, without a disk: arrays and numbers, in the order in which it is told.
 */
import type { Epoch, LogInfo, Version } from "#foundation/store-protocol";

export interface NaiveEntry {
  readonly previous: Version;
  readonly version: Version;
  readonly knownCommitted: Version;
  /** The data is so many bytes of a value that follows from the version. */
  readonly size: number;
}

export interface NaiveLog {
  readonly epoch: Epoch;
  readonly director: string;
  readonly mode: "locked" | "running";
  readonly unfinished: boolean;
  readonly finalizedEpoch: Epoch;
  readonly poppers: readonly string[];
  /** What they have popped since the log was opened. */
  readonly popped: ReadonlyMap<string, Version>;
  /** Entries above it are all there. It may really be anywhere up to `trimmable`. */
  readonly after: Version;
  readonly trimmable: Version;
  readonly entries: readonly NaiveEntry[];
  /** What the running epoch began after, and what was known to be committed then. */
  readonly base: Version;
  readonly committedBefore: Version;
}

export const NEW_LOG: NaiveLog = {
  epoch: 0n,
  director: "",
  mode: "locked",
  unfinished: false,
  finalizedEpoch: 0n,
  poppers: [],
  popped: new Map(),
  after: 0n,
  trimmable: 0n,
  entries: [],
  base: 0n,
  committedBefore: 0n,
};

export function lastOf({ entries, after }: NaiveLog): Version {
  return entries.at(-1)?.version ?? after;
}

export function committedOf({ entries, after }: NaiveLog): Version {
  return entries.reduce((most, { knownCommitted }) => (knownCommitted > most ? knownCommitted : most), after);
}

/** A log as it is after it is opened anew. */
export function reopened(log: NaiveLog): NaiveLog {
  return { ...log, mode: "locked", popped: new Map(), ...(log.unfinished ? blank() : {}) };
}

/** The log that holds nothing yet. */
export function blank(): Pick<NaiveLog, "unfinished" | "after" | "trimmable" | "entries" | "base"> {
  return { unfinished: false, after: 0n, trimmable: 0n, entries: [], base: 0n };
}

/** All that have popped have this. */
export function commonOf({ poppers, popped }: NaiveLog): Version {
  return (
    poppers.reduce<Version | undefined>((least, storage) => {
      const durable = popped.get(storage) ?? 0n;
      return least === undefined || durable < least ? durable : least;
    }, undefined) ?? 0n
  );
}

/** What was found in a real log. */
export interface Observed {
  readonly info: LogInfo;
  readonly finalizedEpoch: Epoch;
  /** Its entries, as `previous:version:size`. */
  readonly entries: readonly string[];
}

export function entryText({ previous, version, size }: Pick<NaiveEntry, "previous" | "version" | "size">): string {
  return `${previous}:${version}:${size}`;
}

/** The naive log as it was observed, when it can be that one: what is trimmed is decided by the real one. */
export function matched(log: NaiveLog, { info, finalizedEpoch, entries }: Observed): NaiveLog | undefined {
  const { oldestVersion } = info;
  const isKept = oldestVersion >= log.after && (oldestVersion === log.after || oldestVersion <= log.trimmable);
  const kept = log.entries.filter(({ version }) => version > oldestVersion);
  const same: NaiveLog = { ...log, after: oldestVersion, trimmable: oldestVersion, entries: kept };
  const isSame =
    isKept &&
    info.epoch === log.epoch &&
    info.lastVersion === lastOf(log) &&
    info.knownCommitted === committedOf(same) &&
    finalizedEpoch === log.finalizedEpoch &&
    kept.map(entryText).join() === entries.join();
  return isSame ? same : undefined;
}

export function describeLog(log: NaiveLog): string {
  const { epoch, director, mode, after, trimmable, finalizedEpoch } = log;
  const state = `epoch ${epoch} of ${director} ${mode}${log.unfinished ? " unfinished" : ""} finalized ${finalizedEpoch}`;
  return `${state} (${after}…${trimmable}, ${lastOf(log)}] committed ${committedOf(log)}: ${log.entries.map(entryText).join(" ")}`;
}
