/** What callers of IAM must be allowed to do (Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management"). */
import { type AccessLevel, type OperationPermission, REQUEST_TAGS, RESOURCE_TAGS, TAG_KEYS } from "#data-plane/service";
import type { IamOperationName } from "./service/iam-service.ts";

const ARNS = {
  user: "arn:aws:iam::${Account}:user/${UserNameWithPath}",
  group: "arn:aws:iam::${Account}:group/${GroupNameWithPath}",
  role: "arn:aws:iam::${Account}:role/${RoleNameWithPath}",
  policy: "arn:aws:iam::${Account}:policy/${PolicyNameWithPath}",
  instanceProfile: "arn:aws:iam::${Account}:instance-profile/${InstanceProfileNameWithPath}",
  oidcProvider: "arn:aws:iam::${Account}:oidc-provider/${OidcProviderName}",
  account: "*",
} as const;

type Resource = keyof typeof ARNS;

/** Of entities that have tags: `iam:ResourceTag/…` is IAM's older name for them. */
const TAGGED = [...RESOURCE_TAGS, "iam:ResourceTag/${TagKey}"] as const;
/** Of those that can have a boundary, the one that they have; in requests that give one, that one. */
const BOUNDED = [...TAGGED, "iam:PermissionsBoundary"] as const;

const KEYS: { readonly [Kind in Resource]: readonly string[] } = {
  user: BOUNDED,
  group: [],
  role: BOUNDED,
  policy: TAGGED,
  instanceProfile: TAGGED,
  oidcProvider: TAGGED,
  account: [],
};

/** What an action brings besides the resource, by how its name begins. */
function keysOf(resource: Resource, action: string): readonly string[] {
  if (action === "PassRole") return ["iam:PassedToService"];
  if (/^(?:Attach|Detach)/.test(action)) return ["iam:PolicyARN"];
  if (KEYS[resource].length === 0) return [];
  if (action.startsWith("Tag")) return REQUEST_TAGS;
  return action.startsWith("Untag") ? TAG_KEYS : [];
}

const on = (level: AccessLevel, resource: Resource, ...actions: readonly string[]): OperationPermission => ({
  actions: actions.map((action) => `iam:${action}`),
  level,
  resources: [ARNS[resource]],
  conditionKeys: [...new Set([...KEYS[resource], ...actions.flatMap((action) => keysOf(resource, action))])],
});

/** A list of entities, which are not there to be asked about one by one. */
const listing = (resource: Resource, action: string): OperationPermission => ({
  ...on("List", resource, action),
  conditionKeys: [],
});

/** What changes what somebody may do. */
const MANAGES = "Permissions management";

export const IAM_PERMISSIONS: { readonly [Name in IamOperationName]: OperationPermission } = {
  AddClientIDToOpenIDConnectProvider: on("Write", "oidcProvider", "AddClientIDToOpenIDConnectProvider"),
  AddRoleToInstanceProfile: {
    ...on("Write", "instanceProfile", "AddRoleToInstanceProfile", "PassRole"),
    // The role is what is passed.
    resources: [ARNS.instanceProfile, ARNS.role],
  },
  AddUserToGroup: on("Write", "group", "AddUserToGroup"),
  AttachGroupPolicy: on(MANAGES, "group", "AttachGroupPolicy"),
  AttachRolePolicy: on(MANAGES, "role", "AttachRolePolicy"),
  AttachUserPolicy: on(MANAGES, "user", "AttachUserPolicy"),
  CreateAccessKey: on("Write", "user", "CreateAccessKey"),
  CreateAccountAlias: on("Write", "account", "CreateAccountAlias"),
  CreateGroup: on("Write", "group", "CreateGroup"),
  CreateInstanceProfile: on("Write", "instanceProfile", "CreateInstanceProfile", "TagInstanceProfile"),
  CreateOpenIDConnectProvider: on("Write", "oidcProvider", "CreateOpenIDConnectProvider", "TagOpenIDConnectProvider"),
  CreatePolicy: on(MANAGES, "policy", "CreatePolicy", "TagPolicy"),
  CreatePolicyVersion: on(MANAGES, "policy", "CreatePolicyVersion"),
  CreateRole: on("Write", "role", "CreateRole", "TagRole"),
  CreateUser: on("Write", "user", "CreateUser", "TagUser"),
  DeleteAccessKey: on("Write", "user", "DeleteAccessKey"),
  DeleteAccountAlias: on("Write", "account", "DeleteAccountAlias"),
  DeleteGroup: on("Write", "group", "DeleteGroup"),
  DeleteGroupPolicy: on(MANAGES, "group", "DeleteGroupPolicy"),
  DeleteInstanceProfile: on("Write", "instanceProfile", "DeleteInstanceProfile"),
  DeleteOpenIDConnectProvider: on("Write", "oidcProvider", "DeleteOpenIDConnectProvider"),
  DeletePolicy: on(MANAGES, "policy", "DeletePolicy"),
  DeletePolicyVersion: on(MANAGES, "policy", "DeletePolicyVersion"),
  DeleteRole: on("Write", "role", "DeleteRole"),
  DeleteRolePermissionsBoundary: on(MANAGES, "role", "DeleteRolePermissionsBoundary"),
  DeleteRolePolicy: on(MANAGES, "role", "DeleteRolePolicy"),
  DeleteUser: on("Write", "user", "DeleteUser"),
  DeleteUserPermissionsBoundary: on(MANAGES, "user", "DeleteUserPermissionsBoundary"),
  DeleteUserPolicy: on(MANAGES, "user", "DeleteUserPolicy"),
  DetachGroupPolicy: on(MANAGES, "group", "DetachGroupPolicy"),
  DetachRolePolicy: on(MANAGES, "role", "DetachRolePolicy"),
  DetachUserPolicy: on(MANAGES, "user", "DetachUserPolicy"),
  GenerateCredentialReport: on("Read", "account", "GenerateCredentialReport"),
  GetAccessKeyLastUsed: on("Read", "user", "GetAccessKeyLastUsed"),
  GetAccountAuthorizationDetails: on("Read", "account", "GetAccountAuthorizationDetails"),
  GetAccountSummary: on("List", "account", "GetAccountSummary"),
  GetContextKeysForCustomPolicy: on("Read", "account", "GetContextKeysForCustomPolicy"),
  GetContextKeysForPrincipalPolicy: on("Read", "account", "GetContextKeysForPrincipalPolicy"),
  GetCredentialReport: on("Read", "account", "GetCredentialReport"),
  GetGroup: on("Read", "group", "GetGroup"),
  GetGroupPolicy: on("Read", "group", "GetGroupPolicy"),
  GetInstanceProfile: on("Read", "instanceProfile", "GetInstanceProfile"),
  GetOpenIDConnectProvider: on("Read", "oidcProvider", "GetOpenIDConnectProvider"),
  GetPolicy: on("Read", "policy", "GetPolicy"),
  GetPolicyVersion: on("Read", "policy", "GetPolicyVersion"),
  GetRole: on("Read", "role", "GetRole"),
  GetRolePolicy: on("Read", "role", "GetRolePolicy"),
  GetUser: on("Read", "user", "GetUser"),
  GetUserPolicy: on("Read", "user", "GetUserPolicy"),
  ListAccessKeys: on("List", "user", "ListAccessKeys"),
  ListAccountAliases: on("List", "account", "ListAccountAliases"),
  ListAttachedGroupPolicies: on("List", "group", "ListAttachedGroupPolicies"),
  ListAttachedRolePolicies: on("List", "role", "ListAttachedRolePolicies"),
  ListAttachedUserPolicies: on("List", "user", "ListAttachedUserPolicies"),
  ListEntitiesForPolicy: on("List", "policy", "ListEntitiesForPolicy"),
  ListGroupPolicies: on("List", "group", "ListGroupPolicies"),
  ListGroups: listing("group", "ListGroups"),
  ListGroupsForUser: on("List", "user", "ListGroupsForUser"),
  ListInstanceProfileTags: on("List", "instanceProfile", "ListInstanceProfileTags"),
  ListInstanceProfiles: listing("instanceProfile", "ListInstanceProfiles"),
  ListInstanceProfilesForRole: on("List", "role", "ListInstanceProfilesForRole"),
  ListOpenIDConnectProviderTags: on("List", "oidcProvider", "ListOpenIDConnectProviderTags"),
  ListOpenIDConnectProviders: listing("oidcProvider", "ListOpenIDConnectProviders"),
  ListPolicies: listing("policy", "ListPolicies"),
  ListPoliciesGrantingServiceAccess: on("Read", "account", "ListPoliciesGrantingServiceAccess"),
  ListPolicyTags: on("List", "policy", "ListPolicyTags"),
  ListPolicyVersions: on("List", "policy", "ListPolicyVersions"),
  ListRolePolicies: on("List", "role", "ListRolePolicies"),
  ListRoleTags: on("List", "role", "ListRoleTags"),
  ListRoles: listing("role", "ListRoles"),
  ListUserPolicies: on("List", "user", "ListUserPolicies"),
  ListUserTags: on("List", "user", "ListUserTags"),
  ListUsers: listing("user", "ListUsers"),
  PutGroupPolicy: on(MANAGES, "group", "PutGroupPolicy"),
  PutRolePermissionsBoundary: on(MANAGES, "role", "PutRolePermissionsBoundary"),
  PutRolePolicy: on(MANAGES, "role", "PutRolePolicy"),
  PutUserPermissionsBoundary: on(MANAGES, "user", "PutUserPermissionsBoundary"),
  PutUserPolicy: on(MANAGES, "user", "PutUserPolicy"),
  RemoveClientIDFromOpenIDConnectProvider: on("Write", "oidcProvider", "RemoveClientIDFromOpenIDConnectProvider"),
  RemoveRoleFromInstanceProfile: on("Write", "instanceProfile", "RemoveRoleFromInstanceProfile"),
  RemoveUserFromGroup: on("Write", "group", "RemoveUserFromGroup"),
  SetDefaultPolicyVersion: on(MANAGES, "policy", "SetDefaultPolicyVersion"),
  SimulateCustomPolicy: on("Read", "account", "SimulateCustomPolicy"),
  SimulatePrincipalPolicy: on("Read", "account", "SimulatePrincipalPolicy"),
  TagInstanceProfile: on("Tagging", "instanceProfile", "TagInstanceProfile"),
  TagOpenIDConnectProvider: on("Tagging", "oidcProvider", "TagOpenIDConnectProvider"),
  TagPolicy: on("Tagging", "policy", "TagPolicy"),
  TagRole: on("Tagging", "role", "TagRole"),
  TagUser: on("Tagging", "user", "TagUser"),
  UntagInstanceProfile: on("Tagging", "instanceProfile", "UntagInstanceProfile"),
  UntagOpenIDConnectProvider: on("Tagging", "oidcProvider", "UntagOpenIDConnectProvider"),
  UntagPolicy: on("Tagging", "policy", "UntagPolicy"),
  UntagRole: on("Tagging", "role", "UntagRole"),
  UntagUser: on("Tagging", "user", "UntagUser"),
  UpdateAccessKey: on("Write", "user", "UpdateAccessKey"),
  UpdateAssumeRolePolicy: on(MANAGES, "role", "UpdateAssumeRolePolicy"),
  UpdateGroup: on("Write", "group", "UpdateGroup"),
  UpdateOpenIDConnectProviderThumbprint: on("Write", "oidcProvider", "UpdateOpenIDConnectProviderThumbprint"),
  UpdateRole: on("Write", "role", "UpdateRole"),
  UpdateRoleDescription: on("Write", "role", "UpdateRoleDescription"),
  UpdateUser: on("Write", "user", "UpdateUser"),
};
