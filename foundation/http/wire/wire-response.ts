/** One answer on its way: its head, and a body by length, in chunks, or until the connection closes (RFC 9112 §6). */

import { type HeadText, headText } from "./response-text.ts";
import type { WireSocket } from "./wire-socket.ts";

/** What answers of one server share. */
export interface ResponseStyle {
  /** The `Date` field of now, with its CRLF. */
  readonly dateField: () => string;
  /** The fields of an answer after which the connection stays, with their CRLFs. */
  readonly keepAliveFields: string;
}

/** What an answer must know of its request. */
export interface AnsweredRequest {
  readonly method: string;
  readonly version: "1.0" | "1.1";
}

const CLOSE_FIELD = "Connection: close\r\n";
const CHUNKED_FIELD = "Transfer-Encoding: chunked\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const LAST_CHUNK = "0\r\n";

/** Up to this, copying head and body together costs less than a second write to the socket. */
const TOGETHER_BYTES_MAX = 128 * 1024;

type Framing = "none" | "length" | "chunked" | "close";

export class WireResponse {
  /** Whether anything of the final answer was given to the socket. */
  headersSent = false;
  readonly #socket: WireSocket;
  readonly #request: AnsweredRequest;
  readonly #style: ResponseStyle;
  #head: HeadText | undefined;
  #framing: Framing = "none";
  #trailers = "";
  #ended = false;
  #onDrain: (() => void) | undefined;
  #onFinish: (() => void) | undefined;

  constructor(socket: WireSocket, request: AnsweredRequest, style: ResponseStyle) {
    this.#socket = socket;
    this.#request = request;
    this.#style = style;
  }

  /** Whether the system has all of the answer. */
  get finished(): boolean {
    return this.#ended && this.#socket.writableLength === 0;
  }

  /** Sends `100 Continue`. */
  writeContinue(): void {
    this.#socket.write(CONTINUE);
  }

  /**
   * Fixes the head; it is sent with the first bytes of the body.
   *
   * @param fields name, value, name, value … A `Content-Length` among them decides the framing
   * @param close whether the connection closes after the answer
   * @returns whether it does: an answer without a length to HTTP/1.0 ends with the connection
   * @throws UnsafeHeader
   */
  writeHead(status: number, fields: readonly string[], close: boolean): boolean {
    const { text, ascii } = headText(status, fields);
    this.#framing = this.#framingOf(status, fields);
    const closes = close || this.#framing === "close";
    const date = has(fields, "date") ? "" : this.#style.dateField();
    const coding = this.#framing === "chunked" ? CHUNKED_FIELD : "";
    this.#head = {
      text: `${text}${coding}${date}${closes ? CLOSE_FIELD : this.#style.keepAliveFields}\r\n`,
      ascii,
    };
    return closes;
  }

  /** Sends the head by itself, before the body is known. */
  flushHeaders(): void {
    const head = this.#takeHead();
    if (head !== undefined) this.#socket.write(bytesOf(head));
  }

  /** Fields to be sent after a chunked body. @throws UnsafeHeader */
  setTrailers(fields: readonly (readonly [name: string, value: string])[]): void {
    const { text } = headText(200, fields.flat());
    this.#trailers = text.slice(text.indexOf("\r\n") + 2);
  }

  /**
   * @param held what is kept in memory until the chunk is taken; by default the chunk
   * @returns whether the next piece may follow at once; if not, `onDrain` is called. The chunk must not change until then
   */
  write(chunk: Uint8Array, held?: number): boolean {
    if (this.#framing === "chunked") {
      const framed = joined(`${chunk.length.toString(16)}\r\n`, chunk, "\r\n");
      const head = this.#takeHead();
      return this.#socket.write(head === undefined ? framed : Buffer.concat([bytesOf(head), framed]), held);
    }
    return this.#send(chunk, held);
  }

  /** The last bytes of the body, or none. */
  end(last: string | Uint8Array | null): void {
    this.#ended = true;
    if (this.#framing === "chunked") {
      if (last !== null && last.length > 0) this.write(typeof last === "string" ? Buffer.from(last) : last);
      this.flushHeaders();
      this.#socket.write(Buffer.from(`${LAST_CHUNK}${this.#trailers}\r\n`, "latin1"));
    } else if (last === null || this.#framing === "none") this.flushHeaders();
    else this.#send(last);
    if (this.finished) this.#finish();
  }

  /** Called each time all that waited has been taken. */
  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  /** Called once, when the system has all of the answer. */
  onFinish(listener: () => void): void {
    this.#onFinish = listener;
  }

  /** For the connection: the socket took everything. */
  drained(): void {
    if (this.#ended) this.#finish();
    else this.#onDrain?.();
  }

  #send(bytes: string | Uint8Array, held?: number): boolean {
    const head = this.#takeHead();
    if (head === undefined) return this.#socket.write(bytes, held);
    if (typeof bytes === "string") {
      if (head.ascii) return this.#socket.write(head.text + bytes);
      return this.#socket.write(Buffer.concat([bytesOf(head) as Buffer, Buffer.from(bytes)]));
    }
    if (bytes.length <= TOGETHER_BYTES_MAX) return this.#socket.write(joined(head.text, bytes, ""), held);
    this.#socket.write(bytesOf(head));
    return this.#socket.write(bytes, held);
  }

  #takeHead(): HeadText | undefined {
    const head = this.#head;
    if (head === undefined) return undefined;
    this.#head = undefined;
    this.headersSent = true;
    return head;
  }

  #finish(): void {
    const listener = this.#onFinish;
    this.#onFinish = undefined;
    listener?.();
  }

  #framingOf(status: number, fields: readonly string[]): Framing {
    if (this.#request.method === "HEAD" || status === 204 || status === 304) return "none";
    if (has(fields, "content-length")) return "length";
    return this.#request.version === "1.1" ? "chunked" : "close";
  }
}

function has(fields: readonly string[], lowerName: string): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return true;
  }
  return false;
}

function bytesOf(head: HeadText): Buffer {
  return Buffer.from(head.text, "latin1");
}

/** One buffer of its own for a text of one byte per character, bytes, and such a text again. */
function joined(before: string, bytes: Uint8Array, after: string): Buffer {
  const whole = Buffer.allocUnsafe(before.length + bytes.length + after.length);
  whole.write(before, 0, "latin1");
  whole.set(bytes, before.length);
  if (after !== "") whole.write(after, before.length + bytes.length, "latin1");
  return whole;
}
