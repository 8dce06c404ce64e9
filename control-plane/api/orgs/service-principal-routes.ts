/** Routes about the programs of an org. */
import type { ServicePrincipalRecord } from "#contracts";
import { type CommandOf, groups } from "#control-plane/events";
import { servicePrincipalOf } from "#control-plane/platform-identity";
import { json, ProblemError } from "#foundation/http";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute, IDEMPOTENCY_HEADER } from "../execute.ts";
import { presentedServicePrincipal } from "../presented.ts";
import type { OrgCall, Route } from "../route.ts";
import { object, orgRole, schemaRef, scopes, text } from "../schemas.ts";
import { DONE, done, listOf, requireRank, requireScopes, secretAnswer } from "./shared.ts";

const NEW_PROGRAM = object({ name: text, role: orgRole, scopes });
const CHANGES = object({ name: text, role: orgRole, scopes }, ["name", "role", "scopes"]);
const PROGRAM = {
  status: 200,
  contentType: "application/json",
  schema: schemaRef("ServicePrincipal"),
  description: "The service principal.",
} as const;
const SECRET = {
  contentType: "application/json",
  schema: object({ principalId: text, clientSecret: text }),
  description: "The secret is shown here and never again.",
} as const;
const ABOVE = ["ROLE_ABOVE_YOURS", "SCOPE_ABOVE_YOURS"] as const;

export const SERVICE_PRINCIPAL_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/orgs/{org}/service-principals",
    operationId: "listServicePrincipals",
    summary: "Lists the programs of the org.",
    scope: "members:read",
    org: "path",
    answer: { ...PROGRAM, schema: listOf(schemaRef("ServicePrincipal")), description: "In order of name." },
    handle({ org }, { core }) {
      const principals = core.views.inGroup("servicePrincipal", groups.ofAccount(org.accountId));
      const byName = [...principals].sort((left, right) => (left.name < right.name ? -1 : 1));
      return json({ items: byName.map(presentedServicePrincipal) });
    },
  },
  {
    method: "POST",
    path: "/v1/orgs/{org}/service-principals",
    operationId: "createServicePrincipal",
    summary: "Makes a program that signs in with a client secret.",
    scope: "orgs:admin",
    org: "path",
    headers: IDEMPOTENCY_HEADER,
    requestBody: NEW_PROGRAM,
    answer: { status: 201, ...SECRET },
    problems: ["ServicePrincipalAlreadyExists", "LimitExceeded", "ValidationFailed", ...ABOVE],
    async handle(call, environment) {
      const given = await readMembers(call.request, NEW_PROGRAM);
      requireRank(call.org, given.role);
      requireScopes(call.org, given.scopes);
      const command = { type: "servicePrincipal.create", accountId: call.org.accountId, ...given };
      return secretAnswer(await execute(call, environment, command as CommandOf<"servicePrincipal.create">));
    },
  },
  {
    method: "GET",
    path: "/v1/orgs/{org}/service-principals/{principal}",
    operationId: "getServicePrincipal",
    summary: "Shows a program.",
    scope: "members:read",
    org: "path",
    answer: PROGRAM,
    problems: ["NoSuchServicePrincipal"],
    handle: (call, environment) => json(presentedServicePrincipal(principalOf(call, environment))),
  },
  {
    method: "PATCH",
    path: "/v1/orgs/{org}/service-principals/{principal}",
    operationId: "changeServicePrincipal",
    summary: "Changes a program's name, role and scopes. It takes effect at its next request.",
    scope: "orgs:admin",
    org: "path",
    headers: IDEMPOTENCY_HEADER,
    requestBody: CHANGES,
    answer: PROGRAM,
    problems: ["NoSuchServicePrincipal", "ServicePrincipalAlreadyExists", "ValidationFailed", ...ABOVE],
    async handle(call, environment) {
      const principal = principalOf(call, environment);
      const given = await readMembers(call.request, CHANGES);
      requireRank(call.org, principal.role, given.role);
      requireScopes(call.org, given.scopes);
      const { accountId, principalId } = principal;
      const command = { type: "servicePrincipal.change", accountId, principalId, ...given };
      await execute(call, environment, command as CommandOf<"servicePrincipal.change">);
      return json(presentedServicePrincipal(principalOf(call, environment)));
    },
  },
  {
    method: "POST",
    path: "/v1/orgs/{org}/service-principals/{principal}/rotate",
    operationId: "rotateServicePrincipal",
    summary: "Gives a program a new client secret. The old one, and everything it has opened, is void.",
    scope: "orgs:admin",
    org: "path",
    headers: IDEMPOTENCY_HEADER,
    answer: { status: 200, ...SECRET },
    problems: ["NoSuchServicePrincipal", ...ABOVE],
    async handle(call, environment) {
      // Whoever has a program's secret has its powers.
      const { accountId, principalId, role, scopes: held } = principalOf(call, environment);
      requireRank(call.org, role);
      requireScopes(call.org, held);
      const { clientSecret } = await execute(call, environment, {
        type: "servicePrincipal.rotate",
        accountId,
        principalId,
      });
      return secretAnswer({ principalId, clientSecret }, 200);
    },
  },
  {
    method: "DELETE",
    path: "/v1/orgs/{org}/service-principals/{principal}",
    operationId: "deleteServicePrincipal",
    summary: "Deletes a program, and ends everything it has opened.",
    scope: "orgs:admin",
    org: "path",
    answer: DONE,
    problems: ["NoSuchServicePrincipal", "ROLE_ABOVE_YOURS"],
    async handle(call, environment) {
      const { accountId, principalId, role } = principalOf(call, environment);
      requireRank(call.org, role);
      await execute(call, environment, { type: "servicePrincipal.delete", accountId, principalId });
      return done();
    },
  },
];

/** @throws ProblemError 404 NoSuchServicePrincipal */
function principalOf({ params, org }: OrgCall, { core }: ApiEnvironment): ServicePrincipalRecord {
  const principal = servicePrincipalOf(core.views, org.accountId, params.principal!);
  if (principal !== undefined) return principal;
  throw new ProblemError({
    status: 404,
    code: "NoSuchServicePrincipal",
    title: "The org has no such service principal.",
  });
}
