/** Expressions as tokens, and a cursor over them that words syntax errors as AWS does. */

import type { TableValidation } from "../values/index.ts";
import { type ExpressionParameter, invalidExpression } from "./invalid-expression.ts";
import { operatorsMax } from "./limits.ts";

/** `other`: a character that begins no token; it is never expected. */
export type TokenKind = "word" | "name" | "value" | "integer" | "mark" | "other" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** In UTF-16 units of the expression. */
  readonly start: number;
  readonly end: number;
}

/** Words, `#names`, `:values`, digits, marks, and else one character. Names begin with a letter; blanks are those four. */
const TOKEN = /[A-Za-z][A-Za-z0-9_]*|#[A-Za-z0-9_]+|:[A-Za-z0-9_]+|[0-9]+|<>|<=|>=|[()[\].,=<>+-]|[^ \t\r\n]/gu;
const MARKS = new Set(["(", ")", "[", "]", ".", ",", "=", "<>", "<", "<=", ">", ">=", "+", "-"]);

/** The tokens of a text, an `end` behind the last. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const token = match[0];
    tokens.push({ kind: kindOf(token), text: token, start: match.index, end: match.index + token.length });
  }
  tokens.push({ kind: "end", text: "<EOF>", start: text.length, end: text.length });
  return tokens;
}

function kindOf(token: string): TokenKind {
  if (MARKS.has(token)) return "mark";
  const first = token.charCodeAt(0);
  if (first >= 48 && first <= 57) return "integer";
  if ((first | 32) >= 97 && (first | 32) <= 122) return "word";
  if (token.length > 1 && first === 35) return "name";
  if (token.length > 1 && first === 58) return "value";
  return "other";
}

/** Walks over the tokens of one expression, and counts its operators. */
export class TokenCursor {
  readonly parameter: ExpressionParameter;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #keywords: ReadonlySet<string>;
  #index = 0;
  #operators = 0;

  /** @param keywords words, in upper case, that are neither names nor functions in this kind of expression */
  constructor(parameter: ExpressionParameter, text: string, keywords: ReadonlySet<string>) {
    this.parameter = parameter;
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#keywords = keywords;
  }

  /** The number of the current token. */
  get index(): number {
    return this.#index;
  }

  get current(): Token {
    return this.#tokens[this.#index]!;
  }

  get following(): Token {
    return this.#tokens[Math.min(this.#index + 1, this.#tokens.length - 1)]!;
  }

  /** Goes on by one token and returns the one that was current. */
  advance(): Token {
    const token = this.current;
    if (token.kind !== "end") this.#index++;
    return token;
  }

  isMark(mark: string): boolean {
    return this.current.kind === "mark" && this.current.text === mark;
  }

  /** The keyword at the cursor in upper case, or undefined. */
  get keyword(): string | undefined {
    if (this.current.kind !== "word") return undefined;
    const word = this.current.text.toUpperCase();
    return this.#keywords.has(word) ? word : undefined;
  }

  /** Whether a name may begin here: a word that is no keyword, or a `#name`. */
  get isName(): boolean {
    return this.current.kind === "name" || (this.current.kind === "word" && this.keyword === undefined);
  }

  /** Goes past a mark if it is there. */
  accept(mark: string): boolean {
    if (!this.isMark(mark)) return false;
    this.#index++;
    return true;
  }

  /** Goes past a mark that has to be there. @throws TableValidation */
  expect(mark: string): void {
    if (!this.accept(mark)) throw this.unexpected();
  }

  /** Goes past a keyword if it is there. */
  acceptKeyword(word: string): boolean {
    if (this.keyword !== word) return false;
    this.#index++;
    return true;
  }

  /** Counts an operator or function. @throws TableValidation for the 301st */
  countOperator(): void {
    this.#operators++;
    if (this.#operators > operatorsMax) {
      throw this.problem(`The expression contains too many operators; operator count: ${this.#operators}`);
    }
  }

  /** The syntax error at the current token; AWS shows it between its neighbours, as they stand in the text. */
  unexpected(): TableValidation {
    const token = this.current;
    const before = this.#tokens[this.#index - 1];
    const start = before?.start ?? token.start;
    // At the end only what comes before is shown.
    const end = token.kind === "end" ? (before?.end ?? token.end) : Math.max(token.end, this.#endOfFollowing());
    return this.problem(`Syntax error; token: "${token.text}", near: "${this.#text.slice(start, end)}"`);
  }

  problem(problem: string): TableValidation {
    return invalidExpression(this.parameter, problem);
  }

  #endOfFollowing(): number {
    return this.following.kind === "end" ? 0 : this.following.end;
  }
}
