/** Who may call a route. Refusal is the default: what is not granted here is not granted. */
import type { AccountId, GatewayKeyRecord } from "#contracts";
import type { CatalogReader } from "#control-plane/events";
import { authenticateGateway, GATEWAY_KEY_PREFIX, type GatewayKeyFailure } from "#control-plane/gateways/fleet";
import { CLOUD_SCOPES, isOrgScope } from "#control-plane/platform-identity";
import { type HttpRequest, ProblemError } from "#foundation/http";
import { type ApiCaller, accessTo, type OrgAccess, orgsOf } from "./authentication/caller.ts";
import type { ApiEnvironment } from "./environment.ts";
import { parseQuery } from "./query.ts";
import {
  type CallerRoute,
  type CallersOrgRoute,
  type FoundRoute,
  ORG_PARAMETER,
  type OrgRoute,
  type PublicRoute,
  type Route,
  type Scope,
} from "./route.ts";
import { bearerToken } from "./tokens.ts";

/**
 * Lets a request to a public route pass.
 *
 * @throws ProblemError 401 UNAUTHENTICATED, 403 INSUFFICIENT_SCOPE for metrics from elsewhere; 429
 */
export function authorizePublic(request: HttpRequest, route: PublicRoute, environment: ApiEnvironment): void {
  if (route.limited === true) environment.admission.admitSource(request.remoteAddress);
  if (route.scope === "public" || isLoopback(request.remoteAddress)) return;
  if (environment.authenticate(request).type !== "operator") throw insufficientScope("cloud:admin");
}

/** Lets a known caller pass. @throws ProblemError 401, 403 INSUFFICIENT_SCOPE, SESSION_NEEDED; 429 */
export function authorizeCaller(request: HttpRequest, route: CallerRoute, environment: ApiEnvironment): ApiCaller {
  const caller = admitted(request, environment);
  if (caller.type === "operator" || route.scope === "authenticated") return caller;
  if (route.scope !== "session") throw insufficientScope(route.scope);
  if (caller.credential.type === "session") return caller;
  throw new ProblemError({
    status: 403,
    code: "SESSION_NEEDED",
    title: "An API token cannot do this.",
    detail: "Sign in (`biplane login`) and use the access token.",
  });
}

interface Authorized {
  readonly caller: ApiCaller;
  readonly org: OrgAccess;
  readonly gatewayKey?: GatewayKeyRecord;
}

/**
 * Lets a caller with the route's scope in the org pass that the path or the query names, that owns what the path names, or that is their only one.
 *
 * @throws ProblemError 401; 404 NO_SUCH_ORG, NoSuchResource; 400 ORG_NEEDED, INVALID_QUERY; 403 INSUFFICIENT_SCOPE, NO_ORG; 429
 */
export function authorizeInOrg(
  request: HttpRequest,
  route: OrgRoute | FoundRoute | CallersOrgRoute,
  params: Readonly<Record<string, string>>,
  environment: ApiEnvironment,
): Authorized {
  const { views } = environment.core;
  if (route.org === "found") {
    const token = bearerToken(request.headers.get("authorization"));
    if (route.gateways !== undefined && token?.startsWith(GATEWAY_KEY_PREFIX) === true) {
      return authorizeGateway(token, route, params, request, environment);
    }
  }
  const caller = admitted(request, environment);
  const accountId = orgOfRequest(request, route, params, caller, views);
  const org = accountId === undefined ? undefined : accessTo(caller, views, accountId);
  if (org === undefined) throw route.org === "found" ? nothingFound() : noSuchOrg();
  if (!org.scopes.has(route.scope)) throw insufficientScope(route.scope);
  return { caller, org };
}

/** Which org a call is about; undefined when what the path names is nobody's. @throws ProblemError 400 ORG_NEEDED, INVALID_QUERY; 403 NO_ORG */
function orgOfRequest(
  request: HttpRequest,
  route: OrgRoute | FoundRoute | CallersOrgRoute,
  params: Readonly<Record<string, string>>,
  caller: ApiCaller,
  views: CatalogReader,
): AccountId | undefined {
  switch (route.org) {
    case "path":
      return params.org as AccountId;
    case "found":
      return route.find(views, params)?.accountId;
    case "callers": {
      const named = parseQuery(request.query, route.query)[ORG_PARAMETER.name];
      return named === undefined ? onlyOrgOf(caller, views) : (String(named) as AccountId);
    }
  }
}

/** Nothing is guessed: what is made in the wrong org is not found in the right one. @throws ProblemError 400 ORG_NEEDED, 403 NO_ORG */
function onlyOrgOf(caller: ApiCaller, views: CatalogReader): AccountId {
  const orgs = orgsOf(caller, views).map(({ accountId }) => accountId);
  if (orgs.length === 1) return orgs[0]!;
  if (orgs.length === 0 && caller.type !== "operator") {
    throw new ProblemError({
      status: 403,
      code: "NO_ORG",
      title: "You belong to no org.",
      detail: "Make one (`POST /v1/orgs`), or be invited to one.",
    });
  }
  throw new ProblemError({
    status: 400,
    code: "ORG_NEEDED",
    title: "It does not say in which org.",
    detail:
      caller.type === "operator"
        ? "The operator belongs to none. Name one with `?org=`; GET /v1/orgs lists them."
        : `Name one of yours with \`?org=\`: ${orgs.join(", ")}.`,
    orgs,
  });
}

/** A gateway passes on its way to what is of its own project, and is nobody anywhere else. */
function authorizeGateway(
  token: string,
  route: FoundRoute,
  params: Readonly<Record<string, string>>,
  request: HttpRequest,
  { core, clock, admission }: ApiEnvironment,
): Authorized {
  const scope = route.gateways!;
  const shown = authenticateGateway(core.views, token, { scope }, clock.now());
  if (!shown.ok) {
    admission.admitSource(request.remoteAddress);
    throw shown.reason === "missing_scope" ? insufficientScope(scope) : gatewayKeyProblem(shown.reason);
  }
  const { key } = shown;
  const found = route.find(core.views, params);
  if (found?.projectId !== key.projectId) throw nothingFound();
  const credential = { type: "apiToken", tokenId: key.keyId } as const;
  const subject = { type: "servicePrincipal", principalId: key.keyId } as const;
  return {
    caller: { type: "subject", subject, credential, scopes: [] },
    org: { accountId: key.accountId, role: "readonly", scopes: new Set() },
    gatewayKey: key,
  };
}

/** RFC 6750 §3.1. */
function gatewayKeyProblem(reason: GatewayKeyFailure): ProblemError {
  const known = reason === "expired_key" || reason === "revoked_key";
  return new ProblemError(
    {
      status: 401,
      code: known ? (reason === "expired_key" ? "TOKEN_EXPIRED" : "TOKEN_REVOKED") : "UNAUTHENTICATED",
      title: known ? `The key ${reason === "expired_key" ? "has expired" : "was revoked"}.` : "Who are you?",
      detail: "Send `Authorization: Bearer bbk_…` with a key of the gateway's project.",
    },
    { headers: [["www-authenticate", `Bearer realm="biplane"${known ? ', error="invalid_token"' : ""}`]] },
  );
}

/** What is another org's looks like none. */
function nothingFound(): ProblemError {
  return new ProblemError({ status: 404, code: "NoSuchResource", title: "There is nothing of this id." });
}

function admitted(request: HttpRequest, environment: ApiEnvironment): ApiCaller {
  const caller = environment.authenticate(request);
  environment.admission.admitCaller(caller, request.method);
  return caller;
}

/** Refuses to start with a route that says not clearly who may call it. @throws Error */
export function checkRoute(route: Route): void {
  const inOrg = route.path.split("/").includes("{org}");
  if (inOrg !== (route.org === "path"))
    throw new Error(`${route.operationId} has {org} in its path, or not, but says otherwise.`);
  const asks = route.query?.some(({ name }) => name === ORG_PARAMETER.name) === true;
  if (asks !== (route.org === "callers"))
    throw new Error(`${route.operationId} has org in its query, or not, but says otherwise.`);
  const ofOrg = route.org !== undefined;
  if (ofOrg ? !isOrgScope(route.scope) : !OTHER_SCOPES.has(route.scope)) {
    throw new Error(`${route.operationId} has no scope that fits: ${route.scope}.`);
  }
}

const OTHER_SCOPES: ReadonlySet<string> = new Set<Scope>([
  "public",
  "metrics",
  "authenticated",
  "session",
  ...CLOUD_SCOPES,
]);

/** An org of others looks like none. */
export function noSuchOrg(): ProblemError {
  return new ProblemError({
    status: 404,
    code: "NO_SUCH_ORG",
    title: "There is no such org.",
    detail: "GET /v1/orgs lists yours.",
  });
}

/** RFC 6750 §3.1. */
export function insufficientScope(scope: string): ProblemError {
  return new ProblemError(
    {
      status: 403,
      code: "INSUFFICIENT_SCOPE",
      title: "Your role, or your token, does not allow this.",
      detail: `It takes the scope ${scope}.`,
      scope,
    },
    { headers: [["www-authenticate", `Bearer realm="biplane", error="insufficient_scope", scope="${scope}"`]] },
  );
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
