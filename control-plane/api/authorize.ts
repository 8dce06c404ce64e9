/** Who may call a route. Refusal is the default: what is not granted here is not granted. */
import type { AccountId } from "#contracts";
import { CLOUD_SCOPES, isOrgScope } from "#control-plane/platform-identity";
import { type HttpRequest, ProblemError } from "#foundation/http";
import { type ApiCaller, accessTo, type OrgAccess } from "./authentication/caller.ts";
import type { ApiEnvironment } from "./environment.ts";
import type { CallerRoute, OrgRoute, PublicRoute, Route, Scope } from "./route.ts";

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

/** Lets a caller with the route's scope in the org of the path pass. @throws ProblemError 401; 404 NO_SUCH_ORG; 403 INSUFFICIENT_SCOPE; 429 */
export function authorizeInOrg(
  request: HttpRequest,
  route: OrgRoute,
  params: Readonly<Record<string, string>>,
  environment: ApiEnvironment,
): { readonly caller: ApiCaller; readonly org: OrgAccess } {
  const caller = admitted(request, environment);
  const org = accessTo(caller, environment.core.views, params.org as AccountId);
  if (org === undefined) throw noSuchOrg();
  if (!org.scopes.has(route.scope)) throw insufficientScope(route.scope);
  return { caller, org };
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
  if (inOrg ? !isOrgScope(route.scope) : !OTHER_SCOPES.has(route.scope)) {
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
