/** Header lists: lookup in received ones, refusal of dangerous ones to be sent. */

import type { HeaderView } from "./message.ts";

const NONE: readonly string[] = [];

/** Whether a header name as received equals a lower-case name. Lengths differ for nearly all pairs, which makes the scan cheap. */
export function sameName(received: string, lowerName: string): boolean {
  return received.length === lowerName.length && (received === lowerName || received.toLowerCase() === lowerName);
}

/**
 * Headers in the flat form of the wire: name, value, name, value.
 *
 * A request has about ten headers and is asked for about twenty: names are folded to lower case once, at the first question, and then compared as they
 * are. To scan ten names costs less than to make an index of them.
 */
export class RawHeaderView implements HeaderView {
  readonly raw: readonly string[];
  #lowerNames: readonly string[] | undefined;

  /** @param lowerNames where they are at hand */
  constructor(raw: readonly string[], lowerNames?: readonly string[]) {
    this.raw = raw;
    this.#lowerNames = lowerNames;
  }

  get lowerNames(): readonly string[] {
    this.#lowerNames ??= foldNames(this.raw);
    return this.#lowerNames;
  }

  get(lowerName: string): string | undefined {
    const names = this.lowerNames;
    for (let i = 0; i < names.length; i++) {
      if (names[i] === lowerName) return this.#joined(names, i);
    }
    return undefined;
  }

  all(lowerName: string): readonly string[] {
    const names = this.lowerNames;
    let values: string[] | undefined;
    for (let i = 0; i < names.length; i++) {
      if (names[i] !== lowerName) continue;
      values ??= [];
      values.push(this.raw[i * 2 + 1]!);
    }
    return values ?? NONE;
  }

  has(lowerName: string): boolean {
    const names = this.lowerNames;
    for (let i = 0; i < names.length; i++) if (names[i] === lowerName) return true;
    return false;
  }

  /** The values from the one at `first` on that have its name. */
  #joined(names: readonly string[], first: number): string {
    const name = names[first]!;
    let value = this.raw[first * 2 + 1]!;
    for (let i = first + 1; i < names.length; i++) {
      if (names[i] === name) value += `, ${this.raw[i * 2 + 1]}`;
    }
    return value;
  }
}

function foldNames(raw: readonly string[]): readonly string[] {
  const names = new Array<string>(raw.length >> 1);
  for (let i = 0; i < names.length; i++) names[i] = raw[i * 2]!.toLowerCase();
  return names;
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
