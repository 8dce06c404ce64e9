/** Segments of text and parameters in turn: `{name}.json`. Pure. */
import type { MixedPart } from "#foundation/api-description";

export interface SegmentMatcher {
  /** The same for those that match the same segments. */
  readonly structure: string;
  /** How much of it is text. */
  readonly textLength: number;
  /**
   * Each parameter is not empty and ends where the text behind it is found first; text at the end is looked for at the end.
   *
   * @param raw percent-encoded, and so are the values
   * @param values where the values are put when it matches
   */
  match(raw: string, values: string[]): boolean;
}

export function segmentMatcher(parts: readonly MixedPart[]): SegmentMatcher {
  const encoded = parts.map(({ text }) => (text === undefined ? undefined : encodeURIComponent(text)));
  return {
    structure: encoded.map((text) => text ?? "{}").join(""),
    textLength: encoded.reduce((sum, text) => sum + (text?.length ?? 0), 0),
    match: (raw, values) => matchParts(encoded, normalized(raw), values),
  };
}

/** What is percent-encoded well, in the one spelling that the parts have, so that `%2D` is `-` and the other way round. */
function normalized(raw: string): string {
  if (!raw.includes("%") && !/[^A-Za-z0-9\-_.!~*'()]/.test(raw)) return raw;
  return encodeURIComponent(decodeURIComponent(raw));
}

function matchParts(parts: readonly (string | undefined)[], raw: string, values: string[]): boolean {
  const { length } = values;
  let at = 0;
  for (const [index, text] of parts.entries()) {
    if (text !== undefined) {
      if (!raw.startsWith(text, at)) return undo(values, length);
      at += text.length;
      continue;
    }
    const end = endOfValue(parts, index, raw, at);
    if (end <= at) return undo(values, length);
    values.push(raw.slice(at, end));
    at = end;
  }
  return at === raw.length || undo(values, length);
}

function endOfValue(parts: readonly (string | undefined)[], index: number, raw: string, at: number): number {
  const text = parts[index + 1];
  if (text === undefined) return raw.length;
  if (index + 2 === parts.length) return raw.endsWith(text) ? raw.length - text.length : -1;
  return raw.indexOf(text, at + 1);
}

function undo(values: string[], length: number): false {
  values.length = length;
  return false;
}
