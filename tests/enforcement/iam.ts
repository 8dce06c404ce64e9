import * as sdk from "@aws-sdk/client-iam";
import { IAM_PERMISSIONS } from "#data-plane/iam";
import { commandSender } from "./sdk.ts";
import { type Fixture, policyOf, type WalkedService } from "./walk.ts";

const DOCUMENT = policyOf({ Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" });
const MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const TAGS = [{ Key: "a", Value: "b" }];
const KEYS = ["a"];

function inputs({ accountId, accessKeyId }: Fixture): Record<string, object> {
  const arn = (resource: string) => `arn:aws:iam::${accountId}:${resource}`;
  const UserName = "walked";
  const GroupName = "walked";
  const RoleName = "walked";
  const user = { UserName };
  const group = { GroupName };
  const role = { RoleName };
  const policy = { PolicyArn: arn("policy/walked") };
  const profile = { InstanceProfileName: "walked" };
  const provider = { OpenIDConnectProviderArn: arn("oidc-provider/walked.example.com") };
  const inline = { PolicyName: "inline" };
  const put = { PolicyName: "inline", PolicyDocument: DOCUMENT };
  const attach = { PolicyArn: MANAGED };
  const boundary = { PermissionsBoundary: MANAGED };
  const trust = policyOf({ Effect: "Allow", Principal: { AWS: accountId }, Action: "sts:AssumeRole" });
  const keyOfNobody = { ...user, AccessKeyId: "AKIAIOSFODNN7EXAMPLE" };
  return {
    AddClientIDToOpenIDConnectProvider: { ...provider, ClientID: "more" },
    AddRoleToInstanceProfile: { ...profile, ...role },
    AddUserToGroup: { ...group, ...user },
    AttachGroupPolicy: { ...group, ...attach },
    AttachRolePolicy: { ...role, ...attach },
    AttachUserPolicy: { ...user, ...attach },
    CreateAccessKey: user,
    CreateAccountAlias: { AccountAlias: "walked" },
    CreateGroup: { GroupName: "walked-another" },
    CreateInstanceProfile: { InstanceProfileName: "walked-another" },
    CreateOpenIDConnectProvider: { Url: "https://another.example.com" },
    CreatePolicy: { PolicyName: "walked-another", PolicyDocument: DOCUMENT },
    CreatePolicyVersion: { ...policy, PolicyDocument: DOCUMENT },
    CreateRole: { RoleName: "walked-another", AssumeRolePolicyDocument: trust },
    CreateUser: { UserName: "walked-another" },
    DeleteAccessKey: keyOfNobody,
    DeleteAccountAlias: { AccountAlias: "walked" },
    DeleteGroup: { GroupName: "walked-doomed" },
    DeleteGroupPolicy: { ...group, ...inline },
    DeleteInstanceProfile: { InstanceProfileName: "walked-doomed" },
    DeleteOpenIDConnectProvider: { OpenIDConnectProviderArn: arn("oidc-provider/doomed.example.com") },
    DeletePolicy: { PolicyArn: arn("policy/walked-doomed") },
    DeletePolicyVersion: { ...policy, VersionId: "v9" },
    DeleteRole: { RoleName: "walked-doomed" },
    DeleteRolePermissionsBoundary: role,
    DeleteRolePolicy: { ...role, ...inline },
    DeleteUser: { UserName: "walked-doomed" },
    DeleteUserPermissionsBoundary: user,
    DeleteUserPolicy: { ...user, ...inline },
    DetachGroupPolicy: { ...group, ...attach },
    DetachRolePolicy: { ...role, ...attach },
    DetachUserPolicy: { ...user, ...attach },
    GenerateCredentialReport: {},
    GetAccessKeyLastUsed: { AccessKeyId: accessKeyId },
    GetAccountAuthorizationDetails: {},
    GetAccountSummary: {},
    GetContextKeysForCustomPolicy: { PolicyInputList: [DOCUMENT] },
    GetContextKeysForPrincipalPolicy: { PolicySourceArn: arn("user/walked") },
    GetCredentialReport: {},
    GetGroup: group,
    GetGroupPolicy: { ...group, ...inline },
    GetInstanceProfile: profile,
    GetOpenIDConnectProvider: provider,
    GetPolicy: policy,
    GetPolicyVersion: { ...policy, VersionId: "v1" },
    GetRole: role,
    GetRolePolicy: { ...role, ...inline },
    GetUser: user,
    GetUserPolicy: { ...user, ...inline },
    ListAccessKeys: user,
    ListAccountAliases: {},
    ListAttachedGroupPolicies: group,
    ListAttachedRolePolicies: role,
    ListAttachedUserPolicies: user,
    ListEntitiesForPolicy: policy,
    ListGroupPolicies: group,
    ListGroups: {},
    ListGroupsForUser: user,
    ListInstanceProfileTags: profile,
    ListInstanceProfiles: {},
    ListInstanceProfilesForRole: role,
    ListOpenIDConnectProviderTags: provider,
    ListOpenIDConnectProviders: {},
    ListPolicies: {},
    ListPoliciesGrantingServiceAccess: { Arn: arn("user/walked"), ServiceNamespaces: ["s3"] },
    ListPolicyTags: policy,
    ListPolicyVersions: policy,
    ListRolePolicies: role,
    ListRoleTags: role,
    ListRoles: {},
    ListUserPolicies: user,
    ListUserTags: user,
    ListUsers: {},
    PutGroupPolicy: { ...group, ...put },
    PutRolePermissionsBoundary: { ...role, ...boundary },
    PutRolePolicy: { ...role, ...put },
    PutUserPermissionsBoundary: { ...user, ...boundary },
    PutUserPolicy: { ...user, ...put },
    RemoveClientIDFromOpenIDConnectProvider: { ...provider, ClientID: "more" },
    RemoveRoleFromInstanceProfile: { ...profile, ...role },
    RemoveUserFromGroup: { ...group, ...user },
    SetDefaultPolicyVersion: { ...policy, VersionId: "v1" },
    SimulateCustomPolicy: { PolicyInputList: [DOCUMENT], ActionNames: ["s3:ListAllMyBuckets"] },
    SimulatePrincipalPolicy: { PolicySourceArn: arn("user/walked"), ActionNames: ["s3:ListAllMyBuckets"] },
    TagInstanceProfile: { ...profile, Tags: TAGS },
    TagOpenIDConnectProvider: { ...provider, Tags: TAGS },
    TagPolicy: { ...policy, Tags: TAGS },
    TagRole: { ...role, Tags: TAGS },
    TagUser: { ...user, Tags: TAGS },
    UntagInstanceProfile: { ...profile, TagKeys: KEYS },
    UntagOpenIDConnectProvider: { ...provider, TagKeys: KEYS },
    UntagPolicy: { ...policy, TagKeys: KEYS },
    UntagRole: { ...role, TagKeys: KEYS },
    UntagUser: { ...user, TagKeys: KEYS },
    UpdateAccessKey: { ...keyOfNobody, Status: "Inactive" },
    UpdateAssumeRolePolicy: { ...role, PolicyDocument: trust },
    UpdateGroup: { ...group, NewPath: "/" },
    UpdateOpenIDConnectProviderThumbprint: { ...provider, ThumbprintList: ["0".repeat(40)] },
    UpdateRole: { ...role, Description: "walked" },
    UpdateRoleDescription: { ...role, Description: "walked" },
    UpdateUser: { ...user, NewPath: "/" },
  };
}

export const IAM: WalkedService = {
  name: "iam",
  permissions: IAM_PERMISSIONS,
  inputs,
  elsewhere: "arn:aws:iam::*:*/elsewhere",
  client: (endpoint, credentials) =>
    commandSender(new sdk.IAMClient({ endpoint, credentials, region: "us-east-1", maxAttempts: 1 }), sdk),
};

/** Makes what the inputs name, as root. */
export async function prepareIam(client: sdk.IAMClient, accountId: string): Promise<void> {
  const trust = policyOf({ Effect: "Allow", Principal: { AWS: accountId }, Action: "sts:AssumeRole" });
  await client.send(new sdk.CreateUserCommand({ UserName: "walked" }));
  await client.send(new sdk.CreateGroupCommand({ GroupName: "walked" }));
  await client.send(new sdk.CreateRoleCommand({ RoleName: "walked", AssumeRolePolicyDocument: trust }));
  await client.send(new sdk.CreatePolicyCommand({ PolicyName: "walked", PolicyDocument: DOCUMENT }));
  await client.send(new sdk.CreateInstanceProfileCommand({ InstanceProfileName: "walked" }));
  await client.send(new sdk.CreateOpenIDConnectProviderCommand({ Url: "https://walked.example.com" }));
}
