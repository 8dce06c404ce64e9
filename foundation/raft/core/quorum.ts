/**
 * What majorities have decided (§3.6, and §4.3 for two majorities at once).
 */

import type { LogIndex, NodeId } from "./types.ts";

/** What an election amounts to. */
export type VoteResult = "won" | "lost" | "pending";

/** The two sets of voters that decide together; `outgoing` is empty outside of a joint configuration. */
export interface Quorums {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
}

/**
 * The highest index that a majority has reached. Nobody's majority is `Infinity`: an empty set decides nothing, so that it leaves the
 * other set of a joint configuration to decide alone.
 */
export function majorityIndex(voters: readonly NodeId[], reached: (node: NodeId) => LogIndex | undefined): LogIndex {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  const indexes = voters.map((node) => reached(node) ?? 0).sort((left, right) => right - left);
  // In descending order the majority's last member stands in the middle: 3 → second, 4 → third, 5 → third.
  return indexes[Math.floor(voters.length / 2)]!;
}

/** The highest index that both majorities have reached. */
export function quorumIndex(quorums: Quorums, reached: (node: NodeId) => LogIndex | undefined): LogIndex {
  return Math.min(majorityIndex(quorums.voters, reached), majorityIndex(quorums.outgoing, reached));
}

/** What a majority has voted; an empty set has won. */
export function majorityVote(voters: readonly NodeId[], votes: (node: NodeId) => boolean | undefined): VoteResult {
  if (voters.length === 0) return "won";
  let granted = 0;
  let missing = 0;
  for (const node of voters) {
    const vote = votes(node);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = Math.floor(voters.length / 2) + 1;
  if (granted >= needed) return "won";
  return granted + missing >= needed ? "pending" : "lost";
}

/** An election is won when both majorities have voted for it, and lost when one has lost it. */
export function quorumVote(quorums: Quorums, votes: (node: NodeId) => boolean | undefined): VoteResult {
  const incoming = majorityVote(quorums.voters, votes);
  const outgoing = majorityVote(quorums.outgoing, votes);
  if (incoming === outgoing) return incoming;
  return incoming === "lost" || outgoing === "lost" ? "lost" : "pending";
}
