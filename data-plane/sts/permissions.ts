/** What callers of STS must be allowed to do (Service Authorization Reference, "Actions, resources, and condition keys for AWS Security Token Service"). */
import type { AccessLevel, OperationPermission } from "#data-plane/service";
import type { StsOperationName } from "./service/sts-service.ts";

const ROLE = "arn:aws:iam::${Account}:role/${RoleNameWithPath}";
const FEDERATED_USER = "arn:aws:sts::${Account}:federated-user/${FederatedUserName}";

const on = (resource: string, level: AccessLevel, ...actions: readonly string[]): OperationPermission => ({
  actions: actions.map((action) => `sts:${action}`),
  level,
  resources: [resource],
});

export const STS_PERMISSIONS: { readonly [Name in StsOperationName]: OperationPermission } = {
  AssumeRole: on(ROLE, "Write", "AssumeRole", "TagSession", "SetSourceIdentity"),
  AssumeRoleWithWebIdentity: on(ROLE, "Write", "AssumeRoleWithWebIdentity", "TagSession", "SetSourceIdentity"),
  GetAccessKeyInfo: on("*", "Read", "GetAccessKeyInfo"),
  GetCallerIdentity: on("*", "Read"),
  GetFederationToken: {
    ...on(FEDERATED_USER, "Read", "GetFederationToken", "TagSession"),
    givesCredentials: true,
  },
  GetSessionToken: { ...on("*", "Read"), givesCredentials: true },
};
