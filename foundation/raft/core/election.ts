/**
 * Elections (§3.4, §3.6.1), the question before them (§9.6), and leadership given away (§3.10).
 */

import { isVoter } from "./membership.ts";
import { quorumVote } from "./quorum.ts";
import { broadcastAppend } from "./replication.ts";
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  type Core,
  isPromotable,
  send,
  sendAfterSave,
} from "./state.ts";
import { type Message, NOBODY } from "./types.ts";

/** Stands for election, unless the node leads, may not, or does not know yet who the voters are. */
export function campaign(core: Core, transfer: boolean): void {
  if (core.role === "leader" || !isPromotable(core) || hasUnappliedChange(core)) return;
  // One whom the leader has asked need not ask whether the leader is gone.
  if (transfer || !core.options.preVote) standForElection(core, transfer);
  else askAround(core);
}

/** Answers a request for a vote or pre-vote (§3.6.1). The term is ours, or for a pre-vote the one to come. */
export function handleVoteRequest(core: Core, message: Message & { readonly type: "vote" | "pre-vote" }): void {
  const { from, lastIndex, lastTerm, type } = message;
  const free =
    core.vote === from ||
    (core.vote === NOBODY && core.leader === NOBODY) ||
    (type === "pre-vote" && message.term > core.term);
  const granted = free && core.log.isUpToDate(lastIndex, lastTerm);
  const answer = type === "vote" ? "vote-answer" : "pre-vote-answer";
  const term = granted ? message.term : core.term;
  const head = { type: answer, from: core.options.id, to: from, term } as const;
  sendAfterSave(core, granted ? { ...head, rejected: false } : { ...head, rejected: true, ...knownTo(core) });
  if (granted && type === "vote") {
    core.electionElapsed = 0;
    core.vote = from;
  }
}

/** Counts an answer to our request. */
export function handleVoteAnswer(
  core: Core,
  message: Message & { readonly type: "vote-answer" | "pre-vote-answer" },
): void {
  const awaited = core.role === "pre-candidate" ? "pre-vote-answer" : "vote-answer";
  if (message.type !== awaited || learnCommit(core, message)) return;
  if (!core.votes.has(message.from)) core.votes.set(message.from, !message.rejected);
  const result = quorumVote(core.membership, (node) => core.votes.get(node));
  if (result === "lost") becomeFollower(core, core.term, NOBODY);
  if (result !== "won") return;
  if (core.role === "pre-candidate") standForElection(core, false);
  else {
    becomeLeader(core);
    broadcastAppend(core);
  }
}

function knownTo({ log }: Core): { readonly known?: { readonly index: number; readonly term: number } } {
  const term = log.termAt(log.committed);
  return term === undefined ? {} : { known: { index: log.committed, term } };
}

/**
 * Learns from a refusal what is committed. Those who know that a change of the membership is committed may be just those whom it has removed: they
 * have the longer logs and cannot be elected, and the others would for ever need their votes.
 * @returns whether the candidate must first apply a change that it has heard of
 */
function learnCommit(
  core: Core,
  { rejected, known }: Message & { readonly type: "vote-answer" | "pre-vote-answer" },
): boolean {
  if (!rejected || known === undefined || known.index <= core.log.committed) return false;
  if (!core.log.matches(known.index, known.term)) return false;
  core.log.commitTo(known.index);
  if (!hasUnappliedChange(core)) return false;
  becomeFollower(core, core.term, NOBODY);
  return true;
}

function askAround(core: Core): void {
  becomePreCandidate(core);
  request(core, "pre-vote", core.term + 1, false);
}

function standForElection(core: Core, force: boolean): void {
  becomeCandidate(core);
  request(core, "vote", core.term, force);
}

/** A request to each voter; the own vote counts when it is durable. */
function request(core: Core, type: "vote" | "pre-vote", term: number, force: boolean): void {
  const { id } = core.options;
  const { lastIndex, lastTerm } = core.log;
  const voters = new Set([...core.membership.voters, ...core.membership.outgoing]);
  for (const node of [...voters].sort((left, right) => left - right)) {
    if (node === id) {
      const answer = type === "vote" ? "vote-answer" : "pre-vote-answer";
      sendAfterSave(core, { type: answer, from: id, to: id, term, rejected: false });
    } else send(core, { type, from: id, to: node, term, lastIndex, lastTerm, force });
  }
}

/** A committed membership change that is not applied yet: who counts as a majority is about to change. */
function hasUnappliedChange({ log }: Core): boolean {
  const unapplied = log.slice(Math.max(log.applied + 1, log.firstIndex), log.committed, Number.POSITIVE_INFINITY);
  return unapplied?.some((entry) => entry.kind === "config") ?? true;
}

/** Whether the node may be asked to take over. */
export function canTakeOver(core: Core, node: number): boolean {
  return isVoter(core.membership, node) && core.progress.has(node);
}
