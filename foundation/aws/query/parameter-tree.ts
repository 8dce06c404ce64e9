/** The dotted parameter names of the query protocols as a tree: `Tags.member.1.Key=a` is `a` under Tags, member, 1, Key. */

import { maxNesting } from "../values/limits.ts";
import { MalformedInput } from "../values/malformed-input.ts";

export interface ParameterNode {
  value: string | undefined;
  /** Undefined for a leaf. A map, because clients choose the names. */
  children: Map<string, ParameterNode> | undefined;
}

/** Builds the tree. A parameter given twice keeps its first value. Throws `MalformedInput` for names nested too deeply. */
export function buildParameterTree(parameters: readonly (readonly [name: string, value: string])[]): ParameterNode {
  const root: ParameterNode = { value: undefined, children: undefined };
  for (const [name, value] of parameters) {
    let node = root;
    let depth = 0;
    let position = 0;
    while (position <= name.length) {
      depth += 1;
      if (depth > maxNesting) throw new MalformedInput("a parameter name has too many parts", { place: "query" });
      const dot = name.indexOf(".", position);
      const end = dot < 0 ? name.length : dot;
      node = childOf(node, name.slice(position, end));
      position = end + 1;
    }
    node.value ??= value;
  }
  return root;
}

function childOf(node: ParameterNode, name: string): ParameterNode {
  node.children ??= new Map();
  let child = node.children.get(name);
  if (child === undefined) {
    child = { value: undefined, children: undefined };
    node.children.set(name, child);
  }
  return child;
}

/** The numbered children in numeric order: gaps are allowed, other names are passed over. */
export function numberedChildren(node: ParameterNode): readonly ParameterNode[] {
  if (node.children === undefined) return [];
  const numbered: (readonly [number, ParameterNode])[] = [];
  for (const [name, child] of node.children) {
    if (/^\d{1,9}$/.test(name)) numbered.push([Number(name), child]);
  }
  numbered.sort(([a], [b]) => a - b);
  return numbered.map(([, child]) => child);
}
