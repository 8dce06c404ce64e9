/** What a response's head says. Pure. */

import type { FaultCode } from "./faults.ts";
import type { Fields } from "./fields.ts";
import { ConnectionOptions, Lengths } from "./framing.ts";
import type { HeadScanner } from "./head-scanner.ts";

/** How the end of a body is found (RFC 9112 §6.3). `tunnel`: there is none, the connection has left HTTP. */
export type BodyFraming = "none" | "length" | "chunked" | "until-close" | "tunnel";

/** A head whose texts are made when they are asked for. Valid until its reader goes on to the next message. */
export class ResponseHead {
  framing: BodyFraming = "none";
  /** What `Content-Length` says, also where no body follows (HEAD, 304). */
  contentLength: number | undefined;
  /** Whether the connection may carry another exchange after this one. */
  persistent = true;
  readonly fields: Fields;
  readonly #scanner: HeadScanner;
  readonly #lengths = new Lengths();
  readonly #options = new ConnectionOptions();

  constructor(scanner: HeadScanner) {
    this.#scanner = scanner;
    this.fields = scanner.fields;
  }

  get status(): number {
    return this.#scanner.status;
  }

  /** As received; may be empty. */
  get reason(): string {
    const { reasonStart, reasonEnd } = this.#scanner;
    const { bytes } = this.fields;
    // The usual one.
    if (reasonEnd - reasonStart === 2 && bytes[reasonStart] === 0x4f && bytes[reasonStart + 1] === 0x4b) return "OK";
    return bytes.toString("latin1", reasonStart, reasonEnd);
  }

  get version(): "1.0" | "1.1" {
    return this.#scanner.minor === 0 ? "1.0" : "1.1";
  }

  /** Whether another head follows this one. */
  get isInformational(): boolean {
    return this.status < 200 && this.status !== 101;
  }

  /** For the reader: looks at a complete head. @returns why it is refused */
  read(method: string): FaultCode | undefined {
    const { minor } = this.#scanner;
    const fault = this.#lengths.read(this.fields, minor);
    if (fault !== undefined) return fault;
    this.contentLength = this.#lengths.contentLength;
    this.framing = this.#framingOf(method);
    this.#options.read(this.fields);
    const { close, keepAlive } = this.#options;
    const ends = this.framing === "until-close" || this.framing === "tunnel";
    this.persistent = !ends && !close && (minor === 1 || keepAlive);
    return undefined;
  }

  #framingOf(method: string): BodyFraming {
    const { status } = this;
    if (status === 101 || (method === "CONNECT" && status >= 200 && status < 300)) return "tunnel";
    if (method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
    if (this.#lengths.isChunked) return "chunked";
    if (this.contentLength === undefined) return "until-close";
    return this.contentLength === 0 ? "none" : "length";
  }
}
