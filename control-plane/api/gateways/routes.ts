/** All routes of gateways: under their org and project, and by short paths that name a thing by its id alone. */
import type { DesiredKind } from "#contracts";
import type { FoundRoute, OrgRoute, Route } from "../route.ts";
import { BUILD_ROUTES } from "./build-routes.ts";
import { DATA_PLANE_ROUTES } from "./data-plane-routes.ts";
import { DEPLOYMENT_ROUTES } from "./deployment-routes.ts";
import { KEY_ROUTES } from "./key-routes.ts";
import { ARTIFACT, BUILD, PROJECT, SPEC } from "./shared.ts";
import { SPEC_ROUTES } from "./spec-routes.ts";

/** What a short path begins with, in place of what a long one does; and what its first id is the id of. */
const SHORT = [
  { long: SPEC, short: "/v1/specs/{spec}", kind: "gatewaySpec", parameter: "spec" },
  { long: BUILD, short: "/v1/builds/{build}", kind: "gatewayBuild", parameter: "build" },
  { long: ARTIFACT, short: "/v1/artifacts/{artifact}", kind: "gatewayArtifact", parameter: "artifact" },
  { long: PROJECT, short: "/v1/projects/{project}", kind: "project", parameter: "project" },
] as const satisfies readonly {
  readonly long: string;
  readonly short: string;
  readonly kind: DesiredKind;
  readonly parameter: string;
}[];

function shortened(route: OrgRoute): FoundRoute {
  const { long, short, kind, parameter } = SHORT.find((one) => route.path.startsWith(one.long))!;
  return {
    ...route,
    path: short + route.path.slice(long.length),
    operationId: `${route.operationId}ById`,
    org: "found",
    find: (views, params) => views.record(kind, params[parameter]!),
    ...(route.operationId === "downloadArtifact" ? { gateways: "artifact:read" } : {}),
  };
}

const LONG: readonly OrgRoute[] = [
  ...SPEC_ROUTES,
  ...BUILD_ROUTES,
  ...KEY_ROUTES,
  ...DATA_PLANE_ROUTES,
  ...DEPLOYMENT_ROUTES,
];

export const GATEWAY_ROUTES: readonly Route[] = [...LONG, ...LONG.map(shortened)];
