/** One connection to a server of HTTP/2 (RFC 9113): many exchanges at the same time. */
import {
  type BodyFailure,
  type Channel,
  type ChannelOwner,
  type ClientExchange,
  type ClientFailure,
  Fields,
  NEVER,
  type SharedConnection,
  type SharedContext,
  type SharedHome,
  type Timed,
} from "#foundation/http1";
import { Calm, OF_SERVERS } from "../connection/calm.ts";
import { MALFORMED } from "../connection/field-rules.ts";
import { Outbox } from "../connection/outbox.ts";
import { PeerSettings } from "../connection/peer-settings.ts";
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
  SETTING,
  settingsFrame,
  WINDOW_AT_FIRST,
  WINDOW_MAX,
  windowUpdateFrame,
} from "../frames/frames.ts";
import { BrokenCompression, FieldDecoder } from "../hpack/decoder.ts";
import { ClientStream, type StreamHome } from "./client-stream.ts";
import type { Http2ClientLimits } from "./http2-client-limits.ts";
import { RequestHeadWriter } from "./request-head-writer.ts";
import { ResponseFields } from "./response-fields.ts";

/** What a deadline is for. */
type Awaited = "nothing" | "ready" | "idle" | "taking" | "pong";

/** Streams have 31 bits (§5.1.1). */
const STREAM_MAX = 0x7fff_ffff;

export class Http2ClientConnection implements SharedConnection, ChannelOwner, FrameEvents, StreamHome, Timed {
  deadline: number;
  readonly #channel: Channel;
  readonly #home: SharedHome;
  readonly #context: SharedContext;
  readonly #limits: Http2ClientLimits;
  readonly #rules: FrameRules;
  readonly #reader: FrameReader;
  readonly #decoder: FieldDecoder;
  readonly #peer = new PeerSettings("server");
  readonly #heads: RequestHeadWriter;
  readonly #calm: Calm;
  readonly #outbox: Outbox<ClientStream>;
  readonly #streams = new Map<number, ClientStream>();
  /** Those of which nothing has left. */
  #unsent: ClientStream[] = [];
  /** Those whose response has begun with what was read last. */
  #fresh: ClientStream[] = [];
  #nextId = 1;
  /** Streams that its server has shown to take; below what it says when it has refused some. */
  #streamsMax: number;
  /** Octets that it may still send on all streams. */
  #receiveWindow: number;
  #uncredited = 0;
  #isReady = false;
  #isLeaving = false;
  #isGone = false;
  #awaited: Awaited = "ready";

  constructor(channel: Channel, home: SharedHome, context: SharedContext, limits: Http2ClientLimits) {
    this.#channel = channel;
    this.#home = home;
    this.#context = context;
    this.#limits = limits;
    this.#streamsMax = limits.maxStreams;
    this.#receiveWindow = limits.connectionWindow;
    this.#decoder = new FieldDecoder(limits.tableBytes);
    this.#rules = new FrameRules(this, context.limits.maxHeadBytes);
    this.#reader = new FrameReader(this.#rules, NO_PREFACE);
    this.#heads = new RequestHeadWriter(this.#peer, context.secure ? "https" : "http");
    this.#calm = new Calm(context.deadlines.now, OF_SERVERS);
    // Not at the end of each event: requests of all clients that have sent something leave in one write, which is 17 % more of them in a second of a core.
    this.#outbox = new Outbox<ClientStream>(
      channel,
      this.#peer.frameBytes,
      limits.maxWaitingBytes,
      {
        onAllSent: (stream) => this.#allSent(stream),
        onFlush: () => undefined,
        onWritten: (isTaken) => this.#written(isTaken),
        onFlushed: () => {
          this.#endWhenIdle();
          this.#roomy();
          this.#watch();
        },
      },
      setImmediate,
    );
    this.deadline = context.deadlines.now + context.readyTimeoutMs;
    context.deadlines.add(this);
    const out = this.#outbox.frames;
    out.copy(PREFACE);
    settingsFrame(out, [
      [SETTING.ENABLE_PUSH, 0],
      [SETTING.INITIAL_WINDOW_SIZE, limits.streamWindow],
      [SETTING.MAX_HEADER_LIST_SIZE, context.limits.maxHeadBytes],
      [SETTING.HEADER_TABLE_SIZE, limits.tableBytes],
    ]);
    windowUpdateFrame(out, 0, limits.connectionWindow - WINDOW_AT_FIRST);
    this.#outbox.flushSoon();
  }

  get room(): number {
    if (!this.#isReady || this.#isLeaving || this.#isGone) return 0;
    if (this.#outbox.waitingBytes > this.#limits.maxWaitingBytes / 4) return 0;
    return Math.min(this.#streamsMax, this.#peer.maxStreams) - this.#streams.size;
  }

  get isIdle(): boolean {
    return this.#streams.size === 0;
  }

  get now(): number {
    return this.#context.deadlines.now;
  }

  begin(exchange: ClientExchange): void {
    const { request } = exchange;
    const hasBody = request.stream !== undefined || (request.body?.length ?? 0) > 0;
    const id = this.#nextId;
    try {
      this.#heads.request(this.#outbox.frames, id, request, !hasBody);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      exchange.fail({ kind: "unsafe", error }, false);
      return;
    }
    this.#nextId += 2;
    const stream = new ClientStream(id, exchange, this, this.#peer.initialWindow, this.#limits.streamWindow);
    this.#streams.set(id, stream);
    this.#unsent.push(stream);
    this.#context.deadlines.add(stream);
    this.#outbox.flushSoon();
    stream.begin();
    if (this.#nextId > STREAM_MAX) this.#leave();
  }

  close(): void {
    this.#leave();
    this.#outbox.flush();
  }

  pump(stream: ClientStream): void {
    this.#outbox.send(stream);
  }

  credit({ id }: ClientStream, bytes: number): void {
    if (this.#isGone || !this.#streams.has(id)) return;
    windowUpdateFrame(this.#outbox.frames, id, bytes);
    this.#outbox.flushSoon();
  }

  cancel(stream: ClientStream): void {
    this.#reset(stream, CODE.CANCEL);
  }

  late(stream: ClientStream, failure: ClientFailure): void {
    this.#reset(stream, CODE.CANCEL);
    stream.fail(failure, { kind: "stalled" }, true);
    if (failure.kind === "response-timeout") this.#ping();
  }

  onBytes(bytes: Buffer): void {
    if (this.#isGone) return;
    // What is written meanwhile leaves together.
    this.#outbox.isHeld = true;
    try {
      this.#reader.push(bytes, () => this.#isGone || this.#channel.closed);
      this.#tellFresh();
    } catch (error) {
      this.#tellFresh();
      this.#fault(error);
    }
    this.#outbox.isHeld = false;
    this.#outbox.flush();
  }

  onEnd(): void {
    this.#end({ kind: "closed" });
  }

  onClose(): void {
    this.#end({ kind: "closed" });
  }

  onDrain(): void {
    this.#outbox.flush();
  }

  expire(): void {
    switch (this.#awaited) {
      case "ready":
        this.#end({ kind: "connect-timeout" });
        break;
      case "idle":
        this.close();
        break;
      case "taking":
      case "pong":
        this.#end({ kind: "closed" });
        break;
      case "nothing":
        break;
    }
  }

  /** All fields of a response, or of its trailers, are there. */
  onFields(id: number, section: Buffer, isLast: boolean): void {
    const { limits } = this.#context;
    const fields = new ResponseFields();
    let fits: boolean;
    try {
      fits = this.#decoder.decode(section, limits.maxHeadBytes, fields.add) && fields.count <= limits.maxFields;
    } catch (error) {
      if (!(error instanceof BrokenCompression)) throw error;
      throw new ConnectionFault(CODE.COMPRESSION_ERROR, error.message);
    }
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    if (stream.hasHead) {
      const trailers = fits && isLast ? fields.trailers() : MALFORMED;
      if (trailers === MALFORMED || !stream.onComplete(trailers)) this.#malformed(stream);
      else this.#received(stream);
      return;
    }
    const head = fits ? fields.response() : MALFORMED;
    if (head === MALFORMED || !stream.onHead(head, isLast)) {
      this.#malformed(stream, fits ? "bad-stream" : "head-too-large");
      return;
    }
    if (head.status < 200 || this.#streams.get(id) !== stream) return;
    this.#fresh.push(stream);
    if (!isLast) return;
    if (stream.onComplete(NO_TRAILERS)) this.#received(stream);
    else this.#malformed(stream);
  }

  onData(id: number, data: Buffer, flow: number, isLast: boolean): void {
    this.#receiveWindow -= flow;
    if (this.#receiveWindow < 0) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, "More data than the window takes.");
    this.#uncredited += flow;
    if (this.#uncredited >= this.#limits.connectionWindow / 2) {
      windowUpdateFrame(this.#outbox.frames, 0, this.#uncredited);
      this.#receiveWindow += this.#uncredited;
      this.#uncredited = 0;
    }
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    if (!stream.takes(flow)) {
      this.#malformed(stream, "bad-frames", CODE.FLOW_CONTROL_ERROR);
      return;
    }
    const fits = stream.onData(data, flow);
    if (this.#streams.get(id) !== stream) return;
    if (!fits) this.#malformed(stream);
    else if (isLast) {
      if (stream.onComplete(NO_TRAILERS)) this.#received(stream);
      else this.#malformed(stream);
    }
  }

  onReset(id: number, code: number): void {
    const stream = this.#streamOf(id);
    // Of a response that is complete, a reset only says that the rest of its request is not wanted (§8.1).
    if (stream === undefined || stream.isReceived) return;
    this.#forget(stream);
    if (code === CODE.REFUSED_STREAM && !stream.hasHead) {
      // It takes fewer than it says; more again as it answers.
      this.#streamsMax = Math.max(1, this.#streams.size);
      this.#giveBack(stream);
    } else stream.fail({ kind: "closed" }, { kind: "gone" }, true);
    this.#roomy();
  }

  onSettings(payload: Buffer): void {
    this.#calm.spend(1, this.now);
    const difference = this.#peer.read(payload);
    this.#heads.tableBytes = this.#peer.tableBytes;
    if (difference !== 0) {
      for (const one of this.#streams.values()) {
        one.sendWindow += difference;
        if (one.sendWindow > WINDOW_MAX) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, "A window is too large.");
      }
    }
    this.#outbox.frames.copy(SETTINGS_ACK);
    this.#isReady = true;
    this.#roomy();
  }

  onPing(payload: Buffer): void {
    this.#calm.spend(1, this.now);
    const out = this.#outbox.frames;
    out.copy(PING_ACK);
    out.copy(payload);
  }

  onPong(): void {
    this.#calm.spend(1, this.now);
    if (this.#awaited !== "pong") return;
    this.#awaited = "nothing";
    this.deadline = NEVER;
  }

  /** What is above `lastStream` was not looked at, and will not be (§6.8). */
  onGoAway(lastStream: number): void {
    this.#calm.spend(1, this.now);
    this.#stopTaking();
    const returned = [...this.#streams.values()].filter(({ id, hasHead }) => id > lastStream && !hasHead);
    for (const stream of returned) this.#forget(stream);
    for (const stream of returned) this.#giveBack(stream);
  }

  onIdleWork(): void {
    this.#calm.spend(1, this.now);
  }

  onStreamFault(id: number): void {
    const stream = this.#streamOf(id);
    if (stream !== undefined) this.#malformed(stream);
  }

  onWindowUpdate(id: number, more: number): void {
    if (id === 0) {
      this.#outbox.window += more;
      if (more === 0) throw fault("A window grows by nothing.");
      if (this.#outbox.window > WINDOW_MAX) {
        throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, "The window is too large.");
      }
      return;
    }
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    stream.sendWindow += more;
    if (more === 0) this.#malformed(stream, "bad-frames");
    else if (stream.sendWindow > WINDOW_MAX) this.#malformed(stream, "bad-frames", CODE.FLOW_CONTROL_ERROR);
  }

  /** @returns undefined when it is over: what comes for it is for nobody @throws ConnectionFault when it never was */
  #streamOf(id: number): ClientStream | undefined {
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream;
    if (id % 2 === 0 || id >= this.#nextId) throw fault("A stream that nobody has begun.");
    this.#calm.spend(1, this.now);
    return undefined;
  }

  /** Tells those whose response has begun, with what has come of it until now. */
  #tellFresh(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const stream of fresh) {
      if (this.#streams.get(stream.id) !== stream) continue;
      stream.tell();
      if (stream.isReceived && this.#streams.get(stream.id) === stream) this.#over(stream);
    }
  }

  /** All of a response has come. It is over when it was told. */
  #received(stream: ClientStream): void {
    if (!stream.isFresh && this.#streams.get(stream.id) === stream) this.#over(stream);
  }

  #over(stream: ClientStream): void {
    const { exchange } = stream;
    // A response before the end of its request: the server does not want the rest (§8.1).
    if (!exchange.isSent || stream.queue.length > 0) {
      resetFrame(this.#outbox.frames, stream.id, CODE.CANCEL);
    }
    this.#forget(stream);
    exchange.phase = "over";
    if (this.#streamsMax < this.#limits.maxStreams) this.#streamsMax++;
    exchange.listener.onOver?.(exchange, true);
    this.#roomy();
  }

  #malformed(
    stream: ClientStream,
    what: "bad-stream" | "bad-frames" | "head-too-large" = "bad-stream",
    code?: ErrorCode,
  ): void {
    this.#reset(stream, code ?? CODE.PROTOCOL_ERROR);
    stream.fail({ kind: "malformed", fault: what }, { kind: "malformed", fault: what }, true);
  }

  #reset(stream: ClientStream, code: ErrorCode): void {
    if (this.#streams.get(stream.id) !== stream) return;
    if (!this.#isGone) {
      resetFrame(this.#outbox.frames, stream.id, code);
      this.#outbox.flushSoon();
    }
    this.#forget(stream);
    this.#roomy();
  }

  #forget(stream: ClientStream): void {
    this.#streams.delete(stream.id);
    this.#outbox.drop(stream);
    this.#context.deadlines.remove(stream);
    stream.deadline = NEVER;
  }

  /** The server has not looked at it. */
  #giveBack(stream: ClientStream): void {
    const { exchange } = stream;
    if (exchange.phase !== "sent") return;
    if (exchange.isBegun) stream.fail({ kind: "closed" }, { kind: "gone" }, true);
    else this.#home.onReturned(exchange);
  }

  /** All that a stream had to send is on its way. */
  #allSent(stream: ClientStream): void {
    if (stream.isEnding && stream.trailers !== undefined) {
      this.#heads.trailers(this.#outbox.frames, stream.id, stream.trailers);
      stream.trailers = undefined;
    }
    stream.drained();
  }

  #written(isTaken: boolean): void {
    if (!isTaken) this.#end({ kind: "closed" });
    if (this.#unsent.length === 0) return;
    for (const stream of this.#unsent) stream.isUnsent = false;
    this.#unsent = [];
  }

  #roomy(): void {
    if (this.room > 0) this.#home.onRoom(this);
  }

  #stopTaking(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#home.onLeaving(this);
  }

  #leave(): void {
    if (this.#isLeaving || this.#isGone) return;
    this.#stopTaking();
    goAwayFrame(this.#outbox.frames, 0, CODE.NO_ERROR, "");
    this.#outbox.flushSoon();
  }

  #endWhenIdle(): void {
    if (!this.#isLeaving || this.#isGone || this.#streams.size > 0 || !this.#outbox.isEmpty) return;
    this.#end({ kind: "closed" });
  }

  #fault(error: unknown): void {
    if (!(error instanceof ConnectionFault)) throw error;
    if (this.#isGone) return;
    goAwayFrame(this.#outbox.frames, 0, error.code, error.message);
    this.#outbox.write();
    // It may still send: closing at once would lose it what is wrong.
    this.#channel.endLingering();
    this.#end({ kind: "malformed", fault: "bad-frames" });
  }

  /** Nothing comes or goes any more. */
  #end(failure: ClientFailure): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#context.deadlines.remove(this);
    this.#outbox.close();
    this.#channel.end();
    if (!this.#isLeaving) {
      this.#isLeaving = true;
      this.#home.onLeaving(this);
    }
    const streams = [...this.#streams.values()];
    for (const stream of streams) this.#forget(stream);
    const ofBody: BodyFailure = failure.kind === "malformed" ? failure : { kind: "gone" };
    for (const stream of streams) {
      if (stream.isUnsent) this.#giveBack(stream);
      else if (stream.isFresh && stream.isReceived) this.#lastWords(stream);
      else stream.fail(failure, ofBody, true);
    }
    this.#home.onGone(this, this.#isReady ? undefined : failure);
  }

  /** Its response has come whole, and was not told yet. */
  #lastWords(stream: ClientStream): void {
    const { exchange } = stream;
    stream.tell();
    if (exchange.phase === "over") return;
    exchange.phase = "over";
    exchange.listener.onOver?.(exchange, true);
  }

  /** Whoever does not answer may be gone without a word. */
  #ping(): void {
    if (this.#awaited === "pong" || this.#isGone) return;
    const out = this.#outbox.frames;
    frameHead(out, 8, FRAME.PING, 0, 0);
    out.uint32(0);
    out.uint32(0);
    this.#await("pong", this.#limits.pongTimeoutMs);
    this.#outbox.flushSoon();
  }

  /** What is waited for now? Who waits for the same thing as before waits no longer for it. */
  #watch(): void {
    if (this.#isGone || this.#awaited === "pong") return;
    if (!this.#isReady) return;
    if (this.#channel.waitingBytes > 0) this.#await("taking", this.#limits.writeTimeoutMs);
    else if (this.#streams.size > 0) this.#await("nothing", NEVER);
    else this.#await("idle", this.#context.limits.idleTimeoutMs);
  }

  #await(what: Awaited, forMs: number): void {
    if (this.#awaited === what) return;
    this.#awaited = what;
    this.deadline = this.now + forMs;
  }
}

const NO_PREFACE = Buffer.alloc(0);
const SETTINGS_ACK = Buffer.of(0, 0, 0, FRAME.SETTINGS, FLAG.ACK, 0, 0, 0, 0);
const PING_ACK = Buffer.of(0, 0, 8, FRAME.PING, FLAG.ACK, 0, 0, 0, 0);
const NO_TRAILERS = new Fields();

function fault(message: string): ConnectionFault {
  return new ConnectionFault(CODE.PROTOCOL_ERROR, message);
}
