/**
 * Expressions as parsed: frozen trees in which names and values are still placeholders, so that one tree serves all requests with the same text
 * (developer guide, "Condition and filter expressions, operators, and functions"; "Update expressions"; "Projection expressions").
 */

/** A step of a path: a name, an index of a list, or a `#name` (no literal name begins with `#`). */
export type PathPart = string | number;

export interface PathSyntax {
  readonly kind: "path";
  readonly parts: readonly PathPart[];
  /** Whether any part is a `#name`. */
  readonly hasPlaceholders: boolean;
}

/** A `:value`. */
export interface ValueSyntax {
  readonly kind: "value";
  readonly name: string;
}

export interface CallSyntax {
  readonly kind: "call";
  /** As written: names of functions are case-sensitive. */
  readonly name: string;
  readonly operands: readonly OperandSyntax[];
}

export type OperandSyntax = PathSyntax | ValueSyntax | CallSyntax;

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type ConditionSyntax =
  | { readonly kind: "and" | "or"; readonly of: readonly ConditionSyntax[] }
  | { readonly kind: "not"; readonly of: ConditionSyntax }
  | {
      readonly kind: "compare";
      readonly operator: Comparator;
      readonly left: OperandSyntax;
      readonly right: OperandSyntax;
    }
  | {
      readonly kind: "between";
      readonly operand: OperandSyntax;
      readonly low: OperandSyntax;
      readonly high: OperandSyntax;
    }
  | { readonly kind: "in"; readonly operand: OperandSyntax; readonly among: readonly OperandSyntax[] }
  | CallSyntax;

export interface ArithmeticSyntax {
  readonly kind: "arithmetic";
  readonly operator: "+" | "-";
  readonly left: OperandSyntax;
  readonly right: OperandSyntax;
}

export type ActionSyntax =
  | { readonly kind: "set"; readonly path: PathSyntax; readonly value: OperandSyntax | ArithmeticSyntax }
  | { readonly kind: "remove"; readonly path: PathSyntax }
  | { readonly kind: "add" | "delete"; readonly path: PathSyntax; readonly value: ValueSyntax };

export type SectionName = "SET" | "REMOVE" | "ADD" | "DELETE";

export interface SectionSyntax {
  readonly name: SectionName;
  readonly actions: readonly ActionSyntax[];
}

export type UpdateSyntax = readonly SectionSyntax[];
export type ProjectionSyntax = readonly PathSyntax[];
