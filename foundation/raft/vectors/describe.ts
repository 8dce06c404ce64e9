/**
 * Members, messages and entries in the words of the published cases.
 */

import type { Progress } from "../core/progress.ts";
import type { ConfigChange, Effects, Entry, Membership, Message, SnapshotMeta } from "../core/types.ts";

const CHANGE_LETTERS = { "add-voter": "v", "add-learner": "l", remove: "r" } as const;

/** What the members of the published cases wrote: their older form of a change, known by its number of entries, has a name of its own. */
export interface EntryNames {
  /** Indexes of changes that were proposed in the older form. */
  readonly oldChanges: ReadonlySet<number>;
}

export function describeMembership({ voters, outgoing, learners, learnersNext, autoLeave }: Membership): string {
  let text = `voters=(${voters.join(" ")})`;
  if (outgoing.length > 0) text += `&&(${outgoing.join(" ")})`;
  if (learners.length > 0) text += ` learners=(${learners.join(" ")})`;
  if (learnersNext.length > 0) text += ` learners_next=(${learnersNext.join(" ")})`;
  return autoLeave ? `${text} autoleave` : text;
}

export function describeProgress(progress: Progress, isLearner: boolean, showActivity: boolean): string {
  const state = { probe: "StateProbe", replicate: "StateReplicate", snapshot: "StateSnapshot" }[progress.state];
  let text = `${progress.node}: ${state} match=${progress.match} next=${progress.next}`;
  if (isLearner) text += " learner";
  if (!showActivity) return text;
  if (progress.blocked) text += " paused";
  if (progress.pendingSnapshot > 0) text += ` pendingSnap=${progress.pendingSnapshot}`;
  if (!progress.recentlyActive) text += " inactive";
  if (progress.flightCount > 0) text += ` inflight=${progress.flightCount}${progress.full ? "[full]" : ""}`;
  return text;
}

function describeChange({ changes }: ConfigChange): string {
  return changes.map(({ kind, node }) => `${CHANGE_LETTERS[kind]}${node}`).join(" ");
}

export function describeEntry(entry: Entry, names: EntryNames): string {
  const head = `${entry.term}/${entry.index}`;
  if (entry.kind === "empty") return `${head} EntryNormal ""`;
  if (entry.kind === "command") return `${head} EntryNormal ${JSON.stringify(new TextDecoder().decode(entry.data))}`;
  const kind = names.oldChanges.has(entry.index) ? "EntryConfChange" : "EntryConfChangeV2";
  return `${head} ${kind} ${describeChange(entry.change)}`.trimEnd();
}

function describeSnapshot({ index, term, membership }: SnapshotMeta): string {
  const list = (nodes: readonly number[]): string => `[${nodes.join(" ")}]`;
  const { voters, outgoing, learners, learnersNext, autoLeave } = membership;
  return `Index:${index} Term:${term} ConfState:Voters:${list(voters)} VotersOutgoing:${list(outgoing)} Learners:${list(learners)} LearnersNext:${list(learnersNext)} AutoLeave:${autoLeave}`;
}

const NAMES: Record<Message["type"], string> = {
  vote: "MsgVote",
  "vote-answer": "MsgVoteResp",
  "pre-vote": "MsgPreVote",
  "pre-vote-answer": "MsgPreVoteResp",
  append: "MsgApp",
  "append-answer": "MsgAppResp",
  heartbeat: "MsgHeartbeat",
  "heartbeat-answer": "MsgHeartbeatResp",
  snapshot: "MsgSnap",
  "timeout-now": "MsgTimeoutNow",
  "read-index": "MsgReadIndex",
  "read-index-answer": "MsgReadIndexResp",
};

/** The name of a message's type. */
export function messageName(message: Message): string {
  return NAMES[message.type];
}

/** One or more lines. */
export function describeMessage(message: Message, names: EntryNames): string {
  const head = `${message.from}->${message.to} ${messageName(message)} Term:${message.term} Log:`;
  const commit = (value: number): string => (value === 0 ? "" : ` Commit:${value}`);
  switch (message.type) {
    case "vote":
    case "pre-vote":
      return `${head}${message.lastTerm}/${message.lastIndex}`;
    case "vote-answer":
    case "pre-vote-answer":
      return `${head}0/0${message.rejected ? " Rejected (Hint: 0)" : ""}`;
    case "append": {
      const text = `${head}${message.prevTerm}/${message.prevIndex}${commit(message.commit)}`;
      const entries = message.entries.map((entry) => describeEntry(entry, names));
      if (entries.length === 0) return text;
      if (entries.length === 1) return `${text} Entries:[${entries[0]}]`;
      return [`${text} Entries:[`, ...entries.map((entry) => `  ${entry}`), "]"].join("\n");
    }
    case "append-answer":
      return message.rejected
        ? `${head}${message.hintTerm}/${message.index} Rejected (Hint: ${message.hintIndex})`
        : `${head}0/${message.index}`;
    case "heartbeat":
      return `${head}0/0${commit(message.commit)}`;
    case "snapshot":
      return `${head}0/0\n  Snapshot: ${describeSnapshot(message.snapshot.meta)}`;
    default:
      return `${head}0/0`;
  }
}

/** Effects, line by line. `soft` is what changed of leader and role. */
export function describeEffects(effects: Effects, soft: string | undefined, names: EntryNames): string {
  const lines = ["Ready"];
  if (soft !== undefined) lines.push(soft);
  if (effects.hardStateChanged) {
    const { term, vote, commit } = effects.hardState;
    lines.push(`HardState Term:${term}${vote === 0 ? "" : ` Vote:${vote}`} Commit:${commit}`);
  }
  if (effects.entries.length > 0)
    lines.push("Entries:", ...effects.entries.map((entry) => describeEntry(entry, names)));
  if (effects.snapshot !== undefined) lines.push(`Snapshot ${describeSnapshot(effects.snapshot.meta)}`);
  if (effects.committed.length > 0) {
    lines.push("CommittedEntries:", ...effects.committed.map((entry) => describeEntry(entry, names)));
  }
  const messages = [...effects.messages, ...effects.messagesAfter];
  if (messages.length > 0) lines.push("Messages:", ...messages.map((message) => describeMessage(message, names)));
  return lines.join("\n");
}
