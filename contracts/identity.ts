/**
 * IAM entities: users, groups, roles, customer managed policies, instance profiles and OpenID Connect providers.
 *
 * They share one life cycle: created with some sections, configured by patches of sections, renamed, deleted. An entity keeps its id for life (names may change, and a
 * name may be taken again after a deletion), so everything that refers to an entity does so by id; only managed policies are referred to by ARN, as IAM's API does
 * (a policy cannot be renamed).
 */
import type { AccountId } from "./ids.ts";

/** The sections of each kind of entity. Absent where nothing was put. */
export interface IdentitySections {
  readonly user: UserSections;
  readonly group: GroupSections;
  readonly role: RoleSections;
  readonly managedPolicy: ManagedPolicySections;
  readonly instanceProfile: InstanceProfileSections;
  readonly oidcProvider: OidcProviderSections;
}

export type IdentityKind = keyof IdentitySections;
export type IdentitySection<Kind extends IdentityKind = IdentityKind> = keyof IdentitySections[Kind] & string;

/** A set: its members are the names. */
export type NameSet = Readonly<Record<string, true>>;

/** By key. IAM User Guide, "Tags for IAM resources". */
export type IdentityTags = Readonly<Record<string, string>>;

/**
 * Whom a policy means by the ARNs in its `Principal` and `NotPrincipal`: ARN of a user, a role or a role's session, as written → what stood for it when the policy was
 * put: the unique id (`AIDA…`, `AROA…`, `AROA…:session`), or the ARN itself where nobody else can ever bear it. Derived by the control plane. An ARN that is not here
 * means nobody. Absent altogether where the policy names none, and for policies that are older than this.
 */
export type PolicyPrincipals = Readonly<Record<string, string>>;

export interface UserSections {
  /** Policy name → document, byte for byte as it was put. */
  readonly inlinePolicies?: Readonly<Record<string, string>>;
  /** ARNs of managed policies. */
  readonly attachedPolicies?: NameSet;
  /** Ids of the groups that the user is in. */
  readonly groups?: NameSet;
  /** ARN of the managed policy that is the permissions boundary. */
  readonly boundary?: string;
  readonly tags?: IdentityTags;
  /** Epoch milliseconds: sessions that were issued earlier are refused. */
  readonly sessionsValidFrom?: number;
}

export interface GroupSections {
  readonly inlinePolicies?: Readonly<Record<string, string>>;
  readonly attachedPolicies?: NameSet;
}

export interface RoleSections {
  /** The trust policy, byte for byte. */
  readonly trustPolicy?: string;
  /** Derived from the trust policy. */
  readonly trustPrincipals?: PolicyPrincipals;
  readonly description?: string;
  /** Seconds, 3,600 to 43,200. */
  readonly maxSessionDuration?: number;
  readonly inlinePolicies?: Readonly<Record<string, string>>;
  readonly attachedPolicies?: NameSet;
  readonly boundary?: string;
  readonly tags?: IdentityTags;
  /** Epoch milliseconds: sessions that were issued earlier are refused. */
  readonly sessionsValidFrom?: number;
}

export interface ManagedPolicySections {
  readonly description?: string;
  /** Version id (`v1`) → version. */
  readonly versions?: Readonly<Record<string, ManagedPolicyVersion>>;
  /** Id of the version in force. */
  readonly defaultVersion?: string;
  /** Number of the version that was made last; numbers are never given twice. */
  readonly lastVersion?: number;
  readonly tags?: IdentityTags;
}

export interface ManagedPolicyVersion {
  /** Byte for byte. */
  readonly document: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface InstanceProfileSections {
  /** Ids of roles; one at most. */
  readonly roles?: NameSet;
  readonly tags?: IdentityTags;
}

/** The name of the entity is the provider's URL without its scheme, as in its ARN. */
export interface OidcProviderSections {
  readonly url?: string;
  /** Audiences. */
  readonly clientIds?: NameSet;
  /** SHA-1 of certificates, hex. */
  readonly thumbprints?: readonly string[];
  readonly tags?: IdentityTags;
}

/**
 * How each section changes: `map` sections member by member (a patch names members; null removes one), `value` sections as a whole (null removes it).
 * The order is that of the members in records.
 */
export const IDENTITY_SECTIONS = {
  user: {
    inlinePolicies: "map",
    attachedPolicies: "map",
    groups: "map",
    boundary: "value",
    tags: "map",
    sessionsValidFrom: "value",
  },
  group: { inlinePolicies: "map", attachedPolicies: "map" },
  role: {
    trustPolicy: "value",
    trustPrincipals: "value",
    description: "value",
    maxSessionDuration: "value",
    inlinePolicies: "map",
    attachedPolicies: "map",
    boundary: "value",
    tags: "map",
    sessionsValidFrom: "value",
  },
  managedPolicy: { description: "value", versions: "map", defaultVersion: "value", lastVersion: "value", tags: "map" },
  instanceProfile: { roles: "map", tags: "map" },
  oidcProvider: { url: "value", clientIds: "map", thumbprints: "value", tags: "map" },
} as const satisfies {
  readonly [Kind in IdentityKind]: { readonly [Section in keyof Required<IdentitySections[Kind]>]: "map" | "value" };
};

export const IDENTITY_KINDS = Object.keys(IDENTITY_SECTIONS) as readonly IdentityKind[];

/**
 * Which sections refer to other entities: map sections by their members' names, value sections by their value. What is referred to cannot be deleted.
 * `attachedPolicies` and `boundary` hold ARNs, which may also be those of AWS-managed policies.
 */
export const IDENTITY_REFERENCES = {
  user: ["attachedPolicies", "groups", "boundary"],
  group: ["attachedPolicies"],
  role: ["attachedPolicies", "boundary"],
  managedPolicy: [],
  instanceProfile: ["roles"],
  oidcProvider: [],
} as const satisfies { readonly [Kind in IdentityKind]: readonly IdentitySection<Kind>[] };

/** An IAM entity. */
export interface IdentityRecord<Kind extends IdentityKind = IdentityKind> {
  readonly kind: Kind;
  /** `AIDA…` user, `AGPA…` group, `AROA…` role, `ANPA…` policy, `AIPA…` instance profile, `OIDC…` provider. Also the key of the record. */
  readonly entityId: string;
  readonly accountId: AccountId;
  /** Unique among the entities of its kind in its account, without regard to case. */
  readonly name: string;
  /** `/` or `/team/`; part of the ARN. */
  readonly path: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** 1 at the creation, one more at each change. */
  readonly revision: number;
  readonly sections: IdentitySections[Kind];
}

export type UserRecord = IdentityRecord<"user">;
export type GroupRecord = IdentityRecord<"group">;
export type RoleRecord = IdentityRecord<"role">;
export type ManagedPolicyRecord = IdentityRecord<"managedPolicy">;
export type InstanceProfileRecord = IdentityRecord<"instanceProfile">;
export type OidcProviderRecord = IdentityRecord<"oidcProvider">;

/** New values: of `value` sections whole, of `map` sections by member. Null removes. What is not named stays. */
export type IdentityPatch<Kind extends IdentityKind> = {
  readonly [Section in keyof IdentitySections[Kind]]?:
    | (NonNullable<IdentitySections[Kind][Section]> extends Readonly<Record<string, infer Member>>
        ? Readonly<Record<string, Member | null>>
        : IdentitySections[Kind][Section])
    | null;
};

/** Commands about one kind of entity. The control plane checks names, policies, quotas and references; times are its own. */
export type IdentityCommand<Kind extends IdentityKind = IdentityKind> = {
  readonly [Each in Kind]:
    | {
        readonly type: `${Each}.create`;
        readonly accountId: AccountId;
        readonly name: string;
        readonly path?: string;
        readonly sections: IdentitySections[Each];
      }
    | {
        readonly type: `${Each}.configure`;
        readonly accountId: AccountId;
        readonly entityId: string;
        readonly sections: IdentityPatch<Each>;
        /** The revision that the change was worked out from; refused with `RevisionMismatch` when the entity has moved on. */
        readonly ifRevision?: number;
      }
    /** Users and groups only. */
    | {
        readonly type: `${Each}.rename`;
        readonly accountId: AccountId;
        readonly entityId: string;
        readonly name?: string;
        readonly path?: string;
      }
    | { readonly type: `${Each}.delete`; readonly accountId: AccountId; readonly entityId: string };
}[Kind];

/** Payloads of the events about one kind of entity. */
export interface IdentityEventPayloads<Kind extends IdentityKind = IdentityKind> {
  readonly created: {
    readonly entityId: string;
    readonly accountId: AccountId;
    readonly name: string;
    readonly path: string;
    readonly sections: IdentitySections[Kind];
  };
  readonly configured: {
    readonly entityId: string;
    readonly accountId: AccountId;
    readonly sections: IdentityPatch<Kind>;
  };
  readonly renamed: {
    readonly entityId: string;
    readonly accountId: AccountId;
    readonly name: string;
    readonly path: string;
  };
  readonly deleted: { readonly entityId: string; readonly accountId: AccountId; readonly name: string };
}
