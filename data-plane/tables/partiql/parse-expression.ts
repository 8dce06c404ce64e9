/** Expressions, by precedence (PartiQL specification; the numbers only have an order). */

import { continuePath } from "./parse-path.ts";
import { malformed, type Span } from "./refusals.ts";
import { FUNCTION_WORDS, TYPE_WORDS } from "./reserved-words.ts";
import type { Binary, Call, Expression, Literal } from "./syntax.ts";
import type { TokenReader } from "./token-reader.ts";
import type { Token } from "./tokens.ts";

const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ...["union", "except", "intersect"].map((operator) => [operator, 5] as const),
  ["or", 10],
  ["and", 20],
  ...["=", "<>", "is", "in"].map((operator) => [operator, 40] as const),
  ...["<", "<=", ">", ">=", "between", "like"].map((operator) => [operator, 50] as const),
  ...["+", "-", "||"].map((operator) => [operator, 60] as const),
  ...["*", "/", "%"].map((operator) => [operator, 70] as const),
]);
const NOT_PRECEDENCE = 30;
/** Operators that NOT may stand before, behind their left side. */
const NEGATABLE: ReadonlySet<string> = new Set(["in", "between", "like"]);

/** @param above operators must bind more tightly than this */
export function parseExpression(reader: TokenReader, above = 0): Expression {
  let left = parseUnary(reader);
  for (;;) {
    const negated = reader.is("operator", "not") && NEGATABLE.has(reader.following.text);
    const operator = negated ? reader.following : reader.current;
    const precedence = operator.kind === "operator" ? (PRECEDENCE.get(operator.text) ?? 0) : 0;
    if (precedence <= above) return left;
    if (negated) reader.take();
    reader.take();
    if (reader.is("end")) throw malformed("Missing right-hand side expression of infix operator");
    left = parseRight(reader, left, operator, precedence, negated);
  }
}

function parseRight(
  reader: TokenReader,
  left: Expression,
  operator: Token,
  precedence: number,
  negated: boolean,
): Expression {
  const span = spanOf(operator);
  switch (operator.text) {
    case "is":
      return parseTypeTest(reader, left, span);
    case "in": {
      const set = parseSet(reader, precedence);
      return Object.freeze({ kind: "in", negated, value: left, set, span });
    }
    case "between": {
      const low = parseExpression(reader, precedence);
      if (!reader.accept("operator", "and")) throw malformed("Expected AND keyword");
      if (reader.is("end")) throw malformed("Expected expression after AND");
      const high = parseExpression(reader, precedence);
      return Object.freeze({ kind: "between", negated, value: left, low, high, span });
    }
    default: {
      const right = parseExpression(reader, precedence);
      const binary = { kind: "binary", operator: operator.text as Binary["operator"], left, right, span } as const;
      if (!negated) return Object.freeze(binary);
      return Object.freeze({ kind: "unary", operator: "not", operand: Object.freeze(binary), span });
    }
  }
}

function parseTypeTest(reader: TokenReader, value: Expression, span: Span): Expression {
  const negated = reader.accept("operator", "not");
  const first = reader.take();
  let type = first.kind === "word" ? first.text : "";
  if (type === "double" && reader.accept("word", "precision")) type = "double precision";
  if (type === "character" && reader.accept("word", "varying")) type = "character varying";
  if (!TYPE_WORDS.has(type)) throw malformed("Expected type name");
  return Object.freeze({ kind: "is", negated, value, type, span });
}

/** Behind IN, parentheses hold a list, also one of a single value. */
function parseSet(reader: TokenReader, precedence: number): Expression {
  if (!reader.is("mark", "(")) return parseExpression(reader, precedence);
  const span = spanOf(reader.take());
  const elements = reader.nested(() => parseList(reader, ")"));
  return Object.freeze({ kind: "list", elements, span });
}

function parseUnary(reader: TokenReader): Expression {
  const { current } = reader;
  if (current.kind !== "operator") return parseTerm(reader);
  const span = spanOf(current);
  if (current.text === "not") {
    reader.take();
    const operand = reader.nested(() => parseExpression(reader, NOT_PRECEDENCE));
    return Object.freeze({ kind: "unary", operator: "not", operand, span });
  }
  if (current.text !== "-" && current.text !== "+") throw malformed("Unexpected operator");
  reader.take();
  const operand = reader.nested(() => parseUnary(reader));
  if (operand.kind === "literal" && operand.type === "number") return signed(operand, current.text);
  return Object.freeze({ kind: "unary", operator: current.text, operand, span });
}

function signed(literal: Literal & { readonly type: "string" | "number" }, sign: "-" | "+"): Expression {
  if (sign === "+") return literal;
  const text = literal.text.startsWith("-") ? literal.text.slice(1) : `-${literal.text}`;
  return Object.freeze({ ...literal, text });
}

function parseTerm(reader: TokenReader): Expression {
  const token = reader.current;
  const span = spanOf(token);
  switch (token.kind) {
    case "name":
      reader.take();
      return reader.is("mark", "(") ? parseCall(reader, token) : continuePath(reader, token, parseExpression);
    case "string":
    case "number":
      reader.take();
      return Object.freeze({ kind: "literal", type: token.kind, text: token.text, span });
    case "parameter":
      return Object.freeze({ kind: "parameter", index: reader.takeParameter(), span });
    case "word":
      return parseWord(reader, token);
    case "mark":
      return parseMarked(reader, token);
    default:
      throw malformed("Unexpected term");
  }
}

function parseWord(reader: TokenReader, token: Token): Expression {
  const span = spanOf(token);
  switch (token.text) {
    case "true":
    case "false":
      reader.take();
      return Object.freeze({ kind: "literal", type: "boolean", value: token.text === "true", span });
    case "null":
    case "missing":
      reader.take();
      return Object.freeze({ kind: "literal", type: token.text, span });
    case "from":
      // `SELCT * FROM …` reads as a product with an update that begins with FROM; what people are told is what is missing from that update.
      throw malformed("Expected data manipulation");
    default:
      if (!FUNCTION_WORDS.has(token.text) || reader.following.text !== "(") throw malformed("Unexpected keyword");
      reader.take();
      return parseCall(reader, token);
  }
}

function parseCall(reader: TokenReader, name: Token): Call {
  reader.take();
  let given: Call["arguments"] = [];
  if (reader.is("operator", "*")) {
    if (name.text.toLowerCase() !== "count") throw malformed(`${name.text}(*) is not allowed`);
    reader.take();
    given = "*";
  } else if (!reader.is("mark", ")")) {
    given = reader.nested(() => parseExpressions(reader));
  }
  reader.expectMark(")");
  return Object.freeze({ kind: "call", name: name.text.toLowerCase(), arguments: given, span: spanOf(name) });
}

function parseMarked(reader: TokenReader, token: Token): Expression {
  const span = spanOf(token);
  switch (token.text) {
    case "(": {
      reader.take();
      if (reader.is("mark", ")")) throw malformed("Expression group cannot be empty");
      const elements = reader.nested(() => parseList(reader, ")"));
      return elements.length === 1 ? elements[0]! : Object.freeze({ kind: "list", elements, span });
    }
    case "[":
      reader.take();
      return Object.freeze({ kind: "list", elements: reader.nested(() => parseList(reader, "]")), span });
    case "<<":
      reader.take();
      return Object.freeze({ kind: "bag", elements: reader.nested(() => parseList(reader, ">>")), span });
    case "{":
      reader.take();
      return Object.freeze({ kind: "tuple", members: reader.nested(() => parseMembers(reader)), span });
    default:
      throw malformed("Unexpected term");
  }
}

/** Expressions up to the closing mark, which is taken as well. */
function parseList(reader: TokenReader, closing: ")" | "]" | ">>"): readonly Expression[] {
  if (reader.accept("mark", closing)) return NOTHING;
  const elements = parseExpressions(reader);
  reader.expectMark(closing);
  return elements;
}

const NOTHING: readonly Expression[] = Object.freeze([]);

function parseExpressions(reader: TokenReader): readonly Expression[] {
  const elements = [parseExpression(reader)];
  while (reader.accept("mark", ",")) elements.push(parseExpression(reader));
  return Object.freeze(elements);
}

function parseMembers(reader: TokenReader): readonly { readonly name: Expression; readonly value: Expression }[] {
  const members: { readonly name: Expression; readonly value: Expression }[] = [];
  if (reader.accept("mark", "}")) return Object.freeze(members);
  do {
    const name = parseExpression(reader);
    reader.expectMark(":");
    members.push(Object.freeze({ name, value: parseExpression(reader) }));
  } while (reader.accept("mark", ","));
  reader.expectMark("}");
  return Object.freeze(members);
}

function spanOf({ start, end }: Span): Span {
  return Object.freeze({ start, end });
}
