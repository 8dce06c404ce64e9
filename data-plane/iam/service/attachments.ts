/** Which managed policies are attached to whom. */
import type { AccountId, GroupRecord, RoleRecord, UserRecord } from "#contracts";
import type { CatalogOnly } from "./find.ts";
import { byKey } from "./paging.ts";
import { type PolicyView, policyOfArn } from "./policy-view.ts";

/** Kinds that policies are attached to, and that have inline policies. */
export type PrincipalKind = "user" | "group" | "role";
export type PrincipalRecord = UserRecord | GroupRecord | RoleRecord;

/** Whether a policy grants or limits. */
export type PolicyUse = "attachedPolicies" | "boundary";

/** Who has a policy attached, or as boundary, within one account: ARNs of AWS's policies are the same for all. */
export function bearersOf(
  { catalog }: CatalogOnly,
  accountId: AccountId,
  arn: string,
  use: PolicyUse,
): {
  readonly users: readonly UserRecord[];
  readonly groups: readonly GroupRecord[];
  readonly roles: readonly RoleRecord[];
} {
  const own = <Item extends { readonly accountId: AccountId }>(records: readonly Item[]): readonly Item[] =>
    records.filter((record) => record.accountId === accountId);
  return {
    users: own(catalog.entitiesReferring("user", use, arn)),
    groups: use === "boundary" ? [] : own(catalog.entitiesReferring("group", use, arn)),
    roles: own(catalog.entitiesReferring("role", use, arn)),
  };
}

export function countBearers(tools: CatalogOnly, accountId: AccountId, arn: string, use: PolicyUse): number {
  const { users, groups, roles } = bearersOf(tools, accountId, arn, use);
  return users.length + groups.length + roles.length;
}

/** The managed policies of a user, group or role, by name. */
export function attachedTo(tools: CatalogOnly, { accountId, sections }: PrincipalRecord): readonly PolicyView[] {
  return Object.keys(sections.attachedPolicies ?? {})
    .map((arn) => policyOfArn(tools, accountId, arn))
    .filter((view) => view !== undefined)
    .sort(byKey(sortKeyOf));
}

/** In lists policies stand by name; two of one name, one of AWS's and one of the account's, by ARN. */
export const sortKeyOf = ({ name, arn }: PolicyView): string => `${name}\0${arn}`;
