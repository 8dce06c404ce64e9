/** One stream of HTTP/2: a request and its answer (RFC 9113 §5, §8.1). */
import {
  type AnswerHead,
  assertField,
  type BodySource,
  emptyBody,
  type Fields,
  MessageBody,
  NEVER,
  type RawDuplex,
  type ReceivedFields,
  type ReceivedHead,
  type ServerExchange,
  type Timed,
} from "#foundation/http1";
import { streamDuplex } from "../connection/stream-duplex.ts";
import { CODE, type ErrorCode } from "../frames/frames.ts";

/** What a stream needs of its connection. */
export interface StreamConnection {
  readonly remoteAddress: string;
  readonly secure: boolean;
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly bodyTimeoutMs: number;
  readonly writeTimeoutMs: number;
  /** @throws UnsafeMessage before anything is written */
  writeHead(stream: Http2Exchange, head: AnswerHead, length: number | undefined, isLast: boolean): void;
  writeInformational(stream: Http2Exchange, status: number, fields: readonly string[], received?: ReceivedFields): void;
  /** There are octets, or an end, that wait to be sent. */
  pump(stream: Http2Exchange): void;
  /** The client may send so much more on this stream. */
  credit(stream: Http2Exchange, bytes: number): void;
  /** Both sides are done with it, or one has given up. */
  closed(stream: Http2Exchange): void;
  reset(stream: Http2Exchange, code: ErrorCode): void;
  bodyLate(stream: Http2Exchange): void;
}

export class Http2Exchange implements ServerExchange, BodySource, Timed {
  deadline = NEVER;
  onDrain: (() => void) | undefined;
  onGone: (() => void) | undefined;
  isBegun = false;
  isOver = false;
  awaitsContinue: boolean;
  /** Octets that the client still takes on this stream; below zero when it has taken back what it had allowed (§6.9.2). */
  sendWindow: number;
  /** Octets that wait to be sent, oldest first. */
  readonly queue: Uint8Array[] = [];
  /** How much of the first is sent. */
  sent = 0;
  /** Nothing follows what waits. */
  isEnding = false;
  trailers: readonly string[] | undefined;
  readonly #connection: StreamConnection;
  readonly #head: ReceivedHead;
  #body: MessageBody | undefined;
  /** Octets that have come and that the client was not allowed to send anew yet. */
  #uncredited = 0;
  /** Octets that the client may still send. */
  #receiveWindow: number;
  #isPaused = false;
  #isStalled = false;
  #wantsMore = false;
  #hasNoBody = false;
  #left: number | undefined;
  #controller: AbortController | undefined;
  #isGone = false;
  /** It has left HTTP: nobody waits for what comes. */
  #isTunnel = false;

  constructor(
    readonly id: number,
    head: ReceivedHead,
    connection: StreamConnection,
    sendWindow: number,
    /** Octets that the client may send before anybody reads. */
    receiveWindow: number,
    /** What is added when somebody does. */
    private readonly readingWindow: number,
  ) {
    this.#head = head;
    this.#connection = connection;
    this.sendWindow = sendWindow;
    this.#receiveWindow = receiveWindow;
    this.awaitsContinue = head.expectsContinue;
    this.#body = head.hasBody || head.upgrade ? new MessageBody(this) : undefined;
  }

  get head(): ReceivedHead {
    if (this.isOver) throw new Error("the head of a request is asked for after its answer");
    return this.#head;
  }

  get body(): MessageBody {
    this.#body ??= emptyBody();
    return this.#body;
  }

  get isReceived(): boolean {
    return this.#body === undefined || this.#body.isComplete;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get secure(): boolean {
    return this.#connection.secure;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isGone) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  sendContinue(): void {
    if (!this.awaitsContinue) return;
    this.awaitsContinue = false;
    if (!this.isBegun && !this.isOver) this.inform(100, []);
  }

  inform(status: number, fields: readonly string[], received?: ReceivedFields): void {
    if (this.isOver || this.isBegun) return;
    if (status < 100 || status > 199 || status === 101) throw new Error(`${status} does not inform`);
    this.#connection.writeInformational(this, status, fields, received);
  }

  answer(head: AnswerHead, body: string | Uint8Array | null = null): void {
    if (this.isOver) return;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const length = bytes?.length ?? 0;
    const isWhole = this.#begin(head, length, length === 0);
    if (!isWhole) this.queue.push(bytes!);
    this.#end();
  }

  begin(head: AnswerHead, length: number | undefined, first?: Uint8Array): boolean {
    if (this.isOver) return true;
    this.#begin(head, length, false);
    this.#left = length;
    return first === undefined || this.write(first);
  }

  write(bytes: Uint8Array): boolean {
    if (this.isOver || this.#hasNoBody || bytes.length === 0) return true;
    if (!this.isBegun) throw new Error("the body of an answer is written before its head");
    this.#count(bytes);
    this.queue.push(bytes);
    this.#connection.pump(this);
    if (this.queue.length === 0) return true;
    this.#wantsMore = true;
    return false;
  }

  end(trailers: readonly string[] = []): void {
    if (this.isOver) return;
    // Now, to whoever says them: they may be written much later.
    for (let i = 0; i < trailers.length; i += 2) assertField(trailers[i]!, trailers[i + 1]!);
    if (this.#left !== undefined && this.#left > 0 && !this.#hasNoBody) {
      // Less than was said: no client may take it for the whole.
      this.abort();
      return;
    }
    if (this.#left === undefined && !this.#hasNoBody && trailers.length > 0) this.trailers = trailers;
    this.#end();
  }

  /** Whoever asks looks at `head.upgrade` before. */
  switchProtocols(_protocol: string | undefined, fields: readonly string[], received?: ReceivedFields): RawDuplex {
    if (!this.#head.upgrade) throw new Error("a stream of HTTP/2 leaves HTTP only where its client has asked for that");
    if (this.isBegun || this.isOver) throw new Error("an exchange leaves HTTP after its answer has begun");
    const head: AnswerHead = { status: 200, fields, ...(received === undefined ? {} : { received }) };
    this.#connection.writeHead(this, head, undefined, false);
    this.isBegun = true;
    this.#isTunnel = true;
    this.#await();
    return streamDuplex(this, (isComplete) => this.#connection.reset(this, isComplete ? CODE.NO_ERROR : CODE.CANCEL));
  }

  abort(): void {
    if (!this.isOver) this.#connection.reset(this, CODE.INTERNAL_ERROR);
  }

  /** For the connection, like everything below: whether the client was allowed to send so much. */
  takes(flow: number): boolean {
    this.#receiveWindow -= flow;
    return this.#receiveWindow >= 0;
  }

  /** Whether what has come is as long as was said, or not yet. */
  lengthFits(isWhole: boolean): boolean {
    const { contentLength } = this.#head;
    if (contentLength === undefined) return true;
    const { received } = this.body;
    return isWhole ? received === contentLength : received <= contentLength;
  }

  /** Octets of the body. @param flow what they count in the stream's window, padding included */
  received(data: Buffer, flow: number): void {
    this.#uncredited += flow;
    this.body.push(data);
    if (this.isOver || (this.body.isRead && !this.#isPaused)) this.#creditAll();
    this.#await();
  }

  complete(trailers: Fields): void {
    this.body.finish(trailers);
    this.#await();
    if (this.isOver && this.queue.length === 0) this.#connection.closed(this);
  }

  /** What waits cannot be sent now. @param isProgress whether some of it was */
  stalled(isProgress: boolean): void {
    if (isProgress || !this.#isStalled) this.deadline = this.#connection.now + this.#connection.writeTimeoutMs;
    this.#isStalled = true;
  }

  /** Sent all that waited. */
  drained(): void {
    this.#isStalled = false;
    this.#await();
    if (!this.#wantsMore || this.isOver) return;
    this.#wantsMore = false;
    this.onDrain?.();
  }

  /** The client is gone, or does not want the answer. */
  gone(): void {
    this.queue.length = 0;
    this.deadline = NEVER;
    if (!this.isReceived) this.body.fail({ kind: "gone" });
    if (this.isOver) return;
    this.isOver = true;
    this.#isGone = true;
    this.#controller?.abort();
    this.onGone?.();
  }

  wantBody(): void {
    this.sendContinue();
    if (!this.isReceived) this.#credit(this.readingWindow);
    this.resumeBody();
  }

  pauseBody(): void {
    this.#isPaused = true;
    this.#await();
  }

  resumeBody(): void {
    this.#isPaused = false;
    this.#creditAll();
    this.#await();
  }

  expire(): void {
    if (this.queue.length > 0) this.#connection.reset(this, CODE.CANCEL);
    else if (!this.isReceived) this.#connection.bodyLate(this);
  }

  /** @returns whether the answer is complete with its head */
  #begin(given: AnswerHead, length: number | undefined, isEmpty: boolean): boolean {
    if (this.isBegun) throw new Error("a request is answered twice");
    // To whoever wants to leave HTTP, success says that it has (RFC 8441 §5); in HTTP/1.1 only 101 does.
    const isMistaken = this.#head.upgrade && given.status >= 200 && given.status < 300;
    const head: AnswerHead = isMistaken ? { status: 501 } : given;
    const { status } = head;
    if (status < 200) throw new Error(`${status} is no final status`);
    this.#hasNoBody = isMistaken || this.#head.method === "HEAD" || status === 204 || status === 304;
    const saysLength = length !== undefined && status !== 204 && !(status === 304 && length === 0);
    const isLast = isEmpty || this.#hasNoBody;
    this.#connection.writeHead(this, head, saysLength && !isMistaken ? length : undefined, isLast);
    this.isBegun = true;
    this.isEnding = isLast;
    return isLast;
  }

  #end(): void {
    this.isOver = true;
    // The head may have been the end: then there is nothing to send.
    if (!this.isEnding) {
      this.isEnding = true;
      this.#connection.pump(this);
    } else this.#connection.closed(this);
  }

  #count(bytes: Uint8Array): void {
    if (this.#left === undefined) return;
    this.#left -= bytes.length;
    if (this.#left < 0) {
      this.abort();
      throw new Error("an answer is longer than was said");
    }
  }

  #creditAll(): void {
    if (this.#uncredited === 0 || this.isReceived) return;
    this.#credit(this.#uncredited);
    this.#uncredited = 0;
  }

  #credit(bytes: number): void {
    this.#receiveWindow += bytes;
    this.#connection.credit(this, bytes);
  }

  /** Who is waited for now? */
  #await(): void {
    if (this.#isStalled) return;
    const { now, bodyTimeoutMs } = this.#connection;
    if (!this.#isTunnel && !this.isReceived && this.body.isRead && !this.#isPaused) this.deadline = now + bodyTimeoutMs;
    else this.deadline = NEVER;
  }
}
