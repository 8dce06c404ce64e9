/** All kinds of catalog records. */
import type { CatalogKind } from "#contracts";
import type { KindDefinition } from "../kind-definition.ts";
import { accessKeyKind } from "./access-key.ts";
import { accountKind } from "./account.ts";
import { bucketKind } from "./bucket.ts";
import { dataPlaneKind } from "./data-plane.ts";
import { DESIRED_DEFINITIONS } from "./desired.ts";
import { identityKind } from "./identity.ts";
import { apiTokenKind, invitationKind, memberKind, personKind, servicePrincipalKind, sessionKind } from "./platform.ts";
import { resourceKind } from "./resources.ts";

export const CATALOG_KINDS: { readonly [Kind in CatalogKind]: KindDefinition<Kind> } = {
  account: accountKind,
  accessKey: accessKeyKind,
  user: identityKind("user", "user", "users", 2),
  group: identityKind("group", "group", "groups"),
  role: identityKind("role", "role", "roles"),
  managedPolicy: identityKind("managedPolicy", "policy", "managedPolicies"),
  instanceProfile: identityKind("instanceProfile", "instance profile", "instanceProfiles"),
  oidcProvider: identityKind("oidcProvider", "OpenID Connect provider", "oidcProviders"),
  person: personKind,
  member: memberKind,
  servicePrincipal: servicePrincipalKind,
  apiToken: apiTokenKind,
  session: sessionKind,
  invitation: invitationKind,
  bucket: bucketKind,
  queue: resourceKind("queue", "queues"),
  table: resourceKind("table", "tables"),
  dataPlane: dataPlaneKind,
  ...DESIRED_DEFINITIONS,
};

export const CATALOG_KIND_NAMES = Object.keys(CATALOG_KINDS) as readonly CatalogKind[];
