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
    let hash = 0;
    for (let code = text.charCodeAt(colon); isTokenCode(code); code = text.charCodeAt(++colon)) {
      hash = (Math.imul(hash, 31) + code) | 0;
    }
    if (colon === at || text.charCodeAt(colon) !== COLON) return undefined;
    const lineEnd = text.indexOf("\r\n", colon);
    const end = lineEnd === -1 ? text.length : lineEnd;
    let start = colon + 1;
    let last = end;
    while (start < last && isBlank(text.charCodeAt(start))) start++;
    while (last > start && isBlank(text.charCodeAt(last - 1))) last--;
    for (let i = start; i < last; i++) if (!isTextCode(text.charCodeAt(i))) return undefined;
    const { name, lower } = knownName(text, at, colon, hash);
    raw.push(name, text.slice(start, last));
    lowerNames.push(lower);
    at = end + 2;
  }
  return { raw, lowerNames };
}

/** A name as received, and in lower case. */
interface Name {
  readonly name: string;
  readonly lower: string;
}

/** Places for names that come again and again. A name that finds its place taken takes it over, so that no upstream can fill the table. */
const PLACES = 512;
const KEPT_CHARACTERS_MAX = 64;
const places = new Array<Name | undefined>(PLACES);

/** @param hash of the name's characters, which the caller has seen anyway */
function knownName(text: string, from: number, to: number, hash: number): Name {
  const place = hash & (PLACES - 1);
  const known = places[place];
  if (known !== undefined && known.name.length === to - from && text.startsWith(known.name, from)) return known;
  // A part of a text keeps all of it in memory: what is kept is copied.
  const name = Buffer.from(text.slice(from, to), "latin1").toString("latin1");
  const made = { name, lower: name.toLowerCase() };
  if (name.length <= KEPT_CHARACTERS_MAX) places[place] = made;
  return made;
}
