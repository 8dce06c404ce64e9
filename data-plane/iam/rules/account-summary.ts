/** What GetAccountSummary answers (IAM API Reference): how much there is, and how much there may be. Pure. */
import type { IAM } from "#foundation/aws";
import { policySizeMax } from "#foundation/policy";

/** What an account has. */
export interface AccountCounts {
  readonly users: number;
  readonly groups: number;
  readonly roles: number;
  readonly policies: number;
  readonly policyVersions: number;
  readonly instanceProfiles: number;
  readonly oidcProviders: number;
  readonly rootKeys: number;
}

/** IAM User Guide, "IAM and AWS STS quotas". The control plane holds everybody to them; a test compares. */
const QUOTAS = {
  AccessKeysPerUserQuota: 2,
  AssumeRolePolicySizeQuota: policySizeMax.trust,
  AttachedPoliciesPerGroupQuota: 10,
  AttachedPoliciesPerRoleQuota: 10,
  AttachedPoliciesPerUserQuota: 10,
  GroupPolicySizeQuota: policySizeMax.groupInline,
  GroupsPerUserQuota: 10,
  GroupsQuota: 300,
  InstanceProfilesQuota: 1_000,
  PoliciesQuota: 1_500,
  PolicySizeQuota: policySizeMax.managed,
  RolePolicySizeQuota: policySizeMax.roleInline,
  RolesQuota: 1_000,
  UserPolicySizeQuota: policySizeMax.userInline,
  UsersQuota: 5_000,
  VersionsPerPolicyQuota: 5,
} as const satisfies { readonly [Key in IAM.SummaryKeyType]?: number };

/** Versions of all policies together are not limited beyond those of each. */
const POLICY_VERSIONS_QUOTA = QUOTAS.PoliciesQuota * QUOTAS.VersionsPerPolicyQuota;

export const accountSummary = (counts: AccountCounts): { readonly [Key in IAM.SummaryKeyType]?: number } => ({
  ...QUOTAS,
  PolicyVersionsInUseQuota: POLICY_VERSIONS_QUOTA,
  Users: counts.users,
  Groups: counts.groups,
  Roles: counts.roles,
  Policies: counts.policies,
  PolicyVersionsInUse: counts.policyVersions,
  InstanceProfiles: counts.instanceProfiles,
  Providers: counts.oidcProviders,
  AccountAccessKeysPresent: Math.min(counts.rootKeys, 1),
  // There are neither passwords for IAM users nor these devices and certificates here.
  AccountMFAEnabled: 0,
  AccountPasswordPresent: 0,
  AccountSigningCertificatesPresent: 0,
  MFADevices: 0,
  MFADevicesInUse: 0,
  ServerCertificates: 0,
  ServerCertificatesQuota: 0,
  SigningCertificatesPerUserQuota: 0,
  GlobalEndpointTokenVersion: 1,
});
