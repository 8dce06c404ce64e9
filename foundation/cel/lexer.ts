/** The words of an expression (language definition, "Syntax"). */
import { type CelValue, INT_MAX, UINT_MAX, Uint } from "./values.ts";

export type Token =
  | { readonly type: "name"; readonly text: string; readonly at: number; readonly isQuoted: boolean }
  | { readonly type: "literal"; readonly value: CelValue; readonly at: number; readonly text: string }
  /** 2^63, which only a minus makes an int. */
  | { readonly type: "sign"; readonly text: string; readonly at: number }
  | { readonly type: "end"; readonly at: number; readonly text: "" };

/** An expression that is none. */
export class CelSyntaxError extends Error {
  override readonly name = "CelSyntaxError";
  /** Where, in characters from 0. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} (at character ${at + 1})`);
    this.at = at;
  }
}

const BLANK = /(?:[ \t\n\f\r]|\/\/[^\n]*)+/y;
const NAME = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const QUOTED = /`([a-zA-Z0-9_.\-/ ]+)`/y;
const STRING = /([rRbB]{0,2})("""|'''|"|')/y;
const FLOAT = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const INTEGER = /(0x[0-9a-fA-F]+|\d+)([uU]?)/y;
const SIGN = /&&|\|\||[<>=!]=|[-+*/%<>!?:.,()[\]{}]/y;

/** @throws CelSyntaxError */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  while (at < source.length) {
    const blank = match(BLANK);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const string = match(STRING);
    if (string !== null && isPrefix(string[1]!)) {
      const { value, end } = readString(source, at, string[1]!.toLowerCase(), string[2]!);
      tokens.push({ type: "literal", value, at, text: source.slice(at, end) });
      at = end;
      continue;
    }
    const token = nameAt(match, at) ?? numberAt(match, at) ?? signAt(match, at);
    if (token === undefined)
      throw new CelSyntaxError(`${JSON.stringify(source[at])} has no place in an expression`, at);
    tokens.push(token);
    at += token.type === "name" && token.isQuoted ? token.text.length + 2 : token.text.length;
  }
  tokens.push({ type: "end", at: source.length, text: "" });
  return tokens;
}

type Match = (pattern: RegExp) => RegExpExecArray | null;

const isPrefix = (prefix: string): boolean =>
  prefix.length < 2 || prefix[0]!.toLowerCase() !== prefix[1]!.toLowerCase();

function nameAt(match: Match, at: number): Token | undefined {
  const name = match(NAME);
  if (name !== null) return { type: "name", text: name[0], at, isQuoted: false };
  const quoted = match(QUOTED);
  return quoted === null ? undefined : { type: "name", text: quoted[1]!, at, isQuoted: true };
}

function numberAt(match: Match, at: number): Token | undefined {
  const float = match(FLOAT);
  if (float !== null) return { type: "literal", value: Number(float[0]), at, text: float[0] };
  const integer = match(INTEGER);
  if (integer === null) return undefined;
  const [text, digits = "", suffix] = integer;
  const value = BigInt(digits);
  if (suffix !== "") {
    if (value > UINT_MAX) throw new CelSyntaxError("The number is too large for a uint", at);
    return { type: "literal", value: new Uint(value), at, text };
  }
  // One more than the largest has a negative that there is.
  if (value > INT_MAX + 1n) throw new CelSyntaxError("The number is too large for an int", at);
  return { type: "literal", value, at, text };
}

function signAt(match: Match, at: number): Token | undefined {
  const sign = match(SIGN);
  return sign === null ? undefined : { type: "sign", text: sign[0], at };
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "?": 63,
  '"': 34,
  "'": 39,
  "`": 96,
};
/** By letter: how many hexadecimal digits follow. */
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, X: 2, u: 4, U: 8 };

function readString(
  source: string,
  start: number,
  prefix: string,
  quote: string,
): { readonly value: string | Uint8Array; readonly end: number } {
  const isRaw = prefix.includes("r");
  const isBytes = prefix.includes("b");
  const parts: (string | number)[] = [];
  let at = start + prefix.length + quote.length;
  for (;;) {
    if (at >= source.length) throw new CelSyntaxError("The text has no end", start);
    if (source.startsWith(quote, at)) break;
    const character = source[at]!;
    if (quote.length === 1 && (character === "\n" || character === "\r"))
      throw new CelSyntaxError("The text has no end on its line", start);
    if (character !== "\\" || isRaw) {
      parts.push(character);
      at++;
      continue;
    }
    const { code, isByte, end } = readEscape(source, at);
    if (isByte && isBytes) parts.push(code);
    else if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      throw new CelSyntaxError("The escape stands for no character", at);
    else if (isBytes && source[at + 1]!.toLowerCase() === "u")
      throw new CelSyntaxError("Bytes have no escapes of characters", at);
    else parts.push(String.fromCodePoint(code));
    at = end;
  }
  const end = at + quote.length;
  if (!isBytes) return { value: parts.join(""), end };
  return { value: bytesOf(parts), end };
}

/** Characters as UTF-8, bytes as they are. */
function bytesOf(parts: readonly (string | number)[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    chunks.push(Buffer.from(text), Uint8Array.of(part));
    text = "";
  }
  return new Uint8Array(Buffer.concat([...chunks, Buffer.from(text)]));
}

function readEscape(
  source: string,
  at: number,
): { readonly code: number; readonly isByte: boolean; readonly end: number } {
  const letter = source[at + 1] ?? "";
  const simple = ESCAPES[letter];
  if (simple !== undefined) return { code: simple, isByte: false, end: at + 2 };
  const digits = HEX_DIGITS[letter];
  if (digits !== undefined) {
    const text = source.slice(at + 2, at + 2 + digits);
    if (text.length === digits && /^[0-9a-fA-F]+$/.test(text)) {
      return { code: Number.parseInt(text, 16), isByte: digits === 2, end: at + 2 + digits };
    }
  }
  const octal = /^[0-3][0-7]{2}/.exec(source.slice(at + 1, at + 4));
  if (octal !== null) return { code: Number.parseInt(octal[0], 8), isByte: true, end: at + 4 };
  throw new CelSyntaxError("There is no such escape", at);
}
