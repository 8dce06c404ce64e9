/** Field lines of a head or a trailer section, read strictly (RFC 9112 §5). Pure. */

import { isBlank, isTextCode, isTokenCode } from "./tokens.ts";

/** Fields in the order of the wire. */
export interface Fields {
  /** Name, value, name, value … as received, one character for each byte. */
  readonly raw: readonly string[];
  /** The names in lower case, one for each pair. */
  readonly lowerNames: readonly string[];
}

export const NO_FIELDS: Fields = Object.freeze({ raw: Object.freeze([]), lowerNames: Object.freeze([]) });

const COLON = 0x3a;

/**
 * Reads field lines, each ended by CRLF or by the end of the text.
 *
 * Refused: a line folded onto the next, a space before the colon, an empty name, bare CR or LF, other control characters.
 *
 * @returns undefined when a line is malformed
 */
export function parseFields(text: string, from: number): Fields | undefined {
  const raw: string[] = [];
  const lowerNames: string[] = [];
  for (let at = from; at < text.length; ) {
    let colon = at;
    while (colon < text.length && isTokenCode(text.charCodeAt(colon))) colon++;
    if (colon === at || text.charCodeAt(colon) !== COLON) return undefined;
    const lineEnd = text.indexOf("\r\n", colon);
    const end = lineEnd === -1 ? text.length : lineEnd;
    let start = colon + 1;
    let last = end;
    while (start < last && isBlank(text.charCodeAt(start))) start++;
    while (last > start && isBlank(text.charCodeAt(last - 1))) last--;
    for (let i = start; i < last; i++) if (!isTextCode(text.charCodeAt(i))) return undefined;
    const name = text.slice(at, colon);
    raw.push(name, text.slice(start, last));
    lowerNames.push(lowerCase(name));
    at = end + 2;
  }
  return { raw, lowerNames };
}

/** Names that servers send again and again, so that each is folded once. What is kept is bounded: upstreams are not always ours. */
const KEPT_MAX = 1024;
const KEPT_CHARACTERS_MAX = 64;
const lowerNamesOf = new Map<string, string>();

function lowerCase(name: string): string {
  const known = lowerNamesOf.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  // A part of a text keeps all of it in memory: what is kept is copied.
  if (name.length <= KEPT_CHARACTERS_MAX && lowerNamesOf.size < KEPT_MAX) lowerNamesOf.set(copied(name), copied(lower));
  return lower;
}

function copied(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
