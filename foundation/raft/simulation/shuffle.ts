/**
 * Cores alone, without time or driver: a bag of messages that are delivered in any order, twice, or never; ticks at any moment; crashes between
 * any two moves, also between what is sent and what is durable. Far more elections a second than the world with clocks can hold.
 */

import { randomBelow } from "#foundation/runtime";
import { chance, pick, SeededRandom } from "#foundation/runtime/simulation";
import type { Core, CoreStart, Effects, Entry, Input, MemberChange, Message, NodeId } from "../index.ts";
import { Judge } from "./judge.ts";

/** The room under test: the real one, or a copy with a planted mistake. */
export type CoreRoom = Pick<
  typeof import("../index.ts"),
  "createCore" | "step" | "takeEffects" | "membershipOf" | "NO_MEMBERS"
>;

/** What a run amounted to. */
export interface ShuffleResult {
  readonly elections: number;
  readonly committed: number;
  readonly told: number;
}

interface Seat {
  readonly id: NodeId;
  core: Core;
  disk: CoreStart;
  /** Taken and sent, and not yet carried out. */
  pending: Effects | undefined;
  /** Commands applied, in order. */
  journal: string[];
  /** Reads that are known to see everything up to an index. */
  reads: { readonly context: string; readonly index: number }[];
}

const MESSAGES_MAX = 40;
const SNAPSHOT_EVERY = 6;

/** Plays one run. @throws BrokenPromise, or whatever the core throws when it finds itself in the wrong. */
export function shuffle(room: CoreRoom, seed: number, moves: number): ShuffleResult {
  const run = new Shuffle(room, seed);
  for (let move = 0; move < moves; move++) run.move();
  return { elections: run.judge.elections, committed: run.judge.committed.size, told: run.told };
}

class Shuffle {
  readonly judge = new Judge();
  told = 0;
  private readonly room: CoreRoom;
  private readonly random: SeededRandom;
  private readonly seats: Seat[];
  private readonly preVote: boolean;
  private readonly checkQuorum: boolean;
  /** How likely each is, drawn for the whole run: some mistakes show only in a run of many elections, others only in a busy one. */
  private readonly crashes: number;
  private readonly losses: number;
  private readonly ticks: number;
  private readonly quickDisk: number;
  private readonly messageBytesMax: number;
  private bag: Message[] = [];
  private cut = new Set<NodeId>();
  private commands = 0;
  private readonly proposals = new Map<string, { command: string; term: number; seen: number }>();
  private readonly asked = new Map<string, { node: NodeId; seen: number }>();

  constructor(room: CoreRoom, seed: number) {
    this.room = room;
    this.random = SeededRandom.fromSeed(seed);
    this.preVote = chance(this.random, 0.5);
    this.checkQuorum = chance(this.random, 0.5);
    this.crashes = this.random.float() ** 2 * 0.04;
    this.losses = this.random.float() ** 2 * 0.3;
    this.ticks = 0.01 + this.random.float() ** 2 * 0.1;
    this.quickDisk = this.random.float();
    // 1: one entry a message.
    this.messageBytesMax = pick(this.random, [1, 60, 1000]);
    const size = pick(this.random, [3, 3, 5]);
    const voters = Array.from({ length: 3 }, (_, offset) => offset + 1);
    this.seats = Array.from({ length: size }, (_, offset) => this.seatOf(offset + 1, voters));
  }

  move(): void {
    const { random } = this;
    const seat = pick(random, this.seats);
    const draw = random.float();
    if (draw < this.ticks) this.step(seat, { kind: "tick" });
    else if (draw < this.ticks + this.crashes) this.restart(seat);
    else if (draw < 0.5) this.deliver();
    else if (draw < 0.88) this.work(seat);
    else if (draw < 0.93) this.propose(seat);
    else if (draw < 0.955) this.read(seat);
    else if (draw < 0.965) this.changeMembers(seat);
    else if (draw < 0.968) this.step(seat, { kind: "transfer", to: pick(random, this.seats).id });
    else if (draw < 0.973) this.cut = new Set(this.seats.map(({ id }) => id).filter(() => chance(random, 0.3)));
    else if (draw < 0.99) this.cut = new Set();
    else this.snapshot(seat);
  }

  private seatOf(id: NodeId, voters: readonly NodeId[]): Seat {
    const { room } = this;
    const joins = !voters.includes(id);
    const membership = joins ? room.NO_MEMBERS : room.membershipOf(voters);
    const [index, term] = joins ? [0, 0] : [1, 1];
    const disk: CoreStart = {
      hardState: { term, vote: 0, commit: index },
      log: { baseIndex: index, baseTerm: term, entries: [], commit: index, applied: index },
      membership,
      snapshot: { meta: { index, term, membership }, data: new Uint8Array() },
    };
    return { id, core: this.start(id, disk), disk, pending: undefined, journal: [], reads: [] };
  }

  private start(id: NodeId, disk: CoreStart): Core {
    return this.room.createCore(
      {
        id,
        electionTicks: 3,
        heartbeatTicks: 1,
        messageBytesMax: this.messageBytesMax,
        flights: { messagesMax: 3, bytesMax: 1000 },
        committedBytesMax: 100,
        uncommittedBytesMax: 10_000,
        preVote: this.preVote,
        checkQuorum: this.checkQuorum,
        random: (bound) => randomBelow(this.random, bound),
      },
      disk,
    );
  }

  private step(seat: Seat, input: Input) {
    const result = this.room.step(seat.core, input);
    this.judge.onStep(seat.core);
    return result;
  }

  private send(message: Message): void {
    if (this.cut.has(message.from) !== this.cut.has(message.to) || chance(this.random, this.losses)) return;
    this.bag.push(message);
    if (this.bag.length > MESSAGES_MAX) this.bag.splice(randomBelow(this.random, this.bag.length), 1);
  }

  private deliver(): void {
    if (this.bag.length === 0) return;
    const at = randomBelow(this.random, this.bag.length);
    const message = this.bag[at]!;
    // Some are delivered again, much later.
    if (chance(this.random, 0.9)) this.bag.splice(at, 1);
    const seat = this.seats[message.to - 1]!;
    this.step(seat, { kind: "message", message });
    if (message.type !== "snapshot") return;
    const sender = this.seats[message.from - 1]!;
    this.step(sender, { kind: "snapshot-sent", node: message.to, ok: chance(this.random, 0.8) });
  }

  /** Takes effects, or carries out those taken before. */
  private work(seat: Seat): void {
    if (seat.pending !== undefined) {
      this.finish(seat, seat.pending);
      return;
    }
    const effects = this.room.takeEffects(seat.core);
    if (effects === undefined) return;
    this.judge.onEffects(seat.core, effects);
    for (const message of effects.messages) this.send(message);
    seat.pending = effects;
    // Mostly the disk is quick.
    if (chance(this.random, this.quickDisk)) this.finish(seat, effects);
  }

  private finish(seat: Seat, effects: Effects): void {
    seat.pending = undefined;
    if (effects.mustSync) this.save(seat, effects);
    if (effects.snapshot !== undefined) seat.journal = journalOf(effects.snapshot.data);
    for (const message of effects.messagesAfter) this.send(message);
    for (const entry of effects.committed) this.apply(seat, entry);
    seat.reads.push(...effects.reads);
    this.step(seat, { kind: "advance" });
    this.serveReads(seat);
    const { log, snapshot } = seat.core;
    if (log.applied - (snapshot?.meta.index ?? 0) > SNAPSHOT_EVERY && chance(this.random, 0.3)) this.snapshot(seat);
  }

  private save(seat: Seat, { snapshot, hardState, entries }: Effects): void {
    let { baseIndex, baseTerm, entries: kept } = seat.disk.log;
    if (snapshot !== undefined) {
      ({ index: baseIndex, term: baseTerm } = snapshot.meta);
      kept = [];
    }
    const from = entries[0]?.index;
    if (from !== undefined) kept = [...kept.slice(0, from - baseIndex - 1), ...entries];
    this.place(seat, snapshot ?? seat.disk.snapshot!, hardState, baseIndex, baseTerm, kept);
  }

  private place(
    seat: Seat,
    snapshot: NonNullable<CoreStart["snapshot"]>,
    hardState: CoreStart["hardState"],
    baseIndex: number,
    baseTerm: number,
    entries: readonly Entry[],
  ): void {
    const { index, membership } = snapshot.meta;
    const commit = Math.max(index, Math.min(hardState.commit, baseIndex + entries.length));
    const log = { baseIndex, baseTerm, entries, commit, applied: index };
    seat.disk = { hardState: { ...hardState, commit }, log, membership, snapshot };
  }

  /** Only what is on disk comes back. */
  private restart(seat: Seat): void {
    seat.pending = undefined;
    seat.reads = [];
    seat.core = this.start(seat.id, seat.disk);
    seat.journal = journalOf(seat.disk.snapshot!.data);
    for (const key of this.proposals.keys()) if (key.startsWith(`${seat.id}/`)) this.proposals.delete(key);
    for (const [context, { node }] of this.asked) if (node === seat.id) this.asked.delete(context);
  }

  private apply(seat: Seat, entry: Entry): void {
    this.judge.onApplied(seat.core, entry);
    if (entry.kind === "command") seat.journal.push(new TextDecoder().decode(entry.data));
    const key = `${seat.id}/${entry.index}`;
    const proposal = this.proposals.get(key);
    if (proposal === undefined) return;
    this.proposals.delete(key);
    if (proposal.term !== entry.term) {
      this.judge.refuse(proposal.command);
      return;
    }
    this.told++;
    this.judge.end("write", proposal.seen, seat.journal.length);
  }

  private propose(seat: Seat): void {
    const command = `c${++this.commands}`;
    const seen = this.judge.begin();
    const result = this.step(seat, { kind: "propose", commands: [new TextEncoder().encode(command)] });
    if (result.ok) this.proposals.set(`${seat.id}/${result.index}`, { command, term: result.term, seen });
  }

  private read(seat: Seat): void {
    const context = `r${++this.commands}`;
    const seen = this.judge.begin();
    if (this.step(seat, { kind: "read", context }).ok) this.asked.set(context, { node: seat.id, seen });
  }

  private serveReads(seat: Seat): void {
    const { applied } = seat.core.log;
    for (const { context, index } of seat.reads) {
      const asked = this.asked.get(context);
      if (index > applied || asked === undefined) continue;
      this.asked.delete(context);
      this.judge.end("read", asked.seen, seat.journal.length);
    }
    seat.reads = seat.reads.filter(({ index }) => index > applied);
  }

  private changeMembers(seat: Seat): void {
    const { random } = this;
    const { membership } = seat.core;
    if (membership.outgoing.length > 0) {
      this.step(seat, { kind: "change-membership", change: { changes: [], transition: "auto" } });
      return;
    }
    const changes = this.seats
      .filter(() => chance(random, 0.5))
      .map(({ id }): MemberChange => {
        return { kind: pick(random, ["add-voter", "add-voter", "add-learner", "remove"] as const), node: id };
      });
    const transition = pick(random, ["auto", "joint-auto", "joint-explicit"] as const);
    if (changes.length > 0) this.step(seat, { kind: "change-membership", change: { changes, transition } });
  }

  private snapshot(seat: Seat): void {
    const { log, membership, term, vote } = seat.core;
    const index = log.applied;
    const indexTerm = log.termAt(index);
    const baseIndex = Math.max(log.firstIndex - 1, index - 2);
    const baseTerm = log.termAt(baseIndex);
    const entries = log.slice(baseIndex + 1, log.lastIndex, Number.POSITIVE_INFINITY);
    const busy = seat.pending !== undefined || log.arrivedSnapshot !== undefined;
    if (busy || index <= 1 || indexTerm === undefined || baseTerm === undefined || entries === undefined) return;
    const snapshot = {
      meta: { index, term: indexTerm, membership },
      data: new TextEncoder().encode(seat.journal.join("\n")),
    };
    this.place(seat, snapshot, { term, vote, commit: log.committed }, baseIndex, baseTerm, entries);
    this.step(seat, { kind: "snapshot-taken", snapshot, compactTo: baseIndex });
  }
}

function journalOf(data: Uint8Array): string[] {
  return data.length === 0 ? [] : new TextDecoder().decode(data).split("\n");
}
