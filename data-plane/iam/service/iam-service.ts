/** The service as the front door gets it. */
import type { Service } from "#data-plane/service";
import { loadServiceModel } from "#foundation/aws";
import { accessKeys } from "../operations/access-keys.ts";
import { account } from "../operations/account.ts";
import { attachments } from "../operations/attachments.ts";
import { authorizationDetails } from "../operations/authorization-details.ts";
import { boundaries } from "../operations/boundaries.ts";
import { credentialReports } from "../operations/credential-reports.ts";
import { groups } from "../operations/groups.ts";
import { inlinePolicies } from "../operations/inline-policies.ts";
import { instanceProfiles } from "../operations/instance-profiles.ts";
import { managedPolicyOperations } from "../operations/managed-policies.ts";
import { oidcProviders } from "../operations/oidc-providers.ts";
import { policyBearers } from "../operations/policy-bearers.ts";
import { policyVersions } from "../operations/policy-versions.ts";
import { roles } from "../operations/roles.ts";
import { serviceAccess } from "../operations/service-access.ts";
import { simulator } from "../operations/simulate.ts";
import { tagOperations } from "../operations/tags.ts";
import { users } from "../operations/users.ts";
import { IAM_PERMISSIONS } from "../permissions.ts";
import { operationsOf } from "./define.ts";
import type { IamEnvironment } from "./environment.ts";

const definitionsOf = (tools: IamEnvironment) => ({
  ...users(tools),
  ...groups(tools),
  ...roles(tools),
  ...inlinePolicies(tools),
  ...managedPolicyOperations(tools),
  ...policyVersions(tools),
  ...policyBearers(tools),
  ...attachments(tools),
  ...boundaries(tools),
  ...accessKeys(tools),
  ...instanceProfiles(tools),
  ...oidcProviders(tools),
  ...tagOperations(tools),
  ...account(tools),
  ...authorizationDetails(tools),
  ...credentialReports(tools),
  ...simulator(tools),
  ...serviceAccess(tools),
});

/** Operations of IAM that this service carries out. */
export type IamOperationName = keyof ReturnType<typeof definitionsOf>;

/**
 * The IAM service: it reads the catalog and has the control plane decide about changes.
 *
 * @example
 * const iam = await createIamService({ catalog, control, timers, uses });
 * const door = await createFrontDoor({ services: [iam], … });
 */
export async function createIamService(environment: IamEnvironment): Promise<Service> {
  const model = await loadServiceModel("iam");
  return {
    name: "iam",
    operations: operationsOf(model, definitionsOf(environment)),
    permissions: IAM_PERMISSIONS,
    async close() {},
  };
}
