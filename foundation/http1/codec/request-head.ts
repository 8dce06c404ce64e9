/** What a request's head says. Pure. */

import type { FaultCode } from "./faults.ts";
import { FIELD, type Fields } from "./fields.ts";
import { ConnectionOptions, Lengths } from "./framing.ts";
import type { HeadScanner } from "./head-scanner.ts";
import { isHost } from "./host.ts";
import { equalsLower } from "./octets.ts";
import type { ReceivedHead } from "./received-head.ts";
import { authorityEnd, authorityStart, type TargetForm, targetForm } from "./target.ts";

/** Asked for in this order; one text for each. */
const METHODS = ["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"].map((text) => ({
  text,
  bytes: Buffer.from(text),
}));

/** A head whose texts are made when they are asked for. Valid until its reader goes on to the next message. */
export class RequestHead implements ReceivedHead {
  method = "";
  form: TargetForm = "origin";
  /** Octets of the body; undefined when it comes in chunks, or when there is none. */
  contentLength: number | undefined;
  isChunked = false;
  /** Whether the client lets the connection stay for another request. */
  persistent = true;
  /** The client wants to change to another protocol: `Upgrade`, nominated in `Connection` (RFC 9110 §7.8). */
  upgrade = false;
  /** The client waits for `100 Continue`. */
  expectsContinue = false;
  /** It expects something else (417 is the answer). */
  expectsUnknown = false;
  readonly fields: Fields;
  readonly #scanner: HeadScanner;
  readonly #lengths = new Lengths();
  readonly #options = new ConnectionOptions();
  #host = -1;
  #target: string | undefined;
  #hostText: string | undefined;
  #lastHost = "";

  constructor(scanner: HeadScanner) {
    this.#scanner = scanner;
    this.fields = scanner.fields;
  }

  /** Exactly as received, one character for each octet. */
  get target(): string {
    this.#target ??= this.fields.bytes.toString("latin1", this.#scanner.targetStart, this.#scanner.targetEnd);
    return this.#target;
  }

  get version(): "1.0" | "1.1" {
    return this.#scanner.minor === 0 ? "1.0" : "1.1";
  }

  /** The authority of an absolute target, else the value of `Host`; `""` when there is none. */
  get host(): string {
    this.#hostText ??= this.#readHostText();
    return this.#hostText;
  }

  #readHostText(): string {
    if (this.form === "absolute") {
      const { targetStart, targetEnd } = this.#scanner;
      const start = authorityStart(this.fields.bytes, targetStart, targetEnd);
      return this.fields.bytes.toString("latin1", start, authorityEnd(this.fields.bytes, start, targetEnd));
    }
    if (this.form === "authority") return this.target;
    if (this.#host === -1) return "";
    // Nearly always that of the last request of the connection: its text is there.
    if (!isText(this.fields, this.#host, this.#lastHost)) this.#lastHost = this.fields.value(this.#host);
    return this.#lastHost;
  }

  get hasBody(): boolean {
    return this.isChunked || (this.contentLength !== undefined && this.contentLength > 0);
  }

  /** For the reader: looks at a complete head. @returns why it is refused */
  read(): FaultCode | undefined {
    const { fields } = this;
    const scanner = this.#scanner;
    this.#target = undefined;
    this.#hostText = undefined;
    this.method = methodText(fields.bytes, scanner.methodStart, scanner.methodEnd);
    const form = targetForm(fields.bytes, scanner.targetStart, scanner.targetEnd, this.method);
    if (form === undefined) return "bad-target";
    this.form = form;
    const fault = this.#readHost() ?? this.#lengths.read(fields, scanner.minor);
    if (fault !== undefined) return fault;
    this.contentLength = this.#lengths.contentLength;
    this.isChunked = this.#lengths.isChunked;
    // Its content means nothing (RFC 9110 §9.3.6), and where it would end nobody agrees.
    if (form === "authority" && this.hasBody) return "unexpected-body";
    this.#readConnection(scanner.minor);
    return undefined;
  }

  #readHost(): FaultCode | undefined {
    const { fields } = this;
    this.#host = -1;
    for (let i = 0; i < fields.count; i++) {
      if (fields.id(i) !== FIELD.HOST) continue;
      if (this.#host !== -1) return "repeated-host";
      this.#host = i;
    }
    if (this.#host === -1) return this.#scanner.minor === 0 ? undefined : "no-host";
    return isHost(fields.bytes, fields.valueStart(this.#host), fields.valueEnd(this.#host)) ? undefined : "bad-host";
  }

  #readConnection(minor: 0 | 1): void {
    const { fields } = this;
    const options = this.#options;
    options.read(fields);
    this.persistent = !options.close && (minor === 1 || options.keepAlive);
    this.upgrade = options.upgrade && minor === 1 && fields.find(FIELD.UPGRADE) !== -1;
    this.expectsContinue = false;
    this.expectsUnknown = false;
    const expect = fields.find(FIELD.EXPECT);
    // Clients of HTTP/1.0 do not know the answer (RFC 9110 §10.1.1).
    if (expect === -1 || minor === 0) return;
    if (equalsLower(fields.bytes, fields.valueStart(expect), fields.valueEnd(expect), "100-continue")) {
      this.expectsContinue = this.hasBody;
    } else this.expectsUnknown = true;
  }
}

function methodText(bytes: Buffer, from: number, to: number): string {
  const length = to - from;
  for (const { text, bytes: known } of METHODS) {
    if (known.length !== length || known[0] !== bytes[from]) continue;
    let i = 1;
    while (i < length && known[i] === bytes[from + i]) i++;
    if (i === length) return text;
  }
  return bytes.toString("latin1", from, to);
}

/** Whether the value of a field is that text, octet for octet. */
function isText(fields: Fields, index: number, text: string): boolean {
  const from = fields.valueStart(index);
  if (fields.valueEnd(index) - from !== text.length) return false;
  const { bytes } = fields;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}
