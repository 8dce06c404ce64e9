/** One request of HTTP/1.1 and its answer. */

import { STATUS_CODES } from "node:http";
import { FIELD } from "../codec/fields.ts";
import type { MessageWriter, PreparedFields } from "../codec/message-writer.ts";
import { NOT_COPIED } from "../codec/message-writer.ts";
import type { RequestHead } from "../codec/request-head.ts";
import type { RawDuplex } from "../io/duplex.ts";
import { emptyBody, type MessageBody } from "../message-body.ts";
import type { AnswerHead, ReceivedFields, ServerExchange } from "./exchange.ts";

/** What an exchange needs of its connection. */
export interface ExchangeConnection {
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly head: RequestHead;
  /** Whether no further request is taken, whatever the client says. */
  readonly isClosing: boolean;
  /** Whether the rest of the request is too long to be dropped. */
  restIsLong(exchange: Http1Exchange): boolean;
  dateField(): PreparedFields;
  writer(): MessageWriter;
  /** Sends what the writer holds. @returns whether nothing waits */
  send(writer: MessageWriter): boolean;
  write(bytes: Uint8Array): boolean;
  /** The answer is complete. */
  answered(exchange: Http1Exchange): void;
  switched(exchange: Http1Exchange): RawDuplex;
  cut(): void;
}

type Framing = "none" | "length" | "chunked" | "until-close";

/** Head and body up to this leave in one write. */
const TOGETHER_BYTES_MAX = 64 * 1024;

export class Http1Exchange implements ServerExchange {
  /** Called when the client takes more, after `write` or `begin` said that it must be waited for. */
  onDrain: (() => void) | undefined;
  /** Called once when the connection is gone, or the request is refused, before the answer was complete. */
  onGone: (() => void) | undefined;
  /** Whether the head of the final answer was sent. */
  isBegun = false;
  /** Whether nothing more can be answered. */
  isOver = false;
  /** Whether the connection closes behind the answer. */
  closes = false;
  /** Whether the client still waits for `100 Continue`. */
  awaitsContinue: boolean;
  readonly #connection: ExchangeConnection;
  #body: MessageBody | undefined;
  #framing: Framing = "none";
  #left = 0;
  #controller: AbortController | undefined;
  #isGone = false;

  /** @param body undefined when the request has none */
  constructor(connection: ExchangeConnection, body: MessageBody | undefined) {
    this.#connection = connection;
    this.#body = body;
    this.awaitsContinue = connection.head.expectsContinue;
  }

  get head(): RequestHead {
    if (this.isOver) throw new Error("the head of a request is asked for after its answer");
    return this.#connection.head;
  }

  /** The request's body. */
  get body(): MessageBody {
    this.#body ??= emptyBody();
    return this.#body;
  }

  /** Whether all of the request has come. */
  get isReceived(): boolean {
    return this.#body === undefined || this.#body.isComplete;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get secure(): boolean {
    return this.#connection.secure;
  }

  /** Aborted when the client goes away before the answer is complete. Made when it is asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isGone) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Tells the client to send the body it has announced. Reading the body does so too. */
  sendContinue(): void {
    if (!this.awaitsContinue) return;
    this.awaitsContinue = false;
    if (!this.isBegun && !this.isOver) this.inform(100, []);
  }

  /** Sends a 1xx response before the final one. Clients of HTTP/1.0 know none. @throws UnsafeMessage */
  inform(status: number, fields: readonly string[], received?: ReceivedFields): void {
    if (this.isOver || this.isBegun || this.#connection.head.version === "1.0") return;
    if (status < 100 || status > 199 || status === 101) throw new Error(`${status} does not inform`);
    const writer = this.#connection
      .writer()
      .reset()
      .statusLine(status, STATUS_CODES[status] ?? "");
    copyReceived(writer, received);
    this.#connection.send(writer.rawFields(fields).endHead());
  }

  /** Answers with a whole body. @throws UnsafeMessage; then another answer may be given */
  answer(head: AnswerHead, body: string | Uint8Array | null = null): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const length = bytes?.length ?? 0;
    if (!this.#writeHead(head, length)) return;
    this.#left = 0;
    const hasBody = this.#framing !== "none" && length > 0;
    if (hasBody && length > TOGETHER_BYTES_MAX) {
      this.#connection.send(this.#connection.writer());
      this.#connection.write(bytes!);
    } else {
      const writer = this.#connection.writer();
      if (hasBody) writer.body(bytes!);
      this.#connection.send(writer);
    }
    this.#finish();
  }

  /**
   * Begins an answer whose body follows by `write` and `end`.
   *
   * @param length of the body, exactly; undefined when it is not known (chunks, or the end of the connection for HTTP/1.0). For HEAD and 304, the length that GET
   * would have
   * @param first what is there of the body: it leaves together with the head
   * @returns whether more may follow at once, as `write`
   * @throws UnsafeMessage; then another answer may be given
   */
  begin(head: AnswerHead, length: number | undefined, first?: Uint8Array): boolean {
    if (!this.#writeHead(head, length)) return true;
    this.#left = length ?? 0;
    const writer = this.#connection.writer();
    if (first === undefined || first.length === 0 || this.#framing === "none") return this.#connection.send(writer);
    if (first.length > TOGETHER_BYTES_MAX) {
      this.#connection.send(writer);
      return this.write(first);
    }
    this.#count(first);
    if (this.#framing === "chunked") writer.chunk(first);
    else writer.body(first);
    return this.#connection.send(writer);
  }

  /** @returns whether more may follow at once; if not, `onDrain` is called, and the bytes must not change until then */
  write(bytes: Uint8Array): boolean {
    if (this.isOver || this.#framing === "none" || bytes.length === 0) return true;
    if (!this.isBegun) throw new Error("the body of an answer is written before its head");
    this.#count(bytes);
    if (this.#framing !== "chunked") return this.#connection.write(bytes);
    const connection = this.#connection;
    if (bytes.length <= TOGETHER_BYTES_MAX) return connection.send(connection.writer().reset().chunk(bytes));
    connection.send(connection.writer().reset().chunkStart(bytes.length));
    connection.write(bytes);
    return connection.send(connection.writer().reset().chunkEnd());
  }

  /** The body is complete. @param trailers sent behind a body in chunks, dropped behind any other */
  end(trailers: readonly string[] = []): void {
    if (this.isOver) return;
    if (this.#left > 0 && this.#framing === "length") {
      // Less than was said: no client may take it for the whole.
      this.abort();
      return;
    }
    if (this.#framing === "chunked") this.#connection.send(this.#connection.writer().reset().lastChunk(trailers));
    this.#finish();
  }

  /**
   * Leaves HTTP: sends 101 (or 200 to CONNECT) and hands the connection over.
   * @param protocol undefined for CONNECT
   */
  switchProtocols(protocol: string | undefined, fields: readonly string[], received?: ReceivedFields): RawDuplex {
    if (this.isBegun || this.isOver) throw new Error("an exchange leaves HTTP after its answer has begun");
    const status = protocol === undefined ? 200 : 101;
    const writer = this.#connection.writer().reset().statusLine(status, STATUS_CODES[status]!);
    copyReceived(writer, received);
    writer.rawFields(fields);
    if (protocol !== undefined) writer.upgrade(protocol);
    this.#connection.send(writer.endHead());
    this.isBegun = true;
    this.isOver = true;
    return this.#connection.switched(this);
  }

  /** Cuts the connection: an answer that cannot be completed must not look complete. */
  abort(): void {
    if (!this.isOver) this.#connection.cut();
  }

  /** For the connection: the client is gone, or is told something else. */
  gone(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#isGone = true;
    this.#controller?.abort();
    this.onGone?.();
  }

  /** @returns false when nothing is to be answered any more */
  #writeHead(answer: AnswerHead, length: number | undefined): boolean {
    if (this.isOver) return false;
    if (this.isBegun) throw new Error("a request is answered twice");
    const { status } = answer;
    if (status < 200) throw new Error(`${status} is no final status`);
    const connection = this.#connection;
    const { head } = connection;
    this.#framing = framingOf(head, status, length);
    this.closes =
      this.#framing === "until-close" ||
      answer.close === true ||
      connection.isClosing ||
      !head.persistent ||
      connection.restIsLong(this);
    const writer = connection
      .writer()
      .reset()
      .statusLine(status, answer.reason ?? STATUS_CODES[status] ?? "");
    copyReceived(writer, answer.received);
    if (answer.fields !== undefined) writer.rawFields(answer.fields);
    if (answer.prepared !== undefined) writer.prepared(answer.prepared);
    if (!hasDate(answer)) writer.prepared(connection.dateField());
    if (this.#framing === "chunked") writer.chunked();
    else if (length !== undefined && status !== 204 && !(status === 304 && length === 0)) writer.contentLength(length);
    if (this.closes) writer.connection("close");
    else if (head.version === "1.0") writer.connection("keep-alive");
    writer.endHead();
    this.isBegun = true;
    return true;
  }

  #count(bytes: Uint8Array): void {
    if (this.#framing !== "length") return;
    this.#left -= bytes.length;
    if (this.#left < 0) {
      this.abort();
      throw new Error("an answer is longer than was said");
    }
  }

  #finish(): void {
    this.isOver = true;
    this.#connection.answered(this);
  }
}

function framingOf(head: RequestHead, status: number, length: number | undefined): Framing {
  if (head.method === "HEAD" || status === 204 || status === 304) return "none";
  if (length !== undefined) return "length";
  return head.version === "1.1" ? "chunked" : "until-close";
}

function copyReceived(writer: MessageWriter, received: ReceivedFields | undefined): void {
  if (received !== undefined) writer.received(received.fields, received.not ?? NOT_COPIED, received.isDropped);
}

function hasDate({ received, fields }: AnswerHead): boolean {
  if (received !== undefined && received.fields.find(FIELD.DATE) !== -1) return true;
  if (fields === undefined) return false;
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.length === 4 && fields[i]!.toLowerCase() === "date") return true;
  return false;
}
