/** One connection to a server of HTTP/2 (RFC 9113): many exchanges at the same time. */
import {
  type BodyFailure,
  type Channel,
  type ChannelOwner,
  type ClientExchange,
  type ClientFailure,
  NEVER,
  type SharedConnection,
  type SharedContext,
  type SharedHome,
} from "#foundation/http1";
import { MALFORMED } from "../connection/field-rules.ts";
import { NO_TRAILERS, protocolFault, Session, type Side } from "../connection/session.ts";
import { CODE, ConnectionFault, type ErrorCode, WINDOW_MAX } from "../frames/frames.ts";
import { ClientStream, type StreamHome } from "./client-stream.ts";
import { type Http2ClientLimits, sessionOptions } from "./http2-client-limits.ts";
import { RequestHeadWriter } from "./request-head-writer.ts";
import { ResponseFields } from "./response-fields.ts";

/** What a deadline is for. */
type Awaited = "nothing" | "ready" | "idle" | "taking" | "pong";

/** Streams have 31 bits (§5.1.1). */
const STREAM_MAX = 0x7fff_ffff;

export class Http2ClientConnection
  implements SharedConnection, ChannelOwner, Side<ClientStream, ResponseFields>, StreamHome
{
  readonly #channel: Channel;
  readonly #home: SharedHome;
  readonly #context: SharedContext;
  readonly #limits: Http2ClientLimits;
  readonly #session: Session<ClientStream, ResponseFields, Awaited>;
  readonly #heads: RequestHeadWriter;
  /** Those of which nothing has left. */
  #unsent: ClientStream[] = [];
  /** Those whose response has begun with what was read last. */
  #fresh: ClientStream[] = [];
  #nextId = 1;
  /** Streams that its server has shown to take; below what it says when it has refused some. */
  #streamsMax: number;
  #isReady = false;

  constructor(channel: Channel, home: SharedHome, context: SharedContext, limits: Http2ClientLimits) {
    this.#channel = channel;
    this.#home = home;
    this.#context = context;
    this.#limits = limits;
    this.#streamsMax = limits.maxStreams;
    this.#session = new Session<ClientStream, ResponseFields, Awaited>(
      channel,
      this,
      "ready",
      sessionOptions(context, limits),
    );
    this.#heads = new RequestHeadWriter(this.#session.peer, context.secure ? "https" : "http");
  }

  get room(): number {
    if (!this.#isReady || this.#session.isLeaving || this.#session.isOver) return 0;
    if (this.#session.outbox.waitingBytes > this.#limits.maxWaitingBytes / 4) return 0;
    return Math.min(this.#streamsMax, this.#session.peer.maxStreams) - this.#session.streams.size;
  }

  get isIdle(): boolean {
    return this.#session.streams.size === 0;
  }

  get now(): number {
    return this.#session.now;
  }

  begin(exchange: ClientExchange): void {
    const { request } = exchange;
    const { upgrade } = request;
    if (upgrade !== undefined && !this.#session.peer.allowsConnect) {
      exchange.fail({ kind: "no-connect" }, false);
      return;
    }
    const goesOn = upgrade !== undefined || request.stream !== undefined || (request.body?.length ?? 0) > 0;
    const id = this.#nextId;
    try {
      this.#heads.request(this.#session.outbox.frames, id, request, !goesOn);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      exchange.fail({ kind: "unsafe", error }, false);
      return;
    }
    this.#nextId += 2;
    const stream = new ClientStream(id, exchange, this, this.#session.peer.initialWindow, this.#limits.streamWindow);
    this.#session.add(stream);
    this.#unsent.push(stream);
    this.#session.outbox.flushSoon();
    stream.begin();
    if (this.#nextId > STREAM_MAX) this.#leave();
  }

  close(): void {
    this.#leave();
    this.#session.outbox.flush();
  }

  pump(stream: ClientStream): void {
    this.#session.outbox.send(stream);
  }

  credit(stream: ClientStream, bytes: number): void {
    if (this.#session.has(stream)) this.#session.credit(stream.id, bytes);
  }

  cancel(stream: ClientStream, isComplete = false): void {
    this.#reset(stream, isComplete ? CODE.NO_ERROR : CODE.CANCEL);
  }

  late(stream: ClientStream, failure: ClientFailure): void {
    this.#reset(stream, CODE.CANCEL);
    stream.fail(failure, { kind: "stalled" }, true);
    if (failure.kind === "response-timeout") this.#ping();
  }

  onBytes(bytes: Buffer): void {
    this.#session.read(bytes);
  }

  onEnd(): void {
    this.#end({ kind: "closed" });
  }

  onClose(): void {
    this.#end({ kind: "closed" });
  }

  onDrain(): void {
    this.#session.outbox.flush();
  }

  onLate(): void {
    switch (this.#session.awaited) {
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

  newSection(): ResponseFields {
    return new ResponseFields();
  }

  onSection(id: number, fields: ResponseFields, fits: boolean, isLast: boolean): void {
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    if (stream.hasHead) {
      // What has left HTTP has no fields any more (§8.5).
      const trailers = fits && isLast && stream.tunnel === undefined ? fields.trailers() : MALFORMED;
      if (trailers === MALFORMED || !stream.onComplete(trailers)) this.#malformed(stream);
      else this.#received(stream);
      return;
    }
    const head = fits ? fields.response() : MALFORMED;
    if (head === MALFORMED || !stream.onHead(head, isLast)) {
      this.#malformed(stream, fits ? "bad-stream" : "head-too-large");
      return;
    }
    if (head.status < 200 || !this.#session.has(stream)) return;
    this.#fresh.push(stream);
    if (isLast) this.#complete(stream);
  }

  onData(id: number, data: Buffer, flow: number, isLast: boolean): void {
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    if (!stream.takes(flow)) {
      this.#malformed(stream, "bad-frames", CODE.FLOW_CONTROL_ERROR);
      return;
    }
    const fits = stream.onData(data, flow);
    if (!this.#session.has(stream)) return;
    if (!fits) this.#malformed(stream);
    else if (isLast) this.#complete(stream);
  }

  onReset(id: number, code: number): void {
    const stream = this.#streamOf(id);
    // Of a response that is complete, a reset only says that the rest of its request is not wanted (§8.1).
    if (stream === undefined || (stream.isReceived && stream.tunnel === undefined)) return;
    this.#forget(stream);
    if (code === CODE.REFUSED_STREAM && !stream.hasHead) {
      // It takes fewer than it says; more again as it answers.
      this.#streamsMax = Math.max(1, this.#session.streams.size);
      this.#giveBack(stream);
    } else stream.fail({ kind: "closed" }, { kind: "gone" }, true);
    this.#roomy();
  }

  onSettings(): void {
    this.#heads.tableBytes = this.#session.peer.tableBytes;
    this.#isReady = true;
    this.#roomy();
  }

  onPong(): void {
    this.#session.calm.spend(1, this.now);
    if (this.#session.awaited === "pong") this.#session.await("nothing", NEVER);
  }

  /** What is above `lastStream` was not looked at, and will not be (§6.8). */
  onGoAway(lastStream: number): void {
    this.#session.calm.spend(1, this.now);
    this.#stopTaking();
    const returned = [...this.#session.streams.values()].filter(({ id, hasHead }) => id > lastStream && !hasHead);
    for (const stream of returned) this.#forget(stream);
    for (const stream of returned) this.#giveBack(stream);
  }

  onStreamFault(id: number): void {
    const stream = this.#streamOf(id);
    if (stream !== undefined) this.#malformed(stream);
  }

  onStreamWindow(id: number, more: number): void {
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    stream.sendWindow += more;
    if (more === 0) this.#malformed(stream, "bad-frames");
    else if (stream.sendWindow > WINDOW_MAX) this.#malformed(stream, "bad-frames", CODE.FLOW_CONTROL_ERROR);
  }

  /** @returns undefined when it is over: what comes for it is for nobody @throws ConnectionFault when it never was */
  #streamOf(id: number): ClientStream | undefined {
    const stream = this.#session.streams.get(id);
    if (stream !== undefined) return stream;
    if (id % 2 === 0 || id >= this.#nextId) throw protocolFault("A stream that nobody has begun.");
    this.#session.calm.spend(1, this.now);
    return undefined;
  }

  /** Tells those whose response has begun, with what has come of it until now. */
  onRead(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const stream of fresh) {
      if (!this.#session.has(stream)) continue;
      stream.tell();
      if (stream.isDone && this.#session.has(stream)) this.#over(stream);
    }
  }

  /** All of a response has come. It is over when it was told. */
  #received(stream: ClientStream): void {
    if (!stream.isFresh && stream.isDone && this.#session.has(stream)) this.#over(stream);
  }

  /** Its last octet has come, without trailers. */
  #complete(stream: ClientStream): void {
    if (stream.onComplete(NO_TRAILERS)) this.#received(stream);
    else this.#malformed(stream);
  }

  #over(stream: ClientStream): void {
    const { exchange } = stream;
    // A response before the end of its request: the server does not want the rest (§8.1).
    if (!exchange.isSent || stream.queue.length > 0) {
      this.#session.reset(stream.id, CODE.CANCEL);
    }
    this.#forget(stream);
    if (this.#streamsMax < this.#limits.maxStreams) this.#streamsMax++;
    exchange.phase = "over";
    if (stream.tunnel === undefined) exchange.listener.onOver?.(exchange, true);
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
    if (!this.#session.has(stream)) return;
    this.#session.reset(stream.id, code);
    this.#forget(stream);
    this.#roomy();
  }

  #forget(stream: ClientStream): void {
    this.#session.forget(stream);
    stream.deadline = NEVER;
  }

  /** The server has not looked at it. */
  #giveBack(stream: ClientStream): void {
    const { exchange } = stream;
    if (exchange.phase !== "sent") return;
    if (exchange.isBegun) stream.fail({ kind: "closed" }, { kind: "gone" }, true);
    else this.#home.onReturned(exchange);
  }

  onAllSent(stream: ClientStream): void {
    if (stream.isEnding && stream.trailers !== undefined) {
      this.#heads.trailers(this.#session.outbox.frames, stream.id, stream.trailers);
      stream.trailers = undefined;
    }
    stream.drained();
    // What has left HTTP may have ended before its server has, or after.
    if (stream.tunnel !== undefined) this.#received(stream);
  }

  onWritten(isTaken: boolean): void {
    if (!isTaken) this.#end({ kind: "closed" });
    if (this.#unsent.length === 0) return;
    for (const stream of this.#unsent) stream.isUnsent = false;
    this.#unsent = [];
  }

  onFlushed(): void {
    if (this.#session.isDone) this.#end({ kind: "closed" });
    this.#roomy();
    this.#watch();
  }

  #roomy(): void {
    if (this.room > 0) this.#home.onRoom(this);
  }

  #stopTaking(): void {
    if (this.#session.isLeaving) return;
    this.#session.isLeaving = true;
    this.#home.onLeaving(this);
  }

  #leave(): void {
    if (this.#session.isLeaving || this.#session.isOver) return;
    this.#stopTaking();
    this.#session.goAway(0, CODE.NO_ERROR, "");
    this.#session.outbox.flushSoon();
  }

  onFault(error: unknown): void {
    if (!(error instanceof ConnectionFault)) throw error;
    if (this.#session.isOver) return;
    this.#stopTaking();
    this.#session.goAway(0, error.code, error.message);
    this.#session.outbox.write();
    // It may still send: closing at once would lose it what is wrong.
    this.#channel.endLingering();
    this.#end({ kind: "malformed", fault: "bad-frames" });
  }

  /** Nothing comes or goes any more. */
  #end(failure: ClientFailure): void {
    if (this.#session.isOver) return;
    const streams = this.#session.end();
    this.#channel.end();
    this.#stopTaking();
    for (const stream of streams) stream.deadline = NEVER;
    const ofBody: BodyFailure = failure.kind === "malformed" ? failure : { kind: "gone" };
    for (const stream of streams) {
      if (stream.isUnsent) this.#giveBack(stream);
      else if (stream.isFresh && stream.isReceived && stream.tunnel === undefined) this.#lastWords(stream);
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
    if (this.#session.awaited === "pong" || this.#session.isOver) return;
    this.#session.await("pong", this.#limits.pongTimeoutMs);
    this.#session.ping();
  }

  /** What is waited for now? */
  #watch(): void {
    const session = this.#session;
    if (session.isOver || session.awaited === "pong" || !this.#isReady) return;
    if (this.#channel.waitingBytes > 0) session.await("taking", this.#limits.writeTimeoutMs);
    else if (session.streams.size > 0) session.await("nothing", NEVER);
    else session.await("idle", this.#context.limits.idleTimeoutMs);
  }
}
