/** Routes of a REST API: a method and a pattern such as `/v1/things/{id}`. Matching is pure and walks one tree of segments. */

import type { HttpHandler, HttpRequest, HttpResponse } from "./message.ts";
import { problem } from "./problem.ts";

/** Names between braces in a pattern. A last segment `{name+}` takes the rest of the path, slashes included. */
export type PathParams<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name extends `${infer Plain}+` ? Plain : Name]: string } & PathParams<Rest>
  : unknown;

/** What a path leads to. */
export type RouteMatch<Target> =
  | { readonly kind: "found"; readonly target: Target; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: "notFound" }
  | { readonly kind: "methodNotAllowed"; readonly allow: readonly string[] }
  | { readonly kind: "malformed" };

interface Node<Target> {
  readonly literals: Map<string, Node<Target>>;
  param: Node<Target> | undefined;
  /** Targets of a pattern that ends here, by method. */
  readonly ends: Map<string, Leaf<Target>>;
  /** Targets of a pattern that takes the rest from here, by method. */
  readonly rests: Map<string, Leaf<Target>>;
}

interface Leaf<Target> {
  readonly target: Target;
  readonly names: readonly string[];
}

/** A table of routes to anything. Literal segments win over parameters, parameters over rests. */
export interface RouteTable<Target> {
  /** @throws Error when the pattern is malformed or taken */
  add(method: string, pattern: string, target: Target): void;
  /** @param path raw path without query; each parameter is percent-decoded by itself */
  match(method: string, path: string): RouteMatch<Target>;
}

export function createRouteTable<Target>(): RouteTable<Target> {
  const root = newNode<Target>();
  return {
    add(method, pattern, target) {
      if (!pattern.startsWith("/")) throw new Error(`The pattern ${pattern} does not begin with a slash.`);
      const names: string[] = [];
      let node = root;
      let ends = true;
      const segments = pattern.slice(1).split("/");
      for (const [i, segment] of segments.entries()) {
        const name = /^\{([A-Za-z][A-Za-z0-9]*)(\+?)\}$/.exec(segment);
        if (name === null) {
          if (/[{}]/.test(segment)) throw new Error(`A parameter of ${pattern} does not fill its segment.`);
          node = child(node.literals, segment);
          continue;
        }
        if (names.includes(name[1]!)) throw new Error(`The pattern ${pattern} names ${name[1]} twice.`);
        names.push(name[1]!);
        if (name[2] === "+") {
          if (i !== segments.length - 1) throw new Error(`The rest parameter of ${pattern} is not last.`);
          ends = false;
          break;
        }
        node.param ??= newNode<Target>();
        node = node.param;
      }
      const leaves = ends ? node.ends : node.rests;
      if (leaves.has(method)) throw new Error(`${method} ${pattern} is taken.`);
      leaves.set(method, { target, names });
    },
    match(method, path) {
      const values: string[] = [];
      const leaves = find(root, path, 1, values);
      if (leaves === undefined) return { kind: "notFound" };
      const leaf = leaves.get(method) ?? (method === "HEAD" ? leaves.get("GET") : undefined);
      if (leaf === undefined) return { kind: "methodNotAllowed", allow: allowed(leaves) };
      const params: Record<string, string> = {};
      try {
        for (const [i, name] of leaf.names.entries()) params[name] = decodeURIComponent(values[i]!);
      } catch {
        return { kind: "malformed" };
      }
      return { kind: "found", target: leaf.target, params };
    },
  };
}

/** Depth-first with literals before parameters; at most two branches a segment, and patterns are few segments long. */
function find<Target>(
  node: Node<Target>,
  path: string,
  from: number,
  values: string[],
): ReadonlyMap<string, Leaf<Target>> | undefined {
  if (from > path.length) return node.ends.size > 0 ? node.ends : undefined;
  const slash = path.indexOf("/", from);
  const end = slash < 0 ? path.length : slash;
  const segment = path.slice(from, end);
  const literal = node.literals.get(segment);
  if (literal !== undefined) {
    const found = find(literal, path, end + 1, values);
    if (found !== undefined) return found;
  }
  if (node.param !== undefined && segment !== "") {
    values.push(segment);
    const found = find(node.param, path, end + 1, values);
    if (found !== undefined) return found;
    values.pop();
  }
  if (node.rests.size > 0 && from < path.length) {
    values.push(path.slice(from));
    return node.rests;
  }
  return undefined;
}

function newNode<Target>(): Node<Target> {
  return { literals: new Map(), param: undefined, ends: new Map(), rests: new Map() };
}

function child<Target>(children: Map<string, Node<Target>>, segment: string): Node<Target> {
  let node = children.get(segment);
  if (node === undefined) {
    node = newNode<Target>();
    children.set(segment, node);
  }
  return node;
}

function allowed(leaves: ReadonlyMap<string, unknown>): readonly string[] {
  const methods = new Set(leaves.keys());
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods].sort();
}

/** Answers one route. */
export type RouteHandler<Params> = (request: HttpRequest, params: Params) => HttpResponse | Promise<HttpResponse>;

export interface Router {
  /** Adds a route; the handler's `params` follow from the pattern. */
  on<const Pattern extends string>(
    method: string,
    pattern: Pattern,
    handler: RouteHandler<PathParams<Pattern>>,
  ): Router;
  /** 404 and 405 (with `Allow`) are problem documents; OPTIONS of a known path answers 204 with `Allow`. */
  readonly handle: HttpHandler;
}

/**
 * A router over HTTP handlers.
 *
 * @example
 * const router = createRouter().on("GET", "/v1/things/{id}", (_request, { id }) => json({ id }));
 * await serveHttp({ port: 0, handler: router.handle });
 */
export function createRouter(): Router {
  const table = createRouteTable<RouteHandler<never>>();
  const router: Router = {
    on(method, pattern, handler) {
      table.add(method, pattern, handler as RouteHandler<never>);
      return router;
    },
    handle(request) {
      const match = table.match(request.method, request.path);
      switch (match.kind) {
        case "found":
          return match.target(request, match.params as never);
        case "methodNotAllowed": {
          const allow = [...match.allow, "OPTIONS"].join(", ");
          if (request.method === "OPTIONS") return { status: 204, headers: [["allow", allow]] };
          const title = `${request.method} is not allowed here.`;
          return problem({ status: 405, code: "METHOD_NOT_ALLOWED", title, detail: `Allowed: ${allow}.` }, [
            ["allow", allow],
          ]);
        }
        case "malformed":
          return problem({ status: 400, code: "MALFORMED_PATH", title: "The path is not properly percent-encoded." });
        case "notFound":
          return problem({
            status: 404,
            code: "NO_SUCH_ROUTE",
            title: "Nothing is at this path.",
            instance: request.path,
          });
      }
    },
  };
  return router;
}
