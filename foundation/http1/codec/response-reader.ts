/** The responses of one connection, cut out of its octets one exchange at a time: a step machine without I/O. Pure. */

import { ChunkedReader, type DataSink } from "./chunked-reader.ts";
import type { FaultCode } from "./faults.ts";
import { Fields } from "./fields.ts";
import { HeadScanner } from "./head-scanner.ts";
import { DEFAULT_MESSAGE_LIMITS, INFORMATIONAL_MAX, type MessageLimits } from "./limits.ts";
import { partOf } from "./part.ts";
import { ResponseHead } from "./response-head.ts";

/** What becomes of a response. */
export interface ResponseSink extends DataSink {
  /** A 1xx response other than 101; the final one follows. */
  onInformational(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /** The response is complete. Not called when the connection has left HTTP. */
  onComplete(trailers: Fields): void;
}

/** `idle`: no request was sent. `done`: the last response of the connection is complete. */
type State = "idle" | "head" | "length" | "chunked" | "until-close" | "tunnel" | "done" | "broken";

const NO_FIELDS = new Fields();

export class ResponseReader {
  readonly head: ResponseHead;
  readonly #scanner: HeadScanner;
  readonly #limits: MessageLimits;
  #sink: ResponseSink | undefined;
  #chunks: ChunkedReader | undefined;
  #state: State = "idle";
  #fault: FaultCode | undefined;
  #method = "";
  #left = 0;
  #informational = 0;

  constructor(limits?: Partial<MessageLimits>) {
    this.#limits = { ...DEFAULT_MESSAGE_LIMITS, ...limits };
    const { maxHeadBytes: maxBytes, maxFields } = this.#limits;
    this.#scanner = new HeadScanner("response", { maxBytes, maxFields, maxTargetBytes: 0 });
    this.head = new ResponseHead(this.#scanner);
  }

  /** Why nothing is read any more. */
  get fault(): FaultCode | undefined {
    return this.#fault;
  }

  /** Whether another request may be sent. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** Whether the last response of the connection is complete. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  /** The connection has left HTTP (101, or CONNECT): what follows the head belongs to no reader of HTTP. */
  get isTunnel(): boolean {
    return this.#state === "tunnel";
  }

  /** Whether nothing of the awaited response has come. */
  get isUntouched(): boolean {
    return this.#state === "head" && this.#informational === 0 && this.#scanner.isUntouched;
  }

  /** A request was sent: its response goes to `sink`. */
  expect(method: string, sink: ResponseSink): void {
    if (this.#state !== "idle") throw new Error(`a response is expected in state ${this.#state}`);
    this.#state = "head";
    this.#method = method;
    this.#sink = sink;
    this.#informational = 0;
    this.#scanner.reset();
  }

  /**
   * Takes octets until a response is complete. They must not change until the next `expect`.
   * @returns the place behind what was taken: all of it unless octets follow the response (to push them without `expect` is a fault), the connection left HTTP, or
   * `fault` says what is wrong
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
          this.#sink!.onBody(partOf(bytes, at, end));
          at = end;
          if (this.#left === 0) this.#end(NO_FIELDS);
          break;
        }
        case "chunked": {
          const chunks = this.#chunks!;
          at = chunks.push(bytes, at, this.#sink!);
          if (chunks.fault !== undefined) this.#break(chunks.fault);
          else if (chunks.isComplete) this.#end(chunks.trailers);
          break;
        }
        case "until-close":
          this.#sink!.onBody(partOf(bytes, at, bytes.length));
          return bytes.length;
        case "idle":
        case "done":
          // Behind a response in the same piece: whoever asks for another one first may have it.
          if (at === from) this.#break("unsolicited");
          return at;
        default:
          return at;
      }
    }
    return at;
  }

  /** No more octets come. @returns a fault unless that is a proper end */
  end(): FaultCode | undefined {
    switch (this.#state) {
      case "until-close":
        this.#end(NO_FIELDS);
        break;
      case "head":
      case "length":
      case "chunked":
        this.#break("incomplete");
        break;
      default:
        break;
    }
    return this.#fault;
  }

  #begin(): void {
    const { head } = this;
    const fault = head.read(this.#method);
    if (fault !== undefined) {
      this.#break(fault);
      return;
    }
    const sink = this.#sink!;
    if (head.isInformational) {
      if (++this.#informational > INFORMATIONAL_MAX) {
        this.#break("too-many-informational");
        return;
      }
      sink.onInformational(head);
      this.#scanner.reset();
      return;
    }
    switch (head.framing) {
      case "none":
        sink.onHead(head);
        this.#end(NO_FIELDS);
        return;
      case "length":
        this.#left = head.contentLength!;
        break;
      case "chunked":
        this.#chunks ??= new ChunkedReader(this.#limits);
        this.#chunks.reset();
        break;
      default:
        break;
    }
    this.#state = head.framing;
    sink.onHead(head);
  }

  #end(trailers: Fields): void {
    const sink = this.#sink!;
    this.#state = this.head.persistent ? "idle" : "done";
    this.#sink = undefined;
    sink.onComplete(trailers);
  }

  #break(fault: FaultCode): void {
    this.#state = "broken";
    this.#fault = fault;
    this.#sink = undefined;
  }
}
