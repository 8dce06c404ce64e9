/** Deciding conditions on items (developer guide, "Comparison operator and function reference"). */

import {
  type AttributeValue,
  attributeOf,
  base64Size,
  compareValues,
  equalValues,
  type Item,
  typeOf,
} from "../values/index.ts";
import type { Path } from "./bindings.ts";
import type { Condition, ConditionNode, Operand } from "./condition.ts";
import type { Comparator } from "./syntax.ts";

const NOTHING: Item = Object.freeze({});

/**
 * Whether an item meets a condition.
 *
 * @param item in canonical form; undefined when there is no item, which has no attributes
 */
export function matches(condition: Condition, item: Item | undefined): boolean {
  return holds(condition.root, item ?? NOTHING);
}

function holds(node: ConditionNode, item: Item): boolean {
  switch (node.kind) {
    case "and":
      for (const link of node.of) if (!holds(link, item)) return false;
      return true;
    case "or":
      for (const link of node.of) if (holds(link, item)) return true;
      return false;
    case "not":
      return !holds(node.of, item);
    case "compare":
      return compare(node.operator, operandValue(node.left, item), operandValue(node.right, item));
    case "between": {
      const value = operandValue(node.operand, item);
      return compare(">=", value, operandValue(node.low, item)) && compare("<=", value, operandValue(node.high, item));
    }
    case "in": {
      const value = operandValue(node.operand, item);
      return value !== undefined && node.among.some((other) => compare("=", value, operandValue(other, item)));
    }
    case "exists":
      return valueAt(item, node.path) !== undefined;
    case "not-exists":
      return valueAt(item, node.path) === undefined;
    case "type": {
      const value = operandValue(node.operand, item);
      return value !== undefined && typeOf(value) === node.type;
    }
    case "begins-with":
      return beginsWith(operandValue(node.operand, item), operandValue(node.prefix, item));
    case "contains":
      return contains(operandValue(node.operand, item), operandValue(node.element, item));
  }
}

/** The value at a path of an item; undefined where a step leads nowhere. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value = attributeOf(item, path[0]);
  for (let i = 1; i < path.length && value !== undefined; i++) {
    const part = path[i]!;
    if (typeof part === "number") value = "L" in value ? value.L[part] : undefined;
    else value = "M" in value ? attributeOf(value.M, part) : undefined;
  }
  return value;
}

function operandValue(operand: Operand, item: Item): AttributeValue | undefined {
  switch (operand.kind) {
    case "path":
      return valueAt(item, operand.path);
    case "value":
      return operand.value;
    case "size": {
      const size = sizeOf(operandValue(operand.of, item));
      return size === undefined ? undefined : { N: String(size) };
    }
  }
}

/** What `size()` answers; undefined for types that have none. */
function sizeOf(value: AttributeValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  // AWS counts UTF-16 units here, although items are measured in UTF-8.
  if ("S" in value) return value.S.length;
  if ("B" in value) return base64Size(value.B);
  if ("L" in value) return value.L.length;
  if ("M" in value) return Object.keys(value.M).length;
  if ("SS" in value) return value.SS.length;
  if ("NS" in value) return value.NS.length;
  if ("BS" in value) return value.BS.length;
  return undefined;
}

/** What is not there equals nothing, and differs from everything; values of different types have no order. */
function compare(operator: Comparator, left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  if (left === undefined || right === undefined) return operator === "<>";
  if (operator === "=") return equalValues(left, right);
  if (operator === "<>") return !equalValues(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function beginsWith(value: AttributeValue | undefined, prefix: AttributeValue | undefined): boolean {
  if (value === undefined || prefix === undefined) return false;
  if ("S" in value) return "S" in prefix && value.S.startsWith(prefix.S);
  if (!("B" in value && "B" in prefix)) return false;
  const length = base64Size(prefix.B);
  // Four characters hold three bytes: only the beginning of a large value is decoded.
  const beginning = bytesOf(value.B.slice(0, Math.ceil(length / 3) * 4));
  return beginning.subarray(0, length).equals(bytesOf(prefix.B));
}

/** A substring, an element of a set, or an element of a list. */
function contains(value: AttributeValue | undefined, element: AttributeValue | undefined): boolean {
  if (value === undefined || element === undefined) return false;
  if ("S" in value) return "S" in element && value.S.includes(element.S);
  if ("B" in value) return "B" in element && bytesOf(value.B).includes(bytesOf(element.B));
  if ("SS" in value) return "S" in element && value.SS.includes(element.S);
  if ("NS" in value) return "N" in element && value.NS.includes(element.N);
  if ("BS" in value) return "B" in element && value.BS.includes(element.B);
  if ("L" in value) return value.L.some((member) => equalValues(member, element));
  return false;
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, "base64");
}
