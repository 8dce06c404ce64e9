/** The chunked transfer coding from the receiver's side (RFC 9112 §7.1), strictly and piece by piece. Pure. */

import { isTokenByte, parseFields } from "./request-head.ts";

/** 15 hexadecimal digits are beyond what anybody sends and stay exact below 2^53 with room to spare: 13 are taken. */
const SIZE_DIGITS_MAX = 13;
/** Of one chunk: nobody uses extensions; whoever sends them without end is not a client. */
const EXTENSION_BYTES_MAX = 1024;
/** Of all chunks of a body together: extensions must not be a way to keep a connection busy without sending anything. */
const EXTENSION_BYTES_OF_ALL_MAX = 16 * 1024;
/** Names and values of all trailer fields together. */
const TRAILER_BYTES_MAX = 16 * 1024;

const NO_FIELDS: readonly string[] = [];

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

type State = "size" | "extension" | "sizeLf" | "data" | "dataCr" | "dataLf" | "trailer" | "end";

/** What a push of bytes led to. */
export type ChunkedOutcome =
  /** All was taken, more is to come. */
  | { readonly kind: "more" }
  /** The body is complete; bytes from `at` on belong to what follows it. */
  | { readonly kind: "end"; readonly at: number }
  | { readonly kind: "malformed" };

const MORE: ChunkedOutcome = { kind: "more" };
const MALFORMED: ChunkedOutcome = { kind: "malformed" };

/** Reads one body. */
export class ChunkedReader {
  /** Name, value, name, value …; complete when the body is. */
  trailers: readonly string[] = NO_FIELDS;
  #state: State = "size";
  #size = 0;
  #digits = 0;
  #left = 0;
  #extension = 0;
  #extensions = 0;
  #quote: "none" | "open" | "escaped" = "none";
  /** Nothing but a semicolon has come of the extension. */
  #isBare = false;
  #trailer = "";

  /**
   * Takes bytes from `from` on.
   *
   * @param onData called with each piece of data, a view into `bytes`
   */
  push(bytes: Uint8Array, from: number, onData: (data: Uint8Array) => void): ChunkedOutcome {
    let at = from;
    while (at < bytes.length) {
      switch (this.#state) {
        case "size":
        case "extension":
        case "sizeLf":
        case "dataCr":
        case "dataLf":
          if (!this.#control(bytes[at]!)) return MALFORMED;
          at++;
          break;
        case "data": {
          const end = Math.min(bytes.length, at + this.#left);
          this.#left -= end - at;
          if (this.#left === 0) this.#state = "dataCr";
          onData(bytes.subarray(at, end));
          at = end;
          break;
        }
        case "trailer": {
          const end = this.#takeTrailer(bytes, at);
          if (end === undefined) return MALFORMED;
          if (this.#isComplete) return { kind: "end", at: end };
          at = end;
          break;
        }
        case "end":
          return { kind: "end", at };
      }
    }
    return MORE;
  }

  get #isComplete(): boolean {
    return this.#state === "end";
  }

  /** One byte between data and data. @returns false when it must not stand there */
  #control(byte: number): boolean {
    switch (this.#state) {
      case "size": {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          if (++this.#digits > SIZE_DIGITS_MAX) return false;
          this.#size = this.#size * 16 + digit;
          return true;
        }
        if (this.#digits === 0) return false;
        if (byte === CR) this.#state = "sizeLf";
        else if (byte === SEMICOLON) {
          this.#state = "extension";
          this.#extension = 0;
          this.#quote = "none";
          this.#isBare = true;
        } else return false;
        return true;
      }
      case "extension":
        if (++this.#extension > EXTENSION_BYTES_MAX || ++this.#extensions > EXTENSION_BYTES_OF_ALL_MAX) return false;
        return this.#extensionByte(byte);
      case "sizeLf":
        this.#left = this.#size;
        this.#state = this.#size === 0 ? "trailer" : "data";
        this.#size = 0;
        this.#digits = 0;
        return byte === LF;
      case "dataCr":
        this.#state = "dataLf";
        return byte === CR;
      default:
        this.#state = "size";
        return byte === LF;
    }
  }

  /** `;name`, `;name=value`, `;name="quoted \" text"`. Nobody reads them, but where they end everybody must agree on. */
  #extensionByte(byte: number): boolean {
    if (this.#quote === "escaped") {
      this.#quote = "open";
      return isText(byte);
    }
    if (this.#quote === "open") {
      if (byte === QUOTE) this.#quote = "none";
      else if (byte === BACKSLASH) this.#quote = "escaped";
      return isText(byte);
    }
    if (byte === CR) {
      this.#state = "sizeLf";
      return !this.#isBare;
    }
    const wasBare = this.#isBare;
    this.#isBare = byte === SEMICOLON;
    if (byte === SEMICOLON || byte === EQUALS) return !wasBare;
    if (byte === QUOTE) {
      this.#quote = "open";
      return !wasBare;
    }
    return isTokenByte(byte);
  }

  /** @returns the position behind what was taken; undefined when the section is malformed or too long */
  #takeTrailer(bytes: Uint8Array, at: number): number | undefined {
    const before = this.#trailer.length;
    const room = TRAILER_BYTES_MAX - before;
    const text = before === 0 ? "" : this.#trailer;
    const taken = text + latin1(bytes, at, Math.min(bytes.length, at + room));
    // No field at all: the empty line follows the last chunk at once.
    const end = taken.startsWith("\r\n") ? 0 : taken.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end === -1) {
      if (taken.length >= TRAILER_BYTES_MAX) return undefined;
      this.#trailer = taken;
      return bytes.length;
    }
    const fields = end === 0 ? NO_FIELDS : parseFields(taken.slice(0, end), 0)?.raw;
    if (fields === undefined) return undefined;
    this.trailers = fields;
    this.#state = "end";
    return at + (end === 0 ? 2 : end + 4) - before;
  }
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte !== 0x7f) || byte === 0x09;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}
