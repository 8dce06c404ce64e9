/** One client connection of HTTP/2 (RFC 9113). */
import {
  type AnswerHead,
  type Channel,
  type ChannelOwner,
  NEVER,
  type ReceivedFields,
  type Refusal,
  type ServedConnection,
  type ServerContext,
} from "#foundation/http1";
import { Calm, OF_CLIENTS } from "../connection/calm.ts";
import { EndedStreams } from "../connection/ended-streams.ts";
import { MALFORMED } from "../connection/field-rules.ts";
import { NO_TRAILERS, protocolFault, Session, type Side } from "../connection/session.ts";
import { CODE, ConnectionFault, type ErrorCode, SETTING, WINDOW_MAX } from "../frames/frames.ts";
import { HeadWriter } from "./head-writer.ts";
import { Http2Exchange, type StreamConnection } from "./http2-exchange.ts";
import type { Http2Limits } from "./http2-limits.ts";
import { RequestFields } from "./request-fields.ts";

/** What a deadline is for; a number: that something is finished behind so many others. */
type Awaited = "nothing" | "idle" | "taking" | number;

export class Http2Connection
  implements ServedConnection, ChannelOwner, Side<Http2Exchange, RequestFields>, StreamConnection
{
  readonly remoteAddress: string;
  readonly #channel: Channel;
  readonly #context: ServerContext;
  readonly #limits: Http2Limits;
  readonly #session: Session<Http2Exchange, RequestFields, Awaited>;
  readonly #heads: HeadWriter;
  readonly #ended: EndedStreams;
  #lastStream = 0;

  constructor(channel: Channel, context: ServerContext, limits: Http2Limits) {
    this.#channel = channel;
    this.#context = context;
    this.#limits = limits;
    this.remoteAddress = channel.remoteAddress;
    this.#ended = new EndedStreams(limits.maxStreams * 2);
    this.#session = new Session<Http2Exchange, RequestFields, Awaited>(channel, this, "idle", {
      peer: "client",
      deadlines: context.deadlines,
      limits: context.limits,
      settings: [
        [SETTING.MAX_CONCURRENT_STREAMS, limits.maxStreams],
        [SETTING.INITIAL_WINDOW_SIZE, limits.unreadBytes],
        [SETTING.MAX_HEADER_LIST_SIZE, context.limits.maxHeadBytes],
        [SETTING.HEADER_TABLE_SIZE, limits.tableBytes],
        [SETTING.NO_RFC7540_PRIORITIES, 1],
        ...(limits.allowsConnect ? [[SETTING.ENABLE_CONNECT_PROTOCOL, 1] as const] : []),
      ],
      tableBytes: limits.tableBytes,
      connectionWindow: limits.connectionWindow,
      // At once: what clients upload must not wait for a way back and forth.
      creditFrom: 1,
      maxWaitingBytes: limits.maxWaitingBytes,
      budget: OF_CLIENTS,
      soon: queueMicrotask,
      firstMs: context.limits.headTimeoutMs,
    });
    this.#heads = new HeadWriter(this.#session.peer);
  }

  get secure(): boolean {
    return this.#context.secure;
  }

  get now(): number {
    return this.#session.now;
  }

  get bodyTimeoutMs(): number {
    return this.#context.limits.bodyTimeoutMs;
  }

  get writeTimeoutMs(): number {
    return this.#context.limits.writeTimeoutMs;
  }

  endIfIdle(): void {
    this.#leave();
    this.#session.outbox.flush();
  }

  cut(): void {
    this.#channel.reset();
  }

  onBytes(bytes: Buffer): void {
    this.#session.read(bytes);
  }

  onEnd(): void {
    // Whoever says that he sends no more has left, as far as can be told.
    this.#channel.destroy();
  }

  onDrain(): void {
    this.#session.outbox.flush();
  }

  onClose(): void {
    for (const stream of this.#session.end()) stream.gone();
    this.#context.onGone(this);
  }

  onLate(): void {
    if (this.#channel.waitingBytes > 0) this.#channel.reset();
    else if (this.#session.streams.size === 0) this.#end(CODE.NO_ERROR, "");
    else if (this.#session.isInside) this.#end(CODE.PROTOCOL_ERROR, "A frame was not finished in time.");
  }

  writeHead(stream: Http2Exchange, head: AnswerHead, length: number | undefined, isLast: boolean): void {
    this.#heads.answer(this.#session.outbox.frames, stream.id, head, length, isLast, this.#context.dateField().raw[1]!);
    this.#session.outbox.flushSoon();
  }

  writeInformational(
    stream: Http2Exchange,
    status: number,
    fields: readonly string[],
    received?: ReceivedFields,
  ): void {
    this.#heads.informational(this.#session.outbox.frames, stream.id, status, fields, received);
    this.#session.outbox.flushSoon();
  }

  pump(stream: Http2Exchange): void {
    this.#session.outbox.send(stream);
  }

  credit({ id }: Http2Exchange, bytes: number): void {
    this.#session.credit(id, bytes);
  }

  closed(stream: Http2Exchange): void {
    if (!this.#session.has(stream)) return;
    if (!stream.isReceived) {
      // Whoever reads it reads on; a rest that nobody reads is not sent at all (§8.1).
      if (stream.body.isRead) return;
      this.#session.reset(stream.id, CODE.NO_ERROR);
    }
    this.#forget(stream, !stream.isReceived);
  }

  reset(stream: Http2Exchange, code: ErrorCode): void {
    if (!this.#session.has(stream)) return;
    this.#session.reset(stream.id, code);
    this.#forget(stream, true);
    stream.gone();
  }

  bodyLate(stream: Http2Exchange): void {
    stream.body.fail({ kind: "stalled" });
    if (!stream.isBegun && !stream.isOver) this.#refuse(stream, { status: 408, fault: "body-timeout" });
    this.reset(stream, CODE.CANCEL);
  }

  newSection(): RequestFields {
    return new RequestFields();
  }

  onSection(id: number, fields: RequestFields, fits: boolean, isLast: boolean): void {
    const stream = this.#session.streams.get(id);
    if (stream !== undefined) this.#onTrailers(stream, fields, fits && isLast);
    else if (id > this.#lastStream) this.#onRequest(id, fields, fits, isLast);
    else if (this.#ended.howEnded(id) === undefined)
      throw protocolFault("The number of a stream is lower than one before it.");
    else if (this.#ended.howEnded(id) === "known")
      throw new ConnectionFault(CODE.STREAM_CLOSED, "The stream has ended.");
  }

  #onRequest(id: number, fields: RequestFields, fits: boolean, isLast: boolean): void {
    this.#lastStream = id;
    // Those that came behind a GOAWAY are not looked at: the client knows, and asks elsewhere (§6.8).
    if (this.#session.isLeaving) {
      this.#ended.add(id, true);
      return;
    }
    if (this.#session.streams.size >= this.#limits.maxStreams) {
      this.#session.calm.spend(Calm.RESET, this.now);
      this.#resetId(id, CODE.REFUSED_STREAM);
      return;
    }
    const head = fields.request(isLast, this.#limits.allowsConnect);
    if (head === MALFORMED) {
      this.#session.calm.spend(Calm.RESET, this.now);
      this.#resetId(id, CODE.PROTOCOL_ERROR);
      return;
    }
    const { unreadBytes, readingBytes } = this.#limits;
    const stream = new Http2Exchange(id, head, this, this.#session.peer.initialWindow, unreadBytes, readingBytes);
    this.#session.add(stream);
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
    const stream = this.#session.streams.get(id);
    if (stream === undefined) {
      if (id > this.#lastStream) throw protocolFault("Data is of a stream that nobody has begun.");
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
    if (this.#session.streams.get(id) !== stream) return;
    if (!stream.lengthFits(isLast)) {
      stream.body.fail({ kind: "malformed", fault: "bad-content-length" });
      this.reset(stream, CODE.PROTOCOL_ERROR);
    } else if (isLast) stream.complete(NO_TRAILERS);
  }

  onReset(id: number): void {
    if (id > this.#lastStream) throw protocolFault("A stream that nobody has begun is reset.");
    // Requests that are taken back as fast as they come cost us more than the client (CVE-2023-44487).
    this.#session.calm.spend(Calm.RESET, this.now);
    const stream = this.#session.streams.get(id);
    if (stream === undefined) return;
    this.#forget(stream, false);
    stream.gone();
  }

  onSettings(): void {
    this.#heads.tableBytes = this.#session.peer.tableBytes;
  }

  onGoAway(): void {
    this.#session.isLeaving = true;
  }

  onStreamFault(id: number, code: ErrorCode): void {
    this.#resetId(id, code);
  }

  onStreamWindow(id: number, more: number): void {
    if (id > this.#lastStream) throw protocolFault("The window of a stream grows that nobody has begun.");
    if (more === 0) {
      this.#resetId(id, CODE.PROTOCOL_ERROR);
      return;
    }
    const stream = this.#session.streams.get(id);
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

  onFault(error: unknown): void {
    if (error instanceof ConnectionFault) this.#end(error.code, error.message);
    else {
      this.#context.onDefect(error);
      this.#end(CODE.INTERNAL_ERROR, "");
    }
  }

  onAllSent(stream: Http2Exchange): void {
    if (stream.isEnding) {
      if (stream.trailers !== undefined) this.#heads.trailers(this.#session.outbox.frames, stream.id, stream.trailers);
      this.closed(stream);
    }
    stream.drained();
  }

  onFlush(): void {
    if (this.#context.isClosing) this.#leave();
  }

  onFlushed(): void {
    this.#endWhenIdle();
    this.#watch();
  }

  /** @param isUnawares whether the client may not know yet that it has ended */
  #forget(stream: Http2Exchange, isUnawares: boolean): void {
    this.#session.forget(stream);
    this.#ended.add(stream.id, isUnawares);
    this.#endWhenIdle();
  }

  #resetId(id: number, code: ErrorCode): void {
    const stream = this.#session.streams.get(id);
    if (stream !== undefined) {
      this.reset(stream, code);
      return;
    }
    this.#session.reset(id, code);
    this.#ended.add(id, true);
  }

  /** Says that no more requests are taken; those that came are answered. */
  #leave(): void {
    if (this.#session.isLeaving || this.#session.isOver) return;
    this.#session.goAway(this.#lastStream, CODE.NO_ERROR, "");
  }

  #endWhenIdle(): void {
    if (!this.#session.isDone) return;
    this.#session.isOver = true;
    this.#channel.endLingering();
  }

  #end(code: ErrorCode, message: string): void {
    const session = this.#session;
    if (session.isOver) return;
    session.goAway(this.#lastStream, code, message);
    session.outbox.write();
    session.isOver = true;
    for (const stream of session.forgetAll()) stream.gone();
    this.#channel.endLingering();
  }

  /** What is waited for now? */
  #watch(): void {
    const session = this.#session;
    const { idleTimeoutMs, headTimeoutMs, writeTimeoutMs } = this.#context.limits;
    if (this.#channel.waitingBytes > 0) session.await("taking", writeTimeoutMs);
    else if (session.isInside) session.await(session.finished, headTimeoutMs);
    else if (session.streams.size > 0) session.await("nothing", NEVER);
    else session.await("idle", idleTimeoutMs);
  }
}
