/** Routes under an org once more, by paths that do not name it: whoever has one org need not say which. Pure. */
import type { DesiredKind, DesiredRecords } from "#contracts";
import { type CallersOrgRoute, type FoundRoute, ORG_PARAMETER, type OrgRoute } from "./route.ts";

/** Kinds of things that are in one project. */
type KindInProject = {
  [Kind in DesiredKind]: DesiredRecords[Kind] extends { readonly projectId: string } ? Kind : never;
}[DesiredKind];

/** What a short path begins with, in place of what a long one does; and what its first id is the id of. */
export interface ShortPath {
  readonly long: string;
  readonly short: string;
  readonly kind: KindInProject;
  readonly parameter: string;
}

/** The route by the id of a thing, which says whose it is. */
export function foundById(route: OrgRoute, { long, short, kind, parameter }: ShortPath): FoundRoute {
  return {
    ...route,
    path: short + route.path.slice(long.length),
    operationId: `${route.operationId}ById`,
    org: "found",
    find: (views, params) => views.record(kind, params[parameter]!),
  };
}

const IN_ORG = "/v1/orgs/{org}";

/** The route in the caller's only org, or in that which the query names. */
export function inCallersOrg(route: OrgRoute): CallersOrgRoute {
  return {
    ...route,
    path: `/v1${route.path.slice(IN_ORG.length)}`,
    operationId: route.operationId.replace(/^[a-z]+/, "$&Own"),
    org: "callers",
    query: [...(route.query ?? []), ORG_PARAMETER],
    problems: [...(route.problems ?? []), "ORG_NEEDED", "NO_ORG"],
  };
}
