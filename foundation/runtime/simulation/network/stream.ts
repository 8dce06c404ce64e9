/**
 * One end of a simulated connection: ordered bytes, a window, half-close, reset.
 *
 * What is sent travels as segments, first in, first out. While nothing passes (partition, peer without power) they wait and are tried again;
 * after `STALL_LIMIT_US` the sender gives up with ETIMEDOUT. A segment that reaches a machine which no longer knows the connection is answered
 * with a reset, so a peer that was restarted is noticed by whoever writes, and never by who only reads: as with TCP.
 */

import { NetworkError, type NetworkErrorCode } from "../../ports/errors.ts";
import { type ByteStream, formatAddress, type NetworkAddress } from "../../ports/network.ts";
import type { EventOwner, SimulatedTask } from "../scheduler.ts";
import { chance } from "../seeded-random.ts";
import { type Host, type NetworkFabric, RETRANSMIT_US } from "./fabric.ts";
import type { Link } from "./link.ts";

/** What may be sent and not yet read: a common default of socket buffers. */
const WINDOW_BYTES = 64 * 1024;
/** A connection on which nothing passes for this long is given up: 15 minutes, about what Linux' 15 retransmissions take. */
const STALL_LIMIT_US = 15 * 60 * 1_000_000;
/** How often a segment is split, and how often what has arrived is read as one: byte streams keep no boundaries. */
const SPLIT_PROBABILITY = 0.2;
const JOIN_PROBABILITY = 0.3;

type Segment = { readonly kind: "data"; readonly bytes: Uint8Array } | { readonly kind: "end" };

interface QueuedWrite {
  readonly segment: Segment;
  /** How much of a data segment has been sent. */
  sent: number;
  readonly resolve: () => void;
  readonly reject: (error: NetworkError) => void;
}

interface PendingRead {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: NetworkError) => void;
}

/** One end. Its peer is set when the connection stands. */
export class SimulatedStream implements ByteStream {
  readonly local: NetworkAddress;
  readonly remote: NetworkAddress;
  readonly closed: Promise<void>;
  readonly owner: EventOwner;
  peer: SimulatedStream | undefined;
  private readonly fabric: NetworkFabric;
  private readonly host: Host;
  private readonly remoteHost: Host;
  private readonly outgoing: Link;
  private readonly task: SimulatedTask | undefined;
  private resolveClosed: () => void = () => {};

  private readonly arrived: Uint8Array[] = [];
  private pendingRead: PendingRead | undefined;
  private peerEnded = false;

  private readonly queue: QueuedWrite[] = [];
  private readonly inFlight: { readonly dueUs: number; readonly segment: Segment }[] = [];
  private unreadBytes = 0;
  private travelling = false;
  private stalledSinceUs: number | undefined;
  private endAsked = false;
  private endSent = false;
  private failure: NetworkError | undefined;

  constructor(
    fabric: NetworkFabric,
    owner: EventOwner,
    host: Host,
    remoteHost: Host,
    local: NetworkAddress,
    remote: NetworkAddress,
  ) {
    this.fabric = fabric;
    this.owner = owner;
    this.host = host;
    this.remoteHost = remoteHost;
    this.local = local;
    this.remote = remote;
    this.outgoing = fabric.link(host.name, remoteHost.name);
    this.task = fabric.scheduler.currentTask;
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    host.streams.add(this);
  }

  /** What this end waits for, for deadlock reports; undefined when for nothing. */
  get waitsFor(): string | undefined {
    const connection = `${formatAddress(this.local)} <> ${formatAddress(this.remote)}`;
    if (this.pendingRead !== undefined) return `read ${connection}`;
    if (this.queue.length > 0) return `write ${connection} (${this.unreadBytes} bytes sent and not read)`;
    return undefined;
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.pendingRead !== undefined) throw new Error("a read is already in flight on this stream; await it first");
    const bytes = this.takeArrived();
    if (bytes !== undefined) return Promise.resolve(bytes);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.peerEnded) return Promise.resolve(undefined);
    this.noteWait();
    return new Promise((resolve, reject) => {
      this.pendingRead = { resolve, reject };
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.endAsked) return Promise.reject(this.error("EPIPE", "write"));
    if (bytes.length === 0) return Promise.resolve();
    this.noteWait();
    return this.enqueue({ kind: "data", bytes: bytes.slice() });
  }

  end(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.endAsked) return Promise.resolve();
    this.endAsked = true;
    return this.enqueue({ kind: "end" });
  }

  reset(): void {
    if (this.failure !== undefined || this.isOver()) return;
    this.arrived.length = 0;
    this.fail("ECONNRESET", "read");
    this.sendReset();
  }

  /** Cuts this end only; the peer is not told. */
  fail(code: NetworkErrorCode, operation: string): void {
    if (this.failure !== undefined) return;
    const failure = this.error(code, operation);
    this.failure = failure;
    this.inFlight.length = 0;
    const writers = this.queue.splice(0);
    this.host.streams.delete(this);
    this.wake(() => {
      // A reader that was paused may still have bytes to get first.
      const reader = this.pendingRead;
      this.pendingRead = undefined;
      const bytes = reader === undefined ? undefined : this.takeArrived();
      if (bytes !== undefined) reader?.resolve(bytes);
      else reader?.reject(failure);
      for (const writer of writers) writer.reject(failure);
      this.resolveClosed();
    });
  }

  /** Tells the peer that the connection is cut; lost when nothing passes, in which case the peer learns it from its own next write. */
  sendReset(): void {
    const { scheduler, labels } = this.fabric;
    scheduler.schedule(this.outgoing.arrivalUs(scheduler.nowUs), labels.reset, undefined, () => {
      if (this.outgoing.blocked || !this.remoteHost.powered) return;
      this.peer?.fail("ECONNRESET", "read");
    });
  }

  private enqueue(segment: Segment): Promise<void> {
    return new Promise((resolve, reject) => {
      this.queue.push({ segment, sent: 0, resolve, reject });
      this.pump();
    });
  }

  /** Sends what the window allows. */
  private pump(): void {
    while (this.queue.length > 0) {
      const head = this.queue[0]!;
      if (head.segment.kind === "data") {
        const room = WINDOW_BYTES - this.unreadBytes;
        if (room <= 0) break;
        const { bytes } = head.segment;
        let length = Math.min(room, bytes.length - head.sent);
        if (length > 1 && chance(this.outgoing.random, SPLIT_PROBABILITY)) {
          length = 1 + (this.outgoing.random.uint32() % (length - 1));
        }
        this.unreadBytes += length;
        this.transmit({ kind: "data", bytes: bytes.subarray(head.sent, head.sent + length) });
        head.sent += length;
        if (head.sent < bytes.length) continue;
      } else {
        this.endSent = true;
        this.transmit(head.segment);
      }
      this.queue.shift();
      head.resolve();
    }
    this.closeWhenOver();
  }

  private transmit(segment: Segment): void {
    const { nowUs } = this.fabric.scheduler;
    const lost = this.outgoing.drops();
    if (lost) this.fabric.counts.add("network.retransmit");
    const dueUs = this.outgoing.arrivalUs(nowUs) + (lost ? RETRANSMIT_US : 0);
    this.inFlight.push({ dueUs, segment });
    this.travel(dueUs);
  }

  /** Sees to it that the first segment in flight is looked at when it is due. */
  private travel(dueUs: number): void {
    if (this.travelling) return;
    this.travelling = true;
    const { scheduler, labels } = this.fabric;
    scheduler.schedule(dueUs, labels.segment, undefined, () => {
      this.travelling = false;
      if (this.inFlight.length === 0) return;
      if (this.outgoing.blocked || !this.remoteHost.powered) this.stall();
      else this.arrive();
    });
  }

  private stall(): void {
    const { nowUs } = this.fabric.scheduler;
    this.stalledSinceUs ??= nowUs;
    if (nowUs - this.stalledSinceUs >= STALL_LIMIT_US) {
      this.fail("ETIMEDOUT", "write");
      return;
    }
    // Waits grow with the time already waited, like TCP's doubling.
    this.travel(nowUs + Math.max(RETRANSMIT_US, nowUs - this.stalledSinceUs));
  }

  private arrive(): void {
    const { nowUs } = this.fabric.scheduler;
    this.stalledSinceUs = undefined;
    const peer = this.peer;
    if (peer === undefined || !peer.owner.alive || peer.failure !== undefined) {
      this.inFlight.length = 0;
      this.receiveReset();
      return;
    }
    // In order: a segment that is late holds up those behind it.
    let head = this.inFlight[0];
    while (head !== undefined && head.dueUs <= nowUs) {
      this.inFlight.shift();
      peer.receive(head.segment);
      head = this.inFlight[0];
    }
    if (head !== undefined) this.travel(head.dueUs);
  }

  /** The other machine answers that it does not know the connection. */
  private receiveReset(): void {
    const { scheduler, labels } = this.fabric;
    const back = this.fabric.link(this.remoteHost.name, this.host.name);
    scheduler.schedule(back.arrivalUs(scheduler.nowUs), labels.reset, undefined, () => {
      if (!back.blocked) this.fail("ECONNRESET", "write");
    });
  }

  private receive(segment: Segment): void {
    if (segment.kind === "end") this.peerEnded = true;
    else this.arrived.push(segment.bytes);
    if (this.pendingRead === undefined) {
      this.closeWhenOver();
      return;
    }
    this.wake(() => {
      const reader = this.pendingRead;
      if (reader === undefined) return;
      const bytes = this.takeArrived();
      if (bytes === undefined && !this.peerEnded) return;
      this.pendingRead = undefined;
      reader.resolve(bytes);
      this.closeWhenOver();
    });
  }

  /** The next bytes to hand out; makes room in the peer's window. */
  private takeArrived(): Uint8Array | undefined {
    let bytes = this.arrived.shift();
    if (bytes === undefined) return undefined;
    if (this.arrived.length > 0 && chance(this.outgoing.random, JOIN_PROBABILITY)) {
      bytes = new Uint8Array(Buffer.concat([bytes, ...this.arrived.splice(0)]));
    }
    this.openWindow(bytes.length);
    this.closeWhenOver();
    return bytes;
  }

  private openWindow(length: number): void {
    const { peer } = this;
    if (peer === undefined) return;
    const { scheduler, labels } = this.fabric;
    const open = (): void => {
      scheduler.schedule(this.outgoing.arrivalUs(scheduler.nowUs), labels.window, undefined, () => {
        if (peer.failure !== undefined || !peer.owner.alive) return;
        if (this.outgoing.blocked) {
          scheduler.schedule(scheduler.nowUs + RETRANSMIT_US, labels.window, undefined, open);
          return;
        }
        peer.unreadBytes -= length;
        peer.wake(() => peer.pump());
      });
    };
    open();
  }

  private isOver(): boolean {
    return this.endSent && this.peerEnded && this.arrived.length === 0;
  }

  private closeWhenOver(): void {
    if (!this.isOver()) return;
    this.host.streams.delete(this);
    this.wake(this.resolveClosed);
  }

  private wake(run: () => void): void {
    this.fabric.scheduler.runOwned(this.owner, this.fabric.labels.read, this.task, run);
  }

  private noteWait(): void {
    const task = this.fabric.scheduler.currentTask;
    if (task === undefined) return;
    task.waitsFor = this.fabric.labels.read;
    task.waitsOn = formatAddress(this.remote);
  }

  private error(code: NetworkErrorCode, operation: string): NetworkError {
    return new NetworkError(code, operation, formatAddress(this.remote));
  }
}
