/** Conditions as they are put together: chains stay flat, and what holds always or never is a chain without links. */
import type { Condition, ConditionNode } from "#data-plane/tables/expressions";

export const ALWAYS: ConditionNode = Object.freeze({ kind: "and", of: [] });
export const NEVER: ConditionNode = Object.freeze({ kind: "or", of: [] });

/** Whether a condition holds whatever the item. */
export function isAlways(node: ConditionNode): boolean {
  return node.kind === "and" && node.of.length === 0;
}

/** What holds where the other does not. */
export function negate(node: ConditionNode): ConditionNode {
  return node.kind === "not" ? node.of : { kind: "not", of: node };
}

/** All of them. */
export function conjunction(links: readonly ConditionNode[]): ConditionNode {
  return joined("and", links);
}

/** Any of them. */
export function disjunction(links: readonly ConditionNode[]): ConditionNode {
  return joined("or", links);
}

function joined(kind: "and" | "or", links: readonly ConditionNode[]): ConditionNode {
  // What never holds stays in its conjunction: the links beside it say which item is meant.
  if (kind === "or" && links.some(isAlways)) return ALWAYS;
  const nodes = links.flatMap((link) => (link.kind === kind ? link.of : [link]));
  return nodes.length === 1 ? nodes[0]! : { kind, of: nodes };
}

/** Nodes of a condition. */
export function sizeOf(node: ConditionNode): number {
  if (node.kind === "not") return 1 + sizeOf(node.of);
  if (node.kind !== "and" && node.kind !== "or") return 1;
  let size = 1;
  for (const link of node.of) size += sizeOf(link);
  return size;
}

/** The condition with what it says about attributes. */
export function conditionOf(root: ConditionNode): Condition {
  const attributes = new Set<string>();
  const documents = new Set<string>();
  collect(root, (path) => {
    attributes.add(path[0]);
    if (path.length > 1) documents.add(path[0]);
  });
  return { root, attributes: [...attributes], documents: [...documents] };
}

type Operands = Extract<ConditionNode, { readonly kind: "compare" }>["left"];

function collect(node: ConditionNode, add: (path: readonly [string, ...unknown[]]) => void): void {
  const operand = (one: Operands): void => {
    if (one.kind === "path") add(one.path);
    else if (one.kind === "size") operand(one.of);
  };
  switch (node.kind) {
    case "and":
    case "or":
      for (const link of node.of) collect(link, add);
      return;
    case "not":
      collect(node.of, add);
      return;
    case "compare":
      operand(node.left);
      operand(node.right);
      return;
    case "between":
      for (const one of [node.operand, node.low, node.high]) operand(one);
      return;
    case "in":
      for (const one of [node.operand, ...node.among]) operand(one);
      return;
    case "exists":
    case "not-exists":
      add(node.path);
      return;
    case "type":
      operand(node.operand);
      return;
    case "begins-with":
      operand(node.operand);
      operand(node.prefix);
      return;
    case "contains":
      operand(node.operand);
      operand(node.element);
  }
}
