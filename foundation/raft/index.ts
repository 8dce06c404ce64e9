/**
 * Raft: a replicated log that a majority keeps, as a pure step function.
 *
 * `step` takes what happened, `takeEffects` gives what is to be done; nothing in between knows of clocks, disks or networks. Elections with pre-vote
 * and check-quorum, replication with flow control, snapshots, linearizable reads, joint changes of the membership with learners, and transfer
 * of leadership, after D. Ongaro's dissertation (2014).
 */

export { takeEffects } from "./core/effects.ts";
export { allMembers, isJoint, isVoter, membershipOf, NO_MEMBERS } from "./core/membership.ts";
export type { FlightLimits } from "./core/progress.ts";
export { type Core, type CoreOptions, type CoreStart, createCore } from "./core/state.ts";
export { COMMAND_BYTES_MAX, type Input, type StepResult, step } from "./core/step.ts";
export {
  type ConfigChange,
  type Effects,
  type Entry,
  type EntryContent,
  type HardState,
  type LogIndex,
  type MemberChange,
  type Membership,
  type Message,
  NOBODY,
  type NodeId,
  type ReadState,
  type Refusal,
  type Role,
  type Snapshot,
  type SnapshotMeta,
  type Term,
} from "./core/types.ts";
export { openMember, type RaftMember } from "./driver/member.ts";
export type { MemberObserver, MemberOptions, MemberStatus, StateMachine } from "./driver/member-options.ts";
export type { ProposalResult, ReadResult } from "./driver/waiters.ts";
export { RaftCorruptionError } from "./storage/frames.ts";
