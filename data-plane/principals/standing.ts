/** Which policies speak for whom (IAM User Guide, "Policies and permissions in IAM", "Policy types"). */
import type { AccountId, GroupRecord, NameSet, OrgRole, RoleRecord, SessionClaims, UserRecord } from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import type { CompiledPolicy, PrincipalContext, PrincipalTags } from "#foundation/policy";
import { compileText, denyEverything, inlinePoliciesOf, managedPolicyOf } from "./compiled-policies.ts";

/** Everything that decides about a caller, besides what is asked. */
export interface Standing {
  /** The caller, as the evaluator knows callers. */
  readonly principal: PrincipalContext;
  /** Undefined for callers without credentials. */
  readonly canonicalUserId: string | undefined;
  /** Inline and managed, its own and those of its groups. */
  readonly identity: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | undefined;
  /** Empty: there are none. */
  readonly session: readonly CompiledPolicy[];
}

export const NO_POLICIES: readonly CompiledPolicy[] = [];

/** Nobody in particular. */
export const NO_STANDING: Standing = {
  principal: { type: "anonymous" },
  canonicalUserId: undefined,
  identity: NO_POLICIES,
  boundary: undefined,
  session: NO_POLICIES,
};

type Permissions = Pick<Standing, "identity" | "boundary">;

/** The root user's: none, it needs none. */
export const ROOT_PERMISSIONS: Permissions = { identity: NO_POLICIES, boundary: undefined };

/** What a user may do: its own policies and those of its groups. */
export function permissionsOfUser(catalog: CatalogLookups, user: UserRecord): Permissions {
  const { accountId, sections } = user;
  const identity = [...ownPolicies(catalog, user)];
  for (const groupId of Object.keys(sections.groups ?? {})) {
    const group = catalog.entity("group", accountId, groupId);
    if (group === undefined) identity.push(denyEverything(groupId));
    else identity.push(...ownPolicies(catalog, group));
  }
  return { identity, boundary: boundaryOf(catalog, user) };
}

export function permissionsOfRole(catalog: CatalogLookups, role: RoleRecord): Permissions {
  return { identity: ownPolicies(catalog, role), boundary: boundaryOf(catalog, role) };
}

/** What members may do with the resources of their org is what these policies of AWS's allow. */
const POLICY_OF_MEMBERS: Readonly<Record<OrgRole, string>> = {
  owner: "arn:aws:iam::aws:policy/AdministratorAccess",
  admin: "arn:aws:iam::aws:policy/AdministratorAccess",
  developer: "arn:aws:iam::aws:policy/PowerUserAccess",
  readonly: "arn:aws:iam::aws:policy/ReadOnlyAccess",
};

export function permissionsOfMember(catalog: CatalogLookups, accountId: AccountId, role: OrgRole): Permissions {
  return { identity: managedPolicies(catalog, accountId, [POLICY_OF_MEMBERS[role]]), boundary: undefined };
}

function ownPolicies(
  catalog: CatalogLookups,
  record: UserRecord | GroupRecord | RoleRecord,
): readonly CompiledPolicy[] {
  const inline = inlinePoliciesOf(record);
  const attached: NameSet | undefined = record.sections.attachedPolicies;
  if (attached === undefined) return inline;
  return [...inline, ...managedPolicies(catalog, record.accountId, Object.keys(attached))];
}

function managedPolicies(
  catalog: CatalogLookups,
  accountId: AccountId,
  arns: readonly string[],
): readonly CompiledPolicy[] {
  return arns.map((arn) => managedPolicyOf(catalog, accountId, arn) ?? denyEverything(arn));
}

function boundaryOf(catalog: CatalogLookups, record: UserRecord | RoleRecord): CompiledPolicy | undefined {
  const arn = record.sections.boundary;
  if (arn === undefined) return undefined;
  return managedPolicyOf(catalog, record.accountId, arn) ?? denyEverything(arn);
}

/** The session policies that a session was made with, inline ones first. Managed ones are as they are now. */
export function sessionPolicies(catalog: CatalogLookups, claims: SessionClaims): readonly CompiledPolicy[] {
  const { policies, policyArns, principal } = claims;
  if (policies === undefined && policyArns === undefined) return NO_POLICIES;
  const inline = (policies ?? []).map((text) => compileText(text, "session", "session policy"));
  return [...inline, ...managedPolicies(catalog, principal.accountId, policyArns ?? [])];
}

/** Tags of an entity, overlaid with those of a session. Undefined where there are none. */
export function principalTags(
  ...layers: readonly (Readonly<Record<string, string>> | undefined)[]
): PrincipalTags | undefined {
  const tags = new Map<string, string>();
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer ?? {})) tags.set(key.toLowerCase(), value);
  }
  return tags.size === 0 ? undefined : tags;
}
