/** Projections: some attributes of an item instead of all. */

import { type AttributeValue, attributeOf, type Item, type MutableItem, setAttribute } from "../values/index.ts";
import type { Bindings, Path } from "./bindings.ts";
import { MentionList, type Mentions } from "./condition.ts";
import { ConstantExpressions } from "./constant-expressions.ts";
import { projectionSyntax } from "./parse-cache.ts";
import { buildPathTree, type PathNode } from "./path-tree.ts";
import type { ProjectionSyntax } from "./syntax.ts";

/** What to keep of an item. Plain data. Made by `compileProjection` and `lowerAttributesToGet`. */
export interface Projection extends Mentions {
  /** Whether whole top-level attributes are kept: what all `attributes` are then. */
  readonly isFlat: boolean;
  readonly tree: readonly PathNode[];
}

/**
 * Compiles a ProjectionExpression.
 * @throws TableValidation
 */
export function compileProjection(text: string, bindings: Bindings): Projection {
  const syntax = projectionSyntax(text);
  return constants.get(syntax, text, () =>
    projectionOf(syntax.map((path) => bindings.path(path, "ProjectionExpression"))),
  );
}

const constants = new ConstantExpressions<ProjectionSyntax, Projection>();

/** The projection to paths. @throws TableValidation when they overlap */
export function projectionOf(paths: readonly Path[]): Projection {
  const tree = buildPathTree(paths, "ProjectionExpression");
  const mentions = new MentionList();
  for (const path of paths) mentions.add(path);
  const { attributes, documents } = mentions;
  return { attributes, documents, isFlat: documents.length === 0, tree };
}

/**
 * The part of an item that a projection keeps: nested values inside their maps and lists, list elements in their order without gaps. Attributes
 * that are not there are left out; the result may be empty.
 */
export function project(projection: Projection, item: Item): Item {
  return projection.isFlat ? projectTopLevel(projection.attributes, item) : projectTree(projection.tree, item);
}

/** Whole top-level attributes of an item. */
export function projectTopLevel(names: readonly string[], item: Item): Item {
  const result: MutableItem = {};
  for (const name of names) {
    const value = attributeOf(item, name);
    if (value !== undefined) setAttribute(result, name, value);
  }
  return result;
}

/** The part of an item, or of a map, that the nodes lead to. */
export function projectTree(nodes: readonly PathNode[], item: Item): Item {
  const result: MutableItem = {};
  for (const node of nodes) {
    const name = node.part as string;
    const value = attributeOf(item, name);
    const kept = value === undefined ? undefined : projectValue(node, value);
    if (kept !== undefined) setAttribute(result, name, kept);
  }
  return result;
}

/** The part of a value; undefined when nothing of it is kept. */
function projectValue(node: PathNode, value: AttributeValue): AttributeValue | undefined {
  if (node.path !== undefined) return value;
  if (typeof node.children[0]!.part === "string") {
    if (!("M" in value)) return undefined;
    const kept = projectTree(node.children, value.M);
    for (const _ in kept) return { M: kept };
    return undefined;
  }
  if (!("L" in value)) return undefined;
  const kept: AttributeValue[] = [];
  for (const child of node.children) {
    const element = value.L[child.part as number];
    const part = element === undefined ? undefined : projectValue(child, element);
    if (part !== undefined) kept.push(part);
  }
  return kept.length === 0 ? undefined : { L: kept };
}
