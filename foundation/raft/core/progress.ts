/**
 * What a leader knows of a member's log, and how much it may send (§3.5, §10.2.1).
 *
 * - `probe`: where the logs match is not known; one message at a time.
 * - `replicate`: entries stream, ahead of the answers, up to the limit of what may be in flight.
 * - `snapshot`: a snapshot is on its way, nothing else is sent.
 */

import type { LogIndex, NodeId } from "./types.ts";

/** See the head of this file. */
export type ProgressState = "probe" | "replicate" | "snapshot";

/** How much may be on the way to one member. */
export interface FlightLimits {
  /** Messages with entries. */
  readonly messagesMax: number;
  /** Bytes of the entries in them. */
  readonly bytesMax: number;
}

interface Flight {
  readonly last: LogIndex;
  readonly bytes: number;
}

/** One member's progress. */
export class Progress {
  readonly node: NodeId;
  state: ProgressState = "probe";
  /** Known to be on the member's disk. */
  match: LogIndex;
  /** What is sent next. Always above `match`. */
  next: LogIndex;
  /** Nothing is sent until an answer or a heartbeat's answer comes. */
  paused = false;
  /** The member has answered since the leader last counted (§6.2). */
  recentlyActive = false;
  pendingSnapshot: LogIndex = 0;
  /** The highest commit index sent to it. */
  sentCommit: LogIndex = 0;
  private flights: Flight[] = [];
  private flightBytes = 0;
  private readonly limits: FlightLimits;

  constructor(node: NodeId, match: LogIndex, next: LogIndex, limits: FlightLimits) {
    this.node = node;
    this.match = match;
    this.next = next;
    this.limits = limits;
  }

  get flightCount(): number {
    return this.flights.length;
  }

  /** Whether no more entries may be sent before an answer. */
  get full(): boolean {
    return this.flights.length >= this.limits.messagesMax || this.flightBytes >= this.limits.bytesMax;
  }

  get blocked(): boolean {
    return this.state === "snapshot" || this.paused;
  }

  becomeProbe(): void {
    // After a snapshot was sent, what comes next is what follows it, whether or not the answer has been heard.
    const next = this.state === "snapshot" ? Math.max(this.match + 1, this.pendingSnapshot + 1) : this.match + 1;
    this.reset("probe");
    this.next = next;
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
  }

  becomeReplicate(): void {
    this.reset("replicate");
    this.next = this.match + 1;
  }

  becomeSnapshot(index: LogIndex): void {
    this.reset("snapshot");
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  /** Notes that entries have gone out. */
  sent(count: number, last: LogIndex, bytes: number): void {
    if (this.state === "replicate") {
      if (count > 0) {
        this.next = last + 1;
        this.flights.push({ last, bytes });
        this.flightBytes += bytes;
      }
      this.paused = this.full;
    } else if (count > 0) this.paused = true;
  }

  noteCommit(commit: LogIndex): void {
    this.sentCommit = Math.max(this.sentCommit, commit);
  }

  /** Whether telling this commit index again could tell the member something. */
  canLearnCommit(commit: LogIndex): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** The member has everything up to `index`. False: that is old news. */
  advanceTo(index: LogIndex): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.paused = false;
    return true;
  }

  /** Messages up to `index` have arrived. */
  landed(index: LogIndex): void {
    while (this.flights.length > 0 && this.flights[0]!.last <= index) this.flightBytes -= this.flights.shift()!.bytes;
  }

  /** The member has refused entries after `rejected`; `hint` is the best guess where the logs match. False: an old refusal. */
  retreat(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state === "replicate") {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
    } else {
      // Probing, there is one question at a time: a refusal of another one is late.
      if (this.next - 1 !== rejected) return false;
      this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
      this.paused = false;
    }
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    return true;
  }

  private reset(state: ProgressState): void {
    this.state = state;
    this.paused = false;
    this.pendingSnapshot = 0;
    this.flights = [];
    this.flightBytes = 0;
  }
}
