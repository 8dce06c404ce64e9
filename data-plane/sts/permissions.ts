/** What callers of STS must be allowed to do (Service Authorization Reference, "Actions, resources, and condition keys for AWS Security Token Service"). */
import { type AccessLevel, type OperationPermission, REQUEST_TAGS, RESOURCE_TAGS } from "#data-plane/service";
import type { StsOperationName } from "./service/sts-service.ts";

const ROLE = "arn:aws:iam::${Account}:role/${RoleNameWithPath}";
const FEDERATED_USER = "arn:aws:sts::${Account}:federated-user/${FederatedUserName}";

const on = (resource: string, level: AccessLevel, ...actions: readonly string[]): OperationPermission => ({
  actions: actions.map((action) => `sts:${action}`),
  level,
  resources: [resource],
  conditionKeys: [],
});

/** Of the session that is asked for, and of the role. */
const ASSUMPTION = [
  ...REQUEST_TAGS,
  ...RESOURCE_TAGS,
  "iam:ResourceTag/${TagKey}",
  "sts:DurationSeconds",
  "sts:RoleSessionName",
  "sts:SourceIdentity",
  "sts:TransitiveTagKeys",
] as const;

export const STS_PERMISSIONS: { readonly [Name in StsOperationName]: OperationPermission } = {
  AssumeRole: {
    ...on(ROLE, "Write", "AssumeRole", "TagSession", "SetSourceIdentity"),
    conditionKeys: [...ASSUMPTION, "sts:ExternalId"],
  },
  AssumeRoleWithWebIdentity: {
    ...on(ROLE, "Write", "AssumeRoleWithWebIdentity", "TagSession", "SetSourceIdentity"),
    // What the provider's token says: `accounts.example.com:aud`.
    conditionKeys: [...ASSUMPTION, "${OidcProvider}:${Claim}"],
  },
  GetAccessKeyInfo: on("*", "Read", "GetAccessKeyInfo"),
  GetCallerIdentity: on("*", "Read"),
  GetFederationToken: {
    ...on(FEDERATED_USER, "Read", "GetFederationToken", "TagSession"),
    conditionKeys: REQUEST_TAGS,
    givesCredentials: true,
  },
  GetSessionToken: { ...on("*", "Read"), givesCredentials: true },
};
