/** Quotas of identity, as AWS has them (IAM User Guide, "IAM and AWS STS quotas"). */

export interface IdentityLimits {
  readonly usersPerAccount: number;
  /** Per user, and for the root of an account. */
  readonly accessKeysPerOwner: number;
  /** All inline policies of a user together, in characters without white space. */
  readonly userPolicyCharacters: number;
}

export const IDENTITY_LIMITS: IdentityLimits = {
  usersPerAccount: 5_000,
  accessKeysPerOwner: 2,
  userPolicyCharacters: 2_048,
};
