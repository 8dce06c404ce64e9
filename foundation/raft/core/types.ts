/**
 * What the consensus core speaks of: entries, messages, what it asks for (`Effects`), what it is told (`Input`).
 *
 * "§" cites D. Ongaro, "Consensus: Bridging Theory and Practice" (2014), the Raft dissertation.
 */

/** A member of the group: a whole number above 0; 0 means nobody. */
export type NodeId = number;
/** A term, counted from 1; 0 before the first election (§3.3). */
export type Term = number;
/** A position in the log, counted from 1; 0 is before the first entry. */
export type LogIndex = number;

/** Nobody. */
export const NOBODY: NodeId = 0;

/** One step of a membership change. Promoting a learner is `add-voter`, demoting a voter is `add-learner`. */
export interface MemberChange {
  readonly kind: "add-voter" | "add-learner" | "remove";
  readonly node: NodeId;
}

/**
 * A membership change (§4). Without changes it ends a joint configuration.
 *
 * `auto`: simple when one voter changes, joint and left by itself otherwise; `joint-auto`: joint in any case, left by itself; `joint-explicit`:
 * joint until an empty change is proposed.
 */
export interface ConfigChange {
  readonly changes: readonly MemberChange[];
  readonly transition: "auto" | "joint-auto" | "joint-explicit";
}

/** An entry of the log. `empty` is what a leader writes at the beginning of its term, so that it may commit what was before (§3.6.2). */
export type Entry = {
  readonly term: Term;
  readonly index: LogIndex;
} & EntryContent;

/** What an entry says. */
export type EntryContent =
  | { readonly kind: "empty" }
  | { readonly kind: "command"; readonly data: Uint8Array }
  | { readonly kind: "config"; readonly change: ConfigChange };

/** Who belongs to the group. While `outgoing` is not empty the configuration is joint: both majorities are needed (§4.3). */
export interface Membership {
  /** In ascending order, as all lists here. */
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  /** They are sent everything and decide nothing (§4.2.1). */
  readonly learners: readonly NodeId[];
  /** Voters of `outgoing` that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  /** The leader leaves the joint configuration by itself. */
  readonly autoLeave: boolean;
}

/** What must survive a crash beside the log (§3.8). `commit` may be older than the truth: it only spares work. */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeId;
  readonly commit: LogIndex;
}

/** What a snapshot stands for: everything up to `index`, and the membership there (§5.1). */
export interface SnapshotMeta {
  readonly index: LogIndex;
  readonly term: Term;
  readonly membership: Membership;
}

/** A snapshot with the contents of the state machine, which the core only passes on. */
export interface Snapshot {
  readonly meta: SnapshotMeta;
  readonly data: Uint8Array;
}

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's term; for the request and the grant of a pre-vote, the term to come; 0 for `read-index`, which belongs to none. */
  readonly term: Term;
}

/** What members say to each other. Messages may be lost, doubled, late and out of order. */
export type Message = Envelope &
  (
    | {
        /** `pre-vote` asks whether an election could be won, without changing anything (§9.6). */
        readonly type: "vote" | "pre-vote";
        readonly lastIndex: LogIndex;
        readonly lastTerm: Term;
        /** The leader itself asked for this election: nobody waits for its silence (§3.10). */
        readonly force: boolean;
      }
    | {
        readonly type: "vote-answer" | "pre-vote-answer";
        readonly rejected: boolean;
        /** What a member that refuses knows to be committed. */
        readonly known?: { readonly index: LogIndex; readonly term: Term };
      }
    | {
        readonly type: "append";
        readonly prevIndex: LogIndex;
        readonly prevTerm: Term;
        readonly entries: readonly Entry[];
        readonly commit: LogIndex;
      }
    | { readonly type: "append-answer"; readonly rejected: false; readonly index: LogIndex }
    | {
        readonly type: "append-answer";
        readonly rejected: true;
        /** The `prevIndex` that did not match. */
        readonly index: LogIndex;
        /** Where the logs may match at best, and the term there (0: unknown). */
        readonly hintIndex: LogIndex;
        readonly hintTerm: Term;
      }
    | { readonly type: "heartbeat"; readonly commit: LogIndex; readonly readRound: number }
    | { readonly type: "heartbeat-answer"; readonly readRound: number }
    | { readonly type: "snapshot"; readonly snapshot: Snapshot }
    | { readonly type: "timeout-now" }
    | { readonly type: "read-index"; readonly context: string }
    | { readonly type: "read-index-answer"; readonly context: string; readonly index: LogIndex }
  );

/** Why a proposal, read or transfer was refused. What is refused has had no effect and never will. */
export type Refusal =
  | "not-leader"
  | "transferring"
  | "change-pending"
  | "not-joint"
  | "joint"
  | "invalid-change"
  | "too-large"
  | "full";

/** A linearizable read may be answered from the state machine as soon as it has applied `index` (§6.4). */
export interface ReadState {
  readonly context: string;
  readonly index: LogIndex;
}

/**
 * What the core asks for, in this order:
 * 1. send `messages` (at once, also while 2 runs);
 * 2. make `snapshot`, `hardState` and `entries` durable, in one write. Entries replace everything from the index of the first one on;
 * 3. send `messagesAfter`, which promise that 2 is done;
 * 4. apply `committed` in order, answer `reads` once their index is applied;
 * 5. tell the core with `advance`. Only then does it give the next effects; inputs may come in between.
 */
export interface Effects {
  readonly messages: readonly Message[];
  /** Replaces log and state machine. */
  readonly snapshot: Snapshot | undefined;
  /**
   * Belongs to every write, changed or not: whoever has an entry must know as much of the commit index as came with it, or after a restart it could
   * be two changes of the membership behind (see `configuration.ts`).
   */
  readonly hardState: HardState;
  readonly hardStateChanged: boolean;
  readonly entries: readonly Entry[];
  /** Whether 2 must have reached the disk before 3. When false, only `commit` has changed. */
  readonly mustSync: boolean;
  readonly messagesAfter: readonly Message[];
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadState[];
}

/** What a node is. */
export type Role = "follower" | "pre-candidate" | "candidate" | "leader";
