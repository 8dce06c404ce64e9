/** One request on its way through the proxy: to a backend, and back. */

import { BodyError, type HttpRequest, type HttpResponse, RequestAborted } from "#foundation/http";
import {
  type BodyFailure,
  type ClientExchange,
  type ClientFailure,
  type ClientPool,
  type ExchangeListener,
  type FaultCode,
  FIELD,
  type MessageBody,
  NEVER,
  type OutgoingRequest,
  type RawDuplex,
  type ReceivedResponse,
  type Timed,
} from "#foundation/http1";
import { type ProxyFailure, UpstreamBroke } from "./failure.ts";
import type { ForwardedPolicy } from "./forwarded.ts";
import { forwardedHead } from "./request-head.ts";
import type { RequestUpload } from "./request-upload.ts";
import { type BodyFeed, ResponseStream } from "./response-body.ts";
import { responseHeaders } from "./response-headers.ts";
import type { Route } from "./route.ts";
import { passedTrailers } from "./trailers.ts";

/** What all requests of one proxy share. */
export interface ForwardContext {
  readonly pool: ClientPool;
  readonly forwarded: ForwardedPolicy;
  /** The port that clients come to; undefined when it is not known. */
  readonly port: number | undefined;
  readonly via: string | undefined;
  /** From the last piece of the request to the whole head of the response. */
  readonly responseTimeoutMs: number;
  /** Between two pieces of the response's body. */
  readonly idleTimeoutMs: number;
}

/** Told once what became of a request. */
export interface ForwardListener {
  onResponse(response: HttpResponse): void;
  /** The upstream takes part in the upgrade. @param head valid during this call */
  onTunnel(head: ReceivedResponse, upstream: RawDuplex): void;
  /** @param sent whether a backend may have seen the request */
  onFailure(failure: ProxyFailure, sent: boolean): void;
  /** A defect of the program, or an error of the client's body that the server knows how to answer. */
  onError(error: unknown): void;
}

/** Responses up to this that are there at once are passed on at once. */
const WHOLE_BODY_BYTES = 64 * 1024;

/** A request that has no answer after this is watched for a client that leaves: most are answered before, and need no signal. */
const UNWATCHED_MS = 50;

/** Methods whose request may be sent again (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** A body of no bytes whose length nobody knows, for the answer to HEAD that has none. */
const UNKNOWN_LENGTH: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

const NO_TRAILERS: readonly string[] = [];

/** Where it is: before the answer's head, in the answer's body, over. */
type Phase = "waiting" | "streaming" | "over";

export class Forwarding implements ExchangeListener, BodyFeed, Timed {
  /** When the client begins to be watched. */
  deadline = NEVER;
  readonly #context: ForwardContext;
  readonly #request: HttpRequest;
  readonly #route: Route;
  /** The protocol that the client wants to change to. */
  readonly #upgrade: string | undefined;
  readonly #settle: ForwardListener;
  readonly #upload: RequestUpload;
  #phase: Phase = "waiting";
  #outgoing: OutgoingRequest | undefined;
  #exchange: ClientExchange | undefined;
  /** Of the response that is passed on. */
  #status: number | undefined;
  #body: MessageBody | undefined;
  #trailers = NO_TRAILERS;
  #stream: ResponseStream | undefined;
  #retried = false;
  #onAbort: (() => void) | undefined;

  constructor(
    context: ForwardContext,
    request: HttpRequest,
    route: Route,
    upload: RequestUpload,
    upgrade: string | undefined,
    settle: ForwardListener,
  ) {
    this.#context = context;
    this.#request = request;
    this.#route = route;
    this.#upgrade = upgrade;
    this.#settle = settle;
    this.#upload = upload;
  }

  start(): void {
    const early = this.#upload.readEarly();
    if (early === undefined) this.#begin();
    else
      early.then(
        () => this.#begin(),
        (error: unknown) => this.#onBodyError(error),
      );
  }

  /** The client is watched from now on. */
  expire(): void {
    this.#watch();
  }

  onWritable(exchange: ClientExchange): void {
    this.#upload.onWritable(exchange, (error) => this.#onBodyError(error));
  }

  onResponse(exchange: ClientExchange): void {
    const { head, body } = exchange;
    this.#exchange = exchange;
    this.#body = body;
    this.#status = head.status;
    if (body.isComplete && body.received <= WHOLE_BODY_BYTES && body.trailers.count === 0) {
      const whole = body.whole!;
      this.#over(undefined, true);
      this.#respond(head, whole.length === 0 ? null : whole);
      return;
    }
    this.#phase = "streaming";
    const stream = new ResponseStream(this);
    this.#stream = stream;
    // Not when the caller's words have thrown.
    if (this.#respond(head, stream)) this.#read(body, stream);
  }

  onUpgraded(exchange: ClientExchange, duplex: RawDuplex): void {
    this.#leave();
    try {
      this.#settle.onTunnel(exchange.head, duplex);
    } catch (error) {
      duplex.reset();
      this.#settle.onError(error);
    }
  }

  onFailure(failure: ClientFailure, sent: boolean): void {
    switch (failure.kind) {
      case "closed":
        // Closed by its server for being idle, while our request was on its way.
        if (failure.wasKept === true && this.#mayRepeat) this.#repeat();
        else this.#fail({ kind: "upstream-closed" }, sent);
        break;
      case "malformed":
        this.#fail({ kind: "bad-response", fault: failure.fault }, sent);
        break;
      case "unsafe":
        this.#break(failure.error);
        break;
      case "total-timeout":
      case "no-connect":
        this.#break(new Error(`a request failed by ${failure.kind}, which it does not ask for`));
        break;
      default:
        this.#fail(failure, sent);
    }
  }

  /** For the stream of the response, like the next two. */
  pause(): void {
    this.#body?.pause();
  }

  resume(): void {
    this.#body?.resume();
  }

  cancel(): void {
    this.#clientGone();
  }

  get #mayRepeat(): boolean {
    return !this.#retried && this.#upload.isWhole && IDEMPOTENT.has(this.#request.method);
  }

  #begin(): void {
    if (this.#phase === "over") return;
    const { responseTimeoutMs, idleTimeoutMs } = this.#context;
    const upload = this.#upload;
    const head = forwardedHead(this.#request, this.#route, this.#context, upload.expectsContinue);
    const { method, target, host, fields, acceptsTrailers } = head;
    const { whole, stream, expectsContinue } = upload;
    this.#outgoing = {
      method,
      target,
      host,
      fields,
      body: whole,
      stream,
      expectContinue: expectsContinue,
      upgrade: this.#upgrade,
      acceptsTrailers,
      responseTimeoutMs,
      idleTimeoutMs,
    };
    const { deadlines } = this.#context.pool;
    this.deadline = deadlines.now + UNWATCHED_MS;
    deadlines.add(this);
    this.#send(this.#outgoing);
  }

  #repeat(): void {
    this.#retried = true;
    this.#send({ ...this.#outgoing!, fresh: true });
  }

  #send(outgoing: OutgoingRequest): void {
    const exchange = this.#context.pool.request(this.#route.backend, outgoing, this);
    if (exchange.phase === "over") return;
    this.#exchange = exchange;
    // While it connects there is time for the client to leave.
    if (exchange.phase === "waiting") this.#watch();
  }

  #read(body: MessageBody, stream: ResponseStream): void {
    body.read({
      onData: (bytes) => stream.push(bytes),
      onEnd: (trailers) => {
        if (trailers.count > 0) this.#trailers = trailers.toRaw();
        this.#over(undefined, true);
        stream.end();
      },
      onFailure: (failure) => this.#broken(failure),
    });
    // A body that is read comes, whatever was said of what had come already.
    if (stream.isPaused) body.pause();
  }

  #broken(failure: BodyFailure): void {
    if (this.#phase === "over") return;
    if (failure.kind === "malformed") this.#breakOff(failure.fault);
    else this.#breakOff(failure.kind === "stalled" ? "timeout" : "incomplete");
  }

  #onBodyError(error: unknown): void {
    if (this.#phase === "over") return;
    const wasStreaming = this.#phase === "streaming";
    const gone = error instanceof RequestAborted;
    if (wasStreaming) this.#breakOff("incomplete");
    else if (gone) this.#fail({ kind: "client-gone" }, true);
    else {
      this.#over(error instanceof BodyError ? { kind: "client-body", error } : undefined, false);
      this.#settle.onError(error);
    }
  }

  /** Learns from now on when the client leaves. */
  #watch(): void {
    if (this.#onAbort !== undefined || this.#phase === "over") return;
    this.#onAbort = () => this.#clientGone();
    const { signal } = this.#request;
    if (signal.aborted) this.#clientGone();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  #clientGone(): void {
    if (this.#phase === "over") return;
    if (this.#phase === "streaming") this.#breakOff("incomplete");
    else this.#fail({ kind: "client-gone" }, true);
  }

  /** @returns whether somebody takes it */
  #respond(head: ReceivedResponse, body: HttpResponse["body"]): boolean {
    const { status, contentLength, fields } = head;
    const headers = responseHeaders(head);
    try {
      this.#route.responseHeaders?.(status, headers);
    } catch (error) {
      this.#break(error);
      return false;
    }
    const hasNoLength = contentLength === undefined && this.#request.method === "HEAD";
    const isChunked = fields.find(FIELD.TRANSFER_ENCODING) !== -1;
    const trailers = isChunked ? () => passedTrailers(this.#trailers) : undefined;
    this.#settle.onResponse({ status, headers, body: hasNoLength ? UNKNOWN_LENGTH : body, contentLength, trailers });
    return true;
  }

  #breakOff(reason: "timeout" | FaultCode): void {
    const stream = this.#stream;
    this.#over(undefined, false);
    stream?.fail(new UpstreamBroke(reason));
  }

  #fail(failure: ProxyFailure, sent: boolean): void {
    if (this.#phase === "over") return;
    this.#over(failure, false);
    this.#settle.onFailure(failure, sent);
  }

  /** A defect of the program, or of its caller's words. */
  #break(error: unknown): void {
    if (this.#phase !== "over") this.#over(undefined, false);
    this.#settle.onError(error);
  }

  #over(failure: ProxyFailure | undefined, complete: boolean): void {
    const bytesSent = this.#upload.bytesSent(this.#exchange);
    this.#leave();
    if (!complete) this.#exchange?.abort();
    const bytesReceived = this.#body?.received ?? 0;
    try {
      this.#route.onFinished?.({ status: this.#status, failure, complete, bytesSent, bytesReceived });
    } catch (error) {
      this.#settle.onError(error);
    }
  }

  /** Nothing is expected from either side any more. */
  #leave(): void {
    this.#phase = "over";
    this.#context.pool.deadlines.remove(this);
    this.#upload.stop();
    if (this.#onAbort !== undefined) this.#request.signal.removeEventListener("abort", this.#onAbort);
  }
}
