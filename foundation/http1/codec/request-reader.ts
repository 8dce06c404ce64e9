/** The requests of one connection, cut out of its octets: a step machine without I/O. Pure. */

import { ChunkedReader, type DataSink } from "./chunked-reader.ts";
import type { FaultCode } from "./faults.ts";
import { Fields } from "./fields.ts";
import { HeadScanner } from "./head-scanner.ts";
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "./limits.ts";
import { partOf } from "./part.ts";
import { RequestHead } from "./request-head.ts";

/** What becomes of a request. */
export interface RequestSink extends DataSink {
  onHead(head: RequestHead): void;
  /** The request is complete. The reader takes nothing more until `next`. */
  onComplete(trailers: Fields): void;
}

export interface RequestReaderOptions {
  readonly limits?: Partial<MessageLimits>;
  /** Lets targets hold `#` and octets beyond ASCII, which RFC 9112 does not and some clients send. Default false. */
  readonly anyTarget?: boolean;
}

/** `closed`: the last request of the connection is answered. */
type State = "head" | "length" | "chunked" | "done" | "tunnel" | "closed" | "broken";

const NO_FIELDS = new Fields();

/**
 * Reads one request, then waits to be told that the next one may come: requests that a client sends ahead stay where they are.
 *
 * @example
 * let at = 0;
 * while (at < bytes.length) {
 *   at = reader.push(bytes, at);
 *   if (reader.fault !== undefined) return refuse(reader.fault);
 *   if (reader.isDone) reader.next();
 * }
 */
export class RequestReader {
  readonly head: RequestHead;
  readonly #sink: RequestSink;
  readonly #scanner: HeadScanner;
  readonly #limits: MessageLimits;
  #chunks: ChunkedReader | undefined;
  #state: State = "head";
  #fault: FaultCode | undefined;
  #left = 0;

  constructor(sink: RequestSink, { limits, anyTarget = false }: RequestReaderOptions = {}) {
    this.#limits = { ...DEFAULT_MESSAGE_LIMITS, ...limits };
    const { maxHeadBytes: maxBytes, maxFields, maxTargetBytes } = this.#limits;
    this.#scanner = new HeadScanner("request", { maxBytes, maxFields, maxTargetBytes }, anyTarget);
    this.head = new RequestHead(this.#scanner);
    this.#sink = sink;
  }

  /** Why nothing is read any more. */
  get fault(): FaultCode | undefined {
    return this.#fault;
  }

  /** Whether a request is complete and the next one waits for `next`. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  /** The request was CONNECT: octets behind its head belong to no reader of HTTP. */
  get isTunnel(): boolean {
    return this.#state === "tunnel";
  }

  /** Whether the client's last request is answered: what it sends behind it is for nobody (RFC 9112 §9.6). */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Whether nothing has come of a request. */
  get isIdle(): boolean {
    return this.#state === "done" || (this.#state === "head" && this.#scanner.isUntouched);
  }

  /** Whether the head of a request has come, and not its end. */
  get isInBody(): boolean {
    return this.#state === "length" || this.#state === "chunked";
  }

  /**
   * Takes octets until a request is complete or refused. They must not change until `next`.
   * @returns the place behind what was taken: all of it unless a request is complete, or `fault` says why it is none
   */
  push(bytes: Buffer, from = 0): number {
    let at = from;
    while (at < bytes.length) {
      switch (this.#state) {
        case "head":
          at = this.#scanner.push(bytes, at);
          if (this.#scanner.isComplete) this.#begin();
          else if (this.#scanner.fault !== undefined) this.#break(this.#scanner.fault);
          break;
        case "length": {
          const end = Math.min(bytes.length, at + this.#left);
          this.#left -= end - at;
          this.#sink.onBody(partOf(bytes, at, end));
          at = end;
          if (this.#left === 0) this.#end(NO_FIELDS);
          break;
        }
        case "chunked": {
          const chunks = this.#chunks!;
          at = chunks.push(bytes, at, this.#sink);
          if (chunks.fault !== undefined) this.#break(chunks.fault);
          else if (chunks.isComplete) this.#end(chunks.trailers);
          break;
        }
        default:
          return at;
      }
    }
    return at;
  }

  /** No more octets come. @returns a fault unless that is a proper end */
  end(): FaultCode | undefined {
    if (this.#state === "length" || this.#state === "chunked" || (this.#state === "head" && !this.isIdle)) {
      this.#break("incomplete");
    }
    return this.#fault;
  }

  /** The request is answered, its head is forgotten: the next one may come, unless it was the last one of the connection. */
  next(): void {
    if (this.#state !== "done") throw new Error(`the next request is asked for in state ${this.#state}`);
    this.#state = this.head.persistent ? "head" : "closed";
    this.#scanner.reset();
  }

  #begin(): void {
    const fault = this.head.read();
    if (fault !== undefined) {
      this.#break(fault);
      return;
    }
    const { head } = this;
    if (head.form === "authority") this.#state = "tunnel";
    else if (head.isChunked) {
      this.#chunks ??= new ChunkedReader(this.#limits);
      this.#chunks.reset();
      this.#state = "chunked";
    } else if (head.hasBody) {
      this.#left = head.contentLength!;
      this.#state = "length";
    }
    this.#sink.onHead(head);
    if (this.#state === "head") this.#end(NO_FIELDS);
  }

  #end(trailers: Fields): void {
    this.#state = "done";
    this.#sink.onComplete(trailers);
  }

  #break(fault: FaultCode): void {
    this.#state = "broken";
    this.#fault = fault;
  }
}
