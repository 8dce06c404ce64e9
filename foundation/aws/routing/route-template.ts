/** A REST operation's route, read from its path template and bindings. */

import type { OperationModel } from "../model/shapes.ts";

export interface RouteTemplate {
  readonly operation: OperationModel;
  readonly segments: readonly RouteSegment[];
  /** Literal query parameters without `x-id`; an undefined value means that the name suffices. */
  readonly literals: readonly (readonly [name: string, value: string | undefined])[];
  /** The `x-id` that SDKs add: it never ranks a route, but tells two equal routes apart. */
  readonly xId: string | undefined;
  readonly requiredQuery: readonly string[];
  /** Lower-case names. */
  readonly requiredHeaders: readonly string[];
}

export type RouteSegment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "label"; readonly name: string }
  | { readonly kind: "greedy"; readonly name: string };

/** Compiles one operation's template, for example `/{Key+}?uploads`. */
export function routeTemplate(operation: OperationModel): RouteTemplate {
  const [path = "/", query = ""] = operation.uri.split("?", 2);
  const literals: (readonly [string, string | undefined])[] = [];
  let xId: string | undefined;
  for (const pair of query === "" ? [] : query.split("&")) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? undefined : pair.slice(equals + 1);
    if (name === "x-id") xId = value;
    else literals.push([name, value === "" ? undefined : value]);
  }
  const requiredQuery: string[] = [];
  const requiredHeaders: string[] = [];
  for (const { required, location } of operation.input.members) {
    if (!required) continue;
    if (location.in === "query") requiredQuery.push(location.name);
    if (location.in === "header") requiredHeaders.push(location.lowerName);
  }
  return { operation, segments: segmentsOf(path), literals, xId, requiredQuery, requiredHeaders };
}

function segmentsOf(path: string): readonly RouteSegment[] {
  if (path === "/") return [];
  return path
    .slice(1)
    .split("/")
    .map((text): RouteSegment => {
      if (!text.startsWith("{")) return { kind: "literal", text };
      if (text.endsWith("+}")) return { kind: "greedy", name: text.slice(1, -2) };
      return { kind: "label", name: text.slice(1, -1) };
    });
}
