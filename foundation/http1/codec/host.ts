/** `uri-host [ ":" port ]` (RFC 9110 §4.2.3, §7.2; RFC 3986 §3.2.2). Pure. */

import { COLON, HEX, is, NAME } from "./octets.ts";

const PERCENT = 0x25;
const OPENING = 0x5b;
const CLOSING = 0x5d;
const PORT_MAX = 65_535;

/**
 * Whether these octets are a host, perhaps with a port. An empty host is one: it is what a client sends whose target has no authority.
 * A comma, which the grammar of names allows, is refused: it is how others join two fields.
 */
export function isHost(bytes: Uint8Array, from: number, to: number): boolean {
  const end = bytes[from] === OPENING ? endOfLiteral(bytes, from, to) : endOfName(bytes, from, to);
  if (end === -1) return false;
  return end === to || (bytes[end] === COLON && isPort(bytes, end + 1, to));
}

/** The same with a port, and not empty: what CONNECT asks for. */
export function isAuthority(bytes: Uint8Array, from: number, to: number): boolean {
  if (!isHost(bytes, from, to)) return false;
  const colon = bytes.lastIndexOf(COLON, to - 1);
  return colon > from && colon < to - 1 && bytes[to - 1] !== CLOSING;
}

/** @returns the place of the first octet that is not of the name; -1 when that cannot follow one */
function endOfName(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const octet = bytes[at]!;
    if (octet === PERCENT) {
      if (at + 2 >= to || !is(bytes[at + 1]!, HEX) || !is(bytes[at + 2]!, HEX)) return -1;
      at += 3;
    } else if (octet === 0x2c || !is(octet, NAME)) break;
    else at++;
  }
  return at;
}

/** `[` IPv6 address `]`. Its shape is looked at, its meaning is not: hexadecimal digits, colons, and dots for a mapped IPv4 address. */
function endOfLiteral(bytes: Uint8Array, from: number, to: number): number {
  let colons = 0;
  for (let at = from + 1; at < to; at++) {
    const octet = bytes[at]!;
    if (octet === CLOSING) return colons >= 2 ? at + 1 : -1;
    if (octet === COLON) colons++;
    else if (octet !== 0x2e && !is(octet, HEX)) return -1;
  }
  return -1;
}

/** Digits, or nothing at all (RFC 3986 §3.2.3). */
function isPort(bytes: Uint8Array, from: number, to: number): boolean {
  let port = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
    if (port > PORT_MAX) return false;
  }
  return true;
}
