/** `application/x-www-form-urlencoded` bodies and query strings: `+` is a space, percent escapes are decoded exactly once. */

import { MalformedInput, type MalformedPlace } from "../values/malformed-input.ts";

/** More parameters than any AWS call can use; a body of single characters cannot make more work than this. */
export const maxParameters = 20_000;

/** Name and value pairs in order. Throws `MalformedInput` (syntax) for escapes that are malformed or no UTF-8. */
export function parseForm(text: string, place: MalformedPlace): (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  let position = 0;
  while (position <= text.length && text.length > 0) {
    const next = text.indexOf("&", position);
    const end = next < 0 ? text.length : next;
    if (end > position) {
      if (pairs.length >= maxParameters) throw new MalformedInput("too many parameters", { place, syntax: true });
      const equals = text.indexOf("=", position);
      const split = equals < 0 || equals > end ? end : equals;
      pairs.push([
        decodeFormText(text.slice(position, split), place),
        decodeFormText(text.slice(split + 1, end), place),
      ]);
    }
    position = end + 1;
  }
  return pairs;
}

function decodeFormText(text: string, place: MalformedPlace): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw new MalformedInput("malformed percent-encoding", { place, syntax: true, value: text });
  }
}
