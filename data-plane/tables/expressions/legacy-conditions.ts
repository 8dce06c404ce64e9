/** Expected, QueryFilter, ScanFilter and KeyConditions, as the conditions that expressions would have given. */

import { type AttributeValue, normalizeValue, TableValidation } from "../values/index.ts";
import type { Condition, ConditionNode } from "./condition.ts";
import type { AttributeConditions, KeyCondition, KeySchema, RangeCondition, RangeOperator } from "./key-condition.ts";
import { keyConditionOf } from "./key-condition.ts";
import { type ComparisonOperator, comparisonNode, comparisonValues, requireOperator } from "./legacy-comparison.ts";

/** A member of QueryFilter, ScanFilter or KeyConditions, as sent. */
export interface LegacyCondition {
  readonly ComparisonOperator?: unknown;
  readonly AttributeValueList?: readonly unknown[] | null;
}

/** A member of Expected, as sent. */
export interface ExpectedAttribute extends LegacyCondition {
  readonly Value?: unknown;
  readonly Exists?: boolean | null;
}

type ByAttribute<Member> = { readonly [attribute: string]: Member };

const INVALID = "One or more parameter values were invalid: ";

/**
 * Lowers Expected, the condition of PutItem, UpdateItem and DeleteItem.
 *
 * @param operator ConditionalOperator
 * @returns undefined when nothing is expected
 * @throws TableValidation
 */
export function lowerExpected(
  expected: ByAttribute<ExpectedAttribute> | undefined,
  operator?: string,
): Condition | undefined {
  return join(expected, operator, (name, member) => {
    if (member !== null) return expectedNode(name, member);
    throw new TableValidation(`${INVALID}ExpectedAttributeValue must not be null for Attribute: ${name}`);
  });
}

/**
 * Lowers QueryFilter or ScanFilter.
 *
 * @param operator ConditionalOperator
 * @returns undefined when nothing is filtered
 * @throws TableValidation
 */
export function lowerFilter(
  filter: ByAttribute<LegacyCondition> | undefined,
  operator?: string,
): Condition | undefined {
  return join(filter, operator, (name, condition) => {
    const { comparison, values } = comparisonOf(name, condition);
    return comparisonNode(name, comparison, values);
  });
}

function join<Member>(
  conditions: ByAttribute<Member> | undefined,
  operator: string | undefined,
  nodeOf: (name: string, member: Member | null) => ConditionNode,
): Condition | undefined {
  const attributes = Object.keys(conditions ?? {});
  if (operator !== undefined) assertJoinable(operator, conditions === undefined, attributes.length);
  if (conditions === undefined || attributes.length === 0) return undefined;
  const of = attributes.map((name) => nodeOf(name, conditions[name] ?? null));
  const root = of.length === 1 ? of[0]! : ({ kind: operator === "OR" ? "or" : "and", of } as const);
  return { root, attributes, documents: [] };
}

/** @throws TableValidation */
function comparisonOf(name: string, condition: LegacyCondition | null) {
  if (condition === null) throw new TableValidation(`The filter condition for an attribute cannot be null: ${name}`);
  const comparison = requireOperator(condition.ComparisonOperator);
  return { comparison, values: comparisonValues(comparison, condition.AttributeValueList ?? []) };
}

function assertJoinable(operator: string, isAbsent: boolean, count: number): void {
  if (isAbsent) throw new TableValidation("ConditionalOperator cannot be used without Filter or Expected");
  if (count < 2) {
    throw new TableValidation("ConditionalOperator can only be used when Filter or Expected has two or more elements");
  }
  if (operator !== "AND" && operator !== "OR") {
    throw new TableValidation(
      `1 validation error detected: Value '${operator}' at 'conditionalOperator' failed to satisfy constraint: ` +
        "Member must satisfy enum value set: [OR, AND]",
    );
  }
}

function expectedNode(name: string, expected: ExpectedAttribute): ConditionNode {
  const { ComparisonOperator: sentOperator, AttributeValueList: list, Value: value, Exists: exists } = expected;
  const hasList = list !== undefined && list !== null;
  const hasValue = value !== undefined && value !== null;
  const hasExists = exists !== undefined && exists !== null;
  if (hasList && hasValue) {
    throw new TableValidation(`${INVALID}Value and AttributeValueList cannot be used together for Attribute: ${name}`);
  }
  if (sentOperator !== undefined && sentOperator !== null) {
    const operator = requireOperator(sentOperator);
    if (hasExists) {
      throw new TableValidation(
        `${INVALID}Exists and ComparisonOperator cannot be used together for Attribute: ${name}`,
      );
    }
    if (operator !== "NULL" && operator !== "NOT_NULL" && !hasList && !hasValue) {
      throw new TableValidation(
        `${INVALID}Value or AttributeValueList must be used with ComparisonOperator: ${operator} for Attribute: ${name}`,
      );
    }
    return comparisonNode(name, operator, comparisonValues(operator, list ?? (hasValue ? [value] : [])));
  }
  if (hasList) {
    throw new TableValidation(
      `${INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: ${name}`,
    );
  }
  if (exists === false) {
    if (!hasValue) return comparisonNode(name, "NULL", []);
    throw new TableValidation(`${INVALID}Value cannot be used when Exists is false for Attribute: ${name}`);
  }
  if (!hasValue) {
    throw new TableValidation(
      `${INVALID}Value must be provided when Exists is ${hasExists ? "true" : "null"} for Attribute: ${name}`,
    );
  }
  return comparisonNode(name, "EQ", [normalizeValue(value)]);
}

const rangeOperators: Readonly<Partial<Record<ComparisonOperator, RangeOperator>>> = {
  EQ: "=",
  LE: "<=",
  LT: "<",
  GE: ">=",
  GT: ">",
  BETWEEN: "BETWEEN",
  BEGINS_WITH: "begins_with",
};

/**
 * Lowers KeyConditions for the key of what is read.
 * @throws TableValidation
 */
export function lowerKeyConditions(conditions: ByAttribute<LegacyCondition>, keys: KeySchema): KeyCondition {
  return keyConditionOf(readLegacyKeyConditions(conditions), keys);
}

/** The first half of {@link lowerKeyConditions}: what AWS reports before it looks for the table. @throws TableValidation */
export function readLegacyKeyConditions(conditions: ByAttribute<LegacyCondition>): AttributeConditions {
  const comparisons = Object.keys(conditions).map((name) => ({
    name,
    ...comparisonOf(name, conditions[name] ?? null),
  }));
  if (comparisons.length === 0) throw new TableValidation("Conditions can be of length 1 or 2 only");
  return new Map(comparisons.map(({ name, comparison, values }) => [name, rangeCondition(comparison, values)]));
}

function rangeCondition(operator: ComparisonOperator, values: readonly AttributeValue[]): RangeCondition {
  const op = rangeOperators[operator];
  if (op === undefined) {
    throw new TableValidation("Attempted conditional constraint is not an indexable operation");
  }
  return { op, values };
}
