/**
 * Situations that chance seldom makes: played by hand, against the core.
 */

import type { Core, Entry, Message } from "../index.ts";
import { BrokenPromise } from "./judge.ts";
import type { CoreRoom } from "./shuffle.ts";

const entry = (index: number, term: number): Entry => ({ kind: "empty", index, term });

function member(room: CoreRoom, id: number, term: number, entries: readonly Entry[]): Core {
  return room.createCore(
    {
      id,
      electionTicks: 10,
      heartbeatTicks: 1,
      messageBytesMax: 1000,
      flights: { messagesMax: 10, bytesMax: 10_000 },
      committedBytesMax: 1000,
      uncommittedBytesMax: 1000,
      preVote: false,
      checkQuorum: false,
      random: () => 0,
    },
    {
      hardState: { term, vote: 0, commit: 1 },
      log: { baseIndex: 1, baseTerm: 1, entries, commit: 1, applied: 1 },
      membership: room.membershipOf([1, 2, 3]),
      snapshot: undefined,
    },
  );
}

function committedBy(core: Core): number {
  return core.log.committed;
}

function hear(room: CoreRoom, core: Core, message: Message): void {
  room.step(core, { kind: "message", message });
}

/** Figure 3.7: an entry of an older term is on a majority, and one who does not have it may still be elected. It is not committed. */
export function olderEntryOnMajority(room: CoreRoom): void {
  const core = member(room, 1, 3, [entry(2, 2)]);
  room.step(core, { kind: "campaign" });
  room.takeEffects(core);
  room.step(core, { kind: "advance" });
  hear(room, core, { type: "vote-answer", from: 2, to: 1, term: 4, rejected: false });
  if (core.role !== "leader") throw new Error("the scene expects a leader");
  room.takeEffects(core);
  room.step(core, { kind: "advance" });
  hear(room, core, { type: "append-answer", from: 2, to: 1, term: 4, rejected: false, index: 2 });
  if (committedBy(core) !== 1) throw new BrokenPromise("an entry of an older term was committed by counting copies");
  hear(room, core, { type: "append-answer", from: 2, to: 1, term: 4, rejected: false, index: 3 });
  if (committedBy(core) !== 3) throw new BrokenPromise("an entry of this term did not commit those before it");
}

/** A follower has entries of a leader that was deposed, and hears of a commit index beyond what it is shown to share. */
export function commitBeyondMatch(room: CoreRoom): void {
  const core = member(room, 2, 2, [entry(2, 2), entry(3, 2)]);
  hear(room, core, { type: "append", from: 1, to: 2, term: 3, prevIndex: 1, prevTerm: 1, entries: [], commit: 3 });
  if (committedBy(core) !== 1) throw new BrokenPromise("a follower committed entries that the leader never had");
}

/** A change is in the log and not yet applied: another one must wait. */
export function secondChangeWaits(room: CoreRoom): void {
  const core = member(room, 1, 1, []);
  room.step(core, { kind: "campaign" });
  room.takeEffects(core);
  room.step(core, { kind: "advance" });
  hear(room, core, { type: "vote-answer", from: 2, to: 1, term: 2, rejected: false });
  room.takeEffects(core);
  room.step(core, { kind: "advance" });
  hear(room, core, { type: "append-answer", from: 2, to: 1, term: 2, rejected: false, index: 2 });
  room.takeEffects(core);
  room.step(core, { kind: "advance" });
  const add = (node: number) =>
    room.step(core, {
      kind: "change-membership",
      change: { changes: [{ kind: "add-voter", node }], transition: "auto" },
    });
  if (!add(4).ok) throw new Error("the scene expects the first change to be taken");
  if (add(5).ok) throw new BrokenPromise("two changes of the membership were under way");
}

/** All scenes. */
export const SCENES = [olderEntryOnMajority, commitBeyondMatch, secondChangeWaits];
