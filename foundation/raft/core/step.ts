/**
 * The consensus core: one function that takes what happened, and one that gives what is to be done. No clock, disk, network or promise.
 */

import { applyChange, leaveJointByItself, refuseChange } from "./configuration.ts";
import { campaign, canTakeOver, handleVoteAnswer, handleVoteRequest } from "./election.ts";
import { handleAppend, handleHeartbeat, handleSnapshot } from "./follow.ts";
import { entryBytes } from "./log.ts";
import { acknowledgeRound, hasTooManyReads, startRead } from "./reads.ts";
import {
  broadcastAppend,
  broadcastHeartbeat,
  handleAppendAnswer,
  resume,
  sendAppend,
  sendTimeoutNow,
  takeQuorumActivity,
} from "./replication.ts";
import { appendOwn, becomeFollower, type Core, isPromotable, send, sendAfterSave } from "./state.ts";
import {
  type ConfigChange,
  type EntryContent,
  type LogIndex,
  type Message,
  NOBODY,
  type NodeId,
  type Refusal,
  type Snapshot,
  type Term,
} from "./types.ts";

/** What can happen to a member. */
export type Input =
  /** Time passes; the driver calls it at even intervals. */
  | { readonly kind: "tick" }
  | { readonly kind: "message"; readonly message: Message }
  /** Commands to append, all or none. */
  | { readonly kind: "propose"; readonly commands: readonly Uint8Array[] }
  | { readonly kind: "change-membership"; readonly change: ConfigChange }
  /** Asks for a `ReadState` with this context, which must be unique for all time. */
  | { readonly kind: "read"; readonly context: string }
  | { readonly kind: "transfer"; readonly to: NodeId }
  /** Stands for election now. */
  | { readonly kind: "campaign" }
  /** Messages to this member were not delivered. */
  | { readonly kind: "unreachable"; readonly node: NodeId }
  /** What became of a snapshot that was to be sent. */
  | { readonly kind: "snapshot-sent"; readonly node: NodeId; readonly ok: boolean }
  /** The effects last taken are carried out. */
  | { readonly kind: "advance" }
  /** A snapshot of the state machine is durable; entries up to `compactTo` are needed no more. */
  | { readonly kind: "snapshot-taken"; readonly snapshot: Snapshot; readonly compactTo: LogIndex };

/** What became of an input. `index` and `term` say where the first entry of an accepted proposal stands; it may still be lost. */
export type StepResult =
  | { readonly ok: true; readonly index: LogIndex; readonly term: Term }
  | { readonly ok: false; readonly reason: Refusal; readonly leader: NodeId };

/** The largest command: FoundationDB's limit of a transaction, 10 MB. */
export const COMMAND_BYTES_MAX = 10_000_000;

/** Tells the core what happened. Then take the effects. @throws only for defects: after that the member must stop. */
export function step(core: Core, input: Input): StepResult {
  switch (input.kind) {
    case "tick":
      tick(core);
      break;
    case "message":
      receive(core, input.message);
      break;
    case "propose":
      return propose(core, input.commands);
    case "change-membership":
      return proposeChange(core, input.change);
    case "read":
      return read(core, input.context);
    case "transfer":
      return transfer(core, input.to);
    case "campaign":
      campaign(core, false);
      break;
    case "unreachable": {
      const progress = core.progress.get(input.node);
      // What was streamed to it may be lost; feel forward again.
      if (progress?.state === "replicate") progress.becomeProbe();
      break;
    }
    case "snapshot-sent":
      snapshotSent(core, input.node, input.ok);
      break;
    case "advance":
      advance(core);
      break;
    case "snapshot-taken":
      // One that arrived from the leader meanwhile is newer, and the log begins behind it.
      if (input.snapshot.meta.index >= (core.snapshot?.meta.index ?? 0)) core.snapshot = input.snapshot;
      core.log.compactTo(input.compactTo);
      break;
  }
  return { ok: true, index: 0, term: core.term };
}

function tick(core: Core): void {
  core.electionElapsed++;
  if (core.role !== "leader") {
    if (!isPromotable(core) || core.electionElapsed < core.electionTimeout) return;
    core.electionElapsed = 0;
    campaign(core, false);
    return;
  }
  core.heartbeatElapsed++;
  if (core.electionElapsed >= core.options.electionTicks) {
    core.electionElapsed = 0;
    if (core.options.checkQuorum && !takeQuorumActivity(core)) becomeFollower(core, core.term, NOBODY);
    // A transfer that takes longer than an election has failed (§3.10).
    core.transferTo = NOBODY;
  }
  if (core.role !== "leader" || core.heartbeatElapsed < core.options.heartbeatTicks) return;
  core.heartbeatElapsed = 0;
  broadcastHeartbeat(core);
}

function receive(core: Core, message: Message): void {
  if (message.type === "read-index") {
    if (core.role === "leader" && !hasTooManyReads(core) && startRead(core, message.from, message.context))
      broadcastHeartbeat(core);
    return;
  }
  if (message.term > core.term && !followHigherTerm(core, message)) return;
  if (message.term < core.term) {
    answerLowerTerm(core, message);
    return;
  }
  handle(core, message);
}

/** @returns whether the message is to be handled */
function followHigherTerm(core: Core, message: Message): boolean {
  if (message.type === "vote" || message.type === "pre-vote") {
    // §4.2.3: who hears from a leader does not help to depose it.
    const hearsLeader = core.leader !== NOBODY && core.electionElapsed < core.options.electionTicks;
    if (core.options.checkQuorum && hearsLeader && !message.force) return false;
  }
  // A pre-vote is about a term that nobody has entered yet.
  if (message.type === "pre-vote" || (message.type === "pre-vote-answer" && !message.rejected)) return true;
  const fromLeader = message.type === "append" || message.type === "heartbeat" || message.type === "snapshot";
  becomeFollower(core, message.term, fromLeader ? message.from : NOBODY);
  return true;
}

function answerLowerTerm(core: Core, message: Message): void {
  const head = { from: core.options.id, to: message.from, term: core.term };
  if (message.type === "append" || message.type === "heartbeat") {
    // Our higher term cannot reach a deposed leader by a request for votes that it ignores, nor by a pre-vote: tell it here.
    const { checkQuorum, preVote } = core.options;
    if (checkQuorum || preVote) sendAfterSave(core, { ...head, type: "append-answer", rejected: false, index: 0 });
  } else if (message.type === "pre-vote") {
    sendAfterSave(core, { ...head, type: "pre-vote-answer", rejected: true });
  }
}

/** A message of our term, or about a pre-vote. */
function handle(core: Core, message: Message): void {
  const leads = core.role === "leader";
  switch (message.type) {
    case "vote":
    case "pre-vote":
      handleVoteRequest(core, message);
      return;
    case "vote-answer":
    case "pre-vote-answer":
      if (core.role === "candidate" || core.role === "pre-candidate") handleVoteAnswer(core, message);
      return;
    case "append":
    case "heartbeat":
    case "snapshot":
      if (!leads) handleFromLeader(core, message);
      return;
    case "append-answer":
      if (leads) handleAppendAnswer(core, message);
      return;
    case "heartbeat-answer":
      if (!leads) return;
      resume(core, message.from);
      acknowledgeRound(core, message.from, message.readRound);
      return;
    case "timeout-now":
      if (core.role === "follower") campaign(core, true);
      return;
    case "read-index-answer":
      core.reads.push({ context: message.context, index: message.index });
      return;
    case "read-index":
      return;
  }
}

function handleFromLeader(core: Core, message: Message & { readonly type: "append" | "heartbeat" | "snapshot" }): void {
  if (core.role !== "follower") becomeFollower(core, core.term, message.from);
  core.electionElapsed = 0;
  core.leader = message.from;
  if (message.type === "append") handleAppend(core, message);
  else if (message.type === "heartbeat") handleHeartbeat(core, message);
  else handleSnapshot(core, message);
}

function propose(core: Core, commands: readonly Uint8Array[]): StepResult {
  const refusal = refuseProposal(core);
  if (refusal !== undefined) return refuse(core, refusal);
  if (commands.some((data) => data.length > COMMAND_BYTES_MAX)) return refuse(core, "too-large");
  // One that is alone is let through whatever the limit: otherwise it would never be.
  const bytes = commands.reduce((total, data) => total + data.length, 0);
  if (core.uncommittedBytes > 0 && core.uncommittedBytes + bytes > core.options.uncommittedBytesMax)
    return refuse(core, "full");
  return accept(
    core,
    commands.map((data): EntryContent => ({ kind: "command", data })),
  );
}

function proposeChange(core: Core, change: ConfigChange): StepResult {
  const refusal = refuseProposal(core) ?? refuseChange(core, change);
  if (refusal !== undefined) return refuse(core, refusal);
  const result = accept(core, [{ kind: "config", change }]);
  core.pendingChangeIndex = core.log.lastIndex;
  return result;
}

function accept(core: Core, contents: readonly EntryContent[]): StepResult {
  const index = appendOwn(core, contents);
  broadcastAppend(core);
  return { ok: true, index, term: core.term };
}

function refuseProposal(core: Core): Refusal | undefined {
  if (core.role !== "leader") return "not-leader";
  // The new leader must get to the end of the log some time.
  return core.transferTo === NOBODY ? undefined : "transferring";
}

function read(core: Core, context: string): StepResult {
  const { id } = core.options;
  if (hasTooManyReads(core)) return refuse(core, "full");
  if (core.role === "leader") {
    if (startRead(core, id, context)) broadcastHeartbeat(core);
  } else if (core.leader === NOBODY) return refuse(core, "not-leader");
  else send(core, { type: "read-index", from: id, to: core.leader, term: 0, context });
  return { ok: true, index: 0, term: core.term };
}

function transfer(core: Core, to: NodeId): StepResult {
  if (core.role !== "leader" || !canTakeOver(core, to)) return refuse(core, "not-leader");
  if (to === core.options.id || to === core.transferTo) return { ok: true, index: 0, term: core.term };
  core.electionElapsed = 0;
  core.transferTo = to;
  const progress = core.progress.get(to)!;
  if (progress.match === core.log.lastIndex) sendTimeoutNow(core, to);
  else {
    progress.paused = false;
    sendAppend(core, to, true);
  }
  return { ok: true, index: 0, term: core.term };
}

function snapshotSent(core: Core, node: NodeId, ok: boolean): void {
  const progress = core.progress.get(node);
  if (progress?.state !== "snapshot") return;
  if (!ok) progress.pendingSnapshot = 0;
  progress.becomeProbe();
  // Wait for its answer, or a heartbeat's, before the next entries.
  progress.paused = true;
}

function advance(core: Core): void {
  const { inFlight, log } = core;
  if (inFlight === undefined) return;
  core.inFlight = undefined;
  for (const entry of inFlight.committed) {
    if (core.role === "leader") core.uncommittedBytes = Math.max(0, core.uncommittedBytes - entryBytes(entry));
    if (entry.kind === "config") applyChange(core, entry);
  }
  for (const message of inFlight.toSelf) receive(core, message);
  if (log.arrivedSnapshot === inFlight.snapshot) log.arrivedSnapshot = undefined;
  const applied = inFlight.committed.at(-1)?.index ?? inFlight.snapshot?.meta.index ?? 0;
  log.applied = Math.max(log.applied, applied);
  if (applied > 0) leaveJointByItself(core);
}

function refuse(core: Core, reason: Refusal): StepResult {
  return { ok: false, reason, leader: core.leader };
}
