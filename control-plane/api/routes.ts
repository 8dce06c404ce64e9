/** The table of all routes: what is not here is not answered, and what is here states its scope. */
import { json } from "#foundation/http";
import { INSTANCE_ROUTES } from "./applications/instance-routes.ts";
import { NODE_ROUTES } from "./applications/node-routes.ts";
import { PROJECT_ROUTES } from "./applications/project-routes.ts";
import { RELEASE_ROUTES } from "./applications/release-routes.ts";
import { ROUTE_ROUTES } from "./applications/route-routes.ts";
import { SECRET_ROUTES } from "./applications/secret-routes.ts";
import { STATUS_ROUTES } from "./applications/status-routes.ts";
import { TENANT_ROUTES } from "./applications/tenant-routes.ts";
import { VOLUME_ROUTES } from "./applications/volume-routes.ts";
import { AUDIT_ROUTES } from "./audit-routes.ts";
import { COMMAND_ROUTES } from "./command-routes.ts";
import { EVENT_ROUTES } from "./event-routes.ts";
import { GATEWAY_ROUTES } from "./gateways/routes.ts";
import { openApiDocument } from "./openapi.ts";
import { OPERATIONS_ROUTES } from "./operations-routes.ts";
import { OPERATOR_ROUTES } from "./operator-routes.ts";
import { CREDENTIAL_ROUTES } from "./orgs/credential-routes.ts";
import { INVITATION_ROUTES } from "./orgs/invitation-routes.ts";
import { MEMBER_ROUTES } from "./orgs/member-routes.ts";
import { ORG_ROUTES } from "./orgs/org-routes.ts";
import { SERVICE_PRINCIPAL_ROUTES } from "./orgs/service-principal-routes.ts";
import { OWN_ROUTES } from "./own-routes.ts";
import { PEOPLE_ROUTES } from "./people-routes.ts";
import { RECORD_ROUTES } from "./record-routes.ts";
import type { Route } from "./route.ts";
import { SIGN_IN_ROUTES } from "./sign-in/routes.ts";

const OPEN_API: Route = {
  method: "GET",
  path: "/v1/openapi.json",
  operationId: "openApi",
  summary: "This document.",
  scope: "public",
  answer: {
    status: 200,
    contentType: "application/json",
    schema: { type: "object" },
    description: "An OpenAPI 3.1 document.",
  },
  handle: (_call, { version }) => json(openApiDocument(API_ROUTES, version)),
};

export const API_ROUTES: readonly Route[] = [
  ...OPERATOR_ROUTES,
  ...OPERATIONS_ROUTES,
  ...EVENT_ROUTES,
  ...AUDIT_ROUTES,
  ...COMMAND_ROUTES,
  ...SIGN_IN_ROUTES,
  ...OWN_ROUTES,
  ...PEOPLE_ROUTES,
  ...ORG_ROUTES,
  ...MEMBER_ROUTES,
  ...INVITATION_ROUTES,
  ...SERVICE_PRINCIPAL_ROUTES,
  ...CREDENTIAL_ROUTES,
  ...RECORD_ROUTES,
  ...PROJECT_ROUTES,
  ...TENANT_ROUTES,
  ...RELEASE_ROUTES,
  ...ROUTE_ROUTES,
  ...SECRET_ROUTES,
  ...VOLUME_ROUTES,
  ...INSTANCE_ROUTES,
  ...STATUS_ROUTES,
  ...NODE_ROUTES,
  ...GATEWAY_ROUTES,
  OPEN_API,
];
