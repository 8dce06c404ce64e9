/**
 * The requests of one connection, cut out of its bytes (RFC 9112 §6, §9.3).
 *
 * Requests are announced as their heads arrive, also while an earlier one is being answered. The body of one that must wait is not read before its turn.
 */

import type { ChannelOwner } from "#foundation/http1";
import { type Framing, readFraming } from "../framing.ts";
import { ChunkedReader } from "./chunked-reader.ts";
import { type Fields, parseRequestHead } from "./request-head.ts";
import { type BodySource, WireRequest } from "./wire-request.ts";
import type { WireSocket } from "./wire-socket.ts";

/** What is wrong with what a client sent, or did not send. */
export type Fault = "malformed" | "head-too-large" | "head-too-late" | "incomplete";

/** What a reader tells its server. */
export interface ReaderEvents {
  /** A request; with `framing.refusal` nothing more is read. */
  onRequest(request: WireRequest, framing: Framing, persistent: boolean): void;
  /** A request that wants to leave HTTP; nothing more is read here. `rest` is what came behind it. */
  onUpgrade(request: WireRequest, framing: Framing, rest: Uint8Array): void;
  /** Nothing more is read. */
  onFault(fault: Fault): void;
  onDrain(): void;
  onClose(): void;
  /** Whether an earlier request is still being answered. */
  readonly busy: boolean;
}

export interface ReaderLimits {
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** Monotonic milliseconds, as exact as the server's sweeps. */
export interface CoarseClock {
  now: number;
}

const NEVER = Number.POSITIVE_INFINITY;
const END_OF_HEAD = "\r\n\r\n";
const NO_BYTES = new Uint8Array(0);
const NO_TRAILERS: readonly string[] = [];
const CR = 0x0d;
const LF = 0x0a;

/** Kept of requests that wait for an earlier answer: more than pipelining clients send ahead, as a rule. */
const HELD_BYTES_MAX = 64 * 1024;

/** Least room for a head that comes in pieces; it doubles as it fills. */
const PARTIAL_BYTES_MIN = 1024;

export class ConnectionReader implements ChannelOwner, BodySource {
  /** When the connection has waited long enough for a head. */
  deadline: number;
  readonly #socket: WireSocket;
  readonly #events: ReaderEvents;
  readonly #limits: ReaderLimits;
  readonly #clock: CoarseClock;
  readonly #upgrades: boolean;
  #state: "head" | "body" | "held" | "stopped" = "head";
  /** The beginning of a head whose end has not come. */
  #partial: Buffer | undefined;
  #partialBytes = 0;
  #request: WireRequest | undefined;
  #left = 0;
  #chunks: ChunkedReader | undefined;
  /** No request follows the one that is being read. */
  #isLast = false;
  /** What came behind a request whose body has to wait. */
  #held: Uint8Array = NO_BYTES;

  constructor(
    socket: WireSocket,
    events: ReaderEvents,
    limits: ReaderLimits,
    clock: CoarseClock,
    /** Whether upgrades are offered; else their requests are ordinary ones. */
    upgrades: boolean,
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#limits = limits;
    this.#clock = clock;
    this.#upgrades = upgrades;
    this.deadline = clock.now + limits.headersTimeoutMs;
  }

  /** Nothing more is read; what comes is dropped. */
  stop(): void {
    this.#state = "stopped";
    this.#partial = undefined;
    this.#held = NO_BYTES;
    this.deadline = NEVER;
  }

  /** The last answer is on its way and no request waits. */
  rest(): void {
    if (this.#state !== "head") return;
    const { headersTimeoutMs, keepAliveTimeoutMs } = this.#limits;
    this.deadline = this.#clock.now + (this.#partial === undefined ? keepAliveTimeoutMs : headersTimeoutMs);
  }

  /** It is the turn of a request that waited: its body is read now. */
  begin(request: WireRequest): void {
    if (this.#state !== "held" || this.#request !== request) return;
    this.#state = "body";
    const held = this.#held;
    this.#held = NO_BYTES;
    this.#socket.resume();
    this.#read(held, 0);
  }

  /** The deadline has passed. */
  expire(): void {
    this.deadline = NEVER;
    if (this.#events.busy) return;
    if (this.#partial !== undefined) this.#fault("head-too-late");
    else this.#socket.end();
  }

  pauseBody(): void {
    if (this.#state === "body") this.#socket.pause();
  }

  resumeBody(): void {
    if (this.#state === "body") this.#socket.resume();
  }

  onBytes(bytes: Buffer): void {
    if (this.#state === "held") this.#hold(this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]));
    else this.#read(bytes, 0);
  }

  /** Keeps what must wait. As long as it is little the connection is read on, for a client that leaves is noticed by reading only. */
  #hold(bytes: Uint8Array): void {
    this.#held = bytes;
    if (bytes.length > HELD_BYTES_MAX) this.#socket.pause();
  }

  onEnd(): void {
    if (this.#state === "body" || (this.#state === "head" && this.#partial !== undefined)) this.#fault("incomplete");
    else this.#socket.destroy();
  }

  onDrain(): void {
    this.#events.onDrain();
  }

  onClose(): void {
    this.stop();
    this.#events.onClose();
  }

  #read(bytes: Uint8Array, from: number): void {
    let at = from;
    while (at < bytes.length) {
      switch (this.#state) {
        case "head":
          at = this.#takeHead(bytes, at);
          break;
        case "body":
          at = this.#takeBody(bytes, at);
          break;
        case "held":
          this.#hold(bytes.subarray(at));
          return;
        case "stopped":
          return;
      }
    }
    // Nobody reads the body yet: what has come is enough.
    if (this.#state === "body" && this.#request?.isRead === false) this.#socket.pause();
  }

  /** @returns the position behind what was taken */
  #takeHead(chunk: Uint8Array, from: number): number {
    if (this.#partial !== undefined) return this.#takeHeadInPieces(chunk, from);
    const bytes = bufferOf(chunk);
    const start = skipEmptyLines(bytes, from, bytes.length);
    const end = bytes.indexOf(END_OF_HEAD, start);
    if (end !== -1) return this.#takeWholeHead(bytes, start, end, chunk, end + END_OF_HEAD.length);
    if (bytes.length - start > this.#unendedMax) return this.#fault("head-too-large");
    if (hasBareLineFeed(bytes, start)) return this.#fault("malformed");
    if (start < bytes.length) this.#keepPartial(bytes, start);
    return bytes.length;
  }

  #takeHeadInPieces(chunk: Uint8Array, from: number): number {
    const before = this.#partialBytes;
    const bytes = this.#extended(chunk, from);
    const start = skipEmptyLines(bytes, 0, bytes.length);
    const end = bytes.indexOf(END_OF_HEAD, Math.max(start, before - END_OF_HEAD.length + 1));
    if (end !== -1) {
      this.#forgetPartial();
      return this.#takeWholeHead(bytes, start, end, chunk, end + END_OF_HEAD.length - before + from);
    }
    if (bytes.length - start > this.#unendedMax) return this.#fault("head-too-large");
    if (hasBareLineFeed(bytes, Math.max(start, before))) return this.#fault("malformed");
    if (start === bytes.length) this.#forgetPartial();
    return chunk.length;
  }

  /** Bytes of a head whose end has not come: all of it, and nearly all of its end. */
  get #unendedMax(): number {
    return this.#limits.maxHeaderBytes + END_OF_HEAD.length - 1;
  }

  /** @param next where the chunk goes on behind the head */
  #takeWholeHead(bytes: Buffer, start: number, end: number, chunk: Uint8Array, next: number): number {
    if (end - start > this.#limits.maxHeaderBytes) return this.#fault("head-too-large");
    const head = parseRequestHead(bytes.toString("latin1", start, end));
    if (head === undefined) return this.#fault("malformed");
    const framing = readFraming(head.headers.raw, head.version);
    const hasBody = framing.refusal === undefined && (framing.chunked || (framing.contentLength ?? 0) > 0);
    const request = new WireRequest(head, hasBody, this);
    const connection = connectionOptions(head.headers);
    const persistent = !connection.close && (head.version === "1.1" || connection.keepAlive);
    this.deadline = NEVER;
    if (framing.refusal !== undefined) {
      this.stop();
      this.#events.onRequest(request, framing, false);
      return chunk.length;
    }
    if (connection.upgrade && this.#upgrades && !hasBody) {
      this.stop();
      this.#socket.pause();
      this.#events.onUpgrade(request, framing, own(chunk, next, chunk.length));
      return chunk.length;
    }
    this.#isLast = !persistent;
    if (hasBody) return this.#announceWithBody(request, framing, persistent, chunk, next);
    this.#state = this.#isLast ? "stopped" : "head";
    this.#events.onRequest(request, framing, persistent);
    return next;
  }

  #announceWithBody(
    request: WireRequest,
    framing: Framing,
    persistent: boolean,
    chunk: Uint8Array,
    next: number,
  ): number {
    const length = framing.contentLength ?? 0;
    this.#request = request;
    const { busy } = this.#events;
    // The usual small body came with its head: whoever reads it need not wait.
    if (!busy && !framing.chunked && chunk.length - next >= length) {
      request.push(own(chunk, next, next + length));
      this.#endBody(request, NO_TRAILERS);
      this.#events.onRequest(request, framing, persistent);
      return next + length;
    }
    this.#state = busy ? "held" : "body";
    this.#left = length;
    this.#chunks = framing.chunked ? new ChunkedReader() : undefined;
    this.#events.onRequest(request, framing, persistent);
    return next;
  }

  /** @returns the position behind what was taken */
  #takeBody(bytes: Uint8Array, at: number): number {
    const request = this.#request!;
    if (this.#chunks !== undefined) {
      const outcome = this.#chunks.push(bytes, at, (data) => request.push(own(data, 0, data.length)));
      if (outcome.kind === "more") return bytes.length;
      if (outcome.kind === "malformed") return this.#fault("malformed");
      this.#endBody(request, this.#chunks.trailers);
      this.#restUnlessBusy();
      return outcome.at;
    }
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    request.push(own(bytes, at, end));
    if (this.#left === 0) {
      this.#endBody(request, NO_TRAILERS);
      this.#restUnlessBusy();
    }
    return end;
  }

  #endBody(request: WireRequest, trailers: readonly string[]): void {
    this.#state = this.#isLast ? "stopped" : "head";
    this.#request = undefined;
    this.#chunks = undefined;
    request.finish(trailers);
    // Whoever read it may have paused the flow; the next request must come.
    this.#socket.resume();
  }

  /** A body may end when its request was answered long ago. */
  #restUnlessBusy(): void {
    if (!this.#events.busy) this.rest();
  }

  /** @returns a position behind everything: nothing more is taken */
  #fault(fault: Fault): number {
    this.stop();
    this.#events.onFault(fault);
    return Number.MAX_SAFE_INTEGER;
  }

  #keepPartial(bytes: Buffer, from: number): void {
    const length = bytes.length - from;
    this.#partial = Buffer.allocUnsafeSlow(Math.max(PARTIAL_BYTES_MIN, 2 * length));
    bytes.copy(this.#partial, 0, from);
    this.#partialBytes = length;
    this.deadline = this.#clock.now + this.#limits.headersTimeoutMs;
  }

  /** The partial head with a chunk behind it. A head that comes byte by byte must not be copied as often. */
  #extended(chunk: Uint8Array, from: number): Buffer {
    const length = this.#partialBytes + chunk.length - from;
    if (this.#partial!.length < length) {
      const larger = Buffer.allocUnsafeSlow(2 * length);
      this.#partial!.copy(larger, 0, 0, this.#partialBytes);
      this.#partial = larger;
    }
    this.#partial!.set(from === 0 ? chunk : chunk.subarray(from), this.#partialBytes);
    this.#partialBytes = length;
    return this.#partial!.subarray(0, length);
  }

  #forgetPartial(): void {
    this.#partial = undefined;
    this.#partialBytes = 0;
  }
}

/** Some clients send an empty line behind a body (RFC 9112 §2.2). */
function skipEmptyLines(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at + 1 < to && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  return at;
}

/** Whether a line ends without CR from there on: a head that will never be whole is refused at once, and not when its time is up. */
function hasBareLineFeed(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (at === 0 || bytes[at - 1] !== CR) return true;
  }
  return false;
}

/** Bytes that nobody else holds: a part is copied, the whole is given away. */
function own(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (from === 0 && to === bytes.length && bytes.byteLength === bytes.buffer.byteLength) return bytes;
  return Uint8Array.prototype.slice.call(bytes, from, to);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  /** `Connection: upgrade` together with an `Upgrade` field. */
  readonly upgrade: boolean;
}

const NO_OPTIONS: ConnectionOptions = { close: false, keepAlive: false, upgrade: false };

/** What the `Connection` fields say (RFC 9110 §7.6.1). */
function connectionOptions({ raw, lowerNames }: Fields): ConnectionOptions {
  let options = "";
  let hasUpgrade = false;
  for (let i = 0; i < lowerNames.length; i++) {
    const name = lowerNames[i];
    if (name === "connection") options += `,${raw[i * 2 + 1]!.toLowerCase()}`;
    else if (name === "upgrade") hasUpgrade = true;
  }
  if (options === "") return NO_OPTIONS;
  const tokens = options.split(",").map((token) => token.trim());
  return {
    close: tokens.includes("close"),
    keepAlive: tokens.includes("keep-alive"),
    upgrade: hasUpgrade && tokens.includes("upgrade"),
  };
}
