/** The responses of one upstream connection, cut out of its bytes one exchange at a time (RFC 9112 §6.3, §9). Pure. */

import { ChunkedBody, MALFORMED, MORE } from "./chunked-body.ts";
import { type Fields, NO_FIELDS } from "./fields.ts";
import { parseResponseHead, type ResponseHead } from "./response-head.ts";

/** What is wrong with what an upstream sent. */
export type ResponseFault =
  /** No response that everybody would read in the same way. */
  | "malformed"
  /** The head is larger than `maxHeadBytes`. */
  | "head-too-large"
  /** More than `INFORMATIONAL_MAX` 1xx responses. */
  | "too-many-informational"
  /** The connection ended in the middle of the response. */
  | "incomplete"
  /** Bytes that belong to no request. */
  | "unsolicited";

/** What becomes of a response. Views into the bytes that were pushed: whoever keeps them keeps all of those bytes. */
export interface ResponseListener {
  /** A 1xx response other than 101; the final one follows. */
  onInformational(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  onData(bytes: Buffer): void;
  /** The response is complete. Not called when the connection has left HTTP. */
  onEnd(trailers: Fields): void;
}

export interface ResponseReaderLimits {
  /** Status line and fields together. */
  readonly maxHeadBytes: number;
}

/** Of one exchange: an upstream sends one or two. */
export const INFORMATIONAL_MAX = 16;

const END_OF_HEAD = "\r\n\r\n";
/** Least room for a head that comes in pieces; it doubles as it fills. */
const PARTIAL_BYTES_MIN = 1024;

/** `done`: the last exchange of the connection is over. */
type State = "idle" | "head" | "length" | "chunked" | "until-close" | "tunnel" | "done" | "broken";

/** Reads one exchange after the other. After a fault nothing is read any more. */
export class ResponseReader {
  readonly #limits: ResponseReaderLimits;
  #state: State = "idle";
  #method = "";
  #listener: ResponseListener | undefined;
  #left = 0;
  #persistent = false;
  #chunks: ChunkedBody | undefined;
  #partial: Buffer | undefined;
  #partialBytes = 0;
  #informational = 0;
  #rest: Buffer | undefined;
  /** Made once: chunked bodies tell their data through it. */
  readonly #onChunkData = (bytes: Buffer): void => this.#listener!.onData(bytes);

  constructor(limits: ResponseReaderLimits) {
    this.#limits = limits;
  }

  /** Whether another request may be sent. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** Whether the last response of the connection is complete. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Whether the connection has left HTTP (101): its bytes are no longer for this reader. */
  get isTunnel(): boolean {
    return this.#state === "tunnel";
  }

  /** Whether nothing of the response has arrived. */
  get isUntouched(): boolean {
    return this.#state === "head" && this.#partial === undefined && this.#informational === 0;
  }

  /** A request was sent: its response goes to `listener`. */
  expect(method: string, listener: ResponseListener): void {
    if (this.#state !== "idle") throw new Error(`a response is expected in state ${this.#state}`);
    this.#state = "head";
    this.#method = method;
    this.#listener = listener;
    this.#informational = 0;
  }

  /**
   * Takes bytes.
   *
   * @returns a fault, or undefined; when the connection left HTTP, `takeRest` has what came behind the head
   */
  push(bytes: Buffer): ResponseFault | undefined {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case "head": {
          const next = this.#takeHead(bytes, at);
          if (typeof next === "string") return this.#break(next);
          at = next;
          break;
        }
        case "length": {
          const end = Math.min(bytes.length, at + this.#left);
          this.#left -= end - at;
          // The last piece and the end are told together, so that a listener may see the whole of it at once.
          this.#listener!.onData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
          at = end;
          if (this.#left === 0) this.#end(NO_FIELDS);
          break;
        }
        case "chunked": {
          const chunks = this.#chunks!;
          const next = chunks.push(bytes, at, this.#onChunkData);
          if (next === MALFORMED) return this.#break("malformed");
          if (next === MORE) return undefined;
          at = next;
          this.#end(chunks.trailers);
          break;
        }
        case "until-close":
          this.#listener!.onData(at === 0 ? bytes : bytes.subarray(at));
          return undefined;
        case "tunnel":
          this.#rest = bytes.subarray(at);
          return undefined;
        case "idle":
        case "done":
          return this.#break("unsolicited");
        case "broken":
          return undefined;
      }
    }
    return undefined;
  }

  /** What came behind the head of a 101 response in the same piece. */
  takeRest(): Buffer | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest;
  }

  /** The upstream sends no more. @returns a fault unless that is a proper end */
  end(): ResponseFault | undefined {
    switch (this.#state) {
      case "until-close":
        this.#end(NO_FIELDS);
        return undefined;
      case "head":
      case "length":
      case "chunked":
        return this.#break("incomplete");
      default:
        return undefined;
    }
  }

  #break(fault: ResponseFault): ResponseFault {
    this.#state = "broken";
    this.#listener = undefined;
    this.#partial = undefined;
    return fault;
  }

  #end(trailers: Fields): void {
    const listener = this.#listener!;
    this.#state = this.#persistent ? "idle" : "done";
    this.#listener = undefined;
    this.#chunks = undefined;
    listener.onEnd(trailers);
  }

  /** @returns the position behind what was taken */
  #takeHead(chunk: Buffer, from: number): number | ResponseFault {
    const before = this.#partialBytes;
    const bytes = this.#partial === undefined ? chunk : this.#extended(chunk, from);
    const start = this.#partial === undefined ? from : 0;
    const end = bytes.indexOf(END_OF_HEAD, Math.max(start, start + before - END_OF_HEAD.length + 1));
    const { maxHeadBytes } = this.#limits;
    if (end === -1) {
      if (bytes.length - start > maxHeadBytes + END_OF_HEAD.length - 1) return "head-too-large";
      if (this.#partial === undefined) this.#keepPartial(chunk, from);
      return chunk.length;
    }
    if (end - start > maxHeadBytes) return "head-too-large";
    this.#partial = undefined;
    this.#partialBytes = 0;
    const head = parseResponseHead(bytes.toString("latin1", start, end), this.#method);
    if (head === undefined) return "malformed";
    const next = end + END_OF_HEAD.length - start - before + from;
    return this.#begin(head) ?? next;
  }

  #begin(head: ResponseHead): ResponseFault | undefined {
    const listener = this.#listener!;
    if (head.status < 200 && head.status !== 101) {
      if (++this.#informational > INFORMATIONAL_MAX) return "too-many-informational";
      listener.onInformational(head);
      return undefined;
    }
    this.#persistent = head.persistent;
    switch (head.framing) {
      case "none":
        listener.onHead(head);
        this.#end(NO_FIELDS);
        return undefined;
      case "length":
        this.#left = head.contentLength!;
        this.#state = "length";
        break;
      case "chunked":
        this.#chunks = new ChunkedBody();
        this.#state = "chunked";
        break;
      case "until-close":
      case "tunnel":
        this.#state = head.framing;
        break;
    }
    listener.onHead(head);
    return undefined;
  }

  #keepPartial(bytes: Buffer, from: number): void {
    const length = bytes.length - from;
    this.#partial = Buffer.allocUnsafeSlow(Math.max(PARTIAL_BYTES_MIN, 2 * length));
    bytes.copy(this.#partial, 0, from);
    this.#partialBytes = length;
  }

  /** The partial head with a piece behind it. A head that comes byte by byte must not be copied as often. */
  #extended(chunk: Buffer, from: number): Buffer {
    const length = this.#partialBytes + chunk.length - from;
    if (this.#partial!.length < length) {
      const larger = Buffer.allocUnsafeSlow(2 * length);
      this.#partial!.copy(larger, 0, 0, this.#partialBytes);
      this.#partial = larger;
    }
    chunk.copy(this.#partial!, this.#partialBytes, from);
    this.#partialBytes = length;
    return this.#partial!.subarray(0, length);
  }
}
