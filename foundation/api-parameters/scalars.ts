/** Text taken for what its schema lets it be. Pure. */
import type { ScalarType } from "./parameter.ts";

/** A number as JSON writes them (RFC 8259 §6). */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The first type that the text can be taken for; the text itself when it is none of them: then the schema says what is wrong.
 * @param types in the order of {@link ScalarType}; none: the text stays
 */
export function scalarOf(text: string, types: readonly ScalarType[]): unknown {
  for (const type of types) {
    if (type === "null" && (text === "null" || (text === "" && !types.includes("string")))) return null;
    if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
    if ((type === "integer" || type === "number") && NUMBER.test(text)) {
      const number = Number(text);
      // What no double holds is not made into another number.
      if (Number.isFinite(number) && (type === "number" || Number.isInteger(number))) return number;
    }
  }
  return text;
}

/** Percent-decoded text (RFC 3986 §2.1); undefined when it is not well formed, or no UTF-8. */
export function decoded(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
