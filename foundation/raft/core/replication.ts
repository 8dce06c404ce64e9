/**
 * The leader's side of replication (§3.5, §10.2): what to send, and when something is committed.
 */

import { entryBytes } from "./log.ts";
import { isVoter } from "./membership.ts";
import { quorumIndex } from "./quorum.ts";
import { answerEarlyReads } from "./reads.ts";
import { type Core, send } from "./state.ts";
import type { Message, NodeId } from "./types.ts";

/** Everybody but the leader itself, in ascending order. */
export function others(core: Core): readonly NodeId[] {
  return [...core.progress.keys()].filter((node) => node !== core.options.id).sort((left, right) => left - right);
}

/** Sends to all, also where there is nothing new but the commit index. */
export function broadcastAppend(core: Core): void {
  for (const node of others(core)) sendAppend(core, node, true);
}

/**
 * Sends a member what it lacks: entries, or a snapshot where they are compacted.
 * @param evenIfEmpty also without entries, to tell the commit index
 * @returns whether something was sent
 */
export function sendAppend(core: Core, node: NodeId, evenIfEmpty: boolean): boolean {
  const progress = core.progress.get(node);
  if (progress === undefined || progress.blocked) return false;
  const { log, options } = core;
  const prevIndex = progress.next - 1;
  const prevTerm = log.termAt(prevIndex);
  // When all flights are in the air, an empty message still goes: its answer frees them should theirs be lost.
  const throttled = progress.state === "replicate" && progress.full;
  const entries = throttled ? [] : log.slice(progress.next, log.lastIndex, options.messageBytesMax);
  if (prevTerm === undefined || entries === undefined) return sendSnapshot(core, node);
  if (entries.length === 0 && !evenIfEmpty) return false;
  send(core, {
    type: "append",
    from: options.id,
    to: node,
    term: core.term,
    prevIndex,
    prevTerm,
    entries,
    commit: log.committed,
  });
  const bytes = entries.reduce((total, entry) => total + entryBytes(entry), 0);
  progress.sent(entries.length, entries.at(-1)?.index ?? prevIndex, bytes);
  progress.noteCommit(log.committed);
  return true;
}

/** Sends what there is room for. */
export function sendAll(core: Core, node: NodeId): void {
  while (sendAppend(core, node, false));
}

/** The commit index in a heartbeat is never beyond what the member is known to have. */
export function broadcastHeartbeat(core: Core): void {
  for (const node of others(core)) {
    const progress = core.progress.get(node)!;
    const commit = Math.min(progress.match, core.log.committed);
    send(core, {
      type: "heartbeat",
      from: core.options.id,
      to: node,
      term: core.term,
      commit,
      readRound: core.readRound,
    });
    progress.noteCommit(commit);
  }
}

/**
 * Commits what both majorities hold, if it is of this term: an older entry on a majority may still be replaced, and is committed only
 * by one of this term that follows it (§3.6.2, figure 3.7).
 */
export function commitWhatIsHeld(core: Core): boolean {
  const { log } = core;
  const index = quorumIndex(core.membership, (node) => core.progress.get(node)?.match);
  if (index <= log.committed || log.termAt(index) !== core.term) return false;
  log.commitTo(index);
  answerEarlyReads(core);
  return true;
}

/** A member tells what it has, or what it refuses. */
export function handleAppendAnswer(core: Core, message: Message & { readonly type: "append-answer" }): void {
  const progress = core.progress.get(message.from);
  if (progress === undefined) return;
  progress.recentlyActive = true;
  if (message.rejected) {
    const { hintIndex, hintTerm } = message;
    // Skip the follower's whole tail of later terms in one go, instead of an index at a time.
    const hint = hintTerm > 0 ? core.log.findMatch(hintIndex, hintTerm).index : hintIndex;
    if (!progress.retreat(message.index, hint)) return;
    if (progress.state === "replicate") progress.becomeProbe();
    sendAppend(core, message.from, true);
    return;
  }
  // Nobody can hold more than the leader; an answer that says so is garbage.
  if (message.index > core.log.lastIndex) return;
  const news = progress.advanceTo(message.index);
  if (!news && !(progress.match === message.index && progress.state === "probe")) return;
  if (progress.state === "probe") progress.becomeReplicate();
  else if (progress.state === "snapshot") {
    if (progress.match + 1 >= core.log.firstIndex) {
      progress.becomeProbe();
      progress.becomeReplicate();
    }
  } else progress.landed(message.index);
  const isSelf = message.from === core.options.id;
  if (commitWhatIsHeld(core)) broadcastAppend(core);
  else if (!isSelf && progress.canLearnCommit(core.log.committed)) sendAppend(core, message.from, true);
  if (!isSelf) sendAll(core, message.from);
  if (message.from === core.transferTo && progress.match === core.log.lastIndex) sendTimeoutNow(core, message.from);
}

/** The member lives, and hears us: whatever was lost is sent again. */
export function resume(core: Core, node: NodeId): void {
  const progress = core.progress.get(node);
  if (progress === undefined) return;
  progress.recentlyActive = true;
  progress.paused = false;
  if (progress.match < core.log.lastIndex || progress.state === "probe") sendAppend(core, node, true);
}

/** The member is up to date and shall stand for election at once (§3.10). */
export function sendTimeoutNow(core: Core, node: NodeId): void {
  send(core, { type: "timeout-now", from: core.options.id, to: node, term: core.term });
}

/** Whether a majority has answered of late (§6.2); forgets who has. */
export function takeQuorumActivity(core: Core): boolean {
  const { membership } = core;
  const active = quorumIndex(membership, (node) => (core.progress.get(node)?.recentlyActive === true ? 1 : 0)) >= 1;
  for (const node of others(core)) core.progress.get(node)!.recentlyActive = false;
  return active;
}

/** Whether a node still leads with right after a change of the membership. */
export function mayLead(core: Core): boolean {
  return isVoter(core.membership, core.options.id);
}

function sendSnapshot(core: Core, node: NodeId): boolean {
  const progress = core.progress.get(node)!;
  const { snapshot } = core;
  // One who does not answer would not take it either, and it is large.
  if (!progress.recentlyActive || snapshot === undefined) return false;
  send(core, { type: "snapshot", from: core.options.id, to: node, term: core.term, snapshot });
  progress.becomeSnapshot(snapshot.meta.index);
  return true;
}
