/** The chunked transfer coding from the receiver's side (RFC 9112 §7.1), octet by octet. Pure. */

import type { FaultCode } from "./faults.ts";
import { FIELD, type FieldId, type Fields } from "./fields.ts";
import { HeadScanner } from "./head-scanner.ts";
import {
  CHUNK_EXTENSION_BYTES_MAX,
  CHUNK_EXTENSION_BYTES_OF_ALL_MAX,
  CHUNK_SIZE_DIGITS_MAX,
  type MessageLimits,
} from "./limits.ts";
import { CR, hexValue, is, LF, TEXT, TOKEN } from "./octets.ts";
import { partOf } from "./part.ts";

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

type Place = "size" | "extension" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailers" | "end";

/** Where in `;name=value;name="quoted"` an octet stands. Blanks are nowhere: they were for old senders, and are a place to hide things. */
type ExtensionPlace = "name-start" | "name" | "value-start" | "value" | "quoted" | "escaped" | "closed";

/** What a trailer section must not say (RFC 9110 §6.5.1): how to read the message, where it goes, what becomes of the connection. */
const FORBIDDEN: ReadonlySet<FieldId> = new Set([
  FIELD.HOST,
  FIELD.CONTENT_LENGTH,
  FIELD.TRANSFER_ENCODING,
  FIELD.CONNECTION,
  FIELD.UPGRADE,
  FIELD.EXPECT,
  FIELD.KEEP_ALIVE,
  FIELD.PROXY_CONNECTION,
  FIELD.TE,
  FIELD.TRAILER,
]);

/** Told each piece of data, a view into what was pushed. */
export interface DataSink {
  onBody(data: Buffer): void;
}

/** Reads one body after the other. */
export class ChunkedReader {
  fault: FaultCode | undefined;
  readonly #scanner: HeadScanner;
  #place: Place = "size";
  #extension: ExtensionPlace = "name-start";
  #extensionBytes = 0;
  #extensionBytesOfAll = 0;
  #digits = 0;
  #left = 0;

  constructor(limits: MessageLimits) {
    this.#scanner = new HeadScanner("none", {
      maxBytes: limits.maxTrailerBytes,
      maxFields: limits.maxFields,
      maxTargetBytes: 0,
    });
  }

  /** Whether the body and its trailers are complete. */
  get isComplete(): boolean {
    return this.#place === "end";
  }

  /** Complete when the body is. */
  get trailers(): Fields {
    return this.#scanner.fields;
  }

  reset(): void {
    this.#place = "size";
    this.#extensionBytesOfAll = 0;
    this.#digits = 0;
    this.#left = 0;
    this.#scanner.reset();
  }

  /** Takes octets until the body is complete or refused. @returns the place behind what was taken */
  push(bytes: Buffer, from: number, sink: DataSink): number {
    let at = from;
    while (at < bytes.length && this.fault === undefined) {
      switch (this.#place) {
        case "data": {
          const end = Math.min(bytes.length, at + this.#left);
          this.#left -= end - at;
          if (this.#left === 0) this.#place = "data-cr";
          sink.onBody(partOf(bytes, at, end));
          at = end;
          break;
        }
        case "trailers":
          at = this.#trailer(bytes, at);
          break;
        case "end":
          return at;
        default:
          this.fault = this.#control(bytes[at++]!);
      }
    }
    return at;
  }

  /** One octet between data and data. @returns why it must not stand there */
  #control(octet: number): FaultCode | undefined {
    switch (this.#place) {
      case "size":
        return this.#sizeOctet(octet);
      case "extension":
        if (++this.#extensionBytes > CHUNK_EXTENSION_BYTES_MAX) return "chunk-extensions-too-long";
        if (++this.#extensionBytesOfAll > CHUNK_EXTENSION_BYTES_OF_ALL_MAX) return "chunk-extensions-too-long";
        return this.#extensionOctet(octet);
      case "size-lf":
        this.#place = this.#left === 0 ? "trailers" : "data";
        this.#digits = 0;
        return octet === LF ? undefined : "bad-line-end";
      case "data-cr":
        this.#place = "data-lf";
        return octet === CR ? undefined : "bad-chunk-end";
      default:
        this.#place = "size";
        return octet === LF ? undefined : "bad-chunk-end";
    }
  }

  #sizeOctet(octet: number): FaultCode | undefined {
    const digit = hexValue(octet);
    if (digit !== -1) {
      this.#left = this.#left * 16 + digit;
      return ++this.#digits > CHUNK_SIZE_DIGITS_MAX ? "chunk-too-large" : undefined;
    }
    if (this.#digits === 0) return "bad-chunk-size";
    if (octet === CR) this.#place = "size-lf";
    else if (octet === SEMICOLON) {
      this.#place = "extension";
      this.#extension = "name-start";
      this.#extensionBytes = 0;
    } else return octet === LF ? "bad-line-end" : "bad-chunk-size";
    return undefined;
  }

  /** Nobody reads extensions, but where they end everybody must agree on. */
  #extensionOctet(octet: number): FaultCode | undefined {
    switch (this.#extension) {
      case "escaped":
        this.#extension = "quoted";
        return textFault(octet);
      case "quoted":
        if (octet === QUOTE) this.#extension = "closed";
        else if (octet === BACKSLASH) this.#extension = "escaped";
        return textFault(octet);
      case "name-start":
        this.#extension = "name";
        return tokenFault(octet);
      case "value-start":
        this.#extension = octet === QUOTE ? "quoted" : "value";
        return octet === QUOTE ? undefined : tokenFault(octet);
      default:
        return this.#behindExtension(octet);
    }
  }

  /** Behind at least one octet of a name or a value. */
  #behindExtension(octet: number): FaultCode | undefined {
    if (octet === CR) this.#place = "size-lf";
    else if (octet === SEMICOLON) this.#extension = "name-start";
    else if (octet === EQUALS && this.#extension === "name") this.#extension = "value-start";
    else return this.#extension === "closed" ? "bad-chunk-extension" : tokenFault(octet);
    return undefined;
  }

  #trailer(bytes: Buffer, from: number): number {
    const scanner = this.#scanner;
    const at = scanner.push(bytes, from);
    if (scanner.fault !== undefined) {
      this.fault = scanner.fault === "head-too-large" ? "trailers-too-large" : scanner.fault;
    } else if (scanner.isComplete) {
      this.#place = "end";
      const { fields } = scanner;
      for (let i = 0; i < fields.count; i++) if (FORBIDDEN.has(fields.id(i))) this.fault = "forbidden-trailer";
    }
    return at;
  }
}

function tokenFault(octet: number): FaultCode | undefined {
  if (is(octet, TOKEN)) return undefined;
  return octet === LF ? "bad-line-end" : "bad-chunk-extension";
}

function textFault(octet: number): FaultCode | undefined {
  if (is(octet, TEXT)) return undefined;
  return octet === LF ? "bad-line-end" : "bad-chunk-extension";
}
