/** The body of a request on its way to the upstream, at the pace of both ends. */

import type { HttpRequest } from "#foundation/http";
import type { UpstreamConnection } from "../pool/upstream-connection.ts";
import { lastChunk } from "./trailers.ts";

/**
 * Bodies up to this are read before a connection is taken: a slow client then holds none, body and head leave in one write, and the request can be sent
 * again. What the server reads whatever waits.
 */
const EARLY_BYTES_MAX = 64 * 1024;

export interface UploadListener {
  /** Another piece has left. */
  onUploaded(): void;
  /** The client does not send what it promised, or is gone. */
  onBodyError(error: unknown): void;
}

/** One for each request, whatever backends are tried. */
export class RequestUpload {
  readonly framing: "none" | "length" | "chunked";
  /** Of the body, so far. */
  bytesSent = 0;
  readonly #request: HttpRequest;
  /** Whether the upstream is still to say that it wants the body. */
  waitsForContinue: boolean;
  #whole: Uint8Array | undefined;
  #connection: UpstreamConnection | undefined;
  #listener: UploadListener | undefined;
  #started = false;
  #isReading = false;
  #wake: (() => void) | undefined;

  constructor(request: HttpRequest) {
    const { contentLength, body } = request;
    this.#request = request;
    if (contentLength !== undefined) this.framing = "length";
    else this.framing = body.empty ? "none" : "chunked";
    this.waitsForContinue = !body.empty && request.headers.has("expect");
  }

  /** Whether the whole request leaves with its head, and can leave again. */
  get isWhole(): boolean {
    return this.#whole !== undefined || this.#request.body.empty;
  }

  /** The whole body, when it is short and has come. */
  get whole(): Uint8Array | undefined {
    return this.#whole;
  }

  /** Whether more of the body is to come from the client before the upstream can answer. */
  get isBlockedByClient(): boolean {
    return this.#isReading;
  }

  /** To be awaited before a connection is taken. Rejects with the error of the body. */
  readEarly(): Promise<void> | undefined {
    const { body, contentLength } = this.#request;
    if (this.isWhole || this.waitsForContinue) return undefined;
    if (contentLength === undefined || contentLength > EARLY_BYTES_MAX) return undefined;
    return body.bytes(EARLY_BYTES_MAX).then((bytes) => {
      this.#whole = bytes;
    });
  }

  /** The head has been sent. With `Expect: 100-continue` the body follows when the upstream wants it. */
  begin(connection: UpstreamConnection, listener: UploadListener): void {
    this.bytesSent = this.#whole?.length ?? 0;
    if (this.isWhole) return;
    this.#connection = connection;
    this.#listener = listener;
    if (!this.waitsForContinue) this.onContinue();
  }

  /** The upstream wants the body (or does not say, and has had time to: RFC 9110 §10.1.1). */
  onContinue(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#started) return;
    this.#started = true;
    this.waitsForContinue = false;
    this.#send(connection).catch((error: unknown) => {
      if (this.#connection === connection) this.#listener?.onBodyError(error);
    });
  }

  onDrain(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#connection = undefined;
    this.onDrain();
  }

  async #send(connection: UpstreamConnection): Promise<void> {
    const { body, contentLength } = this.#request;
    this.#isReading = true;
    for await (const chunk of body) {
      this.#isReading = false;
      if (this.#connection !== connection) return;
      this.bytesSent += chunk.length;
      const taken =
        this.framing === "chunked"
          ? connection.sendText(`${chunk.length.toString(16)}\r\n`, chunk, "\r\n")
          : connection.send(chunk);
      // Told before the last byte is with the upstream, whose answer may be faster than the end of our loop.
      if (this.bytesSent === contentLength) connection.requestSent();
      // The chunk's memory is reused when the next one is asked for: it must have left.
      if (!taken) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#connection !== connection) return;
      this.#listener?.onUploaded();
      this.#isReading = this.bytesSent !== contentLength;
    }
    this.#isReading = false;
    if (this.framing === "chunked") {
      connection.requestSent();
      connection.sendText(lastChunk(body.rawTrailers));
    }
  }
}
