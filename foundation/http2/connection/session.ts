/**
 * What both ends of a connection of HTTP/2 do in the same way (RFC 9113): frames in and out, settings, windows, PING, GOAWAY, sections of fields, deadlines, and streams by their number.
 * What requests and responses make of it is up to its {@link Side}.
 */
import { type Channel, Fields, type Timed } from "#foundation/http1";
import { FrameReader } from "../frames/frame-reader.ts";
import { type FrameEvents, FrameRules } from "../frames/frame-rules.ts";
import {
  CODE,
  ConnectionFault,
  type ErrorCode,
  FLAG,
  FRAME,
  frameHead,
  goAwayFrame,
  PREFACE,
  resetFrame,
  settingsFrame,
  WINDOW_AT_FIRST,
  WINDOW_MAX,
  windowUpdateFrame,
} from "../frames/frames.ts";
import { BrokenCompression, FieldDecoder } from "../hpack/decoder.ts";
import { Calm, type CalmBudget } from "./calm.ts";
import { Outbox, type OutgoingStream } from "./outbox.ts";
import { PeerSettings } from "./peer-settings.ts";

/** Of what has none. */
export const NO_TRAILERS = new Fields();

export interface SessionStream extends OutgoingStream, Timed {}

/** Gathers the fields of a section as they are decoded. */
export interface Section {
  readonly count: number;
  readonly add: (name: string, value: string) => void;
}

/** What a client and a server make of frames. */
export interface Side<Stream, Gathered extends Section> {
  newSection(): Gathered;
  /** All fields of a message, or of its trailers, are there. @param fits false when there are more than is allowed */
  onSection(id: number, fields: Gathered, fits: boolean, isLast: boolean): void;
  /** As {@link FrameEvents.onData}; the window of the connection is seen to. */
  onData(id: number, data: Buffer, flow: number, isLast: boolean): void;
  onReset(id: number, code: number): void;
  onGoAway(lastStream: number): void;
  /** Wrong, but only for one stream. */
  onStreamFault(id: number, code: ErrorCode): void;
  /** The peer takes so much more of a stream. @param more may be 0, which is wrong */
  onStreamWindow(id: number, more: number): void;
  /** The peer has said what it takes. */
  onSettings(): void;
  /** An answer to a PING of ours. */
  onPong?(): void;
  /** All that has come is read, or what was before a fault. */
  onRead?(): void;
  /** The connection cannot go on: what was thrown while it was read. */
  onFault(error: unknown): void;
  /** All that a stream had to send is on its way. */
  onAllSent(stream: Stream): void;
  /** What is written leaves now. */
  onFlush?(): void;
  /** As {@link OutboxOwner.onWritten}. */
  onWritten?(isTaken: boolean): void;
  /** It has left, or waits for the peer. */
  onFlushed(): void;
  /** What was awaited has not come in time. */
  onLate(): void;
}

/** Deadlines, as the pool or the server keeps them. */
export interface Watch {
  /** Monotonic milliseconds. */
  readonly now: number;
  add(entry: Timed): void;
  remove(entry: Timed): void;
}

export interface SessionOptions {
  readonly peer: "client" | "server";
  readonly deadlines: Watch;
  readonly limits: { readonly maxHeadBytes: number; readonly maxFields: number };
  /** What is said first. */
  readonly settings: readonly (readonly [id: number, value: number])[];
  /** Octets of the table of fields that the peer may use. */
  readonly tableBytes: number;
  /** Octets of all bodies that may be on their way to us. */
  readonly connectionWindow: number;
  /** How many of them have come before the peer may send as many again. */
  readonly creditFrom: number;
  /** Octets that wait for a peer that takes none; more cuts the connection. */
  readonly maxWaitingBytes: number;
  readonly budget: CalmBudget;
  /** Calls when what is written leaves. */
  readonly soon: (task: () => void) => unknown;
  /** For what is awaited first. */
  readonly firstMs: number;
}

/** @template Awaited what a deadline may be for: who waits for the same thing as before waits no longer for it */
export class Session<Stream extends SessionStream, Gathered extends Section, Awaited> implements FrameEvents, Timed {
  deadline: number;
  awaited: Awaited;
  /** Nothing comes or goes any more. */
  isOver = false;
  /** No further streams are begun. */
  isLeaving = false;
  readonly streams = new Map<number, Stream>();
  readonly peer: PeerSettings;
  readonly outbox: Outbox<Stream>;
  readonly calm: Calm;
  readonly #channel: Channel;
  readonly #side: Side<Stream, Gathered>;
  readonly #options: SessionOptions;
  readonly #deadlines: Watch;
  readonly #rules: FrameRules;
  readonly #reader: FrameReader;
  readonly #decoder: FieldDecoder;
  /** Octets that the peer may still send on all streams. */
  #receiveWindow: number;
  #uncredited = 0;
  readonly #isForNobody = (): boolean => this.isOver || this.#channel.closed;

  constructor(channel: Channel, side: Side<Stream, Gathered>, awaited: Awaited, options: SessionOptions) {
    const { peer, deadlines, connectionWindow } = options;
    this.#channel = channel;
    this.#side = side;
    this.#options = options;
    this.#deadlines = deadlines;
    this.#receiveWindow = connectionWindow;
    this.peer = new PeerSettings(peer);
    this.calm = new Calm(deadlines.now, options.budget);
    this.#decoder = new FieldDecoder(options.tableBytes);
    this.#rules = new FrameRules(this, options.limits.maxHeadBytes);
    this.#reader = new FrameReader(this.#rules, peer === "client" ? PREFACE : NO_PREFACE);
    this.outbox = new Outbox(channel, this.peer.frameBytes, options.maxWaitingBytes, side, options.soon);
    this.awaited = awaited;
    this.deadline = deadlines.now + options.firstMs;
    deadlines.add(this);
    const out = this.outbox.frames;
    if (peer === "server") out.copy(PREFACE);
    settingsFrame(out, options.settings);
    windowUpdateFrame(out, 0, connectionWindow - WINDOW_AT_FIRST);
    this.outbox.flushSoon();
  }

  get now(): number {
    return this.#deadlines.now;
  }

  /** Frames and sections that came whole. */
  get finished(): number {
    return this.#rules.finished;
  }

  /** Whether something is begun that is not finished. */
  get isInside(): boolean {
    return this.#rules.isInside || !this.#reader.isBetween;
  }

  /** Whether it leaves, and nothing is left to do. */
  get isDone(): boolean {
    return this.isLeaving && !this.isOver && this.streams.size === 0 && this.outbox.isEmpty;
  }

  add(stream: Stream): void {
    this.streams.set(stream.id, stream);
    this.#deadlines.add(stream);
  }

  /** Whether it has not ended. */
  has(stream: Stream): boolean {
    return this.streams.get(stream.id) === stream;
  }

  forget(stream: Stream): void {
    this.streams.delete(stream.id);
    this.outbox.drop(stream);
    this.#deadlines.remove(stream);
  }

  read(bytes: Buffer): void {
    if (this.isOver) return;
    // What is written meanwhile leaves together.
    this.outbox.isHeld = true;
    try {
      this.#reader.push(bytes, this.#isForNobody);
      this.#side.onRead?.();
    } catch (error) {
      this.#side.onRead?.();
      this.#side.onFault(error);
    } finally {
      this.outbox.isHeld = false;
    }
    this.outbox.flush();
  }

  /** The peer may send so much more on a stream. */
  credit(id: number, bytes: number): void {
    if (bytes === 0 || this.isOver) return;
    windowUpdateFrame(this.outbox.frames, id, bytes);
    this.outbox.flushSoon();
  }

  reset(id: number, code: ErrorCode): void {
    if (this.isOver) return;
    resetFrame(this.outbox.frames, id, code);
    this.outbox.flushSoon();
  }

  ping(): void {
    const out = this.outbox.frames;
    frameHead(out, 8, FRAME.PING, 0, 0);
    out.uint32(0);
    out.uint32(0);
    this.outbox.flushSoon();
  }

  /** Says that no more streams are taken; those that are there go on. @param lastStream that was looked at */
  goAway(lastStream: number, code: ErrorCode, message: string): void {
    this.isLeaving = true;
    goAwayFrame(this.outbox.frames, lastStream, code, message);
  }

  /** All streams are over. @returns those that were there */
  forgetAll(): readonly Stream[] {
    const streams = [...this.streams.values()];
    for (const stream of streams) this.forget(stream);
    return streams;
  }

  /** The connection is closed. @returns as {@link forgetAll} */
  end(): readonly Stream[] {
    this.isOver = true;
    this.#deadlines.remove(this);
    this.outbox.close();
    return this.forgetAll();
  }

  await(what: Awaited, forMs: number): void {
    if (this.awaited === what) return;
    this.awaited = what;
    this.deadline = this.now + forMs;
  }

  expire(): void {
    this.#side.onLate();
  }

  /** For the frames, like everything below. */
  onFields(id: number, section: Buffer, isLast: boolean): void {
    const { maxHeadBytes, maxFields } = this.#options.limits;
    const fields = this.#side.newSection();
    let fits: boolean;
    try {
      fits = this.#decoder.decode(section, maxHeadBytes, fields.add) && fields.count <= maxFields;
    } catch (error) {
      if (!(error instanceof BrokenCompression)) throw error;
      throw new ConnectionFault(CODE.COMPRESSION_ERROR, error.message);
    }
    this.#side.onSection(id, fields, fits, isLast);
  }

  onData(id: number, data: Buffer, flow: number, isLast: boolean): void {
    this.#receiveWindow -= flow;
    if (this.#receiveWindow < 0) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, "More data than the window takes.");
    this.#uncredited += flow;
    if (this.#uncredited >= this.#options.creditFrom) {
      windowUpdateFrame(this.outbox.frames, 0, this.#uncredited);
      this.#receiveWindow += this.#uncredited;
      this.#uncredited = 0;
    }
    this.#side.onData(id, data, flow, isLast);
  }

  onReset(id: number, code: number): void {
    this.#side.onReset(id, code);
  }

  onSettings(payload: Buffer): void {
    this.calm.spend(1, this.now);
    const difference = this.peer.read(payload);
    if (difference !== 0) {
      for (const one of this.streams.values()) {
        one.sendWindow += difference;
        if (one.sendWindow > WINDOW_MAX) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, "A window is too large.");
      }
    }
    this.outbox.frames.copy(SETTINGS_ACK);
    this.#side.onSettings();
  }

  onPing(payload: Buffer): void {
    this.calm.spend(1, this.now);
    const out = this.outbox.frames;
    out.copy(PING_ACK);
    out.copy(payload);
  }

  onPong(): void {
    this.#side.onPong?.();
  }

  onGoAway(lastStream: number): void {
    this.#side.onGoAway(lastStream);
  }

  onIdleWork(): void {
    this.calm.spend(1, this.now);
  }

  onStreamFault(id: number, code: ErrorCode): void {
    this.#side.onStreamFault(id, code);
  }

  onWindowUpdate(id: number, more: number): void {
    if (id !== 0) {
      this.#side.onStreamWindow(id, more);
      return;
    }
    this.outbox.window += more;
    if (more === 0) throw protocolFault("A window grows by nothing.");
    if (this.outbox.window > WINDOW_MAX) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, "The window is too large.");
  }
}

export function protocolFault(message: string): ConnectionFault {
  return new ConnectionFault(CODE.PROTOCOL_ERROR, message);
}

const NO_PREFACE = Buffer.alloc(0);
const SETTINGS_ACK = Buffer.of(0, 0, 0, FRAME.SETTINGS, FLAG.ACK, 0, 0, 0, 0);
const PING_ACK = Buffer.of(0, 0, 8, FRAME.PING, FLAG.ACK, 0, 0, 0, 0);
