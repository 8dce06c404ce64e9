/**
 * Texts with wildcards and policy variables, compiled to functions.
 *
 * `*` stands for any number of characters, `?` for one. In version 2012-10-17, `${key}` stands for the value of a condition key, `${key, 'default'}`
 * has a value for its absence, and `${*}`, `${?}`, `${$}` are the characters themselves (IAM User Guide, "IAM policy elements: Variables and tags").
 * What a variable stands for is taken literally, wildcards in it too.
 */

import type { ConditionContext } from "./types.ts";

/** Whether a text matches, in the context of a request. */
export type Matcher = (text: string, context: ConditionContext) => boolean;

/** How a pattern is read. */
export interface PatternOptions {
  readonly wildcards: boolean;
  readonly variables: boolean;
  readonly ignoreCase?: boolean;
}

/** A piece of a pattern. */
export type Token =
  | { readonly type: "literal"; readonly text: string }
  | { readonly type: "star" }
  | { readonly type: "question" }
  /** A star and a question mark that stand for anything but colons; only patterns of resources have them. */
  | { readonly type: "star-within" }
  | { readonly type: "question-within" }
  | {
      readonly type: "variable";
      /** As written. */
      readonly name: string;
      /** In lower case. */
      readonly key: string;
      readonly fallback: string | undefined;
    };

const star: Token = { type: "star" };
const question: Token = { type: "question" };

/** Takes a pattern apart. */
export function tokenise(text: string, options: PatternOptions): readonly Token[] {
  const tokens: Token[] = [];
  let literal = "";
  const flush = () => {
    if (literal !== "") tokens.push({ type: "literal", text: literal });
    literal = "";
  };
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === "$" && options.variables && text.charAt(i + 1) === "{") {
      const end = text.indexOf("}", i + 2);
      if (end !== -1) {
        const inner = text.slice(i + 2, end);
        if (inner === "*" || inner === "?" || inner === "$") literal += inner;
        else {
          flush();
          tokens.push(variable(inner));
        }
        i = end;
        continue;
      }
    }
    if (options.wildcards && (character === "*" || character === "?")) {
      flush();
      // Several stars in a row mean what one means.
      if (character === "?") tokens.push(question);
      else if (tokens.at(-1) !== star) tokens.push(star);
      continue;
    }
    literal += character;
  }
  flush();
  return tokens;
}

function variable(inner: string): Token {
  const [, written = inner, fallback] = /^\s*([^,]+?)\s*,\s*'([^']*)'\s*$/.exec(inner) ?? [];
  const name = written.trim();
  return { type: "variable", name, key: name.toLowerCase(), fallback };
}

/** Compiles a pattern over whole texts. */
export function compilePattern(text: string, options: PatternOptions): Matcher {
  return compileTokens(tokenise(text, options), options.ignoreCase === true);
}

/** Compiles tokens, choosing the cheapest way. */
export function compileTokens(tokens: readonly Token[], ignoreCase: boolean): Matcher {
  if (tokens.some(({ type }) => type === "star-within" || type === "question-within")) {
    return (text, context) => {
      const codes = toCodes(tokens, ignoreCase, context);
      return codes !== undefined && matchesMixed(codes, ignoreCase ? text.toLowerCase() : text);
    };
  }
  if (tokens.some(({ type }) => type === "variable")) return compileVariables(tokens, ignoreCase);
  const [first, second] = tokens;
  const fold = (value: string) => (ignoreCase ? value.toLowerCase() : value);
  if (first === undefined) return (text) => text === "";
  if (tokens.length === 1 && first.type === "star") return () => true;
  if (tokens.length === 1 && first.type === "literal") {
    const expected = fold(first.text);
    return ignoreCase ? (text) => text.toLowerCase() === expected : (text) => text === expected;
  }
  if (tokens.length === 2 && first.type === "literal" && second?.type === "star") {
    const prefix = fold(first.text);
    return ignoreCase ? (text) => text.toLowerCase().startsWith(prefix) : (text) => text.startsWith(prefix);
  }
  const codes = toCodes(tokens, ignoreCase, undefined) ?? [];
  return ignoreCase ? (text) => matchesGlob(codes, text.toLowerCase()) : (text) => matchesGlob(codes, text);
}

/** Variables are looked up at each match. Where only the end is open, the pieces are compared in place. */
function compileVariables(tokens: readonly Token[], ignoreCase: boolean): Matcher {
  const open = tokens.at(-1)?.type === "star";
  const pieces = (open ? tokens.slice(0, -1) : tokens).filter(isPiece);
  if (pieces.length < tokens.length - (open ? 1 : 0)) {
    return (text, context) => {
      const codes = toCodes(tokens, ignoreCase, context);
      return codes !== undefined && matchesGlob(codes, ignoreCase ? text.toLowerCase() : text);
    };
  }
  return (given, context) => {
    const text = ignoreCase ? given.toLowerCase() : given;
    let at = 0;
    for (const token of pieces) {
      const value = token.type === "literal" ? token.text : variableValue(token, context);
      if (value === undefined) return false;
      const piece = ignoreCase ? value.toLowerCase() : value;
      if (!text.startsWith(piece, at)) return false;
      at += piece.length;
    }
    return open || at === text.length;
  };
}

type Piece = Extract<Token, { readonly type: "literal" | "variable" }>;

function isPiece(token: Token): token is Piece {
  return token.type === "literal" || token.type === "variable";
}

const starCode = -1;
const questionCode = -2;
const starWithinCode = -3;
const questionWithinCode = -4;
const wildcardCodes = {
  star: starCode,
  question: questionCode,
  "star-within": starWithinCode,
  "question-within": questionWithinCode,
} as const;

/** The pattern as character codes with two marks; undefined when a variable has no value. */
function toCodes(
  tokens: readonly Token[],
  ignoreCase: boolean,
  context: ConditionContext | undefined,
): readonly number[] | undefined {
  const codes: number[] = [];
  for (const token of tokens) {
    if (token.type !== "literal" && token.type !== "variable") codes.push(wildcardCodes[token.type]);
    else {
      const text = token.type === "literal" ? token.text : variableValue(token, context);
      if (text === undefined) return undefined;
      const folded = ignoreCase ? text.toLowerCase() : text;
      for (let i = 0; i < folded.length; i++) codes.push(folded.charCodeAt(i));
    }
  }
  return codes;
}

/** Only keys with one value can be variables. */
function variableValue(
  token: Extract<Token, { type: "variable" }>,
  context: ConditionContext | undefined,
): string | undefined {
  const value = context?.get(token.key);
  if (typeof value === "string") return value;
  if (value !== undefined && value.length === 1) return value[0];
  return value === undefined || value.length === 0 ? token.fallback : undefined;
}

/**
 * Matches from left to right; after a failure it returns to the last star only, which suffices, because an earlier star could not match more
 * usefully. Time is at most the product of both lengths.
 */
function matchesGlob(codes: readonly number[], text: string): boolean {
  let at = 0;
  let position = 0;
  let starAt = -1;
  let starPosition = 0;
  while (position < text.length) {
    const code = codes[at];
    if (code === starCode) {
      starAt = at++;
      starPosition = position;
    } else if (code === questionCode || code === text.charCodeAt(position)) {
      at++;
      position++;
    } else if (starAt !== -1) {
      at = starAt + 1;
      position = ++starPosition;
    } else return false;
  }
  while (codes[at] === starCode) at++;
  return at === codes.length;
}

/**
 * Matches patterns with both kinds of stars. A star that stays within its segment cannot always take more, so that it does not suffice to return to
 * the last one: all places of the pattern that the text so far can have led to are followed side by side.
 */
function matchesMixed(codes: readonly number[], text: string): boolean {
  let reached = new Uint8Array(codes.length + 1);
  let next = new Uint8Array(codes.length + 1);
  reached[0] = 1;
  skipStars(codes, reached);
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    const isColon = character === colonCode;
    next.fill(0);
    for (let at = 0; at < codes.length; at++) {
      if (reached[at] === 0) continue;
      const code = codes[at];
      if (code === starCode || (code === starWithinCode && !isColon)) next[at] = 1;
      else if (code === character || code === questionCode || (code === questionWithinCode && !isColon))
        next[at + 1] = 1;
    }
    skipStars(codes, next);
    [reached, next] = [next, reached];
  }
  return reached[codes.length] === 1;
}

/** A star may stand for nothing. */
function skipStars(codes: readonly number[], reached: Uint8Array): void {
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (reached[at] === 1 && (code === starCode || code === starWithinCode)) reached[at + 1] = 1;
  }
}

const colonCode = 0x3a;
