/** Quotas of identity, as AWS has them (IAM User Guide, "IAM and AWS STS quotas"). */
import type { IdentityKind } from "#contracts";

export interface IdentityLimits {
  /** How many entities of a kind an account has at most. */
  readonly entitiesPerAccount: Readonly<Record<IdentityKind, number>>;
  /** Per user, and for the root of an account. */
  readonly accessKeysPerOwner: number;
}

export const IDENTITY_LIMITS: IdentityLimits = {
  entitiesPerAccount: {
    user: 5_000,
    group: 300,
    role: 1_000,
    managedPolicy: 1_500,
    instanceProfile: 1_000,
    oidcProvider: 100,
  },
  accessKeysPerOwner: 2,
};

/** Quotas of one entity, and lengths. The sizes of policies are in `policySizeMax` of the policy room. */
export const ENTITY_QUOTAS = {
  /**
   * Inline policies of one entity, white space counted: AWS counts none of it, but a record travels in one message of the change stream, and this many characters
   * take 2 MiB of its 4 at most (two bytes each, in UTF-8 or escaped).
   */
  inlineCharactersWithSpace: 1_048_576,
  attachedPolicies: 10,
  groupsPerUser: 10,
  rolesPerInstanceProfile: 1,
  versionsPerPolicy: 5,
  clientIdsPerProvider: 100,
  thumbprintsPerProvider: 5,
  tags: 50,
  descriptionCharacters: 1_000,
  clientIdCharacters: 255,
  arnCharacters: 2_048,
  sessionDurationMinSeconds: 3_600,
  sessionDurationMaxSeconds: 43_200,
} as const;
