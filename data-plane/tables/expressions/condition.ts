/** Conditions ready to be evaluated: plain data without placeholders, which may be cloned into another thread. */

import { type AttributeValue, TableValidation, type ValueType } from "../values/index.ts";
import type { Path } from "./bindings.ts";
import type { Comparator, PathPart } from "./syntax.ts";

/** What stands on one side of an operator. */
export type Operand =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "size"; readonly of: Operand };

/** One node of a condition. */
export type ConditionNode =
  | { readonly kind: "and" | "or"; readonly of: readonly ConditionNode[] }
  | { readonly kind: "not"; readonly of: ConditionNode }
  | { readonly kind: "compare"; readonly operator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "between"; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: "in"; readonly operand: Operand; readonly among: readonly Operand[] }
  | { readonly kind: "exists" | "not-exists"; readonly path: Path }
  | { readonly kind: "type"; readonly operand: Operand; readonly type: ValueType }
  | { readonly kind: "begins-with"; readonly operand: Operand; readonly prefix: Operand }
  | { readonly kind: "contains"; readonly operand: Operand; readonly element: Operand };

/** The attributes that an expression mentions. */
export interface Mentions {
  /** Names of top-level attributes, each once. */
  readonly attributes: readonly string[];
  /** Those of them that are taken for a map or a list, each once. */
  readonly documents: readonly string[];
}

/** A condition of a write, or a filter. Made by `compileCondition`, `lowerExpected` and `lowerFilter`; decided by `matches`. */
export interface Condition extends Mentions {
  readonly root: ConditionNode;
}

/** Collects mentions. */
export class MentionList implements Mentions {
  readonly attributes: string[] = [];
  readonly documents: string[] = [];

  add(path: readonly [string, ...PathPart[]]): void {
    const [name] = path;
    if (!this.attributes.includes(name)) this.attributes.push(name);
    if (path.length > 1 && !this.documents.includes(name)) this.documents.push(name);
  }
}

/**
 * Checks that key attributes are not taken for documents.
 *
 * @param keys names of the key attributes of the table, and of the index that is read
 * @throws TableValidation
 */
export function assertKeysAreScalars(mentions: Mentions, keys: readonly string[]): void {
  const key = keys.find((name) => mentions.documents.includes(name));
  if (key === undefined) return;
  throw new TableValidation(
    `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: ${key}`,
  );
}

/**
 * Checks that the filter of a Query leaves the key to the key condition.
 *
 * @param keys names of the key attributes of what is read
 * @param parameter as the message names it
 * @throws TableValidation
 */
export function assertNoKeyAttributes(
  filter: Mentions,
  keys: readonly string[],
  parameter: "Filter Expression" | "QueryFilter" = "Filter Expression",
): void {
  const key = keys.find((name) => filter.attributes.includes(name));
  if (key === undefined) return;
  throw new TableValidation(`${parameter} can only contain non-primary key attributes: Primary key attribute: ${key}`);
}
