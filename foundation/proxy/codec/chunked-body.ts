/** The chunked transfer coding as a client receives it (RFC 9112 §7.1), strictly and piece by piece. Pure. */

import { type Fields, NO_FIELDS, parseFields } from "./fields.ts";
import { isTextCode, isTokenCode } from "./tokens.ts";

/** 13 hexadecimal digits stay exact below 2^53. */
const SIZE_DIGITS_MAX = 13;
/** Chunk extensions of a whole body: nobody sends them, and they must not be a way to be busy without sending anything. */
const EXTENSION_BYTES_MAX = 16 * 1024;
/** All trailer fields together. */
const TRAILER_BYTES_MAX = 16 * 1024;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

type Place = "size" | "extension" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailer";

/** Where in `;name=value;name="quoted"` an extension stands. */
type ExtensionPlace = "name-start" | "name" | "value-start" | "value" | "quoted" | "escaped" | "closed";

/** Reads one body. After "malformed" or the end it must not be used again. */
export class ChunkedBody {
  /** Complete when the body is. */
  trailers: Fields = NO_FIELDS;
  #place: Place = "size";
  #extension: ExtensionPlace = "name-start";
  #extensionBytes = 0;
  #digits = 0;
  #left = 0;
  #trailer = "";

  /**
   * Takes bytes from `from` on.
   *
   * @param onData told each piece of data, a view into `bytes`
   * @returns the position behind the body, -1 when more is to come, -2 when it is malformed
   */
  push(bytes: Buffer, from: number, onData: (data: Buffer) => void): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#place === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#place = "data-cr";
        onData(bytes.subarray(at, end));
        at = end;
      } else if (this.#place === "trailer") return this.#takeTrailer(bytes, at);
      else if (!this.#control(bytes[at++]!)) return MALFORMED;
    }
    return MORE;
  }

  /** One byte between data and data. @returns false when it must not stand there */
  #control(byte: number): boolean {
    switch (this.#place) {
      case "size":
        return this.#sizeByte(byte);
      case "extension":
        return ++this.#extensionBytes <= EXTENSION_BYTES_MAX && this.#extensionByte(byte);
      case "size-lf":
        this.#place = this.#left === 0 ? "trailer" : "data";
        this.#digits = 0;
        return byte === LF;
      case "data-cr":
        this.#place = "data-lf";
        return byte === CR;
      default:
        this.#place = "size";
        return byte === LF;
    }
  }

  #sizeByte(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      return ++this.#digits <= SIZE_DIGITS_MAX;
    }
    if (this.#digits === 0) return false;
    if (byte === CR) this.#place = "size-lf";
    else if (byte === SEMICOLON) {
      this.#place = "extension";
      this.#extension = "name-start";
    } else return false;
    return true;
  }

  /** `;name`, `;name=value`, `;name="quoted \" text"`. Nobody reads them, but where they end everybody must agree on. */
  #extensionByte(byte: number): boolean {
    switch (this.#extension) {
      case "escaped":
        this.#extension = "quoted";
        return isTextCode(byte);
      case "quoted":
        if (byte === QUOTE) this.#extension = "closed";
        else if (byte === BACKSLASH) this.#extension = "escaped";
        return isTextCode(byte);
      case "name-start":
        this.#extension = "name";
        return isTokenCode(byte);
      case "value-start":
        this.#extension = byte === QUOTE ? "quoted" : "value";
        return byte === QUOTE || isTokenCode(byte);
      default:
        return this.#extensionGoesOn(byte);
    }
  }

  /** Behind at least one character of a name or a value. */
  #extensionGoesOn(byte: number): boolean {
    if (byte === CR) this.#place = "size-lf";
    else if (byte === SEMICOLON) this.#extension = "name-start";
    else if (byte === EQUALS && this.#extension === "name") this.#extension = "value-start";
    else return this.#extension !== "closed" && isTokenCode(byte);
    return true;
  }

  #takeTrailer(bytes: Buffer, at: number): number {
    const before = this.#trailer.length;
    const room = TRAILER_BYTES_MAX - before;
    const taken = this.#trailer + bytes.toString("latin1", at, Math.min(bytes.length, at + room));
    if (taken.startsWith("\r\n")) return at + 2 - before;
    const end = taken.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end === -1) {
      if (taken.length >= TRAILER_BYTES_MAX) return MALFORMED;
      this.#trailer = taken;
      return MORE;
    }
    const fields = parseFields(taken.slice(0, end), 0);
    if (fields === undefined) return MALFORMED;
    this.trailers = fields;
    return at + end + 4 - before;
  }
}

export const MORE = -1;
export const MALFORMED = -2;

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
