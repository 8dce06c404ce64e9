/** Header lists: lookup in received ones, refusal of dangerous ones to be sent. */

import type { HeaderView } from "./message.ts";

const NONE: readonly string[] = [];

/** Whether a header name as received equals a lower-case name. Lengths differ for nearly all pairs, which makes the scan cheap. */
export function sameName(received: string, lowerName: string): boolean {
  return received.length === lowerName.length && (received === lowerName || received.toLowerCase() === lowerName);
}

/** Headers in the flat form of the wire: name, value, name, value. A linear scan: requests have about ten headers. */
export class RawHeaderView implements HeaderView {
  readonly raw: readonly string[];

  constructor(raw: readonly string[]) {
    this.raw = raw;
  }

  get(lowerName: string): string | undefined {
    const raw = this.raw;
    for (let i = 0; i < raw.length; i += 2) {
      if (!sameName(raw[i]!, lowerName)) continue;
      let value = raw[i + 1]!;
      for (let j = i + 2; j < raw.length; j += 2) {
        if (sameName(raw[j]!, lowerName)) value += `, ${raw[j + 1]}`;
      }
      return value;
    }
    return undefined;
  }

  all(lowerName: string): readonly string[] {
    const raw = this.raw;
    let values: string[] | undefined;
    for (let i = 0; i < raw.length; i += 2) {
      if (!sameName(raw[i]!, lowerName)) continue;
      values ??= [];
      values.push(raw[i + 1]!);
    }
    return values ?? NONE;
  }

  has(lowerName: string): boolean {
    const raw = this.raw;
    for (let i = 0; i < raw.length; i += 2) if (sameName(raw[i]!, lowerName)) return true;
    return false;
  }
}

/** RFC 9110 §5.6.2: token characters. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 §5.5: visible characters, space, tab and obs-text (one byte each); never CR, LF or NUL. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A header that must not be sent: it would split the message or be misread. A mistake of the program, never of the caller. */
export class UnsafeHeader extends Error {
  override readonly name = "UnsafeHeader";
}

/** @throws UnsafeHeader when the name is no token or the value holds CR, LF, NUL, another control character or one beyond U+00FF */
export function assertSafeHeader(name: string, value: string): void {
  if (!TOKEN.test(name)) throw new UnsafeHeader(`The header name ${JSON.stringify(name)} is not a token.`);
  if (!FIELD_VALUE.test(value)) {
    throw new UnsafeHeader(`The value of the header ${name} holds a character that a header cannot carry.`);
  }
}

/** A copy of `value` that is safe in a header: what cannot be carried becomes `?`. For texts that only inform. */
export function headerText(value: string): string {
  return FIELD_VALUE.test(value) ? value : value.replace(/[^\t\x20-\x7e]/g, "?");
}
