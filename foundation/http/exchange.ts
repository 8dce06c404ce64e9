/** One request and its answer over the engine: what the server keeps between the first header byte and the last body byte. */

import { RequestAborted } from "./body-errors.ts";
import { type Framing, splitTarget } from "./framing.ts";
import type { IdleWatch } from "./idle-watch.ts";
import { type BodyContext, IncomingBody } from "./incoming-body.ts";
import type { HeaderView, HttpRequest, HttpResponse, RequestBody } from "./message.ts";
import type { HttpLimits } from "./server-types.ts";
import type { ConnectionReader } from "./wire/connection-reader.ts";
import type { WireRequest } from "./wire/wire-request.ts";
import type { WireResponse } from "./wire/wire-response.ts";
import type { WireSocket } from "./wire/wire-socket.ts";

/** One client connection. Requests of one connection are handled one after the other, also when the client pipelines. */
export interface Connection {
  readonly socket: WireSocket;
  readonly reader: ConnectionReader;
  readonly secure: boolean;
  current: Exchange | undefined;
  /** Pipelined exchanges behind `current`. */
  readonly waiting: Exchange[];
  /** No further request is taken from this connection. */
  closing: boolean;
}

/** What exchanges of one server share. */
export interface ServerContext {
  readonly limits: HttpLimits;
  readonly idle: IdleWatch;
  /** Whether durations are wanted. */
  readonly timed: boolean;
  /** Called once for each exchange, when its answer is complete or the connection broke. */
  onFinished(exchange: Exchange, complete: boolean): void;
}

export class Exchange implements HttpRequest, BodyContext {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderView;
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
  readonly receivedAt: number;
  /** Monotonic milliseconds; 0 when nobody wants durations. */
  readonly startedAt: number;
  readonly connection: Connection;
  readonly message: WireRequest;
  readonly response: WireResponse;
  /** Why the request is refused with 400; undefined when it is sound. */
  readonly refusal: string | undefined;
  /** Whether the client lets the connection stay. */
  readonly persistent: boolean;
  /** Set when the client sent `Expect: 100-continue` and was not told to go on yet. */
  awaitingContinue: boolean;
  /** The connection is gone. */
  closed = false;
  /** The answer's status once its head was written. */
  status = 0;
  bytesOut = 0;
  finished = false;
  /** Told how the sending of the answer ended. */
  onSent: HttpResponse["onSent"];
  readonly #context: ServerContext;
  readonly #host: string;
  #path: string | undefined;
  #query = "";
  #authority: string | undefined;
  #body: IncomingBody | undefined;
  #controller: AbortController | undefined;
  #onClosed: (() => void) | undefined;

  constructor(
    context: ServerContext,
    connection: Connection,
    message: WireRequest,
    response: WireResponse,
    framing: Framing,
    persistent: boolean,
    id: string,
    receivedAt: number,
  ) {
    this.#context = context;
    this.connection = connection;
    this.message = message;
    this.response = response;
    this.id = id;
    this.refusal = framing.refusal;
    this.persistent = persistent;
    this.method = message.method;
    this.target = message.target;
    this.headers = message.headers;
    this.contentLength = framing.contentLength;
    this.chunked = framing.chunked;
    this.#host = framing.host;
    this.receivedAt = receivedAt;
    this.startedAt = context.timed ? performance.now() : 0;
    // A client of HTTP/1.0 does not know the answer (RFC 9110 §10.1.1).
    this.awaitingContinue = message.version === "1.1" && this.headers.get("expect")?.toLowerCase() === "100-continue";
  }

  get path(): string {
    return this.#path ?? this.#split();
  }

  get query(): string {
    if (this.#path === undefined) this.#split();
    return this.#query;
  }

  get host(): string {
    if (this.#path === undefined) this.#split();
    return this.#authority ?? this.#host;
  }

  get remoteAddress(): string {
    return this.connection.socket.remoteAddress;
  }

  get secure(): boolean {
    return this.connection.secure;
  }

  get body(): RequestBody {
    return this.incoming;
  }

  get incoming(): IncomingBody {
    this.#body ??= new IncomingBody(this);
    return this.#body;
  }

  /** The body when somebody asked for it. */
  get touchedBody(): IncomingBody | undefined {
    return this.#body;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.closed) this.#controller.abort(new RequestAborted());
    }
    return this.#controller.signal;
  }

  get idle(): IdleWatch {
    return this.#context.idle;
  }

  get idleTimeoutMs(): number {
    return this.#context.limits.bodyIdleTimeoutMs;
  }

  get maxDrainBytes(): number {
    return this.#context.limits.maxDrainBytes;
  }

  get limits(): HttpLimits {
    return this.#context.limits;
  }

  sendContinue(): void {
    if (!this.awaitingContinue) return;
    this.awaitingContinue = false;
    if (!this.closed && !this.response.headersSent) this.response.writeContinue();
  }

  /** The writer of the answer waits for the client; it must learn when the client goes away. */
  whenClosed(callback: (() => void) | undefined): void {
    this.#onClosed = callback;
  }

  /** The connection broke. */
  abort(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.finished) return;
    const reason = new RequestAborted();
    this.#body?.fail(reason);
    this.#controller?.abort(reason);
    this.#onClosed?.();
  }

  /** Ends the exchange, once. */
  finish(complete: boolean): void {
    if (this.finished) return;
    this.finished = true;
    this.#body?.release();
    this.#onClosed = undefined;
    this.#context.onFinished(this, complete);
  }

  #split(): string {
    const parts = splitTarget(this.target);
    this.#path = parts.path;
    this.#query = parts.query;
    this.#authority = parts.authority;
    return parts.path;
  }
}
