/** Which operation a request is for. Pure. */
import type { PathTemplate } from "#foundation/api-description";
import { type SegmentMatcher, segmentMatcher } from "./segment-matcher.ts";

/** What is done for one path, by method. */
export interface RoutedPath<Route> {
  readonly methods: ReadonlyMap<string, Route>;
  /** For the field `Allow`: HEAD is there where GET is, and OPTIONS always. */
  readonly allow: string;
}

export interface RouteMatch<Route> {
  readonly path: RoutedPath<Route>;
  /** Values of the path's parameters in their order, percent-encoded as they were sent. */
  readonly values: readonly string[];
}

interface Leaf<Route> {
  readonly methods: Map<string, Route>;
  allow: string;
}

interface Node<Route> {
  readonly texts: Map<string, Node<Route>>;
  /** More text first: what says more is asked first. */
  readonly mixed: { readonly structure: string; readonly matcher: SegmentMatcher; readonly node: Node<Route> }[];
  parameter: Node<Route> | undefined;
  rest: Leaf<Route> | undefined;
  leaf: Leaf<Route> | undefined;
}

const newNode = <Route>(): Node<Route> => ({
  texts: new Map(),
  mixed: [],
  parameter: undefined,
  rest: undefined,
  leaf: undefined,
});

const NO_VALUES: readonly string[] = [];

/**
 * Paths by their segments, tables of texts all the way. A path that is concrete comes before one with parameters, segment by segment (OpenAPI 3.1 §4.8.8.2); the path
 * decides before the method does. Nothing is taken off a path: with a slash at the end it is another one.
 */
export class Router<Route> {
  /** Whole paths without parameters, which most requests are for. */
  readonly #whole = new Map<string, Leaf<Route>>();
  readonly #root = newNode<Route>();
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** @throws Error when the path has that method already */
  add(method: string, path: string, template: PathTemplate, route: Route): void {
    const leaf = this.#leafOf(template);
    if (leaf.methods.has(method)) throw new Error(`${method} ${path} is there twice`);
    leaf.methods.set(method, route);
    leaf.allow = allowOf(leaf.methods.keys());
    this.#count++;
    if (template.parameters.length === 0 && !path.includes("%")) this.#whole.set(path, leaf);
  }

  /** @param path as it was sent, from its slash on, without query */
  find(path: string): RouteMatch<Route> | undefined {
    const whole = this.#whole.get(path);
    if (whole !== undefined) return { path: whole, values: NO_VALUES };
    if (path.charCodeAt(0) !== SLASH) return undefined;
    const values: string[] = [];
    const leaf = walk(this.#root, path, path === "/" ? -1 : 1, values);
    return leaf === undefined ? undefined : { path: leaf, values };
  }

  #leafOf({ segments }: PathTemplate): Leaf<Route> {
    let node = this.#root;
    for (const segment of segments) {
      if (segment.kind === "rest") {
        node.rest ??= newLeaf();
        return node.rest;
      }
      if (segment.kind === "text") node = within(node.texts, segment.text);
      else if (segment.kind === "parameter") {
        node.parameter ??= newNode();
        node = node.parameter;
      } else {
        const matcher = segmentMatcher(segment.parts);
        let branch = node.mixed.find(({ structure }) => structure === matcher.structure);
        if (branch === undefined) {
          branch = { structure: matcher.structure, matcher, node: newNode() };
          node.mixed.push(branch);
          node.mixed.sort((left, right) => right.matcher.textLength - left.matcher.textLength);
        }
        node = branch.node;
      }
    }
    node.leaf ??= newLeaf();
    return node.leaf;
  }
}

const SLASH = 0x2f;

function newLeaf<Route>(): Leaf<Route> {
  return { methods: new Map(), allow: "" };
}

function within<Route>(texts: Map<string, Node<Route>>, text: string): Node<Route> {
  let node = texts.get(text);
  if (node === undefined) {
    node = newNode();
    texts.set(text, node);
  }
  return node;
}

/**
 * @param at where the next segment begins; -1 behind the last one
 * @param values is as it was when nothing is found
 */
function walk<Route>(node: Node<Route>, path: string, at: number, values: string[]): Leaf<Route> | undefined {
  if (at === -1) return node.leaf;
  const slash = path.indexOf("/", at);
  const raw = slash === -1 ? path.slice(at) : path.slice(at, slash);
  const next = slash === -1 ? -1 : slash + 1;
  const text = decodedSegment(raw);
  if (text === undefined) return undefined;
  const child = node.texts.get(text);
  if (child !== undefined) {
    const found = walk(child, path, next, values);
    if (found !== undefined) return found;
  }
  const { length } = values;
  for (const { matcher, node: branch } of node.mixed) {
    if (!matcher.match(raw, values)) continue;
    const found = walk(branch, path, next, values);
    if (found !== undefined) return found;
    values.length = length;
  }
  if (node.parameter !== undefined && raw !== "") {
    values.push(raw);
    const found = walk(node.parameter, path, next, values);
    if (found !== undefined) return found;
    values.length = length;
  }
  const last = path.slice(at);
  if (node.rest === undefined || last === "") return undefined;
  values.push(last);
  return node.rest;
}

/** @returns undefined when it is not percent-encoded as it must be */
function decodedSegment(raw: string): string | undefined {
  if (!raw.includes("%")) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

function allowOf(methods: Iterable<string>): string {
  const all = new Set([...methods, "OPTIONS"]);
  if (all.has("GET")) all.add("HEAD");
  return [...all].sort().join(", ");
}
