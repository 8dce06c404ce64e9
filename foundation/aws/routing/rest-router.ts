/** Routes of a REST service whose paths name the operation (Lambda). */

import type { OperationModel, ServiceModel } from "../model/shapes.ts";
import { decodePathText } from "../rest/percent-decoding.ts";
import type { WireRequest } from "../wire.ts";
import { invalidUri, type QueryFacts, queryFacts } from "./query-facts.ts";
import { type RouteTemplate, routeTemplate } from "./route-template.ts";

export interface RestMatch {
  readonly operation: OperationModel;
  readonly labels: Readonly<Record<string, string>>;
}

export type RestRouter = (request: WireRequest) => RestMatch | undefined;

/** Compiles the routes of a model: a tree by method and segment, so that a request meets few templates. */
export function createRestRouter(model: ServiceModel): RestRouter {
  const roots = new Map<string, RouteNode>();
  for (const name of model.operationNames) {
    const operation = model.operation(name);
    if (operation === undefined) continue;
    const template = routeTemplate(operation);
    let node = roots.get(operation.method) ?? newNode();
    roots.set(operation.method, node);
    for (const segment of template.segments) node = childFor(node, segment);
    node.ends.push(template);
  }
  return (request) => {
    const root = roots.get(request.method);
    if (root === undefined) return undefined;
    const path = request.path.startsWith("/") ? request.path.slice(1) : request.path;
    const parts = path === "" ? [] : path.split("/");
    if (parts.length > maxSegments) return undefined;
    let found = search(root, parts, 0);
    // A slash at the end means nothing to these services.
    if (found.length === 0 && parts.at(-1) === "") found = search(root, parts.slice(0, -1), 0);
    if (found.length === 0) return undefined;
    const best = bestTemplate(found, queryFacts(request.query));
    return best && { operation: best.operation, labels: labelsOf(best, parts) };
  };
}

/** More than any template has; greedy labels take the rest in one piece. */
const maxSegments = 1024;

interface RouteNode {
  readonly literals: Map<string, RouteNode>;
  label: RouteNode | undefined;
  greedy: RouteNode | undefined;
  readonly ends: RouteTemplate[];
}

function newNode(): RouteNode {
  return { literals: new Map(), label: undefined, greedy: undefined, ends: [] };
}

function childFor(node: RouteNode, segment: RouteTemplate["segments"][number]): RouteNode {
  if (segment.kind === "literal") {
    let child = node.literals.get(segment.text);
    if (child === undefined) {
      child = newNode();
      node.literals.set(segment.text, child);
    }
    return child;
  }
  if (segment.kind === "label") {
    node.label ??= newNode();
    return node.label;
  }
  node.greedy ??= newNode();
  return node.greedy;
}

/** Templates that the path matches; literals win over labels, labels over greedy labels. */
function search(node: RouteNode, parts: readonly string[], index: number): readonly RouteTemplate[] {
  const part = parts[index];
  if (part === undefined) return node.ends;
  const literal = node.literals.get(part);
  if (literal !== undefined) {
    const found = search(literal, parts, index + 1);
    if (found.length > 0) return found;
  }
  if (node.label !== undefined && part !== "") {
    const found = search(node.label, parts, index + 1);
    if (found.length > 0) return found;
  }
  if (node.greedy !== undefined) {
    // What follows a greedy label is matched from the end.
    for (let end = parts.length; end > index; end--) {
      const found = search(node.greedy, parts, end);
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** The template whose literal query the request has; among several, the one with most of it. */
function bestTemplate(templates: readonly RouteTemplate[], query: QueryFacts): RouteTemplate | undefined {
  let best: RouteTemplate | undefined;
  for (const template of templates) {
    const matches = template.literals.every(
      ([name, value]) => query.has(name) && (value === undefined || query.get(name) === value),
    );
    if (matches && (best === undefined || template.literals.length > best.literals.length)) best = template;
  }
  return best;
}

function labelsOf(template: RouteTemplate, parts: readonly string[]): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  const { segments } = template;
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index];
    if (segment === undefined || segment.kind === "literal") continue;
    if (segment.kind === "label") {
      // After a greedy label, count from the end.
      const greedyBefore = segments.slice(0, index).some(({ kind }) => kind === "greedy");
      const part = greedyBefore ? parts[parts.length - segments.length + index] : parts[index];
      labels[segment.name] = decoded(part ?? "");
    } else {
      labels[segment.name] = decoded(parts.slice(index, parts.length - (segments.length - index - 1)).join("/"));
    }
  }
  return labels;
}

function decoded(text: string): string {
  const value = decodePathText(text);
  if (value === undefined) throw invalidUri();
  return value;
}
