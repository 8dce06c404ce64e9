/** Key conditions: what part of a table or index a Query reads. */

import { type AttributeValue, type ScalarKeyType, TableValidation, typeOf } from "../values/index.ts";
import type { Bindings, Path } from "./bindings.ts";
import { bindCondition } from "./compile-condition.ts";
import type { ConditionNode, Operand } from "./condition.ts";

const PARAMETER = "KeyConditionExpression";

/** One attribute of a key. */
export interface KeyAttributeSchema {
  readonly name: string;
  readonly type: ScalarKeyType;
}

/** The key of a table or index: one hash attribute and at most one range attribute, or up to four of each in a global index. */
export interface KeySchema {
  readonly hash: readonly KeyAttributeSchema[];
  readonly range: readonly KeyAttributeSchema[];
}

export type RangeOperator = "=" | "<" | "<=" | ">" | ">=" | "BETWEEN" | "begins_with";

/** A condition on one range attribute. */
export interface RangeCondition {
  readonly op: RangeOperator;
  /** Two for BETWEEN (lower, upper), one otherwise; of the attribute's type. */
  readonly values: readonly AttributeValue[];
}

/** What a Query reads. Plain data. Made by `compileKeyCondition` and `lowerKeyConditions`. */
export interface KeyCondition {
  /** One value for each hash attribute, in the order of the schema. */
  readonly hash: readonly AttributeValue[];
  /** Conditions on the first range attributes, in the order of the schema: `=` on all but the last. Absent when there are none. */
  readonly range?: readonly RangeCondition[];
}

/**
 * Compiles a KeyConditionExpression for the key of what is read.
 * @throws TableValidation
 */
export function compileKeyCondition(text: string, bindings: Bindings, keys: KeySchema): KeyCondition {
  return keyConditionOf(readKeyConditions(text, bindings), keys);
}

/** The conditions of a KeyConditionExpression by attribute, before it is known what is read. */
export type AttributeConditions = ReadonlyMap<string, RangeCondition>;

/**
 * The first half of {@link compileKeyCondition}: everything that AWS reports before it looks for the table.
 * @throws TableValidation
 */
export function readKeyConditions(text: string, bindings: Bindings): AttributeConditions {
  const { root } = bindCondition(text, bindings, PARAMETER);
  const conditions = new Map<string, RangeCondition>();
  collect(root, conditions);
  return conditions;
}

/**
 * The second half: the conditions put into the order of a key.
 * @throws TableValidation for attributes that are missing or of another type, and for what no index can answer
 */
export function keyConditionOf(conditions: AttributeConditions, keys: KeySchema): KeyCondition {
  const attributes = keys.hash.length + keys.range.length;
  if (conditions.size > attributes) {
    throw new TableValidation(
      `The number of query conditions (${conditions.size}) exceeds the number of key attributes defined in the schema (${attributes})`,
    );
  }
  const hash = keys.hash.map((attribute) => hashValue(conditions, attribute));
  const ranged = keys.range.filter(({ name }) => conditions.has(name));
  if (conditions.size > hash.length + ranged.length) {
    // One is on an attribute outside the key. There are not too many, so the key lacks one.
    throw missedElement(keys.range.find(({ name }) => !conditions.has(name))!.name);
  }
  const last = ranged.at(-1);
  if (last === undefined) return { hash };
  return { hash, range: rangeConditions(conditions, keys.range.slice(0, keys.range.indexOf(last) + 1)) };
}

function missedElement(name: string): TableValidation {
  return new TableValidation(`Query condition missed key schema element: ${name}`);
}

function hashValue(conditions: AttributeConditions, attribute: KeyAttributeSchema): AttributeValue {
  const condition = conditions.get(attribute.name);
  if (condition === undefined) throw missedElement(attribute.name);
  assertType(condition, attribute);
  if (condition.op !== "=") throw new TableValidation("Query key condition not supported");
  return condition.values[0]!;
}

function rangeConditions(
  conditions: AttributeConditions,
  attributes: readonly KeyAttributeSchema[],
): readonly RangeCondition[] {
  const last = attributes[attributes.length - 1]!;
  const loose = attributes.slice(0, -1).filter(({ name }) => conditions.get(name)?.op !== "=");
  if (loose.length > 0) {
    throw new TableValidation(
      `RANGE key attributes ${loose.map(({ name }) => name).join(", ")} must have equality conditions specified in the query ` +
        `because a condition is present on key attribute ${last.name}`,
    );
  }
  return attributes.map((attribute) => {
    const condition = conditions.get(attribute.name)!;
    assertType(condition, attribute);
    return condition;
  });
}

function assertType(condition: RangeCondition, attribute: KeyAttributeSchema): void {
  for (const value of condition.values) {
    if (typeOf(value) !== attribute.type) {
      throw new TableValidation(
        "One or more parameter values were invalid: Condition parameter type does not match schema type",
      );
    }
    const isEmpty = ("S" in value && value.S === "") || ("B" in value && value.B === "");
    if (isEmpty) {
      throw new TableValidation(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty " +
          `${attribute.type === "S" ? "string" : "binary"} value. Key: ${attribute.name}`,
      );
    }
  }
}

/** Takes a condition apart into conditions on attributes, joined by AND. */
function collect(node: ConditionNode, conditions: Map<string, RangeCondition>): void {
  switch (node.kind) {
    case "and":
      for (const link of node.of) collect(link, conditions);
      return;
    case "or":
    case "not":
    case "in":
      throw invalidOperator(node.kind.toUpperCase());
    case "exists":
      throw invalidOperator("attribute_exists");
    case "not-exists":
      throw invalidOperator("attribute_not_exists");
    case "type":
      throw invalidOperator("attribute_type");
    case "contains":
      throw invalidOperator("contains");
    case "compare":
      if (node.operator === "<>") throw invalidOperator("<>");
      collectComparison(node.operator, node.left, node.right, conditions);
      return;
    case "between":
      assertAttributeFirst("BETWEEN", node.operand);
      add("BETWEEN", [node.operand, node.low, node.high], conditions);
      return;
    case "begins-with":
      assertAttributeFirst("begins_with", node.operand);
      add("begins_with", [node.operand, node.prefix], conditions);
  }
}

const mirrored = { "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

function collectComparison(
  operator: keyof typeof mirrored,
  left: Operand,
  right: Operand,
  conditions: Map<string, RangeCondition>,
): void {
  const isMirrored = left.kind === "value" && right.kind === "path";
  add(isMirrored ? mirrored[operator] : operator, [left, right], conditions);
}

/** Adds a condition whose operands are one attribute and values. */
function add(op: RangeOperator, operands: readonly Operand[], conditions: Map<string, RangeCondition>): void {
  let attribute: Path | undefined;
  const values: AttributeValue[] = [];
  for (const operand of operands) {
    if (operand.kind === "size") {
      throw new TableValidation("KeyConditionExpressions cannot contain nested operations");
    }
    if (operand.kind === "value") {
      values.push(operand.value);
      continue;
    }
    if (attribute !== undefined) throw invalidKeyCondition("Multiple attribute names used in one condition");
    if (operand.path.length > 1) {
      throw new TableValidation("KeyConditionExpressions cannot have conditions on nested attributes");
    }
    attribute = operand.path;
  }
  if (attribute === undefined) throw invalidKeyCondition("No key attribute specified");
  const [name] = attribute;
  if (conditions.has(name)) {
    throw new TableValidation(`Invalid ${PARAMETER}: KeyConditionExpressions must only contain one condition per key`);
  }
  conditions.set(name, { op, values });
}

function assertAttributeFirst(operator: string, operand: Operand): void {
  if (operand.kind !== "path") {
    throw invalidKeyCondition(`${operator} operator must have the key attribute as its first operand`);
  }
}

function invalidOperator(operator: string): TableValidation {
  return new TableValidation(`Invalid operator used in ${PARAMETER}: ${operator}`);
}

function invalidKeyCondition(problem: string): TableValidation {
  return new TableValidation(`Invalid condition in ${PARAMETER}: ${problem}`);
}
