/**
 * The log in memory: what follows the last compaction (§3.5, §5.1), and what is not yet on disk.
 *
 * The whole tail is held in memory: a snapshot bounds it. What is here is the log as the node means it to be; `takeUnsaved` says what the disk
 * still lacks.
 */

import type { Entry, LogIndex, Snapshot, Term } from "./types.ts";

/** What an entry weighs beside its data: term, index, kind, framing. */
const ENTRY_OVERHEAD_BYTES = 24;

/** The bytes an entry counts for in limits. */
export function entryBytes(entry: Entry): number {
  if (entry.kind === "command") return ENTRY_OVERHEAD_BYTES + entry.data.length;
  return ENTRY_OVERHEAD_BYTES + (entry.kind === "config" ? 16 * (entry.change.changes.length + 1) : 0);
}

/** What a node starts with. */
export interface LogStart {
  /** Everything up to here is in the snapshot only. */
  readonly baseIndex: LogIndex;
  readonly baseTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
  readonly applied: LogIndex;
}

/** See the head of this file. */
export class RaftLog {
  committed: LogIndex;
  applied: LogIndex;
  /** A snapshot that came from the leader and is not yet on disk. */
  arrivedSnapshot: Snapshot | undefined;
  private baseIndex: LogIndex;
  private baseTerm: Term;
  private entries: Entry[];
  private unsavedFrom: LogIndex;

  constructor(start: LogStart) {
    this.baseIndex = start.baseIndex;
    this.baseTerm = start.baseTerm;
    this.entries = [...start.entries];
    this.committed = start.commit;
    this.applied = start.applied;
    this.unsavedFrom = this.lastIndex + 1;
  }

  /** The first index whose entry is here. */
  get firstIndex(): LogIndex {
    return this.baseIndex + 1;
  }

  get lastIndex(): LogIndex {
    return this.baseIndex + this.entries.length;
  }

  get lastTerm(): Term {
    return this.entries.at(-1)?.term ?? this.baseTerm;
  }

  /** The term at an index; undefined where it is not known (compacted, or beyond the end). */
  termAt(index: LogIndex): Term | undefined {
    if (index === this.baseIndex) return this.baseTerm;
    return this.entries[index - this.baseIndex - 1]?.term;
  }

  /** Whether the log holds this entry (§3.5, the consistency check). */
  matches(index: LogIndex, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** Whether a candidate's log is at least as complete as this one (§3.6.1). */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /** The highest index at or below `index` whose term is at most `term`: above it the logs cannot match (§3.5, fast backtracking). */
  findMatch(index: LogIndex, term: Term): { readonly index: LogIndex; readonly term: Term } {
    for (let at = index; at > 0; at--) {
      const here = this.termAt(at);
      if (here === undefined) return { index: at, term: 0 };
      if (here <= term) return { index: at, term: here };
    }
    return { index: 0, term: 0 };
  }

  /** Entries in `from … to` (both included), at least one where there is one, otherwise up to `bytesMax`. Undefined where compacted. */
  slice(from: LogIndex, to: LogIndex, bytesMax: number): readonly Entry[] | undefined {
    if (from < this.firstIndex) return undefined;
    const taken: Entry[] = [];
    let bytes = 0;
    const end = Math.min(to, this.lastIndex);
    for (let index = from; index <= end; index++) {
      const entry = this.entries[index - this.baseIndex - 1]!;
      bytes += entryBytes(entry);
      if (taken.length > 0 && bytes > bytesMax) break;
      taken.push(entry);
    }
    return taken;
  }

  /** Appends what a leader makes; the caller has numbered it. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) this.entries.push(entry);
  }

  /**
   * Takes a leader's entries that follow a matching entry: cuts only where an entry differs, so that an old message takes nothing away (§3.5).
   * @throws when a committed entry would be replaced: that can only be a defect, and going on would make it worse.
   */
  merge(entries: readonly Entry[]): void {
    const at = entries.findIndex((entry) => !this.matches(entry.index, entry.term));
    if (at < 0) return;
    const first = entries[at]!.index;
    if (first <= this.committed) throw new Error(`raft: entry ${first} conflicts with the committed ${this.committed}`);
    this.entries.length = first - this.baseIndex - 1;
    this.unsavedFrom = Math.min(this.unsavedFrom, first);
    this.append(entries.slice(at));
  }

  commitTo(index: LogIndex): void {
    if (index > this.lastIndex) throw new Error(`raft: commit ${index} is beyond the last entry ${this.lastIndex}`);
    this.committed = Math.max(this.committed, index);
  }

  /** What the disk lacks. From now on it counts as handed over. */
  takeUnsaved(): readonly Entry[] {
    const taken = this.entries.slice(Math.max(0, this.unsavedFrom - this.baseIndex - 1));
    this.unsavedFrom = this.lastIndex + 1;
    return taken;
  }

  get hasUnsaved(): boolean {
    return this.unsavedFrom <= this.lastIndex;
  }

  /** Begins anew behind a snapshot. */
  restore(snapshot: Snapshot): void {
    this.baseIndex = snapshot.meta.index;
    this.baseTerm = snapshot.meta.term;
    this.entries = [];
    this.committed = snapshot.meta.index;
    this.unsavedFrom = this.lastIndex + 1;
    this.arrivedSnapshot = snapshot;
  }

  /** Forgets the entries up to `index`, which is applied and in a snapshot. */
  compactTo(index: LogIndex): void {
    if (index <= this.baseIndex) return;
    if (index > this.applied) throw new Error(`raft: compaction to ${index} beyond the applied ${this.applied}`);
    const term = this.termAt(index);
    if (term === undefined) throw new Error(`raft: compaction to ${index} beyond the last entry ${this.lastIndex}`);
    this.entries.splice(0, index - this.baseIndex);
    this.baseIndex = index;
    this.baseTerm = term;
  }
}
