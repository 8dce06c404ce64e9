/**
 * The state of one member, and the few moves that everything else is made of.
 */

import { entryBytes, type LogStart, RaftLog } from "./log.ts";
import { allMembers, isVoter } from "./membership.ts";
import { type FlightLimits, Progress } from "./progress.ts";
import {
  type Entry,
  type EntryContent,
  type HardState,
  type LogIndex,
  type Membership,
  type Message,
  NOBODY,
  type NodeId,
  type ReadState,
  type Role,
  type Snapshot,
  type Term,
} from "./types.ts";

/** How a member behaves. Times are in ticks, whose length the driver chooses. */
export interface CoreOptions {
  readonly id: NodeId;
  /** Silence of the leader after which a follower wants an election: drawn anew each time from this number up to twice as much (§3.4). */
  readonly electionTicks: number;
  /** Between two heartbeats; a tenth of `electionTicks` is customary. */
  readonly heartbeatTicks: number;
  /** Entries in one message. */
  readonly messageBytesMax: number;
  readonly flights: FlightLimits;
  /** Entries handed out for applying at once. */
  readonly committedBytesMax: number;
  /** Entries a leader holds that are not committed; more are refused as `full`. */
  readonly uncommittedBytesMax: number;
  /** Ask before an election, so that one who was cut off disturbs nobody on return (§9.6). Only ever off to compare with others. */
  readonly preVote: boolean;
  /** A leader without a majority steps down (§6.2), and who hears a leader votes for nobody (§4.2.3). Only ever off to compare with others. */
  readonly checkQuorum: boolean;
  /** A whole number from 0 below `bound`: the only randomness there is. */
  readonly random: (bound: number) => number;
}

/** What a member finds at its start. */
export interface CoreStart {
  readonly hardState: HardState;
  readonly log: LogStart;
  /** As of `log.applied`. */
  readonly membership: Membership;
  /** The snapshot that others may be sent. */
  readonly snapshot: Snapshot | undefined;
}

/** A read that waits for a round of heartbeats to prove that the leader still leads. */
export interface PendingRead {
  readonly round: number;
  readonly from: NodeId;
  readonly context: string;
  readonly index: LogIndex;
}

/** What a step function changes. Read it; only the functions of this room write to it. */
export interface Core {
  readonly options: CoreOptions;
  readonly log: RaftLog;
  term: Term;
  vote: NodeId;
  leader: NodeId;
  role: Role;
  membership: Membership;
  /** The entry that made `membership` what it is. */
  membershipIndex: LogIndex;
  /** Leaders only. */
  progress: Map<NodeId, Progress>;
  votes: Map<NodeId, boolean>;
  electionElapsed: number;
  heartbeatElapsed: number;
  electionTimeout: number;
  transferTo: NodeId;
  /** The last membership change in the log may be here; another must wait until it is applied (§4.1). */
  pendingChangeIndex: LogIndex;
  uncommittedBytes: number;
  /** The round of heartbeats that the newest read asks for. */
  readRound: number;
  pendingReads: PendingRead[];
  /** What each member has confirmed. */
  readAcks: Map<NodeId, number>;
  /** Reads that came before this term's first commit. */
  earlyReads: { readonly from: NodeId; readonly context: string }[];
  snapshot: Snapshot | undefined;
  outbox: Message[];
  outboxAfter: Message[];
  reads: ReadState[];
  savedHardState: HardState;
  inFlight:
    | {
        readonly toSelf: readonly Message[];
        readonly committed: readonly Entry[];
        readonly snapshot: Snapshot | undefined;
      }
    | undefined;
}

/** A member as it starts: always a follower. */
export function createCore(options: CoreOptions, start: CoreStart): Core {
  const { hardState } = start;
  return {
    options,
    log: new RaftLog(start.log),
    term: hardState.term,
    vote: hardState.vote,
    leader: NOBODY,
    role: "follower",
    membership: start.membership,
    membershipIndex: start.log.applied,
    progress: new Map(),
    votes: new Map(),
    electionElapsed: 0,
    heartbeatElapsed: 0,
    electionTimeout: drawElectionTimeout(options),
    transferTo: NOBODY,
    pendingChangeIndex: 0,
    uncommittedBytes: 0,
    readRound: 0,
    pendingReads: [],
    readAcks: new Map(),
    earlyReads: [],
    snapshot: start.snapshot,
    outbox: [],
    outboxAfter: [],
    reads: [],
    savedHardState: hardState,
    inFlight: undefined,
  };
}

/** What would have to be on disk. */
export function hardStateOf({ term, vote, log }: Core): HardState {
  return { term, vote, commit: log.committed };
}

/** Whether the member may lead: a voter that knows what it votes on. */
export function isPromotable(core: Core): boolean {
  return isVoter(core.membership, core.options.id) && core.log.arrivedSnapshot === undefined;
}

/** Sends at once: nothing in the message promises anything about the disk. */
export function send(core: Core, message: Message): void {
  core.outbox.push(message);
}

/** Sends when everything is durable that the message promises: votes and acknowledged entries (§3.8). */
export function sendAfterSave(core: Core, message: Message): void {
  core.outboxAfter.push(message);
}

export function becomeFollower(core: Core, term: Term, leader: NodeId): void {
  reset(core, term);
  core.leader = leader;
  core.role = "follower";
}

/** Asks around without raising the term (§9.6). */
export function becomePreCandidate(core: Core): void {
  core.votes = new Map();
  core.leader = NOBODY;
  core.role = "pre-candidate";
}

export function becomeCandidate(core: Core): void {
  reset(core, core.term + 1);
  core.vote = core.options.id;
  core.role = "candidate";
}

/** Takes over, and writes the empty entry that lets this term commit what came before (§3.6.2). */
export function becomeLeader(core: Core): void {
  const { id } = core.options;
  reset(core, core.term);
  core.leader = id;
  core.role = "leader";
  core.progress = new Map();
  for (const node of allMembers(core.membership)) {
    const progress = new Progress(node, 0, core.log.lastIndex + 1, core.options.flights);
    if (node === id) {
      progress.match = core.log.lastIndex;
      progress.becomeReplicate();
      progress.recentlyActive = true;
    }
    core.progress.set(node, progress);
  }
  // There may be a membership change in what was inherited; until it is applied no other may be made.
  core.pendingChangeIndex = core.log.lastIndex;
  appendOwn(core, [{ kind: "empty" }]);
}

/** Appends to the leader's own log. The leader counts itself only when the entries are durable. */
export function appendOwn(core: Core, contents: readonly EntryContent[]): LogIndex {
  const first = core.log.lastIndex + 1;
  const entries = contents.map((content, offset): Entry => ({ ...content, term: core.term, index: first + offset }));
  for (const entry of entries) core.uncommittedBytes += entryBytes(entry);
  core.log.append(entries);
  const { id } = core.options;
  sendAfterSave(core, {
    type: "append-answer",
    from: id,
    to: id,
    term: core.term,
    rejected: false,
    index: core.log.lastIndex,
  });
  return first;
}

function reset(core: Core, term: Term): void {
  if (core.term !== term) {
    core.term = term;
    core.vote = NOBODY;
  }
  core.leader = NOBODY;
  core.electionElapsed = 0;
  core.heartbeatElapsed = 0;
  core.electionTimeout = drawElectionTimeout(core.options);
  core.transferTo = NOBODY;
  core.votes = new Map();
  core.progress = new Map();
  core.pendingChangeIndex = 0;
  core.uncommittedBytes = 0;
  core.pendingReads = [];
  core.readAcks = new Map();
  core.earlyReads = [];
}

function drawElectionTimeout(options: CoreOptions): number {
  return options.electionTicks + options.random(options.electionTicks);
}
