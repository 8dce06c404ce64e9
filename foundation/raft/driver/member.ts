/**
 * A member of a group: the core, run over a runtime's disk, network and timers.
 */

import { MalformedBytesError } from "#foundation/binary";
import {
  type NetworkAddress,
  type NetworkEndpoint,
  type Runtime,
  randomBelow,
  type TimerHandle,
} from "#foundation/runtime";
import { decodePacket, encodePacket, type Packet } from "../codec/packets.ts";
import { takeEffects } from "../core/effects.ts";
import { type Core, createCore } from "../core/state.ts";
import { type Input, type StepResult, step } from "../core/step.ts";
import type { ConfigChange, Effects, Entry, Message, NodeId, Snapshot } from "../core/types.ts";
import { openRaftStorage, type RaftStorage } from "../storage/raft-storage.ts";
import type { MemberOptions, MemberStatus } from "./member-options.ts";
import { openPacket, sealPacket } from "./packet-seal.ts";
import { SnapshotReceiver, SnapshotSender } from "./snapshot-transfer.ts";
import { type ProposalResult, type ReadResult, Waiters } from "./waiters.ts";

const TICK_MS = 50;
const ELECTION_TICKS = 10;
const MEBIBYTE = 1024 * 1024;

/** Snapshots are sent again after this many ticks of silence. */
const TRANSFER = { resendTicks: ELECTION_TICKS, attemptsMax: 10 };

/** The first entry that ever is, as a snapshot: so that one who joins with nothing has to ask for it, membership and all. */
const FIRST = { index: 1, term: 1 };

/**
 * Starts a member from its disk.
 *
 * @throws RaftCorruptionError when its disk has lost what it confirmed; DiskError, NetworkError.
 * @example
 * const member = await openMember(runtime, { id: 1, directory: "/raft", listen, addressOf, machine, firstMembership: membershipOf([1, 2, 3]), onFailure });
 * const result = await member.propose(command, { timeoutMs: 1000 });
 */
export async function openMember<Result>(
  runtime: Runtime,
  options: MemberOptions<Result>,
): Promise<RaftMember<Result>> {
  const { firstMembership, machine } = options;
  const joins = firstMembership.voters.length === 0;
  const place = joins ? { index: 0, term: 0 } : FIRST;
  const first: Snapshot = {
    meta: { ...place, membership: firstMembership },
    data: joins ? new Uint8Array() : machine.snapshot(),
  };
  const { storage, start } = await openRaftStorage(runtime.disk, options.directory, first);
  const restored = start.snapshot!;
  if (restored.meta.index > 0) machine.restore(restored.data);
  const random = runtime.random.fork("raft");
  const core = createCore(
    {
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: 1,
      messageBytesMax: MEBIBYTE,
      flights: { messagesMax: 64, bytesMax: 8 * MEBIBYTE },
      committedBytesMax: 8 * MEBIBYTE,
      uncommittedBytesMax: 64 * MEBIBYTE,
      preVote: true,
      checkQuorum: true,
      ...options.core,
      id: options.id,
      random: (bound) => randomBelow(random, bound),
    },
    start,
  );
  const member = new RaftMember(runtime, options, core, storage);
  try {
    await member.open();
  } catch (error) {
    await member.close();
    throw error;
  }
  return member;
}

/** A running member. Made by `openMember`. */
export class RaftMember<Result> {
  private readonly runtime: Runtime;
  private readonly options: MemberOptions<Result>;
  private readonly core: Core;
  private readonly storage: RaftStorage;
  private readonly waiters = new Waiters<Result | undefined>();
  private readonly sender: SnapshotSender;
  private readonly receiver: SnapshotReceiver;
  /** Contexts of reads must be unique for all time: a late answer to an earlier life must not answer this one. */
  private readonly readPrefix: string;
  private readCount = 0;
  private endpoint: NetworkEndpoint | undefined;
  private timer: TimerHandle | undefined;
  private pumping = false;
  private stopped = false;

  constructor(runtime: Runtime, options: MemberOptions<Result>, core: Core, storage: RaftStorage) {
    this.runtime = runtime;
    this.options = options;
    this.core = core;
    this.storage = storage;
    this.sender = new SnapshotSender({ ...TRANSFER, pieceBytes: options.pieceBytes ?? MEBIBYTE / 4 });
    this.receiver = new SnapshotReceiver(options.snapshotBytesMax ?? 1024 * MEBIBYTE);
    this.readPrefix = `${options.id}.${Buffer.from(runtime.random.fork("raft reads").bytes(9)).toString("base64url")}.`;
  }

  /** Called by `openMember`. */
  async open(): Promise<void> {
    this.endpoint = await this.runtime.network.openEndpoint(this.options.listen, (_from, bytes) =>
      this.onPacket(bytes),
    );
    this.timer = this.runtime.timers.every(this.options.tickMs ?? TICK_MS, () => this.onTick());
    this.pump();
  }

  /** Where it listens, with the port that was chosen when 0 was asked for. */
  get address(): NetworkAddress {
    return this.endpoint?.address ?? this.options.listen;
  }

  get status(): MemberStatus {
    const { role, term, leader, membership, log } = this.core;
    return { id: this.options.id, role, term, leader, committed: log.committed, applied: log.applied, membership };
  }

  /** Appends a command, when this member leads. Resolves when it is applied here, refused, or the time is up. Never rejects. */
  propose(command: Uint8Array, limits: { readonly timeoutMs: number }): Promise<ProposalResult<Result>> {
    // Commands always have a result; only changes of the membership have none.
    return this.append({ kind: "propose", commands: [command] }, limits.timeoutMs) as Promise<ProposalResult<Result>>;
  }

  /** Changes the membership, when this member leads. Resolves as `propose` does; a joint change is then under way, and ends by itself. */
  changeMembership(change: ConfigChange, limits: { readonly timeoutMs: number }): Promise<ProposalResult<undefined>> {
    return this.append({ kind: "change-membership", change }, limits.timeoutMs) as Promise<ProposalResult<undefined>>;
  }

  /** Resolves when the state machine here shows everything that was done before the call, anywhere (§6.4). Any member may be asked. */
  read(limits: { readonly timeoutMs: number }): Promise<ReadResult> {
    return new Promise((resolve) => {
      const context = this.readPrefix + ++this.readCount;
      if (this.stopped) return resolve({ outcome: "refused", reason: "stopped", leader: 0 });
      if (this.isFull) return resolve({ outcome: "refused", reason: "full", leader: this.core.leader });
      const result = this.step({ kind: "read", context });
      if (!result.ok) return resolve({ outcome: "refused", reason: result.reason, leader: result.leader });
      const timer = this.runtime.timers.after(limits.timeoutMs, () =>
        this.waiters.giveUpRead(context, this.core.leader),
      );
      this.waiters.awaitRead(context, (answer) => {
        timer.cancel();
        resolve(answer);
      });
      this.pump();
    });
  }

  /** Asks another member to lead. Whether it does shows in `status`. @returns whether this member leads, and the other may. */
  transferTo(node: NodeId): boolean {
    if (this.stopped) return false;
    const { ok } = this.step({ kind: "transfer", to: node });
    this.pump();
    return ok;
  }

  /** Stops. What waits is told so. */
  async close(): Promise<void> {
    if (this.stopped) return;
    this.stop();
    await this.endpoint?.close();
    await this.storage.close();
  }

  private get isFull(): boolean {
    return this.waiters.count >= (this.options.waitersMax ?? 10_000);
  }

  private append(
    input: Input & { readonly kind: "propose" | "change-membership" },
    timeoutMs: number,
  ): Promise<ProposalResult<Result | undefined>> {
    return new Promise((resolve) => {
      if (this.stopped) return resolve({ outcome: "refused", reason: "stopped", leader: 0 });
      if (this.isFull) return resolve({ outcome: "refused", reason: "full", leader: this.core.leader });
      const result = this.step(input);
      if (!result.ok) return resolve({ outcome: "refused", reason: result.reason, leader: result.leader });
      const { index, term } = result;
      const timer = this.runtime.timers.after(timeoutMs, () => this.waiters.giveUpEntry(index, term));
      this.waiters.awaitEntry(index, term, (answer) => {
        timer.cancel();
        resolve(answer);
      });
      this.pump();
    });
  }

  private step(input: Input): StepResult {
    try {
      const result = step(this.core, input);
      this.options.observer?.onStep?.(this.core, input);
      return result;
    } catch (error) {
      this.fail(error);
      return { ok: false, reason: "not-leader", leader: 0 };
    }
  }

  private onTick(): void {
    if (this.stopped) return;
    const { pieces, ends } = this.sender.tick();
    for (const piece of pieces) this.post(piece.to, { kind: "piece", piece });
    for (const { node, ok } of ends) this.step({ kind: "snapshot-sent", node, ok });
    this.step({ kind: "tick" });
    this.pump();
  }

  private onPacket(sealed: Uint8Array): void {
    const { key } = this.options;
    const bytes = key === undefined ? sealed : openPacket(key, sealed);
    if (this.stopped || bytes === undefined) return;
    let packet: Packet;
    try {
      packet = decodePacket(bytes);
    } catch (error) {
      if (error instanceof MalformedBytesError) return;
      throw error;
    }
    const { id } = this.options;
    if (packet.kind === "message") {
      if (packet.message.to !== id || packet.message.from === id) return;
      this.step({ kind: "message", message: packet.message });
    } else if (packet.kind === "piece") this.onPiece(packet);
    else {
      if (packet.answer.to !== id) return;
      const next = this.sender.answer(packet.answer);
      if (next === undefined) return;
      if ("ok" in next) this.step({ kind: "snapshot-sent", node: next.node, ok: next.ok });
      else this.post(next.to, { kind: "piece", piece: next });
    }
    this.pump();
  }

  private onPiece({ piece }: Packet & { readonly kind: "piece" }): void {
    const { from, to, term } = piece;
    // An old leader's snapshot is refused by the core; there is no need to collect it.
    if (to !== this.options.id || term < this.core.term) return;
    const taken = this.receiver.take(piece);
    if (taken === undefined) return;
    this.post(from, { kind: "piece-answer", answer: taken.answer });
    const { snapshot } = taken;
    if (snapshot !== undefined) this.step({ kind: "message", message: { type: "snapshot", from, to, term, snapshot } });
  }

  private send(message: Message): void {
    if (message.type !== "snapshot") {
      this.post(message.to, { kind: "message", message });
      return;
    }
    const { from, to, term, snapshot } = message;
    const transfer = randomBelow(this.runtime.random, 0x1_0000_0000);
    this.post(to, { kind: "piece", piece: this.sender.begin({ from, to, term, transfer }, snapshot) });
  }

  private post(node: NodeId, packet: Packet): void {
    const address = this.options.addressOf(node);
    if (address === undefined || this.stopped) return;
    const { key } = this.options;
    const bytes = encodePacket(packet);
    this.endpoint?.send(address, key === undefined ? bytes : sealPacket(key, bytes));
  }

  /** Carries out effects until there are none. What happens meanwhile goes into the next ones: that is the group commit. */
  private pump(): void {
    if (this.pumping || this.stopped) return;
    this.pumping = true;
    this.runtime.spawn("raft", async () => {
      try {
        for (let effects = takeEffects(this.core); effects !== undefined; effects = takeEffects(this.core)) {
          await this.carryOut(effects);
          if (this.stopped) return;
        }
        this.pumping = false;
      } catch (error) {
        this.fail(error);
      }
    });
  }

  private async carryOut(effects: Effects): Promise<void> {
    const { core, options } = this;
    options.observer?.onEffects?.(core, effects);
    const { hardState } = effects;
    for (const message of effects.messages) this.send(message);
    if (effects.snapshot !== undefined) {
      const { meta } = effects.snapshot;
      await this.storage.saveSnapshot(effects.snapshot, { hardState, base: meta, entries: effects.entries });
      options.machine.restore(effects.snapshot.data);
      this.waiters.jumped(meta.index);
    } else if (effects.mustSync) await this.storage.save(hardState, effects.entries);
    if (this.stopped) return;
    for (const message of effects.messagesAfter) this.send(message);
    for (const entry of effects.committed) this.apply(entry);
    for (const { context, index } of effects.reads) this.waiters.readAt(context, index);
    this.step({ kind: "advance" });
    this.waiters.serveReads(core.log.applied);
    await this.takeSnapshotWhenDue();
  }

  private apply(entry: Entry): void {
    const { machine, observer } = this.options;
    const result = entry.kind === "command" ? machine.apply(entry.data, entry.index) : undefined;
    observer?.onApplied?.(this.core, entry);
    this.waiters.applied(entry.index, entry.term, () => result);
  }

  private async takeSnapshotWhenDue(): Promise<void> {
    const { core, options } = this;
    const { log, membership } = core;
    const index = log.applied;
    // While one from the leader is arriving, ours would be older than the log.
    if (log.arrivedSnapshot !== undefined || index - (core.snapshot?.meta.index ?? 0) < (options.snapshotEvery ?? 4096))
      return;
    const term = log.termAt(index);
    const baseIndex = Math.max(log.firstIndex - 1, index - (options.keepEntries ?? 1024));
    const baseTerm = log.termAt(baseIndex);
    const entries = log.slice(baseIndex + 1, log.lastIndex, Number.POSITIVE_INFINITY);
    if (term === undefined || baseTerm === undefined || entries === undefined) return;
    const snapshot: Snapshot = { meta: { index, term, membership }, data: options.machine.snapshot() };
    // What the core means to save next may be in here already; it is then saved twice, to the same effect.
    const hardState = { term: core.term, vote: core.vote, commit: log.committed };
    await this.storage.saveSnapshot(snapshot, { hardState, base: { index: baseIndex, term: baseTerm }, entries });
    if (!this.stopped) this.step({ kind: "snapshot-taken", snapshot, compactTo: baseIndex });
  }

  private stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.waiters.stop();
  }

  private fail(error: unknown): void {
    if (this.stopped) return;
    this.stop();
    this.options.onFailure(error);
  }
}
