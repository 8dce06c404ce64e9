/**
 * Patterns over Amazon Resource Names: six segments separated by colons, of which only the last may hold colons itself.
 *
 * In conditions, a wildcard stays within its segment (IAM User Guide, "Amazon Resource Name (ARN) condition operators": each segment is checked
 * separately). In the elements `Resource` and `NotResource` it does as well, except that a star at the end of a segment may go on beyond the colon
 * ("IAM JSON policy elements: Resource", "Using wildcards in resource ARNs").
 */

import { compileTokens, type Matcher, type PatternOptions, type Token, tokenise } from "./pattern.ts";

const segments = 6;

/** Compiles a pattern of a condition. `*` alone matches everything. */
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

/** Compiles a pattern of `Resource` or `NotResource`. */
export function compileResourcePattern(text: string, options: PatternOptions): Matcher {
  const parts = splitTokens(tokenise(text, options));
  const last = parts.length - 1;
  const tokens = parts.flatMap((part, i) => (i === last ? part : [...part.map(withinSegment), colon]));
  return compileTokens(joinLiterals(tokens), false);
}

const colon: Token = { type: "literal", text: ":" };

/** What a wildcard before the last segment stands for. */
function withinSegment(token: Token, index: number, part: readonly Token[]): Token {
  if (token.type === "question") return { type: "question-within" };
  return token.type === "star" && index < part.length - 1 ? { type: "star-within" } : token;
}

/** Literals side by side become one, so that plain patterns are compared at once. */
function joinLiterals(tokens: readonly Token[]): readonly Token[] {
  const joined: Token[] = [];
  for (const token of tokens) {
    const before = joined.at(-1);
    if (token.type === "literal" && before?.type === "literal") {
      joined[joined.length - 1] = { type: "literal", text: before.text + token.text };
    } else joined.push(token);
  }
  return joined;
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
