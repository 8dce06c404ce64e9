/** Who may call a route. Refusal is the default: what is not granted here is not granted. */
import type { AccountId, GatewayKeyRecord } from "#contracts";
import { authenticateGateway, GATEWAY_KEY_PREFIX, type GatewayKeyFailure } from "#control-plane/gateways/fleet";
import { CLOUD_SCOPES, isOrgScope } from "#control-plane/platform-identity";
import { type HttpRequest, ProblemError } from "#foundation/http";
import { type ApiCaller, accessTo, type OrgAccess } from "./authentication/caller.ts";
import type { ApiEnvironment } from "./environment.ts";
import type { CallerRoute, FoundRoute, OrgRoute, PublicRoute, Route, Scope } from "./route.ts";
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
 * Lets a caller with the route's scope in the org pass that the path names, or that owns what the path names.
 *
 * @throws ProblemError 401; 404 NO_SUCH_ORG, NoSuchResource; 403 INSUFFICIENT_SCOPE; 429
 */
export function authorizeInOrg(
  request: HttpRequest,
  route: OrgRoute | FoundRoute,
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
  const accountId = route.org === "path" ? (params.org as AccountId) : route.find(views, params)?.accountId;
  const org = accountId === undefined ? undefined : accessTo(caller, views, accountId);
  if (org === undefined) throw route.org === "path" ? noSuchOrg() : nothingFound();
  if (!org.scopes.has(route.scope)) throw insufficientScope(route.scope);
  return { caller, org };
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
  const ofOrg = inOrg || route.org === "found";
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
