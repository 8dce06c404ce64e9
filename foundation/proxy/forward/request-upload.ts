/** The body of a request on its way to the upstream, at the pace of both ends. */

import type { HttpRequest } from "#foundation/http";
import type { ClientExchange, OutgoingRequest } from "#foundation/http1";
import { passedTrailers } from "./trailers.ts";

/**
 * Bodies up to this are read before a connection is taken: a slow client then holds none, body and head leave in one write, and the request can be sent
 * again. What the server reads whatever waits.
 */
const EARLY_BYTES_MAX = 64 * 1024;

const NO_BYTES = new Uint8Array(0);

/** Told when the client does not send what it promised, or is gone. */
export type OnBodyError = (error: unknown) => void;

/** One for each request, whatever backends are tried. */
export class RequestUpload {
  /** Whether the upstream is to say that it wants the body. */
  readonly expectsContinue: boolean;
  readonly #request: HttpRequest;
  #whole: Uint8Array | undefined;
  #bytesStreamed = 0;
  #exchange: ClientExchange | undefined;
  #wake: (() => void) | undefined;

  constructor(request: HttpRequest) {
    this.#request = request;
    this.expectsContinue = !request.body.empty && request.headers.has("expect");
    if (request.body.empty && request.contentLength !== undefined) this.#whole = NO_BYTES;
  }

  /** Whether the whole request leaves with its head, and can leave again. */
  get isWhole(): boolean {
    return this.#whole !== undefined || this.#request.body.empty;
  }

  /** The whole body, when it is short and has come; null for none, or when it follows. */
  get whole(): Uint8Array | null {
    return this.#whole ?? null;
  }

  /** How long the body is that follows the head. */
  get stream(): OutgoingRequest["stream"] {
    return this.isWhole ? undefined : { length: this.#request.contentLength };
  }

  /** Of the body, so far. */
  bytesSent(exchange: ClientExchange | undefined): number {
    return this.isWhole && exchange?.isSent === true ? (this.#whole?.length ?? 0) : this.#bytesStreamed;
  }

  /** To be awaited before a connection is taken. Rejects with the error of the body. */
  readEarly(): Promise<void> | undefined {
    const { body, contentLength } = this.#request;
    if (this.isWhole || this.expectsContinue) return undefined;
    if (contentLength === undefined || contentLength > EARLY_BYTES_MAX) return undefined;
    return body.bytes(EARLY_BYTES_MAX).then((bytes) => {
      this.#whole = bytes;
    });
  }

  /** The body may be written: at first, and whenever what was written has left. */
  onWritable(exchange: ClientExchange, onBodyError: OnBodyError): void {
    if (this.#exchange === undefined) {
      this.#exchange = exchange;
      this.#send(exchange).catch((error: unknown) => {
        if (this.#exchange === exchange) onBodyError(error);
      });
      return;
    }
    this.#endIfAll(exchange);
    this.#goOn();
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#exchange = undefined;
    this.#goOn();
  }

  #goOn(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  async #send(exchange: ClientExchange): Promise<void> {
    const { body, contentLength } = this.#request;
    for await (const chunk of body) {
      if (this.#exchange !== exchange) return;
      this.#bytesStreamed += chunk.length;
      // The chunk's memory is reused when the next one is asked for: it must have left.
      if (exchange.write(chunk)) this.#endIfAll(exchange);
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#exchange !== exchange) return;
    }
    if (contentLength === undefined) exchange.end(passedTrailers(body.rawTrailers).flat());
  }

  /** As soon as the last byte has left, for the answer may be faster than the end of our loop. */
  #endIfAll(exchange: ClientExchange): void {
    if (this.#bytesStreamed === this.#request.contentLength) exchange.end();
  }
}
