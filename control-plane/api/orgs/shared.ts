/** What routes under an org share. */
import type { OrgRole } from "#contracts";
import { ORG_ROLES } from "#contracts";
import { mayGrantRole } from "#control-plane/platform-identity";
import { type HttpResponse, json, ProblemError } from "#foundation/http";
import type { OrgAccess } from "../authentication/caller.ts";
import type { ObjectSchema, Schema } from "../route.ts";
import { object } from "../schemas.ts";

/** A list that is bounded by a quota, so that it needs no pages. */
export function listOf(items: Schema): ObjectSchema {
  return object({ items: { type: "array", items } });
}

export const DONE = { status: 200, contentType: "application/json", schema: object({}), description: "Done." } as const;

/** The answer of what has nothing to tell. */
export function done(): HttpResponse {
  return json({});
}

/** An answer that holds a secret. */
export function secretAnswer(body: object, status = 201): HttpResponse {
  return json(body, status, [["cache-control", "no-store"]]);
}

/**
 * Nobody gives, changes or takes away a role above their own: an admin makes no owners and removes none.
 *
 * @param roles those that are dealt with; what is no role is for the control plane to refuse
 * @throws ProblemError 403 ROLE_ABOVE_YOURS
 */
export function requireRank(own: Pick<OrgAccess, "role">, ...roles: readonly unknown[]): void {
  const above = roles.find((role) => isRole(role) && !mayGrantRole(own.role, role));
  if (above === undefined) return;
  throw new ProblemError({
    status: 403,
    code: "ROLE_ABOVE_YOURS",
    title: "This role is above yours.",
    detail: `As ${own.role} you deal with roles up to your own, not with ${String(above)}.`,
  });
}

/**
 * Nobody hands a program more than they have themselves with the credential that they use.
 *
 * @throws ProblemError 403 SCOPE_ABOVE_YOURS
 */
export function requireScopes(own: Pick<OrgAccess, "scopes">, scopes: unknown): void {
  if (!Array.isArray(scopes)) return;
  const held: ReadonlySet<unknown> = own.scopes;
  const above = scopes.find((scope) => !held.has(scope));
  if (above === undefined) return;
  throw new ProblemError({
    status: 403,
    code: "SCOPE_ABOVE_YOURS",
    title: "You do not have all of these scopes.",
    detail: "Leave those out that you do not have: `GET /v1/auth/whoami` shows yours.",
  });
}

function isRole(role: unknown): role is OrgRole {
  return ORG_ROLES.some((known) => known === role);
}
