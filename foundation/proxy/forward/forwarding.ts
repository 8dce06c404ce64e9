/** One request on its way through the proxy: to a backend, and back. */

import { BodyError, type HttpRequest, type HttpResponse, RequestAborted } from "#foundation/http";
import { type Fields, NO_FIELDS } from "../codec/fields.ts";
import type { ResponseHead } from "../codec/response-head.ts";
import type { ResponseFault } from "../codec/response-reader.ts";
import type { NoConnection, Pool, Taker } from "../pool/pool.ts";
import type { DetachedChannel, ExchangeListener, UpstreamConnection } from "../pool/upstream-connection.ts";
import { type ProxyFailure, UpstreamBroke } from "./failure.ts";
import type { ForwardedPolicy } from "./forwarded.ts";
import { forwardedHead } from "./request-head.ts";
import type { RequestUpload, UploadListener } from "./request-upload.ts";
import { type BodyFeed, ResponseStream } from "./response-body.ts";
import { responseHeaders } from "./response-headers.ts";
import type { Route } from "./route.ts";
import { passedTrailers } from "./trailers.ts";

/** What all requests of one proxy share. */
export interface ForwardContext {
  readonly pool: Pool;
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
  /** The upstream takes part in the upgrade. */
  onTunnel(head: ResponseHead, upstream: DetachedChannel): void;
  /** @param sent whether a backend may have seen the request */
  onFailure(failure: ProxyFailure, sent: boolean): void;
  /** A defect of the program, or an error of the client's body that the server knows how to answer. */
  onError(error: unknown): void;
}

/** Responses up to this that are there at once are passed on at once. */
const WHOLE_BODY_BYTES = 64 * 1024;

/** A request that has no answer after this is watched for a client that leaves: most are answered before, and need no signal. */
const UNWATCHED_MS = 50;

/** How long an upstream may leave `Expect: 100-continue` without an answer before the body is sent all the same. */
const CONTINUE_MS = 1000;

/** Methods whose request may be sent again (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** A body of no bytes whose length nobody knows, for the answer to HEAD that has none. */
const UNKNOWN_LENGTH: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

/** Where it is: before its connection, before the answer's head (or all of a short answer), in the answer's body, over. */
type Phase = "connecting" | "waiting" | "streaming" | "over";

export class Forwarding implements Taker, ExchangeListener, UploadListener, BodyFeed {
  readonly #context: ForwardContext;
  readonly #request: HttpRequest;
  readonly #route: Route;
  /** The protocol that the client wants to change to. */
  readonly #upgrade: string | undefined;
  readonly #settle: ForwardListener;
  readonly #upload: RequestUpload;
  #phase: Phase = "connecting";
  #connection: UpstreamConnection | undefined;
  #head: ResponseHead | undefined;
  readonly #chunks: Uint8Array[] = [];
  #bytesReceived = 0;
  #trailers: Fields = NO_FIELDS;
  #ended = false;
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
    if (early === undefined) this.#take(false);
    else
      early.then(
        () => this.#take(false),
        (error: unknown) => this.onBodyError(error),
      );
  }

  onConnection(connection: UpstreamConnection): void {
    const upload = this.#upload;
    let head: string;
    try {
      head = forwardedHead(this.#request, this.#route, this.#context, upload.framing, this.#upgrade);
    } catch (error) {
      connection.close();
      this.#over(undefined, undefined, false);
      this.#settle.onError(error);
      return;
    }
    this.#phase = "waiting";
    this.#connection = connection;
    connection.begin(this.#request.method, head, upload.whole, upload.isWhole, this);
    this.#expectResponse();
    upload.begin(connection, this);
  }

  onNoConnection(failure: NoConnection): void {
    this.#fail(failure, false);
  }

  onInformational({ status }: ResponseHead): void {
    if (status === 100) this.#upload.onContinue();
    this.#expectResponse();
  }

  onHead(head: ResponseHead): void {
    this.#head = head;
  }

  onData(bytes: Buffer): void {
    this.#bytesReceived += bytes.length;
    if (this.#stream !== undefined) this.#stream.push(bytes);
    else this.#chunks.push(bytes);
  }

  onEnd(trailers: Fields): void {
    this.#ended = true;
    this.#trailers = trailers;
  }

  onPieceEnd(): void {
    const head = this.#head;
    if (head === undefined) return;
    if (head.framing === "tunnel") this.#joinTunnel(head);
    else if (this.#ended) this.#complete(head);
    else {
      this.#stream ?? this.#beginStream(head);
      this.#connection?.expireAfter(this.#context.idleTimeoutMs);
    }
  }

  onDrain(): void {
    this.#upload.onDrain();
  }

  /** First to watch the client, then to ask for the body without being told to, then because the upstream is too slow. */
  onExpired(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#onAbort === undefined) {
      this.#watch();
      this.#expectResponse();
    } else if (this.#upload.waitsForContinue) {
      this.#upload.onContinue();
      this.#expectResponse();
    } else if (this.#stream?.isPaused || this.#upload.isBlockedByClient) {
      // Not the upstream is slow, but the client; the server minds that.
      this.#expectResponse();
    } else {
      connection.abandon();
      if (this.#stream !== undefined) this.#breakOff("timeout");
      else this.#fail({ kind: "response-timeout" }, true);
    }
  }

  onFault(fault: ResponseFault, untouched: boolean): void {
    const isReused = this.#connection!.exchanges > 0;
    if (this.#stream !== undefined) this.#breakOff(fault);
    else if (fault === "incomplete" && untouched && isReused && this.#mayRepeat) {
      // Closed by its server for being idle, while our request was on its way.
      this.#retried = true;
      this.#connection = undefined;
      this.#phase = "connecting";
      this.#take(true);
    } else if (fault === "incomplete" && this.#head === undefined) this.#fail({ kind: "upstream-closed" }, true);
    else this.#fail({ kind: "bad-response", fault }, true);
  }

  onUploaded(): void {
    if (this.#phase === "waiting") this.#expectResponse();
  }

  onBodyError(error: unknown): void {
    if (this.#phase === "over") return;
    this.#connection?.abandon();
    if (this.#stream !== undefined) this.#breakOff("incomplete");
    else if (error instanceof RequestAborted) this.#fail({ kind: "client-gone" }, true);
    else {
      this.#over(undefined, error instanceof BodyError ? { kind: "client-body", error } : undefined, false);
      this.#settle.onError(error);
    }
  }

  /** For the stream of the response, like the next two. */
  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
    this.#connection?.expireAfter(this.#context.idleTimeoutMs);
  }

  cancel(): void {
    this.#clientGone();
  }

  get #mayRepeat(): boolean {
    return !this.#retried && this.#upload.isWhole && IDEMPOTENT.has(this.#request.method);
  }

  #take(fresh: boolean): void {
    if (this.#phase === "over") return;
    this.#context.pool.take(this.#route.backend, this, fresh);
    // Not at once: there is time for the client to leave.
    if (this.#phase === "connecting") this.#watch();
  }

  #expectResponse(): void {
    const { responseTimeoutMs, idleTimeoutMs } = this.#context;
    if (this.#onAbort === undefined) this.#connection?.expireAfter(UNWATCHED_MS);
    else if (this.#upload.waitsForContinue) this.#connection?.expireAfter(CONTINUE_MS);
    else this.#connection?.expireAfter(this.#stream === undefined ? responseTimeoutMs : idleTimeoutMs);
  }

  /** Learns from now on when the client leaves. */
  #watch(): void {
    if (this.#onAbort !== undefined) return;
    this.#onAbort = () => this.#clientGone();
    const { signal } = this.#request;
    if (signal.aborted) this.#clientGone();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  #clientGone(): void {
    if (this.#phase === "over") return;
    this.#context.pool.forget(this.#route.backend, this);
    this.#connection?.abandon();
    if (this.#stream === undefined) this.#fail({ kind: "client-gone" }, true);
    else this.#breakOff("incomplete");
  }

  /** The response is whole; its connection is with the pool again. */
  #complete(head: ResponseHead): void {
    const isShort = this.#bytesReceived <= WHOLE_BODY_BYTES && this.#trailers.raw.length === 0;
    if (this.#stream === undefined && isShort) {
      const chunks = this.#chunks;
      const body = chunks.length === 0 ? null : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      this.#over(head.status, undefined, true);
      this.#respond(head, body);
      return;
    }
    const stream = this.#stream ?? this.#beginStream(head);
    this.#over(head.status, undefined, true);
    stream.end();
  }

  #beginStream(head: ResponseHead): ResponseStream {
    this.#stream = new ResponseStream(this, this.#chunks);
    this.#phase = "streaming";
    this.#respond(head, this.#stream);
    return this.#stream;
  }

  #respond(head: ResponseHead, body: HttpResponse["body"]): void {
    const { status, contentLength } = head;
    const headers = responseHeaders(head);
    try {
      this.#route.responseHeaders?.(status, headers);
    } catch (error) {
      this.#connection?.abandon();
      if (this.#phase !== "over") this.#over(status, undefined, false);
      this.#settle.onError(error);
      return;
    }
    const hasNoLength = contentLength === undefined && this.#request.method === "HEAD";
    const trailers = head.framing === "chunked" ? () => passedTrailers(this.#trailers.raw) : undefined;
    this.#settle.onResponse({ status, headers, body: hasNoLength ? UNKNOWN_LENGTH : body, contentLength, trailers });
  }

  #joinTunnel(head: ResponseHead): void {
    const connection = this.#connection!;
    if (this.#upgrade === undefined) {
      connection.abandon();
      this.#fail({ kind: "bad-response", fault: "unexpected-upgrade" }, true);
      return;
    }
    this.#leave();
    this.#settle.onTunnel(head, connection.detach());
  }

  #breakOff(reason: "timeout" | ResponseFault): void {
    this.#over(this.#head!.status, undefined, false);
    this.#stream!.fail(new UpstreamBroke(reason));
  }

  #fail(failure: ProxyFailure, sent: boolean): void {
    if (this.#phase === "over") return;
    this.#over(undefined, failure, false);
    this.#settle.onFailure(failure, sent);
  }

  #over(status: number | undefined, failure: ProxyFailure | undefined, complete: boolean): void {
    this.#leave();
    const { bytesSent } = this.#upload;
    try {
      this.#route.onFinished?.({ status, failure, complete, bytesSent, bytesReceived: this.#bytesReceived });
    } catch (error) {
      this.#settle.onError(error);
    }
  }

  /** Nothing is expected from either side any more. */
  #leave(): void {
    this.#phase = "over";
    this.#connection = undefined;
    this.#upload.stop();
    if (this.#onAbort !== undefined) this.#request.signal.removeEventListener("abort", this.#onAbort);
  }
}
