/**
 * Mistakes of an implementation that was studied, each as a test. (What takes more than one member is in `simulation/`.)
 */

import { expect, test } from "bun:test";
import { takeEffects } from "./effects.ts";
import { membershipOf } from "./membership.ts";
import { type Core, createCore } from "./state.ts";
import { step } from "./step.ts";
import type { Effects, Entry, Message, NodeId } from "./types.ts";

function member(id: NodeId, preVote = false): Core {
  const membership = membershipOf([1, 2, 3]);
  return createCore(
    {
      id,
      electionTicks: 3,
      heartbeatTicks: 1,
      messageBytesMax: 1000,
      flights: { messagesMax: 2, bytesMax: 1000 },
      committedBytesMax: 1000,
      uncommittedBytesMax: 100,
      preVote,
      checkQuorum: true,
      random: () => 0,
    },
    {
      hardState: { term: 1, vote: 0, commit: 1 },
      log: { baseIndex: 1, baseTerm: 1, entries: [], commit: 1, applied: 1 },
      membership,
      snapshot: undefined,
    },
  );
}

function hear(core: Core, message: Message): void {
  step(core, { kind: "message", message });
}

function carryOut(core: Core): Effects | undefined {
  const effects = takeEffects(core);
  step(core, { kind: "advance" });
  return effects;
}

function ticks(core: Core, count: number): void {
  for (let tick = 0; tick < count; tick++) step(core, { kind: "tick" });
}

const voteRequest = (from: NodeId, to: NodeId, term: number): Message => {
  return { type: "vote", from, to, term, lastIndex: 1, lastTerm: 1, force: false };
};

function leaderOf(id: NodeId): Core {
  const core = member(id);
  step(core, { kind: "campaign" });
  carryOut(core);
  hear(core, { type: "vote-answer", from: id === 1 ? 2 : 1, to: id, term: 2, rejected: false });
  return core;
}

test("a vote is saved, with its term, before it is sent", () => {
  const core = member(2);
  hear(core, voteRequest(1, 2, 5));
  const effects = carryOut(core)!;
  expect(effects.hardState).toEqual({ term: 5, vote: 1, commit: 1 });
  expect(effects.mustSync).toBe(true);
  expect(effects.messages).toEqual([]);
  expect(effects.messagesAfter).toEqual([{ type: "vote-answer", from: 2, to: 1, term: 5, rejected: false }]);
});

test("a candidate votes for itself, for nobody else in its term, and counts its own vote only when it is saved", () => {
  const core = member(1);
  ticks(core, 3);
  hear(core, { type: "vote-answer", from: 2, to: 1, term: 2, rejected: false });
  expect(core.role).toBe("candidate");
  hear(core, voteRequest(3, 1, 2));
  const effects = carryOut(core)!;
  expect(effects.hardState.vote).toBe(1);
  expect(effects.messagesAfter).toMatchObject([{ type: "vote-answer", from: 1, to: 3, term: 2, rejected: true }]);
  expect(core.role).toBe("leader");
});

test("a vote that was given is not given to another after a restart in the same term", () => {
  const core = createCore(member(2).options, {
    hardState: { term: 5, vote: 1, commit: 1 },
    log: { baseIndex: 1, baseTerm: 1, entries: [], commit: 1, applied: 1 },
    membership: membershipOf([1, 2, 3]),
    snapshot: undefined,
  });
  hear(core, voteRequest(3, 2, 5));
  hear(core, voteRequest(1, 2, 5));
  expect(carryOut(core)!.messagesAfter).toMatchObject([
    { to: 3, rejected: true },
    { to: 1, rejected: false },
  ]);
});

test("an election that came to nothing is held again in a new term", () => {
  const core = member(1);
  ticks(core, 3);
  carryOut(core);
  ticks(core, 3);
  expect(core.term).toBe(3);
});

test("a new leader is heard at once, with an empty entry of its own term", () => {
  const core = leaderOf(1);
  const empty: Entry = { kind: "empty", term: 2, index: 2 };
  const appends = carryOut(core)!.messages.filter(({ type }) => type === "append");
  expect(appends).toMatchObject([
    { to: 2, entries: [empty] },
    { to: 3, entries: [empty] },
  ]);
});

test("an answer that refuses entries counts for nothing", () => {
  const core = leaderOf(1);
  carryOut(core);
  hear(core, { type: "append-answer", from: 2, to: 1, term: 2, rejected: true, index: 2, hintIndex: 2, hintTerm: 2 });
  expect(core.log.committed).toBe(1);
});

test("a leader that hears no majority steps down, and refuses what is proposed from then on", () => {
  const core = leaderOf(1);
  carryOut(core);
  expect(step(core, { kind: "propose", commands: [new Uint8Array(1)] }).ok).toBe(true);
  ticks(core, 3);
  expect(core.role).toBe("follower");
  expect(step(core, { kind: "propose", commands: [new Uint8Array(1)] })).toEqual({
    ok: false,
    reason: "not-leader",
    leader: 0,
  });
});

test("who hears a leader neither votes nor moves to a higher term that was asked for", () => {
  const core = member(2);
  hear(core, { type: "heartbeat", from: 1, to: 2, term: 2, commit: 1, readRound: 0 });
  carryOut(core);
  hear(core, voteRequest(3, 2, 9));
  expect(core.term).toBe(2);
  expect(carryOut(core)).toBeUndefined();
});

test("a member that was cut off does not raise its term by asking around", () => {
  const core = member(3, true);
  for (let round = 0; round < 10; round++) {
    ticks(core, 3);
    carryOut(core);
  }
  expect(core.role).toBe("pre-candidate");
  expect(core.term).toBe(1);
});

test("proposals beyond what may be uncommitted are refused as full, all of them or none", () => {
  const core = leaderOf(1);
  carryOut(core);
  const last = core.log.lastIndex;
  expect(step(core, { kind: "propose", commands: [new Uint8Array(50), new Uint8Array(60)] })).toMatchObject({
    reason: "full",
  });
  expect(core.log.lastIndex).toBe(last);
  expect(step(core, { kind: "propose", commands: [new Uint8Array(10)] })).toMatchObject({ ok: true, index: last + 1 });
});

test("a candidate learns from a refusal what is committed: those who know may not be electable any more", () => {
  const core = member(1, true);
  const before = { type: "append", from: 2, to: 1, term: 1, prevIndex: 1, prevTerm: 1, commit: 1 } as const;
  hear(core, { ...before, entries: [{ kind: "empty", term: 1, index: 2 }] });
  ticks(core, 3);
  carryOut(core);
  const answer = { type: "pre-vote-answer", from: 3, to: 1, term: 1, rejected: true } as const;
  hear(core, { ...answer, known: { index: 2, term: 9 } });
  expect(core.log.committed).toBe(1);
  hear(core, { ...answer, known: { index: 2, term: 1 } });
  expect(core.log.committed).toBe(2);
});
