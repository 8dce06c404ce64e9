/**
 * Patterns over Amazon Resource Names: six segments separated by colons, of which only the last may hold colons itself. A wildcard stays within
 * its segment (IAM User Guide, "Amazon Resource Name (ARN) condition operators" and "IAM JSON policy elements: Resource").
 */

import { compileTokens, type Matcher, type PatternOptions, type Token, tokenise } from "./pattern.ts";

const segments = 6;

/** Compiles a pattern for ARNs. `*` alone matches everything. */
export function compileArnPattern(text: string, options: PatternOptions): Matcher {
  const tokens = tokenise(text, options);
  const parts = splitTokens(tokens);
  // The last segment that the pattern has takes the rest of the text, so that `arn:aws:s3*` means what it seems to. When the segments before
  // it are literal, a match of the whole is the same and cheaper.
  const last = parts.length - 1;
  if (parts.slice(0, last).every((part) => part.every(({ type }) => type === "literal")))
    return compileTokens(tokens, false);
  const matchers = parts.map((part) => compileTokens(part, false));
  return (text, context) => {
    let start = 0;
    for (let i = 0; i < last; i++) {
      const end = text.indexOf(":", start);
      if (end === -1 || matchers[i]?.(text.slice(start, end), context) !== true) return false;
      start = end + 1;
    }
    return matchers[last]?.(text.slice(start), context) === true;
  };
}

/** Splits at the colons in literals, at most into six parts. */
function splitTokens(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.type !== "literal") {
      parts.at(-1)?.push(token);
      continue;
    }
    let start = 0;
    while (parts.length < segments) {
      const colon = token.text.indexOf(":", start);
      if (colon === -1) break;
      if (colon > start) parts.at(-1)?.push({ type: "literal", text: token.text.slice(start, colon) });
      parts.push([]);
      start = colon + 1;
    }
    if (start < token.text.length) parts.at(-1)?.push({ type: "literal", text: token.text.slice(start) });
  }
  return parts;
}
