/** Parsing of conditions, filters and key conditions: one grammar. */

import type { ExpressionParameter } from "./invalid-expression.ts";
import { continuePath, ExpressionReader, parseBareOperand, parseOperand, parseOperands } from "./parse-operand.ts";
import type { Comparator, ConditionSyntax, OperandSyntax } from "./syntax.ts";
import { TokenCursor } from "./tokens.ts";

const KEYWORDS: ReadonlySet<string> = new Set(["AND", "OR", "NOT", "BETWEEN", "IN"]);
const COMPARATORS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

/**
 * Reads a condition.
 *
 * A parenthesis may hold a condition or an operand, which shows only behind it: `(a) = :v`, `(a = :v)`. So what stands in one is read as either,
 * and taken for a condition when something needs one. Calls are both.
 *
 * @throws TableValidation with AWS's syntax error
 */
export function parseCondition(parameter: ExpressionParameter, text: string): ConditionSyntax {
  const reader = new ExpressionReader(new TokenCursor(parameter, text, KEYWORDS), true);
  const condition = asCondition(reader, parseOr(reader));
  if (reader.cursor.current.kind !== "end") throw reader.cursor.unexpected();
  return condition;
}

type Either = ConditionSyntax | OperandSyntax;

function asCondition(reader: ExpressionReader, either: Either): ConditionSyntax {
  // A comparison, BETWEEN or IN would have had to follow.
  if (either.kind === "path" || either.kind === "value") throw reader.cursor.unexpected();
  return either;
}

function isOperand(either: Either): either is OperandSyntax {
  return either.kind === "path" || either.kind === "value" || either.kind === "call";
}

function parseOr(reader: ExpressionReader): Either {
  return parseChain(reader, "OR", parseAnd);
}

function parseAnd(reader: ExpressionReader): Either {
  return parseChain(reader, "AND", parseNot);
}

function parseChain(
  reader: ExpressionReader,
  word: "AND" | "OR",
  parseLink: (reader: ExpressionReader) => Either,
): Either {
  const first = parseLink(reader);
  if (reader.cursor.keyword !== word) return first;
  const of = [asCondition(reader, first)];
  while (reader.cursor.acceptKeyword(word)) {
    reader.cursor.countOperator();
    of.push(asCondition(reader, parseLink(reader)));
  }
  return Object.freeze({ kind: word === "AND" ? "and" : "or", of: Object.freeze(of) });
}

function parseNot(reader: ExpressionReader): Either {
  if (!reader.cursor.acceptKeyword("NOT")) return parseComparison(reader);
  reader.cursor.countOperator();
  const of = reader.nested(() => asCondition(reader, parseNot(reader)));
  return Object.freeze({ kind: "not", of });
}

function parseComparison(reader: ExpressionReader): Either {
  const left = parsePrimary(reader);
  if (!isOperand(left)) return left;
  const { cursor } = reader;
  if (cursor.current.kind === "mark" && COMPARATORS.has(cursor.current.text)) {
    const operator = cursor.advance().text as Comparator;
    cursor.countOperator();
    return Object.freeze({ kind: "compare", operator, left, right: parseOperand(reader) });
  }
  if (cursor.acceptKeyword("BETWEEN")) {
    cursor.countOperator();
    const low = parseOperand(reader);
    if (!cursor.acceptKeyword("AND")) throw cursor.unexpected();
    return Object.freeze({ kind: "between", operand: left, low, high: parseOperand(reader) });
  }
  if (cursor.acceptKeyword("IN")) {
    cursor.countOperator();
    cursor.expect("(");
    const among = reader.nested(() => parseOperands(reader));
    cursor.expect(")");
    return Object.freeze({ kind: "in", operand: left, among });
  }
  return left;
}

function parsePrimary(reader: ExpressionReader): Either {
  if (!reader.cursor.isMark("(")) return parseBareOperand(reader);
  const inner = reader.group(() => parseOr(reader));
  return continuePath<Either>(reader, inner);
}
