/**
 * Linearizable reads without writing: ReadIndex (§6.4).
 *
 * A leader notes its commit index, has a majority confirm by a round of heartbeats sent after the question that it still leads, and answers when
 * its state machine has applied the index. No clock is trusted. Rounds are numbered, so that one confirmation serves all older questions.
 */

import { quorumIndex } from "./quorum.ts";
import { type Core, send } from "./state.ts";
import type { NodeId } from "./types.ts";

/** Reads that wait for a confirmation at once, of all members together; more are refused, or for other members dropped. */
const READS_MAX = 100_000;

export function hasTooManyReads(core: Core): boolean {
  return core.pendingReads.length + core.earlyReads.length >= READS_MAX;
}

/** Whether this term has committed an entry: only then is the commit index known to cover all terms before. */
export function hasCommittedInTerm(core: Core): boolean {
  return core.log.termAt(core.log.committed) === core.term;
}

/**
 * Takes a question of its own or of a follower.
 * @returns whether a round of heartbeats must go out
 */
export function startRead(core: Core, from: NodeId, context: string): boolean {
  if (!hasCommittedInTerm(core)) {
    core.earlyReads.push({ from, context });
    return false;
  }
  core.readRound++;
  core.pendingReads.push({ round: core.readRound, from, context, index: core.log.committed });
  return !confirmReads(core);
}

/** Questions that came before the first commit of the term. Their heartbeats go out with the next round. */
export function answerEarlyReads(core: Core): void {
  const { earlyReads } = core;
  if (earlyReads.length === 0 || !hasCommittedInTerm(core)) return;
  core.earlyReads = [];
  for (const { from, context } of earlyReads) startRead(core, from, context);
}

/** A member has confirmed a round. */
export function acknowledgeRound(core: Core, node: NodeId, round: number): void {
  if (round > (core.readAcks.get(node) ?? 0)) core.readAcks.set(node, round);
  confirmReads(core);
}

/** Answers what a majority has confirmed. @returns whether nothing is left to confirm */
function confirmReads(core: Core): boolean {
  const { id } = core.options;
  const confirmed = quorumIndex(core.membership, (node) => (node === id ? core.readRound : core.readAcks.get(node)));
  while (core.pendingReads.length > 0 && core.pendingReads[0]!.round <= confirmed) {
    const { from, context, index } = core.pendingReads.shift()!;
    if (from === id) core.reads.push({ context, index });
    else send(core, { type: "read-index-answer", from: id, to: from, term: core.term, context, index });
  }
  return core.pendingReads.length === 0;
}
