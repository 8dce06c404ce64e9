/** What servers say, read strictly out of pieces of any size. Pure. */

export type ServerOperation =
  | { readonly kind: "info"; readonly info: ServerInfo }
  | { readonly kind: "message"; readonly subject: string; readonly headers: string; readonly payload: Buffer }
  | { readonly kind: "error"; readonly reason: string }
  | { readonly kind: "ping" | "pong" | "ok" };

/** Of what a server says about itself, that which matters to those who publish. */
export interface ServerInfo {
  /** In octets. */
  readonly maxPayload: number;
  readonly takesHeaders: boolean;
  /** To be signed by who has a key (nkey). */
  readonly nonce: string | undefined;
  readonly offersTls: boolean;
  readonly requiresTls: boolean;
  /** It is about to go ("lame duck"). */
  readonly isLeaving: boolean;
}

/** What came is nothing that a server says: nothing that follows can be understood either. */
export class NatsBroken extends Error {}

/** With all servers of a large cluster in it. */
const INFO_MAX = 64 * 1024;
const LINE_MAX = 4_096;
/** What streams confirm with is a hundred octets. */
const MESSAGE_MAX = 64 * 1024;
const LF = 0x0a;
const CR = 0x0d;
const NUMBER = /^\d{1,9}$/;

export class OperationReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Whether something is there that is no whole operation yet. */
  get hasRest(): boolean {
    return this.#bytes.length > 0;
  }

  /** @returns the operations that are whole now, in their order @throws NatsBroken */
  push(bytes: Uint8Array): readonly ServerOperation[] {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#bytes, bytes]);
    const operations: ServerOperation[] = [];
    let kept = 0;
    for (this.#at = 0; this.#at < this.#bytes.length; kept = this.#at) {
      const operation = this.#operation();
      if (operation === undefined) break;
      operations.push(operation);
    }
    this.#bytes = this.#bytes.subarray(kept);
    return operations;
  }

  #operation(): ServerOperation | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const space = line.search(/[ \t]/);
    const word = (space === -1 ? line : line.slice(0, space)).toUpperCase();
    const rest = space === -1 ? "" : line.slice(space + 1).trim();
    switch (word) {
      case "PING":
        return { kind: "ping" };
      case "PONG":
        return { kind: "pong" };
      case "+OK":
        return { kind: "ok" };
      case "-ERR":
        return { kind: "error", reason: rest.replace(/^'(.*)'$/s, "$1") };
      case "INFO":
        return { kind: "info", info: infoOf(rest) };
      case "MSG":
        return this.#message(rest.split(/[ \t]+/), false);
      case "HMSG":
        return this.#message(rest.split(/[ \t]+/), true);
      default:
        throw new NatsBroken("an operation of no kind that there is");
    }
  }

  #line(): string | undefined {
    const end = this.#bytes.indexOf(LF, this.#at);
    const length = (end === -1 ? this.#bytes.length : end) - this.#at;
    if (length > LINE_MAX) {
      const isInfo = this.#bytes.toString("latin1", this.#at, this.#at + 4).toUpperCase() === "INFO";
      if (!isInfo || length > INFO_MAX) throw new NatsBroken("a line that is too long");
    }
    if (end === -1) return undefined;
    if (length < 1 || this.#bytes[end - 1] !== CR) throw new NatsBroken("a line that does not end as it should");
    const line = this.#bytes.toString("utf8", this.#at, end - 1);
    this.#at = end + 1;
    return line;
  }

  /** `subject sid [reply] [length of headers] length`. */
  #message(words: readonly string[], hasHeaders: boolean): ServerOperation | undefined {
    const numbers = hasHeaders ? 2 : 1;
    if (words.length !== 2 + numbers && words.length !== 3 + numbers)
      throw new NatsBroken("a message without its parts");
    const total = numberOf(words.at(-1)!, MESSAGE_MAX);
    const headers = hasHeaders ? numberOf(words.at(-2)!, total) : 0;
    const end = this.#at + total;
    if (this.#bytes.length < end + 2) return undefined;
    if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) {
      throw new NatsBroken("a message that is longer than it says");
    }
    const operation: ServerOperation = {
      kind: "message",
      subject: words[0]!,
      headers: this.#bytes.toString("utf8", this.#at, this.#at + headers),
      payload: this.#bytes.subarray(this.#at + headers, end),
    };
    this.#at = end + 2;
    return operation;
  }
}

function numberOf(text: string, most: number): number {
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!(number <= most)) throw new NatsBroken("a length that is none, or too large");
  return number;
}

function infoOf(text: string): ServerInfo {
  let said: Readonly<Record<string, unknown>>;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError();
    said = value as Readonly<Record<string, unknown>>;
  } catch {
    throw new NatsBroken("information that is no JSON object");
  }
  const { max_payload: maxPayload, nonce } = said;
  if (typeof maxPayload !== "number" || !Number.isSafeInteger(maxPayload) || maxPayload < 0) {
    throw new NatsBroken("information without max_payload");
  }
  if (nonce !== undefined && (typeof nonce !== "string" || nonce.length > 256)) {
    throw new NatsBroken("a nonce that is none");
  }
  return {
    maxPayload,
    takesHeaders: said.headers === true,
    nonce,
    offersTls: said.tls_required === true || said.tls_available === true,
    requiresTls: said.tls_required === true,
    isLeaving: said.ldm === true,
  };
}
