/**
 * The head of a response, read strictly (RFC 9112 §4, §5, §6.3), and what it says about the body and the connection. Pure.
 *
 * What two readers could understand differently is refused: a proxy that passes such a response on would let an upstream speak in the name of another.
 */

import { type Fields, parseFields } from "./fields.ts";
import { isTextCode } from "./tokens.ts";

/** How the end of a body is found. `tunnel`: there is none, the connection has left HTTP (101). */
export type BodyFraming = "none" | "length" | "chunked" | "until-close" | "tunnel";

export interface ResponseHead {
  readonly status: number;
  /** As received; may be empty. */
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  readonly fields: Fields;
  readonly framing: BodyFraming;
  /** What `Content-Length` says, also where no body follows (HEAD, 304). */
  readonly contentLength: number | undefined;
  /** Whether the connection may carry another exchange after this one. */
  readonly persistent: boolean;
}

/** Statuses that never have a body (RFC 9110 §6.4.1). */
function isBodyless(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** 15 digits stay exact below 2^53. */
const LENGTH = /^[0-9]{1,15}$/;

/**
 * Reads a head.
 *
 * @param text status line and field lines, without the empty line at the end, one character for each byte
 * @param method of the request that is answered
 * @returns undefined when it is malformed or ambiguous: both lengths, a repeated one, a transfer coding but a single `chunked`, one in HTTP/1.0
 */
export function parseResponseHead(text: string, method: string): ResponseHead | undefined {
  const lineEnd = text.indexOf("\r\n");
  const end = lineEnd === -1 ? text.length : lineEnd;
  // "HTTP/1.1 200": a status line that ends there lacks a space that RFC 9112 §4 asks for and many do not send.
  if (end < 12 || !text.startsWith("HTTP/1.") || text[8] !== " ") return undefined;
  const minor = text[7];
  if (minor !== "0" && minor !== "1") return undefined;
  const status = statusAt(text, 9);
  if (status === undefined) return undefined;
  if (end > 12 && text[12] !== " ") return undefined;
  for (let i = 13; i < end; i++) if (!isTextCode(text.charCodeAt(i))) return undefined;
  const fields = parseFields(text, end + 2);
  if (fields === undefined) return undefined;
  const version = minor === "1" ? "1.1" : "1.0";
  const lengths = readLengths(fields, version);
  if (lengths === undefined) return undefined;
  const framing = framingOf(status, method, lengths);
  const options = connectionOptions(fields);
  const persistent =
    framing !== "until-close" && framing !== "tunnel" && !options.close && (version === "1.1" || options.keepAlive);
  return {
    status,
    reason: text.slice(13, end),
    version,
    fields,
    framing,
    contentLength: lengths.contentLength,
    persistent,
  };
}

/** Three digits, 100 to 599 (RFC 9110 §15: others are not to be relied on; a proxy has no use for them). */
function statusAt(text: string, at: number): number | undefined {
  const hundreds = text.charCodeAt(at) - 0x30;
  const tens = text.charCodeAt(at + 1) - 0x30;
  const ones = text.charCodeAt(at + 2) - 0x30;
  if (!(hundreds >= 1 && hundreds <= 5 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return undefined;
  return hundreds * 100 + tens * 10 + ones;
}

interface Lengths {
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
}

function readLengths({ raw, lowerNames }: Fields, version: "1.0" | "1.1"): Lengths | undefined {
  let length: string | undefined;
  let coding: string | undefined;
  for (let i = 0; i < lowerNames.length; i++) {
    const name = lowerNames[i];
    if (name === "content-length") {
      if (length !== undefined) return undefined;
      length = raw[i * 2 + 1]!;
    } else if (name === "transfer-encoding") {
      if (coding !== undefined) return undefined;
      coding = raw[i * 2 + 1]!;
    }
  }
  if (coding !== undefined) {
    if (length !== undefined || version === "1.0" || coding.toLowerCase() !== "chunked") return undefined;
    return { contentLength: undefined, chunked: true };
  }
  if (length === undefined) return { contentLength: undefined, chunked: false };
  return LENGTH.test(length) ? { contentLength: Number(length), chunked: false } : undefined;
}

function framingOf(status: number, method: string, { contentLength, chunked }: Lengths): BodyFraming {
  if (status === 101) return "tunnel";
  if (method === "HEAD" || isBodyless(status)) return "none";
  if (chunked) return "chunked";
  if (contentLength === undefined) return "until-close";
  return contentLength === 0 ? "none" : "length";
}

/** What the `Connection` fields say about the connection itself (RFC 9112 §9.3). */
function connectionOptions({ raw, lowerNames }: Fields): { readonly close: boolean; readonly keepAlive: boolean } {
  let close = false;
  let keepAlive = false;
  for (let i = 0; i < lowerNames.length; i++) {
    if (lowerNames[i] !== "connection") continue;
    const value = raw[i * 2 + 1]!;
    if (value === "keep-alive") {
      keepAlive = true;
      continue;
    }
    for (const option of value.toLowerCase().split(",")) {
      const token = option.trim();
      if (token === "close") close = true;
      else if (token === "keep-alive") keepAlive = true;
    }
  }
  return { close, keepAlive };
}
