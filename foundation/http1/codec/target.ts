/** The four forms of a request-target (RFC 9112 §3.2). Pure. */

import { isAuthority, isHost } from "./host.ts";
import { equalsLower } from "./octets.ts";

export type TargetForm =
  /** `/path?query` */
  | "origin"
  /** `http://host/path?query` */
  | "absolute"
  /** `host:port`, for CONNECT alone. */
  | "authority"
  /** `*`, for OPTIONS alone. */
  | "asterisk";

const SLASH = 0x2f;
const ASTERISK = 0x2a;

/** @returns the form that the method allows, or undefined when it is none */
export function targetForm(bytes: Uint8Array, from: number, to: number, method: string): TargetForm | undefined {
  if (method === "CONNECT") return isAuthority(bytes, from, to) ? "authority" : undefined;
  const first = bytes[from];
  if (first === SLASH) return "origin";
  if (first === ASTERISK && to - from === 1) return method === "OPTIONS" ? "asterisk" : undefined;
  const start = authorityStart(bytes, from, to);
  if (start === -1) return undefined;
  const end = authorityEnd(bytes, start, to);
  return end > start && isHost(bytes, start, end) && bytes[start] !== 0x3a ? "absolute" : undefined;
}

/** Where the authority of an absolute target begins: `http` and `https` are what a target can name here (RFC 9110 §4.2). -1: nowhere. */
export function authorityStart(bytes: Uint8Array, from: number, to: number): number {
  if (equalsLower(bytes, from, Math.min(to, from + 7), "http://")) return from + 7;
  return equalsLower(bytes, from, Math.min(to, from + 8), "https://") ? from + 8 : -1;
}

export function authorityEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const octet = bytes[at];
    if (octet === SLASH || octet === 0x3f || octet === 0x23) return at;
  }
  return to;
}
