/** Paths as a tree, in which one can look for those that match the same requests as another. */
import type { Operation } from "../model.ts";
import { isEmptyText, type OneSegment, relate } from "./overlap.ts";
import type { TemplateSegment } from "./path-template.ts";

interface Node {
  /** By the text of the segment. */
  readonly texts: Map<string, Edge>;
  /** All other segments, by their structure. */
  readonly others: Map<string, Edge>;
  /** A path that ends here, and one with `{name+}` here. */
  ending?: Operation;
  rest?: Operation;
}

interface Edge {
  readonly segment: OneSegment;
  readonly node: Node;
}

const newNode = (): Node => ({ texts: new Map(), others: new Map() });

/** What is known of the way so far. */
interface Way {
  readonly narrower: boolean;
  readonly wider: boolean;
  readonly open: boolean;
}

/** Steps for all paths together: a second or two. Ten thousand paths as APIs have them need some tens of thousands. */
const STEPS_MAX = 10_000_000;

export class RouteTree {
  readonly #root = newNode();
  #steps = 0;

  /** Whether it has given up looking: what it says from then on is worth nothing. */
  get isExhausted(): boolean {
    return this.#steps > STEPS_MAX;
  }

  add(operation: Operation): void {
    let node = this.#root;
    for (const segment of operation.template.segments) {
      if (segment.kind === "rest") {
        node.rest ??= operation;
        return;
      }
      const edges = segment.kind === "text" ? node.texts : node.others;
      const key = keyOf(segment);
      let edge = edges.get(key);
      if (edge === undefined) {
        edge = { segment, node: newNode() };
        edges.set(key, edge);
      }
      node = edge.node;
    }
    node.ending ??= operation;
  }

  /** A path in the tree that matches some of the same requests, where it is not so that one of the two is narrower in everything. */
  unclear({ template }: Operation): Operation | undefined {
    return this.#look(this.#root, template.segments, 0, { narrower: false, wider: false, open: false });
  }

  #look(node: Node, segments: readonly TemplateSegment[], index: number, way: Way): Operation | undefined {
    if (++this.#steps > STEPS_MAX) return undefined;
    const segment = segments[index];
    if (segment === undefined) return isUnclear(way) ? node.ending : undefined;
    if (segment.kind === "rest") {
      // It is wider than all that follows here, and the same as another one.
      const other = isUnclear(way) ? node.rest : undefined;
      return other ?? (way.narrower || way.open ? this.#anyBelow(node) : undefined);
    }
    if (node.rest !== undefined && !isEmptyText(segment) && (way.wider || way.open)) return node.rest;
    for (const edge of edgesFor(node, segment)) {
      const relation = relate(segment, edge.segment);
      if (relation === "disjoint") continue;
      const next = {
        narrower: way.narrower || relation === "narrower",
        wider: way.wider || relation === "wider",
        open: way.open || relation === "open",
      };
      const found = this.#look(edge.node, segments, index + 1, next);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A path that goes on from here, and not only by a slash. */
  #anyBelow(node: Node, isFirst = true): Operation | undefined {
    for (const { segment, node: next } of [...node.texts.values(), ...node.others.values()]) {
      if (++this.#steps > STEPS_MAX) return undefined;
      if (isFirst && isEmptyText(segment)) continue;
      const found = next.ending ?? next.rest ?? this.#anyBelow(next, false);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Where text stands, other texts need not be looked at. */
function* edgesFor(node: Node, segment: OneSegment): Generator<Edge> {
  if (segment.kind !== "text") yield* node.texts.values();
  else {
    const same = node.texts.get(segment.text);
    if (same !== undefined) yield same;
  }
  yield* node.others.values();
}

const isUnclear = ({ narrower, wider, open }: Way): boolean => open || (narrower && wider);

const keyOf = (segment: OneSegment): string => {
  if (segment.kind === "text") return segment.text;
  return segment.kind === "parameter" ? "" : JSON.stringify(segment.parts.map(({ text }) => text ?? null));
};
