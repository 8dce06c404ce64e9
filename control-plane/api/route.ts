/** What a route of the REST API is: everything about it in one place, so that the table is also the documentation and the rule who may call it. */
import type { AccountId, GatewayKeyRecord, GatewayKeyScope } from "#contracts";
import type { CatalogReader } from "#control-plane/events";
import type { CloudScope, OrgScope } from "#control-plane/platform-identity";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import type { ApiCaller, OrgAccess } from "./authentication/caller.ts";
import type { ApiEnvironment } from "./environment.ts";

/**
 * What a caller must be.
 *
 * - `public`: anybody; the answer holds nothing that is not to be seen by anyone who can connect, or what is sent proves itself
 * - `metrics`: on this machine, or the operator
 * - `authenticated`: known
 * - `session`: signed in; an API token does not do, so that one that was copied makes no others
 * - a scope of the cloud: its operator
 * - a scope of an org: a member or program of the org, which is in the path or the query or found, or their only one, whose role and credential both have the scope, or the operator
 */
export type Scope = "public" | "metrics" | "authenticated" | "session" | CloudScope | OrgScope;

/** A JSON Schema (2020-12) as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

/** The schema of a structure, see `object` in `schemas.ts`. */
export interface ObjectSchema extends Schema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
}

/** One query parameter. */
export type QueryParameter =
  | {
      readonly name: string;
      readonly description: string;
      readonly type: "integer";
      readonly minimum: number;
      readonly maximum: number;
      readonly default: number;
    }
  | { readonly name: string; readonly description: string; readonly type: "boolean" }
  | { readonly name: string; readonly description: string; readonly type: "string"; readonly pattern: string };

/** Parsed query parameters by name; integers have their default. */
export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** One call of a route, past authentication and parsing of the query. */
export interface RouteCall {
  readonly request: HttpRequest;
  readonly query: QueryValues;
  readonly params: Readonly<Record<string, string>>;
}

/** Of a route that knows its callers. */
export interface CallerCall extends RouteCall {
  readonly caller: ApiCaller;
}

/** Of a route under an org. */
export interface OrgCall extends CallerCall {
  readonly org: OrgAccess;
  /** The caller is a gateway; what the path names is of its project. Only on routes that are open to gateways. */
  readonly gatewayKey?: GatewayKeyRecord;
}

type Handle<Call> = (call: Call, environment: ApiEnvironment) => HttpResponse | Promise<HttpResponse>;

interface RouteDescription {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: readonly QueryParameter[];
  /** Request headers that mean something here, by name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly requestBody?: Schema;
  /** The body is octets (`application/octet-stream`): of what. */
  readonly requestOctets?: string;
  /** The successful answer. */
  readonly answer: {
    readonly status: number;
    readonly contentType: string;
    readonly schema: Schema;
    readonly description: string;
  };
  /** Problem codes that this route adds to those that every route may answer. */
  readonly problems?: readonly string[];
}

export interface PublicRoute extends RouteDescription {
  readonly scope: "public" | "metrics";
  readonly org?: undefined;
  /** Calls are counted by where they come from: whoever is not known yet could send any number. */
  readonly limited?: boolean;
  readonly handle: Handle<RouteCall>;
}

export interface CallerRoute extends RouteDescription {
  readonly scope: "authenticated" | "session" | CloudScope;
  readonly org?: undefined;
  readonly handle: Handle<CallerCall>;
}

/** A route about one org: that of the path's `{org}`, twelve digits. */
export interface OrgRoute extends RouteDescription {
  readonly scope: OrgScope;
  readonly org: "path";
  readonly handle: Handle<OrgCall>;
}

/** A route about one thing of an org, named by its id alone. What is another org's looks like none. */
export interface FoundRoute extends RouteDescription {
  readonly scope: OrgScope;
  readonly org: "found";
  /** Whose it is; undefined: there is none. */
  readonly find: (
    views: CatalogReader,
    params: Readonly<Record<string, string>>,
  ) => { readonly accountId: AccountId; readonly projectId: string } | undefined;
  /** Also open to gateways of the project whose key has this scope. */
  readonly gateways?: GatewayKeyScope;
  readonly handle: Handle<OrgCall>;
}

/** Names the org of a route whose path does not. */
export const ORG_PARAMETER = {
  name: "org",
  description: "The org, twelve digits. Whoever belongs to one only may leave it out.",
  type: "string",
  pattern: "^[0-9]{12}$",
} as const satisfies QueryParameter;

/** A route about one org: that of the query's `org`, or else the only one that the caller belongs to. Its `query` has `ORG_PARAMETER`. */
export interface CallersOrgRoute extends RouteDescription {
  readonly scope: OrgScope;
  readonly org: "callers";
  readonly query: readonly QueryParameter[];
  readonly handle: Handle<OrgCall>;
}

export type Route = PublicRoute | CallerRoute | OrgRoute | FoundRoute | CallersOrgRoute;

export function isPublic(route: Route): route is PublicRoute {
  return route.scope === "public" || route.scope === "metrics";
}
