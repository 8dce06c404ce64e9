/** Where a message ends and what becomes of its connection, decided once and strictly (RFC 9112 §6, §9.3). Pure. */

import type { FaultCode } from "./faults.ts";
import { FIELD, type Fields } from "./fields.ts";
import { equalsLower, SPACE, TAB } from "./octets.ts";

/** 15 digits stay exact below 2^53. */
const LENGTH_DIGITS_MAX = 15;
const COMMA = 0x2c;

/** What fields say about the length of a body. */
export class Lengths {
  contentLength: number | undefined;
  isChunked = false;

  /**
   * @returns why it is refused: both lengths, one twice (even when they agree: others may not take the trouble to compare), a coding other than one `chunked`
   */
  read(fields: Fields, minor: 0 | 1): FaultCode | undefined {
    let length = -1;
    let coding = -1;
    this.contentLength = undefined;
    this.isChunked = false;
    for (let i = 0; i < fields.count; i++) {
      const id = fields.id(i);
      if (id === FIELD.CONTENT_LENGTH) {
        if (length !== -1) return "repeated-content-length";
        length = i;
      } else if (id === FIELD.TRANSFER_ENCODING) {
        if (coding !== -1) return "bad-transfer-coding";
        coding = i;
      }
    }
    if (length === -1 && coding === -1) return undefined;
    if (length !== -1 && coding !== -1) return "length-and-coding";
    if (coding !== -1) {
      this.isChunked = true;
      return minor === 0 ? "bad-transfer-coding" : codingFault(fields, coding);
    }
    const value = decimal(fields.bytes, fields.valueStart(length), fields.valueEnd(length));
    if (value === -1) return "bad-content-length";
    this.contentLength = value;
    return undefined;
  }
}

/** What the `Connection` fields say (RFC 9110 §7.6.1). */
export class ConnectionOptions {
  close = false;
  keepAlive = false;
  upgrade = false;

  read(fields: Fields): void {
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
    const { bytes } = fields;
    for (let i = 0; i < fields.count; i++) {
      if (fields.id(i) !== FIELD.CONNECTION) continue;
      const from = fields.valueStart(i);
      const to = fields.valueEnd(i);
      if (equalsLower(bytes, from, to, "keep-alive")) this.keepAlive = true;
      else {
        if (hasMember(bytes, from, to, "close")) this.close = true;
        if (hasMember(bytes, from, to, "keep-alive")) this.keepAlive = true;
        if (hasMember(bytes, from, to, "upgrade")) this.upgrade = true;
      }
    }
  }
}

/** Whether a comma-separated list has a member, whatever its case. */
export function hasMember(bytes: Uint8Array, from: number, to: number, lower: string): boolean {
  let start = from;
  for (let at = from; at <= to; at++) {
    if (at < to && bytes[at] !== COMMA) continue;
    let first = start;
    let last = at;
    while (first < last && isBlank(bytes[first]!)) first++;
    while (last > first && isBlank(bytes[last - 1]!)) last--;
    if (equalsLower(bytes, first, last, lower)) return true;
    start = at + 1;
  }
  return false;
}

function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB;
}

/** @returns -1 unless it is 1 to 15 digits */
function decimal(bytes: Uint8Array, from: number, to: number): number {
  if (to === from || to - from > LENGTH_DIGITS_MAX) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** One `chunked` is taken. Codings before it are known to exist (501); anything else leaves the length open (400). */
function codingFault(fields: Fields, index: number): FaultCode | undefined {
  const from = fields.valueStart(index);
  const to = fields.valueEnd(index);
  if (equalsLower(fields.bytes, from, to, "chunked")) return undefined;
  const codings = fields.value(index).toLowerCase().split(",");
  const names = codings.map((coding) => coding.trim());
  const isLastAlone = names.indexOf("chunked") === names.length - 1;
  return isLastAlone && names.every((name) => name !== "") ? "unsupported-transfer-coding" : "bad-transfer-coding";
}
