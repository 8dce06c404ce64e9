/** Comparisons of the parameters that came before expressions (API reference, "Legacy conditional parameters"). */

import {
  type AttributeValue,
  compareValues,
  normalizeValue,
  TableValidation,
  typeOf,
  type ValueType,
} from "../values/index.ts";
import type { ConditionNode, Operand } from "./condition.ts";
import type { Comparator } from "./syntax.ts";

/** Values of ComparisonOperator. */
export type ComparisonOperator =
  | "EQ"
  | "NE"
  | "IN"
  | "LE"
  | "LT"
  | "GE"
  | "GT"
  | "BETWEEN"
  | "NOT_NULL"
  | "NULL"
  | "CONTAINS"
  | "NOT_CONTAINS"
  | "BEGINS_WITH";

/** How many values an operator takes, and of which types; without types: of any. */
interface OperatorRule {
  readonly min: number;
  readonly max: number;
  readonly types?: ReadonlySet<ValueType>;
}

const scalars: ReadonlySet<ValueType> = new Set(["S", "N", "B"]);
const prefixes: ReadonlySet<ValueType> = new Set(["S", "B"]);
const rules: Readonly<Record<ComparisonOperator, OperatorRule>> = {
  EQ: { min: 1, max: 1 },
  NE: { min: 1, max: 1 },
  IN: { min: 1, max: Number.POSITIVE_INFINITY, types: scalars },
  LE: { min: 1, max: 1, types: scalars },
  LT: { min: 1, max: 1, types: scalars },
  GE: { min: 1, max: 1, types: scalars },
  GT: { min: 1, max: 1, types: scalars },
  BETWEEN: { min: 2, max: 2, types: scalars },
  NOT_NULL: { min: 0, max: 0 },
  NULL: { min: 0, max: 0 },
  CONTAINS: { min: 1, max: 1, types: scalars },
  NOT_CONTAINS: { min: 1, max: 1, types: scalars },
  BEGINS_WITH: { min: 1, max: 1, types: prefixes },
};

const INVALID = "One or more parameter values were invalid: ";

/** Whether a text names an operator. */
export function isComparisonOperator(text: unknown): text is ComparisonOperator {
  return typeof text === "string" && Object.hasOwn(rules, text);
}

/** @throws TableValidation for a text that names no operator */
export function requireOperator(text: unknown): ComparisonOperator {
  if (isComparisonOperator(text)) return text;
  throw new TableValidation(
    `1 validation error detected: Value '${String(text)}' at 'comparisonOperator' failed to satisfy constraint: ` +
      "Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]",
  );
}

/**
 * Checks an operator's values and makes them canonical.
 * @throws TableValidation for their number, their types, and a BETWEEN that is upside down; InvalidValue for a value
 */
export function comparisonValues(operator: ComparisonOperator, sent: readonly unknown[]): readonly AttributeValue[] {
  const values = sent.map(normalizeValue);
  const rule = rules[operator];
  if (values.length < rule.min || values.length > rule.max) {
    throw new TableValidation(`${INVALID}Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  }
  const [first] = values;
  if (first !== undefined && values.some((value) => typeOf(value) !== typeOf(first))) {
    throw new TableValidation(`${INVALID}AttributeValues inside AttributeValueList must be of same type`);
  }
  if (first !== undefined && rule.types?.has(typeOf(first)) === false) {
    throw new TableValidation(
      `${INVALID}ComparisonOperator ${operator} is not valid for ${typeOf(first)} AttributeValue type`,
    );
  }
  if (operator === "BETWEEN" && compareValues(first!, values[1]!)! > 0) {
    throw new TableValidation(
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    );
  }
  return values;
}

const comparators: Readonly<Partial<Record<ComparisonOperator, Comparator>>> = {
  EQ: "=",
  NE: "<>",
  LE: "<=",
  LT: "<",
  GE: ">=",
  GT: ">",
};

/** The condition that an operator with its values is on one attribute. */
export function comparisonNode(
  name: string,
  operator: ComparisonOperator,
  values: readonly AttributeValue[],
): ConditionNode {
  const path = [name] as const;
  const operand: Operand = { kind: "path", path };
  const operands = values.map((value): Operand => ({ kind: "value", value }));
  const comparator = comparators[operator];
  if (comparator !== undefined) return { kind: "compare", operator: comparator, left: operand, right: operands[0]! };
  switch (operator) {
    case "NULL":
      return { kind: "not-exists", path };
    case "NOT_NULL":
      return { kind: "exists", path };
    case "IN":
      return { kind: "in", operand, among: operands };
    case "BETWEEN":
      return { kind: "between", operand, low: operands[0]!, high: operands[1]! };
    case "BEGINS_WITH":
      return { kind: "begins-with", operand, prefix: operands[0]! };
    case "NOT_CONTAINS": {
      // What is not there does not contain anything, but does not meet this condition either.
      const contains: ConditionNode = { kind: "contains", operand, element: operands[0]! };
      return {
        kind: "and",
        of: [
          { kind: "exists", path },
          { kind: "not", of: contains },
        ],
      };
    }
    default:
      return { kind: "contains", operand, element: operands[0]! };
  }
}
