/** Cuts a statement into tokens. One pass, each character looked at a bounded number of times. */
import { malformed, type Span } from "./refusals.ts";
import { OPERATOR_WORDS, RESERVED_WORDS } from "./reserved-words.ts";

export type TokenKind =
  /** A name, as written or from between double quotes. */
  | "name"
  /** A reserved word, in lower case. */
  | "word"
  /** An operator: symbols, or a word in lower case. */
  | "operator"
  /** Brackets, commas and the like. */
  | "mark"
  /** The content of a string. */
  | "string"
  /** A number as written, without sign. */
  | "number"
  | "parameter"
  | "end";

export interface Token extends Span {
  readonly kind: TokenKind;
  /** What the kind says; for `mark` the characters themselves. */
  readonly text: string;
}

const SPACE = /[\t\n\v\f\r ]+/y;
const NAME = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const NUMBER = /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
/** Quotes are doubled to stand for themselves. */
const STRING = /'(?:[^']|'')*'/y;
const QUOTED = /"(?:[^"]|"")*"/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const BLOCK_COMMENT = /\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//y;
const SYMBOLS = /<<|>>|<>|!=|<=|>=|\|\||[<>=+\-*/%]/y;
const MARKS = /[()[\]{},:.;]/y;

/** Exponents and scales have 32 bits in the reader of numbers that DynamoDB uses. */
const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;

/** @throws TableValidation for what no token begins with */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const skipped = match(SPACE) ?? match(LINE_COMMENT) ?? match(BLOCK_COMMENT);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const [kind, text, length] = next(match, source, at);
    tokens.push({ kind, text, start: at, end: at + length });
    at += length;
  }
  tokens.push({ kind: "end", text: "", start: at, end: at });
  return tokens;
}

type Read = readonly [kind: TokenKind, text: string, length: number];

function next(match: (pattern: RegExp) => string | undefined, source: string, at: number): Read {
  const name = match(NAME);
  if (name !== undefined) return wordOrName(name);
  const first = source[at]!;
  if (first === "'" || first === '"') {
    const quoted = match(first === "'" ? STRING : QUOTED);
    if (quoted === undefined) throw malformed();
    const content = quoted.slice(1, -1).replaceAll(first + first, first);
    return [first === "'" ? "string" : "name", content, quoted.length];
  }
  const number = match(NUMBER);
  if (number !== undefined) {
    checkNumber(number, source[at + number.length]);
    return ["number", number, number.length];
  }
  if (first === "?") return ["parameter", first, 1];
  // A comment that is never closed would otherwise be a division.
  if (source.startsWith("/*", at)) throw malformed();
  const symbol = match(SYMBOLS);
  if (symbol === "<<" || symbol === ">>") return ["mark", symbol, symbol.length];
  if (symbol !== undefined) return ["operator", symbol === "!=" ? "<>" : symbol, symbol.length];
  const mark = match(MARKS);
  if (mark === undefined) throw malformed();
  return ["mark", mark, mark.length];
}

function wordOrName(text: string): Read {
  const word = text.toLowerCase();
  if (OPERATOR_WORDS.has(word)) return ["operator", word, text.length];
  return RESERVED_WORDS.has(word) ? ["word", word, text.length] : ["name", text, text.length];
}

function checkNumber(number: string, following: string | undefined): void {
  if (following !== undefined && /[A-Za-z0-9_$.]/.test(following)) throw malformed();
  const [digits, power = "0"] = number.toLowerCase().split("e") as [string, string?];
  const point = digits.indexOf(".");
  const scale = (point === -1 ? 0 : digits.length - point - 1) - Number(power);
  if (!fits(Number(power)) || !fits(scale)) throw malformed();
}

function fits(value: number): boolean {
  return value >= INT32_MIN && value <= INT32_MAX;
}
