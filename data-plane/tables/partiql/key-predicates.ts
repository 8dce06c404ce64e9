/** What a single condition says about the key. Pure. */
import type { KeyAttribute, RangeCondition } from "#data-plane/tables/engine";
import type { ConditionNode } from "#data-plane/tables/expressions";
import type { AttributeValue } from "#data-plane/tables/values";

/** The key of what is read: table or index. Multi-attribute keys are refused before. */
export interface ReadKey {
  readonly hash: KeyAttribute;
  readonly range?: KeyAttribute;
}

/** The values that `pk = v` and `pk IN [v, w]` name. */
export function hashValues(node: ConditionNode, { hash }: ReadKey): readonly AttributeValue[] | undefined {
  return valuesFor(node, hash.name);
}

function valuesFor(node: ConditionNode, name: string): readonly AttributeValue[] | undefined {
  if (node.kind === "in") {
    if (!isAttribute(node.operand, name)) return undefined;
    const values = node.among.flatMap((one) => (one.kind === "value" ? [one.value] : []));
    return values.length === node.among.length ? values : undefined;
  }
  const comparison = comparisonWith(node, name);
  return comparison?.operator === "=" ? [comparison.value] : undefined;
}

/** `name op value`, also when it is written the other way round. */
export function comparisonWith(
  node: ConditionNode,
  name: string,
): { readonly operator: "=" | "<>" | "<" | "<=" | ">" | ">="; readonly value: AttributeValue } | undefined {
  if (node.kind !== "compare") return undefined;
  const { operator, left, right } = node;
  if (isAttribute(left, name) && right.kind === "value") return { operator, value: right.value };
  if (isAttribute(right, name) && left.kind === "value") return { operator: MIRRORED[operator], value: left.value };
  return undefined;
}

const MIRRORED = { "=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

function isAttribute(operand: { readonly kind: string; readonly path?: readonly unknown[] }, name: string): boolean {
  return operand.kind === "path" && operand.path?.length === 1 && operand.path[0] === name;
}

/** A condition on the sort key that a query can have; undefined for any other. */
export function rangeConditions(node: ConditionNode, { range }: ReadKey): readonly RangeCondition[] | undefined {
  if (range === undefined) return undefined;
  const { name } = range;
  if (node.kind === "between" && isAttribute(node.operand, name)) {
    const { low, high } = node;
    return low.kind === "value" && high.kind === "value"
      ? [{ op: "BETWEEN", values: [low.value, high.value] }]
      : undefined;
  }
  if (node.kind === "begins-with" && isAttribute(node.operand, name)) {
    return node.prefix.kind === "value" ? [{ op: "begins_with", values: [node.prefix.value] }] : undefined;
  }
  if (node.kind === "in") return valuesFor(node, name)?.map((value) => ({ op: "=", values: [value] }));
  const comparison = comparisonWith(node, name);
  if (comparison === undefined || comparison.operator === "<>") return undefined;
  return [{ op: comparison.operator, values: [comparison.value] }];
}

/** NOT and `<>` about the sort key. */
export function excludes(node: ConditionNode, name: string): boolean {
  switch (node.kind) {
    case "and":
    case "or":
      return node.of.some((link) => excludes(link, name));
    case "not":
      return mentions(node.of, name);
    default:
      return comparisonWith(node, name)?.operator === "<>";
  }
}

function mentions(node: ConditionNode, name: string): boolean {
  switch (node.kind) {
    case "and":
    case "or":
      return node.of.some((link) => mentions(link, name));
    case "not":
      return mentions(node.of, name);
    case "compare":
      return isAttribute(node.left, name) || isAttribute(node.right, name);
    case "exists":
    case "not-exists":
      return node.path.length === 1 && node.path[0] === name;
    default:
      return isAttribute(node.operand, name);
  }
}
