/**
 * The policies of catalog records, compiled once for each record: records are replaced whole when anything in them changes, so that their identity is the key.
 *
 * What cannot be read, or is not there, denies everything. Left out it could open doors, for the missing text may have held a `Deny`. It cannot happen while both
 * planes are of one version: documents are read before they are accepted, what is attached cannot be deleted, and changes are applied in their order. It does when
 * the control plane is newer than this program and knows a policy of AWS's, or a word of the grammar, that this one does not. Then whoever is concerned is refused
 * with the name of that policy, until this program is brought up to date.
 */
import type { AccountId, GroupRecord, ManagedPolicyRecord, RoleRecord, UserRecord } from "#contracts";
import { CLOUD_ORG } from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import { entityArn, parseEntityArn } from "#foundation/ids";
import { managedPolicy } from "#foundation/managed-policies";
import { bindPrincipals, type CompiledPolicy, compilePolicy, type PolicyKind, parsePolicy } from "#foundation/policy";

const DENY_EVERYTHING = parsePolicy(
  '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
  "identity",
);

/** No caller is of this account. */
const TRUSTS_NOBODY_TEXT = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: CLOUD_ORG }, Action: "sts:AssumeRole" }],
});

/** The trust policy of a role that is not there, or whose own cannot be read. */
export const TRUSTS_NOBODY = compilePolicy(parsePolicy(TRUSTS_NOBODY_TEXT, "trust"));

/** What stands for a policy that is not here. @param name of the policy, for the audit */
export function denyEverything(name: string): CompiledPolicy {
  return compilePolicy(DENY_EVERYTHING, name);
}

/** A policy as text, or what stands for it when it cannot be read. */
export function compileText(text: string, kind: PolicyKind, name: string): CompiledPolicy {
  try {
    return compilePolicy(parsePolicy(text, kind), name);
  } catch {
    return denyEverything(name);
  }
}

const inline = new WeakMap<UserRecord | GroupRecord | RoleRecord, readonly CompiledPolicy[]>();
const managed = new WeakMap<ManagedPolicyRecord, CompiledPolicy>();
const trust = new WeakMap<RoleRecord, CompiledPolicy>();

/** The inline policies of an entity. */
export function inlinePoliciesOf(record: UserRecord | GroupRecord | RoleRecord): readonly CompiledPolicy[] {
  let compiled = inline.get(record);
  if (compiled === undefined) {
    const texts = Object.entries(record.sections.inlinePolicies ?? {});
    compiled = texts.map(([name, text]) => compileText(text, "identity", name));
    inline.set(record, compiled);
  }
  return compiled;
}

/** The trust policy of a role. */
export function trustPolicyOf(role: RoleRecord): CompiledPolicy {
  let compiled = trust.get(role);
  if (compiled === undefined) {
    try {
      const document = parsePolicy(role.sections.trustPolicy ?? "", "trust");
      const { trustPrincipals } = role.sections;
      compiled = compilePolicy(trustPrincipals === undefined ? document : bindPrincipals(document, trustPrincipals));
    } catch {
      compiled = TRUSTS_NOBODY;
    }
    trust.set(role, compiled);
  }
  return compiled;
}

/**
 * A managed policy, in its default version.
 *
 * @param accountId the account of whoever it shall speak for: customer managed policies of other accounts are not found
 * @returns undefined when there is none
 */
export function managedPolicyOf(
  catalog: CatalogLookups,
  accountId: AccountId,
  arn: string,
): CompiledPolicy | undefined {
  const place = parseEntityArn(arn);
  if (place?.kind !== "managedPolicy") return undefined;
  if (place.accountId === "aws") return managedPolicy(arn)?.compiled;
  const record =
    place.accountId === accountId ? catalog.entityByName("managedPolicy", accountId, place.name) : undefined;
  // Names are unique whatever their case and path, but an ARN is good only as it is written.
  return record === undefined || entityArn(record) !== arn ? undefined : compiledManaged(record, arn);
}

function compiledManaged(record: ManagedPolicyRecord, arn: string): CompiledPolicy {
  let compiled = managed.get(record);
  if (compiled === undefined) {
    const { versions, defaultVersion = "" } = record.sections;
    compiled = compileText(versions?.[defaultVersion]?.document ?? "", "identity", arn);
    managed.set(record, compiled);
  }
  return compiled;
}
