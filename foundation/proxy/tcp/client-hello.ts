/**
 * The first message of a TLS client, read without taking part (RFC 8446 §4.1.2, §5.1; RFC 6066 §3; RFC 7301). Pure.
 *
 * It tells which name the client asks for, so that a connection can be passed on unopened.
 */

/** What a client asks for. */
export interface ClientHello {
  /** In lower case; undefined when the client names none. */
  readonly serverName: string | undefined;
  /** Application protocols, in the client's order. */
  readonly protocols: readonly string[];
}

export type ClientHelloOutcome =
  /** `bytes`: before as many are there, it is no use to look again. */
  | { readonly kind: "more"; readonly bytes: number }
  | { readonly kind: "hello"; readonly hello: ClientHello }
  /** The first byte is not that of a TLS handshake. */
  | { readonly kind: "not-tls" }
  | { readonly kind: "malformed" };

const NOT_TLS: ClientHelloOutcome = { kind: "not-tls" };
const MALFORMED: ClientHelloOutcome = { kind: "malformed" };

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
/** RFC 8446 §5.1: content of one record. */
const RECORD_BYTES_MAX = 16_384;
/** Of a ClientHello: with post-quantum key shares they are 2 KiB; nobody needs more than one record. */
export const HELLO_BYTES_MAX = 16_384;

/** Nobody spreads a hello over more, and each costs us a look. */
const RECORDS_MAX = 64;

/** What a connection has to hold until its hello is whole: itself, its own header, and those of its records. */
export const PEEK_BYTES_MAX = HELLO_BYTES_MAX + 4 + RECORDS_MAX * 5;

/**
 * Reads the hello that a connection begins with; it may be spread over several records.
 *
 * @param bytes all that has come so far
 */
export function peekClientHello(bytes: Buffer): ClientHelloOutcome {
  const parts: Buffer[] = [];
  let at = 0;
  for (let records = 0; records < RECORDS_MAX; records++) {
    if (at >= bytes.length) return { kind: "more", bytes: at + 1 };
    if (bytes[at] !== HANDSHAKE_RECORD) return at === 0 ? NOT_TLS : MALFORMED;
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return MALFORMED;
    if (at + 5 > bytes.length) return { kind: "more", bytes: at + 5 };
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > RECORD_BYTES_MAX) return MALFORMED;
    if (bytes.length > at + 5 && records === 0 && bytes[at + 5] !== CLIENT_HELLO) return MALFORMED;
    at += 5 + length;
    if (at > bytes.length) return { kind: "more", bytes: at };
    parts.push(bytes.subarray(at - length, at));
    const outcome = readMessage(parts);
    if (outcome !== undefined) return outcome;
  }
  return MALFORMED;
}

/** @returns undefined while more records belong to it */
function readMessage(parts: readonly Buffer[]): ClientHelloOutcome | undefined {
  const message = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  if (message.length < 4) return undefined;
  const length = message.readUIntBE(1, 3);
  if (length > HELLO_BYTES_MAX) return MALFORMED;
  if (message.length < 4 + length) return undefined;
  const hello = readHello(new Cursor(message.subarray(4, 4 + length)));
  return hello === undefined ? MALFORMED : { kind: "hello", hello };
}

/** Reads vectors of a message; after the first that does not fit, nothing can be had. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint(size: 1 | 2): number | undefined {
    if (this.#at + size > this.#bytes.length) return undefined;
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  take(length: number): Buffer | undefined {
    if (this.#at + length > this.#bytes.length) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A vector with a length of `size` bytes before it. */
  vector(size: 1 | 2): Buffer | undefined {
    const length = this.uint(size);
    return length === undefined ? undefined : this.take(length);
  }
}

function readHello(cursor: Cursor): ClientHello | undefined {
  const version = cursor.uint(2);
  const random = cursor.take(32);
  const session = cursor.vector(1);
  const suites = cursor.vector(2);
  const compressions = cursor.vector(1);
  if (version === undefined || version >> 8 !== 3 || random === undefined) return undefined;
  if (session === undefined || session.length > 32 || suites === undefined || compressions === undefined)
    return undefined;
  if (suites.length < 2 || suites.length % 2 !== 0 || compressions.length === 0) return undefined;
  if (cursor.isAtEnd) return { serverName: undefined, protocols: [] };
  const extensions = cursor.vector(2);
  return extensions === undefined || !cursor.isAtEnd ? undefined : readExtensions(new Cursor(extensions));
}

function readExtensions(cursor: Cursor): ClientHello | undefined {
  const seen = new Set<number>();
  let serverName: string | undefined;
  let protocols: readonly string[] | undefined = [];
  while (!cursor.isAtEnd) {
    const type = cursor.uint(2);
    const data = cursor.vector(2);
    // RFC 8446 §4.2: none twice. Two names would let two readers see two destinations.
    if (type === undefined || data === undefined || seen.has(type)) return undefined;
    seen.add(type);
    if (type === SERVER_NAME) {
      serverName = readServerName(new Cursor(data));
      if (serverName === undefined) return undefined;
    } else if (type === ALPN) {
      protocols = readProtocols(new Cursor(data));
      if (protocols === undefined) return undefined;
    }
  }
  return { serverName, protocols };
}

/** Letters, digits, hyphens and underscores in labels; no trailing dot (RFC 6066 §3). */
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const HOST_CHARACTERS_MAX = 253;

/** One name, of the only kind there is. */
function readServerName(cursor: Cursor): string | undefined {
  const list = cursor.vector(2);
  if (list === undefined || !cursor.isAtEnd) return undefined;
  const names = new Cursor(list);
  const kind = names.uint(1);
  const bytes = names.vector(2);
  if (kind !== 0 || bytes === undefined || !names.isAtEnd) return undefined;
  const name = bytes.toString("latin1").toLowerCase();
  return name.length <= HOST_CHARACTERS_MAX && HOST_NAME.test(name) ? name : undefined;
}

function readProtocols(cursor: Cursor): readonly string[] | undefined {
  const list = cursor.vector(2);
  if (list === undefined || !cursor.isAtEnd) return undefined;
  const names = new Cursor(list);
  const protocols: string[] = [];
  while (!names.isAtEnd) {
    const name = names.vector(1);
    if (name === undefined || name.length === 0) return undefined;
    protocols.push(name.toString("latin1"));
  }
  return protocols;
}
