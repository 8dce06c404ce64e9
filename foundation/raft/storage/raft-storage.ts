/**
 * What a member keeps on disk: one snapshot, and one log file behind it.
 *
 * A log file begins with a frame that says everything (term, vote, what the entries follow on, the entries kept); frames that follow say what changed.
 * A new file takes over at each snapshot, so that there is nothing to compact in place. Files are put in place by rename; the order of
 * their making (snapshot, then log, then the old ones removed) lets recovery find a whole pair after a crash at any point.
 *
 * After any failed write the state on disk is unknown: every later call fails, and the member must be started anew (see the disk port).
 */

import type { Disk, DiskFile } from "#foundation/runtime";
import type { CoreStart } from "../core/state.ts";
import type { Entry, HardState, LogIndex, Snapshot, Term } from "../core/types.ts";
import { encodeFrame, type Frame, RaftCorruptionError, readFrames } from "./frames.ts";
import { decodeSnapshot, encodeSnapshot, placeFile, readWhole } from "./snapshot-file.ts";

/** Everything a new log file says. */
export interface Checkpoint {
  readonly hardState: HardState;
  readonly base: { readonly index: LogIndex; readonly term: Term };
  readonly entries: readonly Entry[];
}

/** What opening has found. */
export interface OpenedStorage {
  readonly storage: RaftStorage;
  readonly start: CoreStart;
  /** Bytes of a torn write that were cut off. */
  readonly tornBytes: number;
}

const SNAPSHOT = "snapshot-";
const LOG = "log-";

/** See the head of this file. Calls must not overlap. */
export class RaftStorage {
  private readonly disk: Disk;
  private readonly directory: string;
  private file: DiskFile;
  private logNumber: number;
  private sequence: number;
  private failed = false;

  constructor(disk: Disk, directory: string, file: DiskFile, logNumber: number, sequence: number) {
    this.disk = disk;
    this.directory = directory;
    this.file = file;
    this.logNumber = logNumber;
    this.sequence = sequence;
  }

  /** Makes a change durable, in one write and one sync. */
  async save(hardState: HardState, entries: readonly Entry[]): Promise<void> {
    await this.guard(async () => {
      await this.file.append(encodeFrame(this.sequence++, { hardState, base: undefined, entries }));
      await this.file.sync();
    });
  }

  /** Makes a snapshot durable, and begins a log file behind or beside it. What was before is removed. */
  async saveSnapshot(snapshot: Snapshot, checkpoint: Checkpoint): Promise<void> {
    await this.guard(async () => {
      const snapshotName = `${SNAPSHOT}${numbered(snapshot.meta.index)}`;
      await placeFile(this.disk, this.directory, snapshotName, encodeSnapshot(snapshot));
      const logName = `${LOG}${numbered(this.logNumber + 1)}`;
      await placeFile(this.disk, this.directory, logName, encodeFrame(0, checkpoint));
      const file = await this.disk.open(`${this.directory}/${logName}`, "modify");
      await this.file.close();
      this.file = file;
      this.logNumber++;
      this.sequence = 1;
      await removeOthers(this.disk, this.directory, [snapshotName, logName]);
    });
  }

  async close(): Promise<void> {
    this.failed = true;
    await this.file.close();
  }

  private async guard(write: () => Promise<void>): Promise<void> {
    if (this.failed) throw new Error("raft: the log is closed, or an earlier write has failed; start the member anew");
    this.failed = true;
    await write();
    this.failed = false;
  }
}

/**
 * Opens what is there, or begins with `first`, which all first members of a group must agree on.
 * @throws RaftCorruptionError when something is missing that was confirmed; DiskError.
 */
export async function openRaftStorage(disk: Disk, directory: string, first: Snapshot): Promise<OpenedStorage> {
  const names = (await disk.readDirectory(directory)).filter((name) => !name.endsWith(".tmp"));
  const snapshotName = names.filter((name) => name.startsWith(SNAPSHOT)).at(-1);
  const logName = names.filter((name) => name.startsWith(LOG)).at(-1);
  if (logName === undefined) return begin(disk, directory, first);
  if (snapshotName === undefined) throw new RaftCorruptionError(`${directory}: there is a log and no snapshot`);
  const snapshotPath = `${directory}/${snapshotName}`;
  const snapshot = decodeSnapshot(await readWhole(disk, snapshotPath), snapshotPath);
  const path = `${directory}/${logName}`;
  const read = readFrames(await readWhole(disk, path), path);
  const { start, rebased } = assemble(read.frames, snapshot, path);
  const file = await disk.open(path, "modify");
  // What was torn must not come back behind what is written next.
  if (read.tornBytes > 0) await file.truncate(read.goodBytes);
  // What was found may be in the system's memory alone, frames and names, when the process was killed before it synced them. What is said to be there
  // from now on must be on disk.
  await file.sync();
  await disk.syncDirectory(directory);
  await removeOthers(disk, directory, [snapshotName, logName]);
  const storage = new RaftStorage(disk, directory, file, Number(logName.slice(LOG.length)), read.frames.length);
  if (rebased) {
    // What is written next follows on the snapshot, not on what this log file says: finish what the crash has interrupted.
    const { hardState, log } = start;
    await storage.saveSnapshot(snapshot, { hardState, base: snapshot.meta, entries: log.entries });
  }
  return { storage, start, tornBytes: read.tornBytes };
}

/** A new member. Without a log nothing was ever confirmed, whatever a crash has left behind. */
async function begin(disk: Disk, directory: string, first: Snapshot): Promise<OpenedStorage> {
  const { index, term } = first.meta;
  const checkpoint = { hardState: { term, vote: 0, commit: index }, base: { index, term }, entries: [] };
  const [snapshotName, logName] = [`${SNAPSHOT}${numbered(index)}`, `${LOG}${numbered(1)}`];
  await placeFile(disk, directory, snapshotName, encodeSnapshot(first));
  await placeFile(disk, directory, logName, encodeFrame(0, checkpoint));
  const file = await disk.open(`${directory}/${logName}`, "modify");
  await removeOthers(disk, directory, [snapshotName, logName]);
  const storage = new RaftStorage(disk, directory, file, 1, 1);
  return { storage, start: assemble([checkpoint], first, logName).start, tornBytes: 0 };
}

/** What the frames amount to, behind the snapshot; and whether that is not what the file itself says. */
function assemble(frames: readonly Frame[], snapshot: Snapshot, path: string): { start: CoreStart; rebased: boolean } {
  const head = frames[0];
  if (head?.base === undefined) throw new RaftCorruptionError(`${path}: the log has no beginning`);
  const entries: Entry[] = [];
  let { base, hardState } = head;
  for (const frame of frames) {
    hardState = frame.hardState;
    const from = frame.entries[0]?.index;
    if (from === undefined) continue;
    if (from > base.index + entries.length + 1)
      throw new RaftCorruptionError(`${path}: entries before ${from} are missing`);
    entries.length = Math.max(0, from - base.index - 1);
    for (const entry of frame.entries) if (entry.index > base.index) entries.push(entry);
  }
  const { meta } = snapshot;
  const known = meta.index === base.index ? base.term : entries[meta.index - base.index - 1]?.term;
  const rebased = known !== meta.term;
  if (rebased) {
    // The snapshot came from a leader, and the crash came before the log behind it: what the log says is older, or wrong.
    if (meta.index < base.index)
      throw new RaftCorruptionError(`${path}: the snapshot ${meta.index} ends before the log begins`);
    base = { index: meta.index, term: meta.term };
    entries.length = 0;
  }
  const commit = Math.max(hardState.commit, meta.index);
  if (commit > base.index + entries.length) throw new RaftCorruptionError(`${path}: committed entries are missing`);
  const log = { baseIndex: base.index, baseTerm: base.term, entries, commit, applied: meta.index };
  const start = { hardState: { ...hardState, commit }, log, membership: meta.membership, snapshot };
  return { start, rebased };
}

async function removeOthers(disk: Disk, directory: string, keep: readonly string[]): Promise<void> {
  for (const name of await disk.readDirectory(directory)) {
    const ours = name.startsWith(SNAPSHOT) || name.startsWith(LOG);
    if (ours && !keep.includes(name)) await disk.unlink(`${directory}/${name}`);
  }
}

/** So that names sort as their numbers do: 2^53 has 16 digits. */
function numbered(value: number): string {
  return String(value).padStart(16, "0");
}
