/** Percent-decoding of paths: exactly once, never normalised, strictly UTF-8. */

/** The decoded text, or undefined when an escape is malformed or the bytes are not UTF-8. `+` stays a plus. */
export function decodePathText(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
