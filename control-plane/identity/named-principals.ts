/**
 * Whom a policy means by the principals that it names: found out once, when it is put (see docs/decisions/0011). Pure.
 *
 * A principal of an account of this cloud must exist (IAM User Guide, "Troubleshoot IAM policies", "Invalid principal in policy"). Accounts that are not of this cloud
 * are not looked into: policies written for AWS name them, and nobody can come from there.
 */
import { type AccountId, MEMBER_ROLES, ORG_ROLES, type PolicyPrincipals } from "#contracts";
import type { CatalogReader } from "#control-plane/events";
import { entityArn, parseEntityArn } from "#foundation/ids";
import { namedPrincipals, namesEntity } from "#foundation/policy";

export type NamedPrincipals =
  /** `undefined`: the policy names no user, role or session. */
  | { readonly ok: true; readonly principals: PolicyPrincipals | undefined }
  /** The principal that does not exist. */
  | { readonly ok: false; readonly principal: string };

/**
 * @param text of a policy whose grammar is sound; of anything else nothing is found
 * @param inForce what the policy that it replaces means: the ids in it were shown to whoever changes that policy, and may stay though nobody has them any more
 */
export function principalsNamedIn(text: string, views: CatalogReader, inForce: PolicyPrincipals = {}): NamedPrincipals {
  const kept = new Set(Object.values(inForce));
  const principals: Record<string, string> = {};
  let concerned = false;
  for (const name of namedPrincipals(text)) {
    const isId = isUniqueId(name);
    if (!isId && !namesEntity(name)) continue;
    concerned = true;
    const meant = isId ? (kept.has(name) || exists(name, views) ? name : undefined) : meantBy(name, views);
    if (meant !== undefined) principals[name] = meant;
    else if (isId || isOurs(name, views)) return { ok: false, principal: name };
  }
  return { ok: true, principals: concerned ? principals : undefined };
}

/** What stands for an ARN; undefined when there is nobody of that name. */
function meantBy(arn: string, views: CatalogReader): string | undefined {
  const place = parseEntityArn(arn);
  if (place?.kind === "user" || place?.kind === "role") {
    // Names are unique whatever their case and path, but an ARN is good only as it is written.
    const record = views.entityByName(place.kind, place.accountId as AccountId, place.name);
    if (record !== undefined && entityArn(record) === arn) return record.entityId;
    return place.path === MEMBER_ROLES.path && isMemberRole(place.name) ? arn : undefined;
  }
  const [, accountId, roleName = "", sessionName] =
    /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\/([^/]+)$/.exec(arn) ?? [];
  if (isMemberRole(roleName)) return arn;
  const role = views.entityByName("role", accountId as AccountId, roleName);
  return role?.name === roleName ? `${role.entityId}:${sessionName}` : undefined;
}

/** Nobody can make roles of these names, so that they always mean the same. */
const isMemberRole = (name: string): boolean => ORG_ROLES.some((role) => name === MEMBER_ROLES.prefix + role);

/** Of an account of this cloud. */
const isOurs = (arn: string, views: CatalogReader): boolean =>
  views.account(arn.split(":")[4] as AccountId) !== undefined;

const isUniqueId = (name: string): boolean => /^A(?:IDA|ROA)/.test(name);

function exists(id: string, views: CatalogReader): boolean {
  const [entityId = ""] = id.split(":", 1);
  return views.record(entityId.startsWith("AIDA") ? "user" : "role", entityId) !== undefined;
}
