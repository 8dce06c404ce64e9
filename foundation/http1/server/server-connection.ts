/** One client connection: requests one after the other, each answered before the next one is read. */

import { STATUS_CODES } from "node:http";
import { type FaultCode, refusalStatus } from "../codec/faults.ts";
import type { Fields } from "../codec/fields.ts";
import { MessageWriter, type PreparedFields } from "../codec/message-writer.ts";
import type { RequestHead } from "../codec/request-head.ts";
import { RequestReader, type RequestSink } from "../codec/request-reader.ts";
import type { Channel, ChannelOwner } from "../io/channel.ts";
import { NEVER, type Timed } from "../io/deadlines.ts";
import { type RawDuplex, rawDuplex } from "../io/duplex.ts";
import { type BodySource, MessageBody } from "../message-body.ts";
import type { ServedConnection, ServerContext } from "./protocol.ts";
import { type ExchangeConnection, Http1Exchange } from "./server-exchange.ts";
import type { Refusal } from "./server-types.ts";

/** All heads of all connections are written here: what is written is sent, or copied, before anything else happens. */
const shared = new MessageWriter();

/** Kept of requests that wait for an earlier answer. As long as it is little the connection is read on, for a client that leaves is noticed by reading only. */
const HELD_BYTES_MAX = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);

export class ServerConnection
  implements ServedConnection, ChannelOwner, RequestSink, BodySource, ExchangeConnection, Timed
{
  deadline: number;
  readonly remoteAddress: string;
  readonly #context: ServerContext;
  readonly #channel: Channel;
  readonly #reader: RequestReader;
  #exchange: Http1Exchange | undefined;
  /** The request of `#exchange` was not told to anybody yet. */
  #isFresh = false;
  #isReading = false;
  #held: Buffer | undefined;
  #isLast = false;
  #isHeadBegun = false;
  #isBodyPaused = false;
  #dropped = 0;

  constructor(channel: Channel, context: ServerContext) {
    this.#channel = channel;
    this.#context = context;
    this.remoteAddress = channel.remoteAddress;
    this.#reader = new RequestReader(this, { limits: context.limits, anyTarget: context.anyTarget });
    this.deadline = context.deadlines.now + context.limits.headTimeoutMs;
    context.deadlines.add(this);
  }

  get secure(): boolean {
    return this.#context.secure;
  }

  get head(): RequestHead {
    return this.#reader.head;
  }

  get isClosing(): boolean {
    return this.#context.isClosing || this.#reader.isTunnel;
  }

  /** Whether no request is being answered. */
  get isIdle(): boolean {
    return this.#exchange === undefined;
  }

  /** Closes it when nothing is going on. */
  endIfIdle(): void {
    if (this.isIdle) this.#channel.end();
  }

  cut(): void {
    this.#channel.reset();
  }

  /** The client speaks something else: the channel is another's. */
  leave(): void {
    this.#context.deadlines.remove(this);
    this.#context.onGone(this);
  }

  onBytes(bytes: Buffer): void {
    if (this.#held !== undefined) this.#hold(Buffer.concat([this.#held, bytes]));
    else {
      try {
        this.#read(bytes, 0);
      } catch (error) {
        // Whoever reads a body has failed.
        this.#context.onDefect(error);
        this.#channel.reset();
      }
    }
  }

  onEnd(): void {
    const isInside = this.#reader.isInBody || (this.#exchange === undefined && !this.#reader.isIdle);
    if (isInside) this.#refuse("incomplete", 400);
    // A client that says that it sends no more while it waits for its answer has left, as far as can be told.
    else this.#channel.destroy();
  }

  onDrain(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.deadline = NEVER;
    if (exchange.isOver) this.#afterAnswer(exchange);
    else exchange.onDrain?.();
  }

  onClose(): void {
    this.#context.deadlines.remove(this);
    this.#held = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.body.fail({ kind: "gone" });
    exchange?.gone();
    this.#context.onGone(this);
  }

  expire(): void {
    const exchange = this.#exchange;
    if (exchange !== undefined && this.#channel.waitingBytes > 0) this.#channel.reset();
    else if (exchange !== undefined) {
      if (this.#reader.isInBody && exchange.body.isRead && !this.#isBodyPaused) this.#bodyLate(exchange);
    } else if (this.#reader.isIdle) this.#channel.end();
    else this.#refuse("head-timeout", 408);
  }

  onHead(): void {
    this.#exchange = new Http1Exchange(this, this.#reader.head.hasBody ? new MessageBody(this) : undefined);
    this.#isFresh = true;
    this.#isHeadBegun = false;
    this.#isBodyPaused = false;
    this.#dropped = 0;
    this.deadline = NEVER;
  }

  onBody(data: Buffer): void {
    const exchange = this.#exchange!;
    exchange.body.push(data);
    if (!exchange.isOver) return;
    this.#dropped += data.length;
    if (this.#dropped > this.#context.limits.maxDrainBytes) this.#channel.endLingering();
  }

  onComplete(trailers: Fields): void {
    const exchange = this.#exchange!;
    this.deadline = NEVER;
    if (!exchange.isReceived) exchange.body.finish(trailers);
    if (exchange.isOver && this.#exchange === exchange) this.#afterAnswer(exchange);
  }

  wantBody(): void {
    const exchange = this.#exchange;
    exchange?.sendContinue();
    this.resumeBody();
  }

  pauseBody(): void {
    if (!this.#reader.isInBody) return;
    this.#isBodyPaused = true;
    this.deadline = NEVER;
    this.#channel.pause();
  }

  resumeBody(): void {
    if (!this.#reader.isInBody) return;
    this.#isBodyPaused = false;
    this.#awaitBody();
    this.#channel.resume();
  }

  restIsLong(exchange: Http1Exchange): boolean {
    if (exchange.isReceived || this.#reader.isTunnel) return false;
    // It may come or not: nobody knows where the next request begins.
    if (exchange.awaitsContinue) return true;
    if (exchange.body.isRead) return false;
    const { contentLength } = this.head;
    return contentLength === undefined || contentLength - exchange.body.received > this.#context.limits.maxDrainBytes;
  }

  dateField(): PreparedFields {
    return this.#context.dateField();
  }

  writer(): MessageWriter {
    return shared;
  }

  send(writer: MessageWriter): boolean {
    return this.#channel.send(writer) || this.#waits();
  }

  write(bytes: Uint8Array): boolean {
    return this.#channel.write(bytes) || this.#waits();
  }

  answered(exchange: Http1Exchange): void {
    if (this.#channel.waitingBytes === 0) this.#afterAnswer(exchange);
  }

  switched(_exchange: Http1Exchange): RawDuplex {
    const rest = this.#held ?? NO_BYTES;
    this.#held = undefined;
    this.#exchange = undefined;
    this.#isLast = true;
    this.#context.deadlines.remove(this);
    this.#context.onGone(this);
    return rawDuplex(this.#channel, rest);
  }

  #waits(): false {
    this.deadline = this.#context.deadlines.now + this.#context.limits.writeTimeoutMs;
    return false;
  }

  #read(bytes: Buffer, from: number): void {
    const reader = this.#reader;
    this.#isReading = true;
    let at = from;
    while (at < bytes.length && !this.#channel.closed && !this.#isLast && !reader.isClosed) {
      if (reader.isDone || reader.isTunnel) {
        this.#hold(at === 0 ? bytes : bytes.subarray(at));
        break;
      }
      at = reader.push(bytes, at);
      if (reader.fault !== undefined) {
        this.#isReading = false;
        this.#refuse(reader.fault, refusalStatus(reader.fault));
        return;
      }
      if (this.#isFresh) this.#tell(bytes, at);
    }
    this.#isReading = false;
    this.#settle();
  }

  /** What came is read: who is waited for now? */
  #settle(): void {
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      if (!this.#reader.isInBody) return;
      if (exchange.body.isRead) this.#awaitBody();
      // Nobody reads it yet: what has come is enough. A client that waits for `100 Continue` sends nothing, and is watched.
      else if (exchange.body.received > 0) this.#channel.pause();
    } else if (!this.#isHeadBegun && !this.#reader.isIdle && !this.#reader.isClosed) {
      this.#isHeadBegun = true;
      this.deadline = this.#context.deadlines.now + this.#context.limits.headTimeoutMs;
    }
  }

  #awaitBody(): void {
    if (this.#isBodyPaused || this.#channel.waitingBytes > 0) return;
    this.deadline = this.#context.deadlines.now + this.#context.limits.bodyTimeoutMs;
  }

  #tell(bytes: Buffer, at: number): void {
    const exchange = this.#exchange!;
    this.#isFresh = false;
    // What follows a request that leaves HTTP goes with the connection.
    if (at < bytes.length && (this.head.upgrade || this.#reader.isTunnel)) this.#held = bytes.subarray(at);
    try {
      this.#context.onExchange(exchange);
    } catch (error) {
      this.#context.onDefect(error);
      if (exchange.isBegun) exchange.abort();
      else exchange.answer({ status: 500, close: true }, "The request could not be answered.\n");
    }
  }

  #hold(bytes: Buffer): void {
    this.#held = bytes;
    if (bytes.length > HELD_BYTES_MAX) this.#channel.pause();
  }

  /** All of the answer is with the system. */
  #afterAnswer(exchange: Http1Exchange): void {
    if (this.#exchange !== exchange || this.#channel.closed) return;
    if (exchange.closes) {
      this.#over();
      return;
    }
    if (!exchange.isReceived) {
      // Read by whoever reads it, else dropped: behind it the next request begins.
      exchange.body.drop();
      this.resumeBody();
      return;
    }
    this.#exchange = undefined;
    this.#reader.next();
    if (this.#context.isClosing) {
      this.#over();
      return;
    }
    this.deadline = this.#context.deadlines.now + this.#context.limits.idleTimeoutMs;
    const held = this.#held;
    this.#held = undefined;
    this.#channel.resume();
    if (held === undefined || this.#isReading) return;
    this.#read(held, 0);
  }

  /** Nothing more is read, and nothing but what waits is sent. */
  #over(): void {
    this.#isLast = true;
    this.#exchange = undefined;
    this.#held = undefined;
    this.deadline = NEVER;
    this.#channel.endLingering();
  }

  #bodyLate(exchange: Http1Exchange): void {
    exchange.body.fail({ kind: "stalled" });
    this.#refuseExchange(exchange, "body-timeout", 408);
  }

  #refuse(fault: Refusal["fault"], status: Refusal["status"]): void {
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      exchange.body.fail(fault === "incomplete" ? { kind: "gone" } : { kind: "malformed", fault: fault as FaultCode });
      this.#refuseExchange(exchange, fault, status);
    } else this.#answerRefusal({ fault, status, remoteAddress: this.remoteAddress });
  }

  #refuseExchange(exchange: Http1Exchange, fault: Refusal["fault"], status: Refusal["status"]): void {
    // Whoever reads the body may have answered by now.
    const wasAnswered = exchange.isOver;
    const wasBegun = exchange.isBegun;
    exchange.gone();
    if (this.#channel.closed) return;
    if (wasAnswered) this.#over();
    else if (wasBegun) this.#channel.reset();
    else this.#answerRefusal({ fault, status, remoteAddress: this.remoteAddress });
  }

  #answerRefusal(refusal: Refusal): void {
    const body = Buffer.from(this.#context.refusalText(refusal));
    shared
      .reset()
      .statusLine(refusal.status, STATUS_CODES[refusal.status]!)
      .field("Content-Type", "text/plain; charset=utf-8")
      .contentLength(body.length)
      .connection("close")
      .endHead()
      .body(body);
    this.#channel.send(shared);
    this.#over();
    this.#context.onRefused(refusal);
  }
}
