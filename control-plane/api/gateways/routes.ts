/** All routes of gateways: under their org and project, and by short paths that name a thing by its id alone. */
import type { FoundRoute, OrgRoute, Route } from "../route.ts";
import { foundById, type ShortPath } from "../short-paths.ts";
import { ARTIFACT_ROUTES } from "./artifact-routes.ts";
import { BUILD_ROUTES } from "./build-routes.ts";
import { DATA_PLANE_ROUTES } from "./data-plane-routes.ts";
import { DEPLOYMENT_ROUTES } from "./deployment-routes.ts";
import { KEY_ROUTES } from "./key-routes.ts";
import { ARTIFACT, BUILD, PROJECT, SPEC } from "./shared.ts";
import { SPEC_ROUTES } from "./spec-routes.ts";
import { TRUSTED_KEY_ROUTES } from "./trusted-key-routes.ts";

const SHORT: readonly ShortPath[] = [
  { long: SPEC, short: "/v1/specs/{spec}", kind: "gatewaySpec", parameter: "spec" },
  { long: BUILD, short: "/v1/builds/{build}", kind: "gatewayBuild", parameter: "build" },
  { long: ARTIFACT, short: "/v1/artifacts/{artifact}", kind: "gatewayArtifact", parameter: "artifact" },
  { long: PROJECT, short: "/v1/projects/{project}", kind: "project", parameter: "project" },
];

function shortened(route: OrgRoute): FoundRoute {
  const short = foundById(route, SHORT.find((one) => route.path.startsWith(one.long))!);
  return route.operationId === "downloadArtifact" ? { ...short, gateways: "artifact:read" } : short;
}

const LONG: readonly OrgRoute[] = [
  ...SPEC_ROUTES,
  ...BUILD_ROUTES,
  ...ARTIFACT_ROUTES,
  ...TRUSTED_KEY_ROUTES,
  ...KEY_ROUTES,
  ...DATA_PLANE_ROUTES,
  ...DEPLOYMENT_ROUTES,
];

export const GATEWAY_ROUTES: readonly Route[] = [...LONG, ...LONG.map(shortened)];
