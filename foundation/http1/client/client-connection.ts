/** One connection to an origin: exchanges one after the other. */

import { FIELD, type Fields } from "../codec/fields.ts";
import { MessageWriter, NOT_COPIED } from "../codec/message-writer.ts";
import type { ResponseHead } from "../codec/response-head.ts";
import { ResponseReader, type ResponseSink } from "../codec/response-reader.ts";
import type { Channel, ChannelOwner } from "../io/channel.ts";
import { type Deadlines, NEVER, type Timed } from "../io/deadlines.ts";
import { rawDuplex } from "../io/duplex.ts";
import { type BodyFailure, type BodySource, MessageBody } from "../message-body.ts";
import type { ClientExchange, ExchangeConnection } from "./client-exchange.ts";
import type { ClientFailure, ClientLimits, OutgoingRequest } from "./client-types.ts";

/** Where connections go when they are free, or gone. */
export interface ConnectionHome {
  onFree(connection: ClientConnection): void;
  onGone(connection: ClientConnection): void;
}

/** All heads are written here: what is written is sent, or copied, before anything else happens. */
const shared = new MessageWriter();

/** Head and body up to this leave in one write. */
const TOGETHER_BYTES_MAX = 64 * 1024;
/** How long a server may leave `Expect: 100-continue` without an answer before the body is sent all the same (RFC 9110 §10.1.1). */
const CONTINUE_MS = 1000;
const DEFAULT_TIMEOUT_MS = 60_000;
const NO_BYTES = Buffer.alloc(0);
const CLOSED: ClientFailure = { kind: "closed" };
const CLOSED_KEPT: ClientFailure = { kind: "closed", wasKept: true };

export class ClientConnection implements ExchangeConnection, ChannelOwner, ResponseSink, BodySource, Timed {
  deadline = NEVER;
  /** After an exchange, when its server will close it, as far as it has said. Milliseconds. */
  keepAliveMs = Number.POSITIVE_INFINITY;
  readonly #channel: Channel;
  readonly #home: ConnectionHome;
  readonly #deadlines: Deadlines;
  readonly #reader: ResponseReader;
  #exchange: ClientExchange | undefined;
  /** The response of `#exchange` was not told to anybody yet. */
  #isFresh = false;
  /** It has carried an exchange before the present one. */
  #isKept = false;
  #isGone = false;
  #isBodyPaused = false;

  constructor(channel: Channel, home: ConnectionHome, deadlines: Deadlines, limits: ClientLimits) {
    this.#channel = channel;
    this.#home = home;
    this.#deadlines = deadlines;
    this.#reader = new ResponseReader(limits);
    channel.owner = this;
    deadlines.add(this);
  }

  get head(): ResponseHead {
    return this.#reader.head;
  }

  /**
   * Sends a request.
   * @returns false when the connection was closed already and took nothing: the request may be sent on another one
   */
  begin(exchange: ClientExchange): boolean {
    const { request } = exchange;
    try {
      writeHead(shared.reset(), request);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.close();
      exchange.fail({ kind: "unsafe", error }, false);
      return true;
    }
    const body = request.body ?? NO_BYTES;
    const isTogether = body.length <= TOGETHER_BYTES_MAX;
    if (isTogether) shared.body(body);
    const told = this.#channel.sendTold(shared);
    if (told === "untaken") {
      this.#channel.destroy();
      this.#leave();
      return false;
    }
    this.#exchange = exchange;
    exchange.connection = this;
    exchange.phase = "sent";
    exchange.isSent = request.stream === undefined;
    this.#isBodyPaused = false;
    this.#reader.expect(request.method, this);
    if (!isTogether) this.#channel.write(body);
    this.#awaitHead(exchange);
    if (request.stream !== undefined && !exchange.awaitsContinue && told === "sent")
      exchange.listener.onWritable?.(exchange);
    return true;
  }

  /** A piece of the request's body. @returns whether nothing waits */
  writeBody(bytes: Uint8Array, isChunked: boolean): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined) return true;
    this.#awaitServer(exchange);
    if (!isChunked) return this.#channel.write(bytes);
    if (bytes.length <= TOGETHER_BYTES_MAX) return this.#channel.send(shared.reset().chunk(bytes));
    this.#channel.send(shared.reset().chunkStart(bytes.length));
    this.#channel.write(bytes);
    return this.#channel.send(shared.reset().chunkEnd());
  }

  /** The request's body is complete. @throws UnsafeMessage */
  endBody(isChunked: boolean, trailers: readonly string[]): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (isChunked) this.#channel.send(shared.reset().lastChunk(trailers));
    exchange.isSent = true;
    this.#awaitServer(exchange);
  }

  /** Nobody wants what is left of the exchange. */
  abandon(): void {
    this.#exchange = undefined;
    this.#channel.reset();
    this.#leave();
  }

  /** Closes it in order. */
  close(): void {
    this.#channel.end();
    this.#leave();
  }

  expireAfter(timeoutMs: number): void {
    this.deadline = this.#deadlines.now + timeoutMs;
  }

  onBytes(bytes: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      // Nobody asked: whatever it is, the next request must not take it for its answer.
      this.#channel.destroy();
      this.#leave();
      return;
    }
    const at = this.#reader.push(bytes);
    const { fault } = this.#reader;
    if (fault !== undefined) {
      this.#fail(exchange, { kind: "malformed", fault }, { kind: "malformed", fault });
      return;
    }
    if (this.#reader.isTunnel) this.#leaveHttp(exchange, bytes.subarray(at));
    else if (this.#isFresh) this.#tell(exchange);
    if (this.#exchange !== exchange) return;
    if (this.#reader.isIdle || this.#reader.isDone) this.#over(exchange, at === bytes.length);
    else this.#settle(exchange);
  }

  onEnd(): void {
    this.#ended();
  }

  onClose(): void {
    this.#ended();
  }

  onDrain(): void {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.isSent || exchange.awaitsContinue) return;
    this.#awaitServer(exchange);
    exchange.listener.onWritable?.(exchange);
  }

  expire(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) this.close();
    else if (this.#deadlines.now >= exchange.totalDeadline)
      this.#fail(exchange, { kind: "total-timeout" }, { kind: "stalled" });
    else if (exchange.awaitsContinue) this.#continue(exchange);
    // It has answered before the end of the request, and waits for more of it.
    else if (exchange.phase === "response" && this.#owesBody(exchange)) this.#awaitBody(exchange);
    else if (exchange.phase === "response") this.#fail(exchange, { kind: "response-timeout" }, { kind: "stalled" });
    // Who waits is the server, for a body that we do not send.
    else if (exchange.isSent || this.#channel.waitingBytes > 0)
      this.#fail(exchange, { kind: "response-timeout" }, { kind: "stalled" });
    else this.#awaitHead(exchange);
  }

  onInformational(head: ResponseHead): void {
    const exchange = this.#exchange!;
    exchange.listener.onInformational?.(head);
    if (head.status === 100 && exchange.awaitsContinue && this.#exchange === exchange) this.#continue(exchange);
    else if (this.#exchange === exchange) this.#awaitHead(exchange);
  }

  onHead(): void {
    this.#exchange!.response = new MessageBody(this);
    this.#isFresh = true;
  }

  onBody(data: Buffer): void {
    this.#exchange?.response?.push(data);
  }

  onComplete(trailers: Fields): void {
    this.#exchange?.response?.finish(trailers);
  }

  wantBody(): void {
    this.resumeBody();
  }

  pauseBody(): void {
    this.#isBodyPaused = true;
    this.deadline = this.#exchange?.totalDeadline ?? NEVER;
    this.#channel.pause();
  }

  resumeBody(): void {
    this.#isBodyPaused = false;
    if (this.#exchange !== undefined) this.#awaitBody(this.#exchange);
    this.#channel.resume();
  }

  #continue(exchange: ClientExchange): void {
    exchange.awaitsContinue = false;
    this.#awaitHead(exchange);
    if (this.#channel.waitingBytes === 0) exchange.listener.onWritable?.(exchange);
  }

  /** More of the request is on its way: the server has its time for what comes next. */
  #awaitServer(exchange: ClientExchange): void {
    this.#awaitHead(exchange);
    if (exchange.phase === "response" && exchange.body.isRead && !this.#isBodyPaused) this.#awaitBody(exchange);
  }

  #awaitHead(exchange: ClientExchange): void {
    if (exchange.phase !== "sent") return;
    const timeoutMs = exchange.awaitsContinue
      ? CONTINUE_MS
      : (exchange.request.responseTimeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.deadline = Math.min(exchange.totalDeadline, this.#deadlines.now + timeoutMs);
  }

  #awaitBody({ request, totalDeadline }: ClientExchange): void {
    this.deadline = Math.min(totalDeadline, this.#deadlines.now + (request.idleTimeoutMs ?? DEFAULT_TIMEOUT_MS));
  }

  /** Whether it is us, or who sends the body, that the server waits for. */
  #owesBody({ isBegun, isSent }: ClientExchange): boolean {
    return isBegun && !isSent && this.#channel.waitingBytes === 0;
  }

  #tell(exchange: ClientExchange): void {
    this.#isFresh = false;
    exchange.phase = "response";
    exchange.awaitsContinue = false;
    this.deadline = exchange.totalDeadline;
    exchange.listener.onResponse(exchange);
  }

  /** More of the response is to come: who is waited for? */
  #settle(exchange: ClientExchange): void {
    if (exchange.phase !== "response") return;
    if (exchange.body.isRead) {
      if (!this.#isBodyPaused) this.#awaitBody(exchange);
    } else if (exchange.body.received > 0) this.pauseBody();
  }

  #leaveHttp(exchange: ClientExchange, rest: Buffer): void {
    const { listener } = exchange;
    if (
      listener.onUpgraded === undefined ||
      (exchange.request.upgrade === undefined && exchange.request.method !== "CONNECT")
    ) {
      this.#fail(exchange, { kind: "malformed", fault: "unexpected-upgrade" }, { kind: "gone" });
      return;
    }
    exchange.phase = "response";
    this.#leave();
    const duplex = rawDuplex(this.#channel, rest);
    listener.onUpgraded(exchange, duplex);
    exchange.phase = "over";
    this.#exchange = undefined;
  }

  /** The response is complete. @param isClean whether nothing came behind it */
  #over(exchange: ClientExchange, isClean: boolean): void {
    exchange.phase = "over";
    this.#exchange = undefined;
    this.deadline = NEVER;
    // A response before the end of its request: the server does not want the rest, and would take the next request for it.
    if (isClean && exchange.isSent && this.#reader.isIdle && !this.#channel.ended && this.#channel.waitingBytes === 0) {
      this.#channel.resume();
      this.#isKept = true;
      this.keepAliveMs = keepAliveMs(this.head.fields);
      this.#home.onFree(this);
    } else if (exchange.isSent) this.close();
    else this.abandon();
    exchange.listener.onOver?.(exchange, true);
  }

  #ended(): void {
    if (this.#isGone) return;
    const exchange = this.#exchange;
    const wasKept = this.#isKept && this.#reader.isUntouched;
    const fault = this.#reader.end();
    if (exchange !== undefined && fault === undefined) this.#over(exchange, true);
    else if (exchange !== undefined) this.#fail(exchange, wasKept ? CLOSED_KEPT : CLOSED, { kind: "gone" });
    this.#channel.destroy();
    this.#leave();
  }

  #fail(exchange: ClientExchange, failure: ClientFailure, ofBody: BodyFailure): void {
    this.#exchange = undefined;
    this.#channel.reset();
    this.#leave();
    const wasTold = exchange.phase === "response";
    if (!wasTold) exchange.fail(failure, true);
    else {
      exchange.phase = "over";
      exchange.body.fail(ofBody);
      exchange.listener.onOver?.(exchange, false);
    }
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#deadlines.remove(this);
    this.#home.onGone(this);
  }
}

/** @throws UnsafeMessage */
function writeHead(writer: MessageWriter, request: OutgoingRequest): void {
  const { received, fields, body, stream, upgrade } = request;
  writer.requestLine(request.method, request.target, request.host);
  if (received !== undefined) writer.received(received.fields, received.not ?? NOT_COPIED, received.isDropped);
  if (fields !== undefined) writer.rawFields(fields);
  if (request.prepared !== undefined) writer.prepared(request.prepared);
  if (request.expectContinue === true && (received === undefined || received.fields.find(FIELD.EXPECT) === -1)) {
    writer.field("Expect", "100-continue");
  }
  if (stream !== undefined) {
    if (stream.length === undefined) writer.chunked();
    else writer.contentLength(stream.length);
  } else if (body !== undefined && body !== null) writer.contentLength(body.length);
  if (upgrade !== undefined) writer.upgrade(upgrade);
  else if (request.acceptsTrailers === true) writer.acceptsTrailers();
  writer.endHead();
}

/** `Keep-Alive: timeout=<seconds>`: the connection is used for a second less, for requests need time to arrive. */
function keepAliveMs(fields: Fields): number {
  const at = fields.find(FIELD.KEEP_ALIVE);
  const seconds = at === -1 ? undefined : /(?:^|[,\s])timeout=(\d{1,6})(?:[,\s]|$)/i.exec(fields.value(at))?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) - 1) * 1000;
}
