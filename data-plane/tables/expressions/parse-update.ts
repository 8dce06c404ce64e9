/** Parsing of updates. */

import { ExpressionReader, parseOperand, parsePath } from "./parse-operand.ts";
import type {
  ActionSyntax,
  ArithmeticSyntax,
  OperandSyntax,
  SectionName,
  SectionSyntax,
  UpdateSyntax,
} from "./syntax.ts";
import { TokenCursor } from "./tokens.ts";

const KEYWORDS: ReadonlySet<string> = new Set(["SET", "REMOVE", "ADD", "DELETE"]);

/** Reads an update. @throws TableValidation with AWS's syntax error */
export function parseUpdate(text: string): UpdateSyntax {
  const reader = new ExpressionReader(new TokenCursor("UpdateExpression", text, KEYWORDS), false);
  const sections: SectionSyntax[] = [];
  do sections.push(parseSection(reader));
  while (reader.cursor.current.kind !== "end");
  return Object.freeze(sections);
}

function parseSection(reader: ExpressionReader): SectionSyntax {
  const { cursor } = reader;
  const name = cursor.keyword as SectionName | undefined;
  if (name === undefined) throw cursor.unexpected();
  cursor.advance();
  const actions: ActionSyntax[] = [];
  do actions.push(Object.freeze(parseAction(reader, name)));
  while (cursor.accept(","));
  return Object.freeze({ name, actions: Object.freeze(actions) });
}

function parseAction(reader: ExpressionReader, section: SectionName): ActionSyntax {
  const { cursor } = reader;
  const path = parsePath(cursor);
  switch (section) {
    case "SET":
      cursor.expect("=");
      return { kind: "set", path, value: parseSetValue(reader) };
    case "REMOVE":
      return { kind: "remove", path };
    case "ADD":
    case "DELETE": {
      if (cursor.current.kind !== "value") throw cursor.unexpected();
      const value = Object.freeze({ kind: "value", name: cursor.advance().text } as const);
      return { kind: section === "ADD" ? "add" : "delete", path, value };
    }
  }
}

/** One operand, or a sum or difference of two; the whole may stand in parentheses. */
function parseSetValue(reader: ExpressionReader): OperandSyntax | ArithmeticSyntax {
  const { cursor } = reader;
  const left = cursor.isMark("(") ? reader.group(() => parseSetValue(reader)) : parseOperand(reader);
  if (left.kind === "arithmetic" || !(cursor.isMark("+") || cursor.isMark("-"))) return left;
  const operator = cursor.advance().text as "+" | "-";
  cursor.countOperator();
  return Object.freeze({ kind: "arithmetic", operator, left, right: parseOperand(reader) });
}
