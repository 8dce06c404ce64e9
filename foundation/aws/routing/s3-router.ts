/**
 * Routes of S3. Templates leave the bucket out (`/{Key+}?uploads`), so the resource (service, bucket or object) is read from the address
 * first; then literal query parameters decide, then required parameters and headers.
 */

import { AwsError } from "../aws-error.ts";
import type { OperationModel, ServiceModel } from "../model/shapes.ts";
import type { WireRequest } from "../wire.ts";
import { type QueryFacts, queryFacts } from "./query-facts.ts";
import type { RestMatch } from "./rest-router.ts";
import { type RouteTemplate, routeTemplate } from "./route-template.ts";
import { type S3Address, s3Address } from "./s3-address.ts";

type Resource = "SERVICE" | "BUCKET" | "OBJECT";

/** Routes with the same literal query, which required members tell apart. */
interface RouteGroup {
  readonly literals: RouteTemplate["literals"];
  readonly templates: RouteTemplate[];
}

export type S3Router = (request: WireRequest, baseDomains: readonly string[]) => RestMatch;

/** Compiles the routes of the S3 model. The router throws `AwsError`: `MethodNotAllowed` where nothing fits, `InvalidURI`. */
export function createS3Router(model: ServiceModel): S3Router {
  const groups = new Map<string, RouteGroup[]>();
  const fixedPaths = new Map<string, RouteTemplate>();
  for (const name of model.operationNames) {
    const operation = model.operation(name);
    if (operation === undefined) continue;
    const template = routeTemplate(operation);
    if (template.segments.some(({ kind }) => kind === "literal")) {
      fixedPaths.set(`${operation.method} ${operation.uri}`, template);
      continue;
    }
    const key = `${operation.method} ${resourceOf(operation)}`;
    const list = groups.get(key) ?? [];
    groups.set(key, list);
    const literals = literalKey(template);
    const group = list.find((known) => known.templates.some((other) => literalKey(other) === literals));
    if (group === undefined) list.push({ literals: template.literals, templates: [template] });
    else group.templates.push(template);
  }
  // The most specific groups first; within one, the routes that require most.
  for (const list of groups.values()) {
    list.sort((a, b) => b.literals.length - a.literals.length);
    for (const group of list) group.templates.sort((a, b) => requirements(b) - requirements(a));
  }

  return (request, baseDomains) => {
    const query = queryFacts(request.query);
    const fixed = fixedPaths.get(`${request.method} ${request.path}`);
    if (fixed !== undefined && satisfied(fixed, query, request)) return { operation: fixed.operation, labels: {} };
    const address = s3Address(request, baseDomains);
    const resource = address.bucket === undefined ? "SERVICE" : address.key === undefined ? "BUCKET" : "OBJECT";
    for (const group of groups.get(`${request.method} ${resource}`) ?? []) {
      if (!group.literals.every(([name, value]) => literalMatches(query, name, value))) continue;
      const template = choose(group, query, request);
      if (template !== undefined) return { operation: template.operation, labels: labelsOf(address) };
    }
    throw new AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", {
      statusCode: 405,
      fields: { Method: request.method, ResourceType: resource },
    });
  };
}

function resourceOf(operation: OperationModel): Resource {
  const labels = operation.input.members.filter(({ location }) => location.in === "label").map(({ name }) => name);
  if (labels.includes("Key")) return "OBJECT";
  return labels.includes("Bucket") ? "BUCKET" : "SERVICE";
}

function literalKey(template: RouteTemplate): string {
  return JSON.stringify([...template.literals].sort());
}

function requirements(template: RouteTemplate): number {
  return template.requiredQuery.length + template.requiredHeaders.length;
}

function literalMatches(query: QueryFacts, name: string, value: string | undefined): boolean {
  return value === undefined ? query.has(name) : query.get(name) === value;
}

/**
 * The route of a group: of those whose required parameters and headers are there, the one that requires most (CopyObject before PutObject);
 * between equals, the one that `x-id` names, else the first. Where none is satisfied, a literal query still names the operation, which then
 * misses an argument; without one, nothing names it.
 */
function choose(group: RouteGroup, query: QueryFacts, request: WireRequest): RouteTemplate | undefined {
  let best: RouteTemplate | undefined;
  for (const template of group.templates) {
    if (!satisfied(template, query, request)) continue;
    if (best === undefined) best = template;
    else if (requirements(template) < requirements(best)) break;
    else if (template.xId !== undefined && query.get("x-id") === template.xId) best = template;
  }
  if (best !== undefined) return best;
  return group.literals.length > 0 ? group.templates.at(-1) : undefined;
}

function satisfied(template: RouteTemplate, query: QueryFacts, request: WireRequest): boolean {
  return (
    template.requiredQuery.every((name) => query.has(name)) &&
    template.requiredHeaders.every((name) => request.headers.get(name) !== undefined)
  );
}

function labelsOf(address: S3Address): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  if (address.bucket !== undefined) labels.Bucket = address.bucket;
  if (address.key !== undefined) labels.Key = address.key;
  return labels;
}
