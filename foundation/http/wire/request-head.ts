/**
 * The head of a request, read strictly (RFC 9112 §3, §5; RFC 9110 §5.5, §5.6.2). Pure.
 *
 * What others read in another way is refused: a line that ends in a bare LF or holds a bare CR, a space before a colon, a folded line, control characters.
 * Nothing is decoded or normalised: names keep their case, repeated fields their places.
 */

import { fieldName } from "./field-names.ts";

/** A head as it stood on the wire, one character for each byte. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly headers: Fields;
}

const TAB = 0x09;
const SPACE = 0x20;
const COLON = 0x3a;
const DELETE = 0x7f;

/** RFC 9110 §5.6.2. */
const isToken = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  isToken[character.charCodeAt(0)] = 1;
}

/** Whether a byte may stand in a token. */
export function isTokenByte(byte: number): boolean {
  return isToken[byte] === 1;
}

/** Longer than any registered method. */
const METHOD_CHARACTERS_MAX = 32;

/**
 * Reads a head.
 *
 * @param text request line and field lines, without the empty line at the end, one character for each byte
 * @returns undefined when it is malformed
 */
export function parseRequestHead(text: string): RequestHead | undefined {
  const lineEnd = endOfLine(text, 0);
  const methodEnd = text.indexOf(" ");
  const targetEnd = methodEnd === -1 ? -1 : text.indexOf(" ", methodEnd + 1);
  if (targetEnd === -1 || targetEnd > lineEnd) return undefined;
  if (methodEnd > METHOD_CHARACTERS_MAX || !areTokens(text, 0, methodEnd)) return undefined;
  if (!isTarget(text, methodEnd + 1, targetEnd)) return undefined;
  // The server as a whole is asked for its options only (§3.2.4).
  if (text[methodEnd + 1] === "*" && text.slice(0, methodEnd) !== "OPTIONS") return undefined;
  const version = versionOf(text, targetEnd + 1, lineEnd);
  if (version === undefined) return undefined;
  const headers = parseFields(text, lineEnd + 2);
  if (headers === undefined) return undefined;
  return { method: text.slice(0, methodEnd), target: text.slice(methodEnd + 1, targetEnd), version, headers };
}

/** Fields in the order of the wire. */
export interface Fields {
  /** Name, value, name, value … */
  readonly raw: readonly string[];
  /** The names in lower case, one for each pair. */
  readonly lowerNames: readonly string[];
}

/**
 * Reads field lines, each ended by CRLF or by the end of the text: of a head or of a trailer section.
 *
 * @returns undefined when a line is malformed
 */
export function parseFields(text: string, from: number): Fields | undefined {
  const raw: string[] = [];
  const lowerNames: string[] = [];
  for (let at = from; at < text.length; ) {
    let hash = 0;
    let colon = at;
    for (; colon < text.length; colon++) {
      const code = text.charCodeAt(colon);
      if (code === COLON) break;
      if (isToken[code] !== 1) return undefined;
      hash = (Math.imul(hash, 31) + code) | 0;
    }
    if (colon === at || colon === text.length) return undefined;
    const end = endOfLine(text, colon);
    let start = colon + 1;
    let last = end;
    while (start < last && isBlank(text.charCodeAt(start))) start++;
    while (last > start && isBlank(text.charCodeAt(last - 1))) last--;
    for (let i = start; i < last; i++) {
      const code = text.charCodeAt(i);
      if ((code < SPACE && code !== TAB) || code === DELETE) return undefined;
    }
    const { name, lower } = fieldName(text, at, colon, hash);
    raw.push(name, text.slice(start, last));
    lowerNames.push(lower);
    at = end + 2;
  }
  return { raw, lowerNames };
}

/** Where the line that begins at `from` ends. A bare CR or LF ends no line: the checks of characters find it. */
function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\r\n", from);
  return end === -1 ? text.length : end;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function areTokens(text: string, from: number, to: number): boolean {
  if (from === to) return false;
  for (let i = from; i < to; i++) if (isToken[text.charCodeAt(i)] !== 1) return false;
  return true;
}

/**
 * Origin form, absolute form or `*` (RFC 9112 §3.2). Bytes beyond ASCII are let through, because S3's clients send them; control characters are not. The
 * authority form is CONNECT's, which nobody here answers.
 */
function isTarget(text: string, from: number, to: number): boolean {
  if (from === to) return false;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code <= SPACE || code === DELETE) return false;
  }
  const first = text.charCodeAt(from);
  if (first === 0x2f) return true;
  if (first === 0x2a) return to - from === 1;
  const colon = text.indexOf("://", from);
  return colon > from && colon < to && isScheme(text, from, colon) && !hasUser(text, colon + 3, to);
}

/** A name before the host is nobody's who sends requests; it makes one host look like another (RFC 9110 §4.2.4). */
function hasUser(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const character = text[i];
    if (character === "@") return true;
    if (character === "/" || character === "?" || character === "#") return false;
  }
  return false;
}

function isScheme(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const letter = text.charCodeAt(i) | 0x20;
    if (letter < 0x61 || letter > 0x7a || text.charCodeAt(i) === COLON) return false;
  }
  return true;
}

function versionOf(text: string, from: number, to: number): "1.0" | "1.1" | undefined {
  if (to - from !== 8 || !text.startsWith("HTTP/1.", from)) return undefined;
  switch (text.charCodeAt(to - 1)) {
    case 0x30:
      return "1.0";
    case 0x31:
      return "1.1";
    default:
      return undefined;
  }
}
