/** Parsing of paths, values and calls: what conditions and updates have in common. */

import { listIndexMax, nestingMax } from "./limits.ts";
import type { CallSyntax, OperandSyntax, PathPart, PathSyntax } from "./syntax.ts";
import type { TokenCursor } from "./tokens.ts";

/** A cursor that also knows how deep it is, and which parentheses are redundant. */
export class ExpressionReader {
  readonly cursor: TokenCursor;
  /** Whether a path may go on behind a parenthesis, as in `(a.b).c`: it may in conditions. */
  readonly pathsLeaveGroups: boolean;
  /** Where the group that opens at a token closes. */
  readonly #closings = new Map<number, number>();
  #depth = 0;

  constructor(cursor: TokenCursor, pathsLeaveGroups: boolean) {
    this.cursor = cursor;
    this.pathsLeaveGroups = pathsLeaveGroups;
  }

  /** Reads `(…)`. @throws TableValidation for a parenthesis right around another */
  group<Inner>(readInner: () => Inner): Inner {
    const opening = this.cursor.index;
    this.cursor.expect("(");
    const inner = this.nested(readInner);
    const closing = this.cursor.index;
    this.cursor.expect(")");
    if (this.#closings.get(opening + 1) === closing - 1) throw this.#redundant();
    this.#closings.set(opening, closing);
    return inner;
  }

  /** Reads something one level further down. @throws TableValidation when there are too many levels to make sense */
  nested<Inner>(readInner: () => Inner): Inner {
    if (this.#depth >= nestingMax) throw this.#redundant();
    this.#depth++;
    const inner = readInner();
    this.#depth--;
    return inner;
  }

  #redundant(): Error {
    return this.cursor.problem("The expression has redundant parentheses;");
  }
}

/** A path, value or call, possibly in parentheses. */
export function parseOperand(reader: ExpressionReader): OperandSyntax {
  const { cursor } = reader;
  if (!cursor.isMark("(")) return parseBareOperand(reader);
  const inner = reader.group(() => parseOperand(reader));
  return continuePath(reader, inner);
}

/** A path, value or call. */
export function parseBareOperand(reader: ExpressionReader): OperandSyntax {
  const { cursor } = reader;
  if (cursor.current.kind === "value") return Object.freeze({ kind: "value", name: cursor.advance().text });
  if (cursor.current.kind === "word" && cursor.isName && isOpening(cursor)) return parseCall(reader);
  return parsePath(cursor);
}

/** What stood in parentheses, with the steps behind them if it is a path. */
export function continuePath<Inner extends { readonly kind: string }>(
  reader: ExpressionReader,
  inner: Inner,
): Inner | PathSyntax {
  if (!reader.pathsLeaveGroups || !isPath(inner)) return inner;
  const steps = parseSteps(reader.cursor, [...inner.parts]);
  return steps.length === inner.parts.length ? inner : pathOf(steps);
}

function isPath(syntax: { readonly kind: string }): syntax is PathSyntax {
  return syntax.kind === "path";
}

function isOpening(cursor: TokenCursor): boolean {
  return cursor.following.kind === "mark" && cursor.following.text === "(";
}

function parseCall(reader: ExpressionReader): CallSyntax {
  const { cursor } = reader;
  const name = cursor.advance().text;
  cursor.countOperator();
  cursor.expect("(");
  const operands = reader.nested(() => parseOperands(reader));
  cursor.expect(")");
  return Object.freeze({ kind: "call", name, operands });
}

/** Operands with commas between them, at least one. */
export function parseOperands(reader: ExpressionReader): readonly OperandSyntax[] {
  const operands = [parseOperand(reader)];
  while (reader.cursor.accept(",")) operands.push(parseOperand(reader));
  return Object.freeze(operands);
}

/** `name.name[0].#name`. */
export function parsePath(cursor: TokenCursor): PathSyntax {
  return pathOf(parseSteps(cursor, [parseName(cursor)]));
}

function parseSteps(cursor: TokenCursor, parts: PathPart[]): PathPart[] {
  for (;;) {
    if (cursor.accept(".")) parts.push(parseName(cursor));
    else if (cursor.accept("[")) parts.push(parseIndex(cursor));
    else return parts;
  }
}

function parseName(cursor: TokenCursor): string {
  if (!cursor.isName) throw cursor.unexpected();
  return cursor.advance().text;
}

function parseIndex(cursor: TokenCursor): number {
  if (cursor.current.kind !== "integer") throw cursor.unexpected();
  const { text } = cursor.advance();
  cursor.expect("]");
  const index = Number(text);
  if (index > listIndexMax) {
    throw cursor.problem(`List index is not within the allowable range; index: [${text}]`);
  }
  return index;
}

function pathOf(parts: readonly PathPart[]): PathSyntax {
  const hasPlaceholders = parts.some((part) => typeof part === "string" && part.startsWith("#"));
  return Object.freeze({ kind: "path", parts: Object.freeze(parts), hasPlaceholders });
}
