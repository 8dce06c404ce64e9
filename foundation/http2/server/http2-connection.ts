/** One client connection of HTTP/2 (RFC 9113). */
import {
  type AnswerHead,
  type Channel,
  type ChannelOwner,
  Fields,
  NEVER,
  type ReceivedFields,
  type Refusal,
  type ServedConnection,
  type ServerContext,
  type Timed,
} from "#foundation/http1";
import { Calm } from "../connection/calm.ts";
import { EndedStreams } from "../connection/ended-streams.ts";
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
import { HeadWriter } from "./head-writer.ts";
import { Http2Exchange, type StreamConnection } from "./http2-exchange.ts";
import type { Http2Limits } from "./http2-limits.ts";
import { RequestFields } from "./request-fields.ts";

/** What a deadline is for; a number: that something is finished behind so many others. */
type Awaited = "nothing" | "idle" | "taking" | number;

export class Http2Connection implements ServedConnection, ChannelOwner, FrameEvents, StreamConnection, Timed {
  deadline: number;
  readonly remoteAddress: string;
  readonly #channel: Channel;
  readonly #context: ServerContext;
  readonly #limits: Http2Limits;
  readonly #rules: FrameRules;
  readonly #reader: FrameReader;
  readonly #decoder: FieldDecoder;
  readonly #peer = new PeerSettings("client");
  readonly #heads: HeadWriter;
  readonly #calm: Calm;
  readonly #streams = new Map<number, Http2Exchange>();
  readonly #outbox: Outbox<Http2Exchange>;
  readonly #ended: EndedStreams;
  #lastStream = 0;
  /** The client was told that no more requests are taken. */
  #isLeaving = false;
  #isOver = false;
  #awaited: Awaited = "idle";

  constructor(channel: Channel, context: ServerContext, limits: Http2Limits) {
    this.#channel = channel;
    this.#context = context;
    this.#limits = limits;
    this.remoteAddress = channel.remoteAddress;
    this.#decoder = new FieldDecoder(limits.tableBytes);
    this.#rules = new FrameRules(this, context.limits.maxHeadBytes);
    this.#reader = new FrameReader(this.#rules, PREFACE);
    this.#heads = new HeadWriter(this.#peer);
    this.#outbox = new Outbox(channel, this.#peer.frameBytes, limits.maxWaitingBytes, {
      onAllSent: (stream) => this.#allSent(stream),
      onFlush: () => {
        if (context.isClosing) this.#leave(CODE.NO_ERROR, "");
      },
      onFlushed: () => {
        this.#endWhenIdle();
        this.#watch();
      },
    });
    this.#ended = new EndedStreams(limits.maxStreams * 2);
    this.#calm = new Calm(context.deadlines.now);
    this.deadline = context.deadlines.now + context.limits.headTimeoutMs;
    context.deadlines.add(this);
    settingsFrame(this.#outbox.frames, [
      [SETTING.MAX_CONCURRENT_STREAMS, limits.maxStreams],
      [SETTING.INITIAL_WINDOW_SIZE, limits.unreadBytes],
      [SETTING.MAX_HEADER_LIST_SIZE, context.limits.maxHeadBytes],
      [SETTING.HEADER_TABLE_SIZE, limits.tableBytes],
      [SETTING.NO_RFC7540_PRIORITIES, 1],
      ...(limits.allowsConnect ? [[SETTING.ENABLE_CONNECT_PROTOCOL, 1] as const] : []),
    ]);
    windowUpdateFrame(this.#outbox.frames, 0, limits.connectionWindow - WINDOW_AT_FIRST);
    this.#outbox.flushSoon();
  }

  get secure(): boolean {
    return this.#context.secure;
  }

  get now(): number {
    return this.#context.deadlines.now;
  }

  get bodyTimeoutMs(): number {
    return this.#context.limits.bodyTimeoutMs;
  }

  get writeTimeoutMs(): number {
    return this.#context.limits.writeTimeoutMs;
  }

  endIfIdle(): void {
    this.#leave(CODE.NO_ERROR, "");
    this.#outbox.flush();
  }

  cut(): void {
    this.#channel.reset();
  }

  onBytes(bytes: Buffer): void {
    if (this.#isOver) return;
    // What is written meanwhile leaves together.
    this.#outbox.isHeld = true;
    try {
      this.#reader.push(bytes, () => this.#isOver || this.#channel.closed);
    } catch (error) {
      this.#fail(error);
    }
    this.#outbox.isHeld = false;
    this.#outbox.flush();
  }

  onEnd(): void {
    // Whoever says that he sends no more has left, as far as can be told.
    this.#channel.destroy();
  }

  onDrain(): void {
    this.#outbox.flush();
  }

  onClose(): void {
    this.#isOver = true;
    this.#context.deadlines.remove(this);
    for (const stream of this.#streams.values()) {
      this.#context.deadlines.remove(stream);
      stream.gone();
    }
    this.#streams.clear();
    this.#outbox.close();
    this.#context.onGone(this);
  }

  expire(): void {
    if (this.#channel.waitingBytes > 0) this.#channel.reset();
    else if (this.#streams.size === 0) this.#end(CODE.NO_ERROR, "");
    else if (this.#rules.isInside || !this.#reader.isBetween)
      this.#end(CODE.PROTOCOL_ERROR, "A frame was not finished in time.");
  }

  writeHead(stream: Http2Exchange, head: AnswerHead, length: number | undefined, isLast: boolean): void {
    this.#heads.answer(this.#outbox.frames, stream.id, head, length, isLast, this.#context.dateField().raw[1]!);
    this.#outbox.flushSoon();
  }

  writeInformational(
    stream: Http2Exchange,
    status: number,
    fields: readonly string[],
    received?: ReceivedFields,
  ): void {
    this.#heads.informational(this.#outbox.frames, stream.id, status, fields, received);
    this.#outbox.flushSoon();
  }

  pump(stream: Http2Exchange): void {
    this.#outbox.send(stream);
  }

  credit({ id }: Http2Exchange, bytes: number): void {
    if (bytes === 0 || this.#isOver) return;
    windowUpdateFrame(this.#outbox.frames, id, bytes);
    this.#outbox.flushSoon();
  }

  closed(stream: Http2Exchange): void {
    if (this.#streams.get(stream.id) !== stream) return;
    if (!stream.isReceived) {
      // Whoever reads it reads on; a rest that nobody reads is not sent at all (§8.1).
      if (stream.body.isRead) return;
      resetFrame(this.#outbox.frames, stream.id, CODE.NO_ERROR);
      this.#outbox.flushSoon();
    }
    this.#forget(stream, !stream.isReceived);
  }

  reset(stream: Http2Exchange, code: ErrorCode): void {
    if (this.#streams.get(stream.id) !== stream) return;
    resetFrame(this.#outbox.frames, stream.id, code);
    this.#forget(stream, true);
    stream.gone();
    this.#outbox.flushSoon();
  }

  bodyLate(stream: Http2Exchange): void {
    stream.body.fail({ kind: "stalled" });
    if (!stream.isBegun && !stream.isOver) this.#refuse(stream, { status: 408, fault: "body-timeout" });
    this.reset(stream, CODE.CANCEL);
  }

  /** All fields of a request, or of its trailers, are there. */
  onFields(id: number, section: Buffer, isLast: boolean): void {
    const { limits } = this.#context;
    const fields = new RequestFields();
    let fits: boolean;
    try {
      fits = this.#decoder.decode(section, limits.maxHeadBytes, fields.add) && fields.count <= limits.maxFields;
    } catch (error) {
      if (!(error instanceof BrokenCompression)) throw error;
      throw new ConnectionFault(CODE.COMPRESSION_ERROR, error.message);
    }
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#onTrailers(stream, fields, fits && isLast);
    else if (id > this.#lastStream) this.#onRequest(id, fields, fits, isLast);
    else if (this.#ended.howEnded(id) === undefined) throw fault("The number of a stream is lower than one before it.");
    else if (this.#ended.howEnded(id) === "known")
      throw new ConnectionFault(CODE.STREAM_CLOSED, "The stream has ended.");
  }

  #onRequest(id: number, fields: RequestFields, fits: boolean, isLast: boolean): void {
    this.#lastStream = id;
    // Those that came behind a GOAWAY are not looked at: the client knows, and asks elsewhere (§6.8).
    if (this.#isLeaving) {
      this.#ended.add(id, true);
      return;
    }
    if (this.#streams.size >= this.#limits.maxStreams) {
      this.#calm.spend(Calm.RESET, this.now);
      this.#resetId(id, CODE.REFUSED_STREAM);
      return;
    }
    const head = fields.request(isLast, this.#limits.allowsConnect);
    if (head === MALFORMED) {
      this.#calm.spend(Calm.RESET, this.now);
      this.#resetId(id, CODE.PROTOCOL_ERROR);
      return;
    }
    const { unreadBytes, readingBytes } = this.#limits;
    const stream = new Http2Exchange(id, head, this, this.#peer.initialWindow, unreadBytes, readingBytes);
    this.#streams.set(id, stream);
    this.#context.deadlines.add(stream);
    if (!fits) this.#refuse(stream, { status: 431, fault: "head-too-large" });
    else if (head.target.length > this.#context.limits.maxTargetBytes) {
      this.#refuse(stream, { status: 414, fault: "target-too-long" });
    } else this.#tell(stream);
  }

  #onTrailers(stream: Http2Exchange, fields: RequestFields, isWhole: boolean): void {
    if (stream.isReceived) {
      this.reset(stream, CODE.STREAM_CLOSED);
      return;
    }
    const trailers = isWhole ? fields.trailers() : MALFORMED;
    if (trailers === MALFORMED || !stream.lengthFits(true)) {
      stream.body.fail({ kind: "malformed", fault: "forbidden-trailer" });
      this.reset(stream, CODE.PROTOCOL_ERROR);
    } else stream.complete(trailers);
  }

  onData(id: number, data: Buffer, flow: number, isLast: boolean): void {
    if (flow > 0) windowUpdateFrame(this.#outbox.frames, 0, flow);
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      if (id > this.#lastStream) throw fault("Data is of a stream that nobody has begun.");
      if (this.#ended.howEnded(id) !== "unawares") this.#resetId(id, CODE.STREAM_CLOSED);
      return;
    }
    if (stream.isReceived) {
      this.reset(stream, CODE.STREAM_CLOSED);
      return;
    }
    if (!stream.takes(flow)) {
      this.reset(stream, CODE.FLOW_CONTROL_ERROR);
      return;
    }
    stream.received(data, flow);
    // Whoever reads it may have given it up.
    if (this.#streams.get(id) !== stream) return;
    if (!stream.lengthFits(isLast)) {
      stream.body.fail({ kind: "malformed", fault: "bad-content-length" });
      this.reset(stream, CODE.PROTOCOL_ERROR);
    } else if (isLast) stream.complete(NO_TRAILERS);
  }

  onReset(id: number): void {
    if (id > this.#lastStream) throw fault("A stream that nobody has begun is reset.");
    // Requests that are taken back as fast as they come cost us more than the client (CVE-2023-44487).
    this.#calm.spend(Calm.RESET, this.now);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#forget(stream, false);
    stream.gone();
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
  }

  onPing(payload: Buffer): void {
    this.#calm.spend(1, this.now);
    const out = this.#outbox.frames;
    out.copy(PING_ACK);
    out.copy(payload);
  }

  onGoAway(): void {
    this.#isLeaving = true;
  }

  onIdleWork(): void {
    this.#calm.spend(1, this.now);
  }

  onStreamFault(id: number, code: ErrorCode): void {
    this.#resetId(id, code);
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
    if (id > this.#lastStream) throw fault("The window of a stream grows that nobody has begun.");
    if (more === 0) {
      this.#resetId(id, CODE.PROTOCOL_ERROR);
      return;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.sendWindow += more;
    if (stream.sendWindow > WINDOW_MAX) this.reset(stream, CODE.FLOW_CONTROL_ERROR);
  }

  #tell(stream: Http2Exchange): void {
    try {
      this.#context.onExchange(stream);
    } catch (error) {
      this.#context.onDefect(error);
      if (stream.isBegun) stream.abort();
      else stream.answer({ status: 500 }, "The request could not be answered.\n");
    }
  }

  #refuse(stream: Http2Exchange, { status, fault: reason }: Pick<Refusal, "status" | "fault">): void {
    const refusal: Refusal = { status, fault: reason, remoteAddress: this.remoteAddress };
    stream.answer(
      { status, fields: ["Content-Type", "text/plain; charset=utf-8"] },
      this.#context.refusalText(refusal),
    );
    this.#context.onRefused(refusal);
  }

  /** All that a stream had to send is on its way. */
  #allSent(stream: Http2Exchange): void {
    if (stream.isEnding) {
      if (stream.trailers !== undefined) this.#heads.trailers(this.#outbox.frames, stream.id, stream.trailers);
      this.closed(stream);
    }
    stream.drained();
  }

  /** @param isUnawares whether the client may not know yet that it has ended */
  #forget(stream: Http2Exchange, isUnawares: boolean): void {
    this.#streams.delete(stream.id);
    this.#outbox.drop(stream);
    this.#context.deadlines.remove(stream);
    this.#ended.add(stream.id, isUnawares);
    this.#endWhenIdle();
  }

  #resetId(id: number, code: ErrorCode): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) {
      this.reset(stream, code);
      return;
    }
    resetFrame(this.#outbox.frames, id, code);
    this.#ended.add(id, true);
  }

  /** Says that no more requests are taken; those that came are answered. */
  #leave(code: ErrorCode, message: string): void {
    if (this.#isLeaving || this.#isOver) return;
    this.#isLeaving = true;
    goAwayFrame(this.#outbox.frames, this.#lastStream, code, message);
  }

  #endWhenIdle(): void {
    if (!this.#isLeaving || this.#isOver || this.#streams.size > 0 || !this.#outbox.isEmpty) return;
    this.#isOver = true;
    this.#channel.endLingering();
  }

  #end(code: ErrorCode, message: string): void {
    if (this.#isOver) return;
    this.#isLeaving = true;
    goAwayFrame(this.#outbox.frames, this.#lastStream, code, message);
    this.#outbox.write();
    this.#isOver = true;
    for (const stream of this.#streams.values()) {
      this.#context.deadlines.remove(stream);
      stream.gone();
    }
    this.#streams.clear();
    this.#channel.endLingering();
  }

  #fail(error: unknown): void {
    if (error instanceof ConnectionFault) this.#end(error.code, error.message);
    else {
      this.#context.onDefect(error);
      this.#end(CODE.INTERNAL_ERROR, "");
    }
  }

  /** What is waited for now? Who waits for the same thing as before waits no longer for it. */
  #watch(): void {
    const { idleTimeoutMs, headTimeoutMs, writeTimeoutMs } = this.#context.limits;
    if (this.#channel.waitingBytes > 0) this.#await("taking", writeTimeoutMs);
    else if (this.#rules.isInside || !this.#reader.isBetween) this.#await(this.#rules.finished, headTimeoutMs);
    else if (this.#streams.size > 0) this.#await("nothing", NEVER);
    else this.#await("idle", idleTimeoutMs);
  }

  #await(what: Awaited, forMs: number): void {
    if (this.#awaited === what) return;
    this.#awaited = what;
    this.deadline = this.now + forMs;
  }
}

const SETTINGS_ACK = Buffer.of(0, 0, 0, FRAME.SETTINGS, FLAG.ACK, 0, 0, 0, 0);
const PING_ACK = Buffer.of(0, 0, 8, FRAME.PING, FLAG.ACK, 0, 0, 0, 0);
const NO_TRAILERS = new Fields();

function fault(message: string): ConnectionFault {
  return new ConnectionFault(CODE.PROTOCOL_ERROR, message);
}
