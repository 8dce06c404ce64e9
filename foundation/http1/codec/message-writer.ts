/**
 * Writes heads and chunks (RFC 9112 §3 to §7). Pure.
 *
 * Framing, host and connection have methods of their own and are refused everywhere else, so that no text of a caller decides where a message ends.
 */

import { FIELD, type Fields } from "./fields.ts";
import { isHost } from "./host.ts";
import { isNominated, namesNothing } from "./nominated.ts";
import { SPACE } from "./octets.ts";

/** Something that would make another message of this one. A mistake of the program, never of who it talks to. */
export class UnsafeMessage extends Error {
  override readonly name = "UnsafeMessage";
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Any octet but controls and blanks: what is beyond ASCII or a fragment is passed on to those who take it. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
/** What methods of the writer say. */
const OWN_NAMES: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "connection", "host"]);

/** Fields that were checked once, to be written often. */
export class PreparedFields {
  /** With the CRLF of each line. */
  readonly text: string;

  /** @param raw name, value, name, value … @throws UnsafeMessage */
  constructor(readonly raw: readonly string[]) {
    this.text = new MessageWriter(0).rawFields(raw).view().toString("latin1");
  }
}

/** Names that were found safe: programs use few, but some are made of what users say. */
const NAMES_KEPT_MAX = 1024;
const safeNames = new Set<string>();

/** The last line of each status: most have one reason. */
const statusLines: ({ readonly reason: string; readonly text: string } | undefined)[] = new Array(600).fill(undefined);

/** What is copied from received fields. Bits by `FIELD`. */
export type FieldMask = number;

export function maskOf(...ids: readonly number[]): FieldMask {
  return ids.reduce((mask, id) => mask | (1 << id), 0);
}

/** For the next hop alone, or said anew by the writer (RFC 9110 §7.6.1). */
export const NOT_COPIED: FieldMask = maskOf(
  FIELD.HOST,
  FIELD.CONTENT_LENGTH,
  FIELD.TRANSFER_ENCODING,
  FIELD.CONNECTION,
  FIELD.UPGRADE,
  FIELD.KEEP_ALIVE,
  FIELD.PROXY_CONNECTION,
  FIELD.TE,
  FIELD.PROXY_AUTHENTICATE,
  FIELD.PROXY_AUTHORIZATION,
);

const ROOM_AT_FIRST = 64 * 1024;
const CRLF = "\r\n";

/** One message after the other is written into the same memory: what is written is sent or copied before the next `reset`. */
export class MessageWriter {
  #bytes: Buffer;
  #length = 0;
  /** Written next: texts are gathered, for each write into memory costs more than all of their characters. */
  #pending = "";

  constructor(roomAtFirst = ROOM_AT_FIRST) {
    this.#bytes = Buffer.allocUnsafeSlow(roomAtFirst);
  }

  /** How many octets are written. */
  get length(): number {
    return this.#length + this.#pending.length;
  }

  /** The memory; octets up to `length` are written. */
  get memory(): Buffer {
    this.#flush();
    return this.#bytes;
  }

  reset(): this {
    this.#length = 0;
    this.#pending = "";
    return this;
  }

  /** A view of what is written. */
  view(): Buffer {
    return this.memory.subarray(0, this.#length);
  }

  copy(): Buffer {
    return Buffer.from(this.view());
  }

  /** @throws UnsafeMessage */
  requestLine(method: string, target: string, host: string): this {
    if (!TOKEN.test(method)) throw new UnsafeMessage(`The method ${JSON.stringify(method)} is not a token.`);
    if (!TARGET.test(target)) throw new UnsafeMessage("The target is empty, or holds a blank or a control character.");
    assertHost(host);
    return this.#text(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n`);
  }

  /** @throws UnsafeMessage */
  statusLine(status: number, reason: string): this {
    const known = statusLines[status];
    if (known !== undefined && known.reason === reason) return this.#text(known.text);
    if (!(Number.isInteger(status) && status >= 100 && status <= 599)) {
      throw new UnsafeMessage(`${status} is not a status.`);
    }
    if (!VALUE.test(reason)) throw new UnsafeMessage("The reason holds a character that it cannot carry.");
    const text = `HTTP/1.1 ${status} ${reason}\r\n`;
    statusLines[status] = { reason, text };
    return this.#text(text);
  }

  /** @throws UnsafeMessage when the name is no token or one that the writer says itself, or when the value holds a control character or one beyond U+00FF */
  field(name: string, value: string): this {
    assertField(name, value);
    return this.#text(`${name}: ${value}\r\n`);
  }

  prepared({ text }: PreparedFields): this {
    return this.#text(text);
  }

  /** Name, value, name, value … @throws UnsafeMessage */
  rawFields(raw: readonly string[]): this {
    for (let i = 0; i + 1 < raw.length; i += 2) this.field(raw[i]!, raw[i + 1]!);
    return this;
  }

  /**
   * Received fields, octet for octet and in their order, without those of `not` and those that their `Connection` names.
   * They need no check: the scanner lets nothing pass that cannot be sent.
   */
  received(fields: Fields, not: FieldMask = NOT_COPIED, isDropped?: (fields: Fields, index: number) => boolean): this {
    const { bytes } = fields;
    const nominates = !namesNothing(fields);
    let from = -1;
    let to = -1;
    for (let i = 0; i < fields.count; i++) {
      const id = fields.id(i);
      if (((not >> id) & 1) === 1) continue;
      if (nominates && isNominated(fields, i)) continue;
      if (isDropped?.(fields, i)) continue;
      const start = fields.nameStart(i);
      const end = fields.valueEnd(i);
      if (!isPlainLine(fields, i)) {
        if (from !== -1) this.#lines(bytes, from, to);
        from = -1;
        this.#text(`${fields.name(i)}: ${fields.value(i)}\r\n`);
      } else if (from !== -1 && start === to + 2) to = end;
      else {
        if (from !== -1) this.#lines(bytes, from, to);
        from = start;
        to = end;
      }
    }
    if (from !== -1) this.#lines(bytes, from, to);
    return this;
  }

  /** @throws UnsafeMessage */
  contentLength(length: number): this {
    if (!(Number.isSafeInteger(length) && length >= 0)) throw new UnsafeMessage(`${length} is not a length.`);
    return this.#text(`Content-Length: ${length}\r\n`);
  }

  chunked(): this {
    return this.#text("Transfer-Encoding: chunked\r\n");
  }

  connection(option: "close" | "keep-alive"): this {
    return this.#text(`Connection: ${option}\r\n`);
  }

  /** The protocol to change to. @throws UnsafeMessage */
  upgrade(protocol: string): this {
    if (!VALUE.test(protocol)) throw new UnsafeMessage("The protocol holds a character that a field cannot carry.");
    return this.#text(`Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`);
  }

  /** `TE` is for the next hop, and says so (RFC 9110 §10.1.4). */
  acceptsTrailers(): this {
    return this.#text("Connection: TE\r\nTE: trailers\r\n");
  }

  /** The empty line. */
  endHead(): this {
    return this.#text(CRLF);
  }

  body(bytes: Uint8Array): this {
    this.#flush();
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** A chunk around `bytes`; nothing for none, because that would be the last one. */
  chunk(bytes: Uint8Array): this {
    if (bytes.length === 0) return this;
    return this.#text(`${bytes.length.toString(16)}\r\n`)
      .body(bytes)
      .#text(CRLF);
  }

  /** The line before the data of a long chunk, which is sent by itself. */
  chunkStart(length: number): this {
    return this.#text(`${length.toString(16)}\r\n`);
  }

  /** What follows the data. */
  chunkEnd(): this {
    return this.#text(CRLF);
  }

  /** @param trailers name, value, name, value … @throws UnsafeMessage */
  lastChunk(trailers: readonly string[] = []): this {
    return this.#text("0\r\n").rawFields(trailers).#text(CRLF);
  }

  /** ASCII, or one octet for each character. */
  #text(text: string): this {
    this.#pending += text;
    return this;
  }

  #flush(): void {
    const text = this.#pending;
    if (text === "") return;
    this.#pending = "";
    this.#need(text.length);
    this.#bytes.write(text, this.#length, "latin1");
    this.#length += text.length;
  }

  #lines(bytes: Buffer, from: number, to: number): void {
    // With the CRLF of the last line, which the scanner has seen.
    const length = to + 2 - from;
    this.#flush();
    this.#need(length);
    bytes.copy(this.#bytes, this.#length, from, to + 2);
    this.#length += length;
  }

  #need(more: number): void {
    const length = this.#length + more;
    if (length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * length);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** @throws UnsafeMessage as `field` */
export function assertField(name: string, value: string): void {
  if (!safeNames.has(name)) keepSafe(name);
  if (!VALUE.test(value)) throw new UnsafeMessage(`The value of ${name} holds a character that a field cannot carry.`);
}

function keepSafe(name: string): void {
  if (!TOKEN.test(name)) throw new UnsafeMessage(`The field name ${JSON.stringify(name)} is not a token.`);
  if (OWN_NAMES.has(name.toLowerCase())) throw new UnsafeMessage(`${name} is written by the writer alone.`);
  if (safeNames.size < NAMES_KEPT_MAX) safeNames.add(name);
}

let lastHost = "";

/** @throws UnsafeMessage */
function assertHost(host: string): void {
  if (host === lastHost) return;
  if (!VALUE.test(host) || !isHost(Buffer.from(host, "latin1"), 0, host.length)) {
    throw new UnsafeMessage(`${JSON.stringify(host)} is not a host.`);
  }
  lastHost = host;
}

/** Whether the line is `Name: value`, so that it can be copied as it is. */
function isPlainLine(fields: Fields, index: number): boolean {
  const colon = fields.nameEnd(index);
  const start = fields.valueStart(index);
  const { bytes } = fields;
  if (start !== colon + 2 || bytes[colon + 1] !== SPACE) return false;
  return bytes[fields.valueEnd(index)] === 0x0d;
}
