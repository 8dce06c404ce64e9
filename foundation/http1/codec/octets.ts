/** What each octet may be part of (RFC 9110 §5.5, §5.6.2; RFC 3986 §2). Pure. */

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;

/** `token` of RFC 9110 §5.6.2. */
export const TOKEN = 1;
/** Of a field value: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5). */
export const TEXT = 2;
/** Of a request-target as strictly as real clients allow: visible ASCII without `#`, for a target has no fragment (RFC 9112 §3.2). */
export const TARGET = 4;
/** Of a registered name or an IPv4 address, without percent-encoding: unreserved and sub-delims (RFC 3986 §3.2.2). */
export const NAME = 8;
export const HEX = 16;
export const DIGIT = 32;

/** Classes of each octet, as bits. */
export const CLASSES = new Uint8Array(256);

const ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
mark(`!#$%&'*+-.^_\`|~${ALPHANUMERIC}`, TOKEN);
mark(`-._~!$&'()*+,;=${ALPHANUMERIC}`, NAME);
mark("0123456789abcdefABCDEF", HEX);
mark("0123456789", DIGIT);
CLASSES[TAB]! |= TEXT;
for (let octet = 0; octet < 256; octet++) {
  if (octet >= SPACE && octet !== 0x7f) CLASSES[octet]! |= TEXT;
  if (octet > SPACE && octet < 0x7f && octet !== 0x23) CLASSES[octet]! |= TARGET;
}

function mark(characters: string, bit: number): void {
  for (let i = 0; i < characters.length; i++) CLASSES[characters.charCodeAt(i)]! |= bit;
}

/** Whether an octet has a class. */
export function is(octet: number, bit: number): boolean {
  return (CLASSES[octet]! & bit) !== 0;
}

/** Value of a hexadecimal digit; -1 for anything else. */
export function hexValue(octet: number): number {
  if ((CLASSES[octet]! & HEX) === 0) return -1;
  return octet <= 0x39 ? octet - 0x30 : (octet | 0x20) - 0x57;
}

/** Whether `bytes` from `from` to `to` are `lower` (ASCII letters in lower case), whatever their case. */
export function equalsLower(bytes: Uint8Array, from: number, to: number, lower: string): boolean {
  const length = to - from;
  if (length !== lower.length) return false;
  for (let i = 0; i < length; i++) {
    const octet = bytes[from + i]!;
    const folded = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}
