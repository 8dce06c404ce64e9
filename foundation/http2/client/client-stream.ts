/** One stream of HTTP/2 from the side of the client: a request and its response (RFC 9113 §5, §8.1). */
import {
  assertField,
  type BodyFailure,
  type BodySource,
  type ClientExchange,
  type ClientFailure,
  type ExchangeConnection,
  type Fields,
  MessageBody,
  NEVER,
  type ReceivedResponse,
  type Timed,
} from "#foundation/http1";
import type { OutgoingStream } from "../connection/outbox.ts";
import { streamDuplex } from "../connection/stream-duplex.ts";
import { ClientTunnel } from "./client-tunnel.ts";

/** What a stream needs of its connection. */
export interface StreamHome {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** There are octets, or an end, that wait to be sent. */
  pump(stream: ClientStream): void;
  /** The server may send so much more on this stream. */
  credit(stream: ClientStream, bytes: number): void;
  /** Nobody wants what is left of it. @param isComplete whether all was said that was to be */
  cancel(stream: ClientStream, isComplete?: boolean): void;
  /** It was not answered, or went silent. @param failure told in the place of a response */
  late(stream: ClientStream, failure: ClientFailure): void;
}

const DEFAULT_TIMEOUT_MS = 60_000;
/** How long a server may leave `Expect: 100-continue` without an answer before the body is sent all the same (RFC 9110 §10.1.1). */
const CONTINUE_MS = 1000;
/** 1xx responses before the final one. */
const INFORMATIONAL_MAX = 16;

export class ClientStream implements ExchangeConnection, OutgoingStream, BodySource, Timed {
  deadline = NEVER;
  readonly queue: Uint8Array[] = [];
  sent = 0;
  sendWindow: number;
  isEnding = false;
  trailers: readonly string[] | undefined;
  /** None of it has left. */
  isUnsent = true;
  /** The response was not told to anybody yet. */
  isFresh = false;
  /** All of the response has come. */
  isReceived = false;
  /** It has left HTTP (RFC 8441): its exchange is over as soon as that is told, and it goes on. */
  tunnel: ClientTunnel | undefined;
  readonly #home: StreamHome;
  #head: ReceivedResponse | undefined;
  /** Octets that have come and that the server was not allowed to send anew yet. */
  #uncredited = 0;
  #receiveWindow: number;
  readonly #creditsAt: number;
  #informational = 0;
  #isPaused = false;
  #wantsMore = false;

  /** @param receiveWindow octets that the server may send before anybody reads */
  constructor(
    readonly id: number,
    readonly exchange: ClientExchange,
    home: StreamHome,
    sendWindow: number,
    receiveWindow: number,
  ) {
    this.#home = home;
    this.sendWindow = sendWindow;
    this.#receiveWindow = receiveWindow;
    this.#creditsAt = receiveWindow / 2;
  }

  get head(): ReceivedResponse {
    return this.#head!;
  }

  /** Whether the head of the final response has come. */
  get hasHead(): boolean {
    return this.#head !== undefined;
  }

  /** Whether nothing is to come, or to be sent. */
  get isDone(): boolean {
    return this.isReceived && (this.tunnel === undefined || (this.isEnding && this.queue.length === 0));
  }

  /** The request is on its way. */
  begin(): void {
    const { exchange } = this;
    const { body, stream } = exchange.request;
    exchange.connection = this;
    exchange.phase = "sent";
    exchange.isSent = stream === undefined;
    this.#awaitHead();
    if (body !== undefined && body !== null && body.length > 0) {
      this.queue.push(body);
      this.isEnding = true;
      this.#home.pump(this);
    } else if (stream !== undefined && !exchange.awaitsContinue) exchange.listener.onWritable?.(exchange);
  }

  writeBody(bytes: Uint8Array): boolean {
    this.queue.push(bytes);
    this.#awaitHead();
    this.#home.pump(this);
    if (this.queue.length === 0) return true;
    this.#wantsMore = true;
    return false;
  }

  endBody(_isChunked: boolean, trailers: readonly string[]): void {
    // Now, to whoever says them: they may be written much later.
    for (let i = 0; i < trailers.length; i += 2) assertField(trailers[i]!, trailers[i + 1]!);
    if (trailers.length > 0) this.trailers = trailers;
    this.isEnding = true;
    this.exchange.isSent = true;
    this.#awaitHead();
    this.#home.pump(this);
  }

  abandon(): void {
    this.#home.cancel(this);
  }

  stalled(isProgress: boolean): void {
    if (isProgress) this.#awaitHead();
  }

  /** Sent all that waited. */
  drained(): void {
    const { exchange, tunnel } = this;
    tunnel?.drained();
    if (!this.#wantsMore || exchange.isSent || exchange.phase === "over") return;
    this.#wantsMore = false;
    this.#awaitHead();
    exchange.listener.onWritable?.(exchange);
  }

  /** A head has come. @returns false when a response may not look so */
  onHead(head: ReceivedResponse, isLast: boolean): boolean {
    const { exchange } = this;
    if (head.status < 200) {
      if (isLast || ++this.#informational > INFORMATIONAL_MAX) return false;
      exchange.listener.onInformational?.(head);
      if (exchange.phase !== "sent") return true;
      if (head.status === 100 && exchange.awaitsContinue) this.#continue();
      else this.#awaitHead();
      return true;
    }
    this.#head = head;
    this.isFresh = true;
    exchange.response = new MessageBody(this);
    if (exchange.request.upgrade === undefined) return true;
    if (head.status >= 300) {
      // It stays in HTTP: nothing is sent on it.
      this.isEnding = true;
      this.#home.pump(this);
      return true;
    }
    this.tunnel = new ClientTunnel(exchange.response, this, () => this.#home.pump(this));
    return exchange.listener.onUpgraded !== undefined;
  }

  /** Whether the server was allowed to send so much. */
  takes(flow: number): boolean {
    this.#receiveWindow -= flow;
    return this.#receiveWindow >= 0;
  }

  /** Octets of the body. @param flow what they count in the window, padding included @returns false when there may be none, or not so many */
  onData(data: Buffer, flow: number): boolean {
    const { response } = this.exchange;
    const { tunnel } = this;
    if (response === undefined || (data.length > 0 && tunnel === undefined && this.#hasNoBody)) return false;
    this.#uncredited += flow;
    if (data.length > 0) response.push(data);
    if (tunnel !== undefined) {
      if (response.isRead && !this.#isPaused) this.#creditSome();
      return true;
    }
    // Whoever reads it may have given it up.
    if (this.exchange.phase === "over") return true;
    const { contentLength } = this.head;
    if (contentLength !== undefined && response.received > contentLength) return false;
    if (response.isRead && !this.#isPaused) this.#creditSome();
    if (!this.isFresh) this.#awaitBody();
    return true;
  }

  /** The response is complete. @returns false when it is shorter than was said */
  onComplete(trailers: Fields): boolean {
    const { response } = this.exchange;
    const { contentLength } = this.head;
    // Of what is no HTTP, a length says nothing (RFC 9110 §9.3.6).
    const isLong = this.tunnel === undefined && contentLength !== undefined && !this.#hasNoBody;
    if (isLong && response!.received !== contentLength) return false;
    this.isReceived = true;
    response!.finish(trailers);
    return true;
  }

  /** Tells that there is a response. */
  tell(): void {
    const { exchange } = this;
    this.isFresh = false;
    exchange.phase = "response";
    exchange.awaitsContinue = false;
    if (this.tunnel !== undefined) {
      this.#leaveHttp(this.tunnel);
      return;
    }
    this.deadline = exchange.totalDeadline;
    exchange.listener.onResponse(exchange);
    if (exchange.phase === "response" && exchange.body.isRead) this.#awaitBody();
  }

  /** There will be no response, or no more of it. */
  fail(failure: ClientFailure, ofBody: BodyFailure, sent: boolean): void {
    const { exchange } = this;
    this.deadline = NEVER;
    if (this.tunnel !== undefined && !this.isFresh) this.tunnel.gone();
    else if (exchange.phase === "response") {
      exchange.phase = "over";
      exchange.body.fail(ofBody);
      exchange.listener.onOver?.(exchange, false);
    } else exchange.fail(failure, sent);
  }

  wantBody(): void {
    this.resumeBody();
  }

  pauseBody(): void {
    this.#isPaused = true;
    if (this.tunnel === undefined) this.deadline = this.exchange.totalDeadline;
  }

  resumeBody(): void {
    this.#isPaused = false;
    if (this.exchange.phase === "over" && this.tunnel === undefined) return;
    this.#creditSome();
    this.#awaitBody();
  }

  expire(): void {
    const { exchange } = this;
    if (this.#home.now >= exchange.totalDeadline) this.#home.late(this, { kind: "total-timeout" });
    else if (exchange.awaitsContinue) this.#continue();
    else if (exchange.phase === "response" || exchange.isSent || this.queue.length > 0) {
      this.#home.late(this, { kind: "response-timeout" });
    }
    // Who waits is the server, for a body that we do not send.
    else this.#awaitHead();
  }

  /** Whether there is no body whatever the fields say (RFC 9110 §6.4.1). */
  get #hasNoBody(): boolean {
    const { status } = this.head;
    return this.exchange.request.method === "HEAD" || status === 204 || status === 304;
  }

  #continue(): void {
    const { exchange } = this;
    exchange.awaitsContinue = false;
    this.#awaitHead();
    exchange.listener.onWritable?.(exchange);
  }

  /** Nobody waits for what comes: how long nothing may pass is up to whoever has both ends. */
  #leaveHttp(tunnel: ClientTunnel): void {
    const { exchange } = this;
    this.deadline = NEVER;
    const duplex = streamDuplex(tunnel, (isComplete) => {
      tunnel.gone();
      this.#home.cancel(this, isComplete);
    });
    exchange.listener.onUpgraded!(exchange, duplex);
    exchange.phase = "over";
  }

  #creditSome(): void {
    if (this.isReceived || this.#uncredited < this.#creditsAt) return;
    this.#receiveWindow += this.#uncredited;
    this.#home.credit(this, this.#uncredited);
    this.#uncredited = 0;
  }

  #awaitHead(): void {
    const { exchange } = this;
    if (exchange.phase !== "sent") return;
    const timeoutMs = exchange.awaitsContinue
      ? CONTINUE_MS
      : (exchange.request.responseTimeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.deadline = Math.min(exchange.totalDeadline, this.#home.now + timeoutMs);
  }

  #awaitBody(): void {
    const { exchange } = this;
    if (exchange.phase !== "response" || this.#isPaused || this.isReceived || this.tunnel !== undefined) return;
    const { idleTimeoutMs = DEFAULT_TIMEOUT_MS } = exchange.request;
    this.deadline = Math.min(exchange.totalDeadline, this.#home.now + idleTimeoutMs);
  }
}
