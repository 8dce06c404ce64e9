/**
 * How a member runs, and what it says of itself.
 */

import type { NetworkAddress } from "#foundation/runtime";
import type { Core, CoreOptions } from "../core/state.ts";
import type { Input } from "../core/step.ts";
import type { Effects, Entry, Membership, NodeId, Role, Term } from "../core/types.ts";

/** What the group agrees on. Synchronous and deterministic: every member applies the same commands in the same order. */
export interface StateMachine<Result> {
  apply(command: Uint8Array, index: number): Result;
  /** All of the state, small enough to be held in memory. */
  snapshot(): Uint8Array;
  restore(data: Uint8Array): void;
}

/** What a test may watch. */
export interface MemberObserver {
  onEffects?(core: Core, effects: Effects): void;
  onApplied?(core: Core, entry: Entry): void;
  onStep?(core: Core, input: Input): void;
}

/** How a member runs. */
export interface MemberOptions<Result> {
  readonly id: NodeId;
  /** An existing directory that is the member's own. */
  readonly directory: string;
  readonly listen: NetworkAddress;
  /** Where a member is reached; undefined: not known, its messages are lost. */
  readonly addressOf: (node: NodeId) => NetworkAddress | undefined;
  /** What all members share: packets without it are not taken. Without it everybody may speak as a member. */
  readonly key?: Uint8Array | undefined;
  readonly machine: StateMachine<Result>;
  /**
   * The first members of a new group, the same list at each of them. One who joins a group later starts with `NO_MEMBERS`. One who has lost its disk has
   * forgotten its votes: it must never come back under its number, but join under another.
   */
  readonly firstMembership: Membership;
  /** Default 50 ms; an election after 10 to 19 ticks of silence, a heartbeat each tick. */
  readonly tickMs?: number;
  readonly core?: Partial<Omit<CoreOptions, "id" | "random">>;
  /** Entries applied between two snapshots. Default 4,096. */
  readonly snapshotEvery?: number;
  /** Entries kept behind a snapshot, for members that lag a little. Default 1,024. */
  readonly keepEntries?: number;
  /** Default 256 KiB. */
  readonly pieceBytes?: number;
  /** Default 1 GiB. */
  readonly snapshotBytesMax?: number;
  /** Proposals and reads that wait at once; more are refused as `full`. Default 10,000. */
  readonly waitersMax?: number;
  /** The member has stopped by itself: its disk failed, or it found a defect. Start it anew, from its disk. */
  readonly onFailure: (error: unknown) => void;
  readonly observer?: MemberObserver;
}

/** What a member knows of itself. */
export interface MemberStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly leader: NodeId;
  readonly committed: number;
  readonly applied: number;
  readonly membership: Membership;
}
