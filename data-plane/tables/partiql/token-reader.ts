/** Walks along the tokens of one statement. */

import type { TableValidation } from "../values/index.ts";
import { malformed, refusedAt, type Span } from "./refusals.ts";
import { type Token, type TokenKind, tokenize } from "./tokens.ts";

/** Terms within terms. Each level costs the parser a few calls of itself. A document has 32 levels, and a condition at most 300 operators. */
const nestingMax = 400;

/** Names of marks in messages, as the grammar of PartiQL calls them. */
const MARK_NAMES: Readonly<Record<string, string>> = {
  ")": "RIGHT_PAREN",
  "]": "RIGHT_BRACKET",
  ">>": "RIGHT_DOUBLE_ANGLE_BRACKET",
  "}": "RIGHT_CURLY",
  ":": "COLON",
};

export class TokenReader {
  readonly source: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  #parameters = 0;
  /** Refusals of what can be read but is not supported: a mistake further on in the grammar is told first. */
  #unsupported: TableValidation | undefined;

  constructor(source: string) {
    this.source = source;
    this.#tokens = tokenize(source);
  }

  get current(): Token {
    return this.#tokens[this.#index]!;
  }

  /** The token behind the current one. */
  get following(): Token {
    return this.peek(1);
  }

  /** The token so many places behind the current one; behind the end is the end. */
  peek(places: number): Token {
    return this.#tokens[this.#index + places] ?? this.#tokens.at(-1)!;
  }

  /** How many `?` have been read. */
  get parameters(): number {
    return this.#parameters;
  }

  is(kind: TokenKind, text?: string): boolean {
    const { current } = this;
    return current.kind === kind && (text === undefined || current.text === text);
  }

  /** The current token, and on to the next. */
  take(): Token {
    const { current } = this;
    if (current.kind !== "end") this.#index++;
    return current;
  }

  accept(kind: TokenKind, text: string): boolean {
    if (!this.is(kind, text)) return false;
    this.take();
    return true;
  }

  /** A word that is reserved only where it stands: RETURNING's OLD and NEW may be names of attributes elsewhere. */
  acceptLoose(word: string): boolean {
    const { kind, text } = this.current;
    if ((kind !== "name" && kind !== "word") || text.toLowerCase() !== word) return false;
    this.take();
    return true;
  }

  expectMark(mark: keyof typeof MARK_NAMES & string): void {
    if (!this.accept("mark", mark)) throw malformed(`Expected ${MARK_NAMES[mark]}`);
  }

  takeParameter(): number {
    this.take();
    return this.#parameters++;
  }

  /** One level deeper. @throws TableValidation beyond {@link nestingMax} */
  nested<Result>(read: () => Result): Result {
    if (this.#depth >= nestingMax) throw malformed("Expressions are nested too deeply");
    this.#depth++;
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }

  refusedAt(message: string, span: Span): TableValidation {
    return refusedAt(message, this.source, span);
  }

  /** Remembers the first thing that is well formed and all the same not to be had. */
  unsupported(error: TableValidation): void {
    this.#unsupported ??= error;
  }

  /** The statement must end here. @throws TableValidation */
  finish(): void {
    if (this.accept("mark", ";")) {
      if (!this.is("end")) throw malformed("Unexpected token after semicolon. (Only one query is allowed.)");
    } else if (!this.is("end")) {
      throw malformed("Unexpected token after expression");
    }
    if (this.#unsupported !== undefined) throw this.#unsupported;
  }
}
