/** Versions of managed policies (IAM User Guide, "Versioning IAM policies"): numbered from 1 up, never numbered twice, one of them in force. Pure. */
import type { ManagedPolicySections } from "#contracts";
import { type Refusal, refuse } from "#control-plane/events";
import { entityArn } from "#foundation/ids";
import { policySize, policySizeMax } from "#foundation/policy";
import { ENTITY_QUOTAS } from "./limits.ts";
import { documentRefusal } from "./policy-rules.ts";
import { invalid, quotaExceeded, shown } from "./refusals.ts";
import type { RuleContext, SectionRule } from "./section-rule.ts";

/** Required in effect: the version in force is one of them. */
export const versions: SectionRule = {
  put(version, context) {
    const document = documentOf(version);
    const refusal = documentRefusal(document, "managed", context);
    if (refusal !== undefined) return refusal;
    return policySize(document as string) > policySizeMax.managed
      ? quotaExceeded("PolicySize", policySizeMax.managed)
      : undefined;
  },
  whole(members) {
    const max = ENTITY_QUOTAS.versionsPerPolicy;
    if (Object.keys(members).length <= max) return undefined;
    return refuse(
      "LimitExceeded",
      `A managed policy can have up to ${max} versions. Before you create a new version, you must delete an existing version.`,
    );
  },
};

export const defaultVersion: SectionRule = {
  required: true,
  put: (given) => (typeof given === "string" ? undefined : invalid("The default version is the id of a version")),
};

/** Follows from the versions, see `numbered`. */
export const lastVersion: SectionRule = { put: () => undefined };

/**
 * The change with the time of each new version, and with the number of the last one.
 *
 * A new version has the next number; whoever made it up from a record that has changed meanwhile is refused.
 */
export function numbered(
  before: ManagedPolicySections,
  asked: Readonly<Record<string, unknown>>,
  { dependencies }: RuleContext,
): Readonly<Record<string, unknown>> | Refusal {
  let last = before.lastVersion ?? 0;
  const old = new Map(Object.entries(before.versions ?? {}));
  const changes: [string, unknown][] = [];
  for (const [versionId, version] of Object.entries(asked.versions ?? {})) {
    const kept = old.get(versionId);
    if (version === null) changes.push([versionId, null]);
    else if (kept !== undefined) {
      if (documentOf(version) !== kept.document) return invalid("A version of a policy never changes");
    } else {
      last++;
      if (versionId !== `v${last}`) return invalid(`The next version of the policy is v${last}`);
      changes.push([versionId, { document: documentOf(version), createdAt: dependencies.now() }]);
    }
  }
  if (asked.lastVersion !== undefined && asked.lastVersion !== last) {
    return invalid(`The number of the last version is ${last}`);
  }
  const patch: Record<string, unknown> = { ...asked, lastVersion: last };
  if (asked.versions !== undefined && asked.versions !== null) patch.versions = Object.fromEntries(changes);
  return patch;
}

/** Whether the version in force exists. */
export function defaultRefusal(
  before: ManagedPolicySections,
  after: ManagedPolicySections,
  { kind, accountId, path, name }: RuleContext,
): Refusal | undefined {
  const versionId = after.defaultVersion ?? "";
  if (Object.hasOwn(after.versions ?? {}, versionId)) return undefined;
  if (versionId === before.defaultVersion) {
    return refuse("DeleteConflict", "Cannot delete the default version of a policy.");
  }
  const arn = entityArn({ kind, accountId, path, name });
  return refuse(
    "NoSuchEntity",
    `Policy ${arn} version ${shown(versionId, "given")} does not exist or is not attachable.`,
  );
}

function documentOf(version: unknown): unknown {
  return typeof version === "object" && version !== null && "document" in version ? version.document : undefined;
}
