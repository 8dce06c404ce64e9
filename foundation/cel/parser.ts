/** Expressions as trees (language definition, "Syntax"). */
import { CelSyntaxError, type Token, tokensOf } from "./lexer.ts";
import { type CelValue, INT_MAX, int } from "./values.ts";

export type Expression =
  | { readonly type: "literal"; readonly value: CelValue }
  | { readonly type: "name"; readonly name: string; readonly at: number }
  | { readonly type: "select"; readonly of: Expression; readonly field: string; readonly at: number }
  | { readonly type: "index"; readonly of: Expression; readonly index: Expression; readonly at: number }
  | {
      readonly type: "call";
      readonly target: Expression | undefined;
      readonly name: string;
      readonly args: readonly Expression[];
      readonly at: number;
    }
  | { readonly type: "list"; readonly items: readonly Expression[] }
  | { readonly type: "map"; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly type: "unary"; readonly operator: "!" | "-"; readonly operand: Expression }
  | { readonly type: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: "condition"; readonly test: Expression; readonly yes: Expression; readonly no: Expression };

/** Expressions in expressions. */
const DEPTH_MAX = 250;
const SOURCE_MAX = 100_000;

const RESERVED: ReadonlySet<string> = new Set(
  "as break const continue else for function if import let loop package namespace return var void while in".split(" "),
);
const CONSTANTS: ReadonlyMap<string, CelValue> = new Map<string, CelValue>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** By how strongly they bind, the weakest first. */
const OPERATORS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["<", "<=", ">", ">=", "==", "!=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

/** @throws CelSyntaxError */
export function parseExpression(source: string): Expression {
  if (source.length > SOURCE_MAX)
    throw new CelSyntaxError(`An expression has at most ${SOURCE_MAX} characters`, SOURCE_MAX);
  const parser = new Parser(tokensOf(source));
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression();
    if (this.#next.type !== "end") throw this.#unexpected();
    return expression;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #unexpected(): CelSyntaxError {
    const { type, text, at } = this.#next;
    return new CelSyntaxError(
      type === "end" ? "The expression ends too early" : `${JSON.stringify(text)} was not expected here`,
      at,
    );
  }

  #is(text: string): boolean {
    const { type } = this.#next;
    return this.#next.text === text && (type === "sign" || (type === "name" && !this.#next.isQuoted));
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #need(text: string): void {
    if (!this.#take(text)) throw this.#unexpected();
  }

  #expression(): Expression {
    if (++this.#depth > DEPTH_MAX)
      throw new CelSyntaxError(`Expressions may be nested ${DEPTH_MAX} deep`, this.#next.at);
    const test = this.#binary(0);
    let expression = test;
    if (this.#take("?")) {
      const yes = this.#binary(0);
      this.#need(":");
      expression = { type: "condition", test, yes, no: this.#expression() };
    }
    this.#depth--;
    return expression;
  }

  #binary(level: number): Expression {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((one) => this.#is(one));
      if (operator === undefined) return left;
      this.#at++;
      left = { type: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    const operators: ("!" | "-")[] = [];
    for (const operator of ["!", "-"] as const) {
      if (operators.length > 0) break;
      while (this.#take(operator)) operators.push(operator);
    }
    // A minus before a number belongs to it: the smallest int has no positive.
    const literal = this.#next;
    let expression: Expression;
    if (
      operators.at(-1) === "-" &&
      literal.type === "literal" &&
      (typeof literal.value === "bigint" || typeof literal.value === "number")
    ) {
      operators.pop();
      this.#at++;
      const value = typeof literal.value === "bigint" ? int(-literal.value) : -literal.value;
      expression = this.#members({ type: "literal", value });
    } else expression = this.#member();
    for (const operator of operators.reverse()) expression = { type: "unary", operator, operand: expression };
    return expression;
  }

  #member(): Expression {
    return this.#members(this.#primary());
  }

  #members(first: Expression): Expression {
    let expression = first;
    for (;;) {
      const { at } = this.#next;
      if (this.#take(".")) {
        const { type, text } = this.#next;
        if (type !== "name") throw this.#unexpected();
        const isQuoted = this.#next.type === "name" && this.#next.isQuoted;
        this.#at++;
        if (!isQuoted && this.#take("("))
          expression = { type: "call", target: expression, name: text, args: this.#until(")"), at };
        else expression = { type: "select", of: expression, field: text, at };
      } else if (this.#take("[")) {
        expression = { type: "index", of: expression, index: this.#expression(), at };
        this.#need("]");
      } else if (this.#is("{") && (expression.type === "name" || expression.type === "select")) {
        throw new CelSyntaxError("Messages of protocol buffers cannot be made here", at);
      } else return expression;
    }
  }

  #primary(): Expression {
    const token = this.#next;
    if (token.type === "literal") {
      if (typeof token.value === "bigint" && token.value > INT_MAX)
        throw new CelSyntaxError("The number is too large for an int", token.at);
      this.#at++;
      return { type: "literal", value: token.value };
    }
    if (this.#take("(")) {
      const inner = this.#expression();
      this.#need(")");
      return inner;
    }
    if (this.#take("[")) return { type: "list", items: this.#until("]") };
    if (this.#take("{")) return this.#map();
    // A name from the root of all names; here all are.
    this.#take(".");
    return this.#name();
  }

  #name(): Expression {
    const token = this.#next;
    if (token.type !== "name" || token.isQuoted) throw this.#unexpected();
    const { text, at } = token;
    if (CONSTANTS.has(text)) {
      this.#at++;
      return { type: "literal", value: CONSTANTS.get(text)! };
    }
    if (RESERVED.has(text)) throw new CelSyntaxError(`"${text}" is reserved`, at);
    this.#at++;
    return this.#take("(")
      ? { type: "call", target: undefined, name: text, args: this.#until(")"), at }
      : { type: "name", name: text, at };
  }

  /** Expressions with commas between them; one may stand at the end of a list. */
  #until(close: string): readonly Expression[] {
    const items: Expression[] = [];
    while (!this.#take(close)) {
      if (items.length > 0) {
        this.#need(",");
        if (close === "]" && this.#take(close)) break;
      }
      items.push(this.#expression());
    }
    return items;
  }

  #map(): Expression {
    const entries: (readonly [Expression, Expression])[] = [];
    while (!this.#take("}")) {
      if (entries.length > 0) {
        this.#need(",");
        if (this.#take("}")) break;
      }
      const key = this.#expression();
      this.#need(":");
      entries.push([key, this.#expression()]);
    }
    return { type: "map", entries };
  }
}
