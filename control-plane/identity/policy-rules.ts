/** Rules for sections that hold policies or name them. Pure. */
import type { RoleSections } from "#contracts";
import { type Refusal, refuse } from "#control-plane/events";
import { entityArn, parseEntityArn } from "#foundation/ids";
import { policySize, policySizeMax } from "#foundation/policy";
import type { PolicyPlace } from "./dependencies.ts";
import { ENTITY_QUOTAS } from "./limits.ts";
import { principalsNamedIn } from "./named-principals.ts";
import { policyNameProblem, policyTextProblem } from "./names.ts";
import { invalid, quotaExceeded, shown } from "./refusals.ts";
import type { RuleContext, SectionRule } from "./section-rule.ts";

/** Policy name → document. @param noun what the size is that of: "user" */
export function inlinePolicies(noun: string, charactersMax: number): SectionRule {
  return {
    put(document, context, policyName) {
      const problem = policyNameProblem(policyName);
      return problem === undefined ? documentRefusal(document, "inline", context) : invalid(problem);
    },
    whole(documents, { name }) {
      let characters = 0;
      let withSpace = 0;
      for (const document of Object.values(documents) as string[]) {
        characters += policySize(document);
        withSpace += document.length;
      }
      if (characters > charactersMax) {
        return refuse("LimitExceeded", `Maximum policy size of ${charactersMax} bytes exceeded for ${noun} ${name}`);
      }
      const max = ENTITY_QUOTAS.inlineCharactersWithSpace;
      if (withSpace <= max) return undefined;
      return refuse(
        "LimitExceeded",
        `The policies of ${noun} ${name} have more than ${max} characters with white space`,
      );
    },
  };
}

/** ARNs of managed policies. @param quota IAM's name of it */
export function attachedPolicies(quota: string): SectionRule {
  return {
    put(given, context, arn) {
      if (given !== true) return invalid("A policy is attached with the value true, and detached with null");
      const problem = arnProblem(arn);
      if (problem !== undefined) return invalid(problem);
      if (!policyExists(arn, context)) {
        return refuse("NoSuchEntity", `Policy ${arn} does not exist or is not attachable.`);
      }
      // No customer makes service-linked roles (IAM User Guide, "Create a service-linked role").
      if (context.dependencies.managedPolicy(arn)?.forServiceLinkedRoles) {
        return refuse("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.");
      }
      return undefined;
    },
    whole(arns) {
      const max = ENTITY_QUOTAS.attachedPolicies;
      return Object.keys(arns).length > max ? quotaExceeded(quota, max) : undefined;
    },
  };
}

/** The ARN of the policy that is the permissions boundary. */
export const boundary: SectionRule = {
  put(arn, context) {
    if (typeof arn !== "string") return invalid("A permissions boundary is the ARN of a policy");
    const problem = arnProblem(arn);
    if (problem !== undefined) return invalid(problem);
    if (policyExists(arn, context)) return undefined;
    return refuse("NoSuchEntity", `Scope ARN: ${arn} does not exist or is not attachable.`);
  },
};

export const trustPolicy: SectionRule = {
  required: true,
  put(document, context) {
    const refusal = documentRefusal(document, "trust", context);
    if (refusal !== undefined) return refusal;
    const tooLarge = policySize(document as string) > policySizeMax.trust;
    return tooLarge ? quotaExceeded("ACLSizePerRole", policySizeMax.trust) : undefined;
  },
};

/** Follows from the trust policy, see `trusted`. */
export const trustPrincipals: SectionRule = { put: () => undefined };

/** The change with whom the trust policy means. */
export function trusted(
  before: RoleSections,
  asked: Readonly<Record<string, unknown>>,
  { views }: RuleContext,
): Readonly<Record<string, unknown>> | Refusal {
  if (asked.trustPrincipals !== undefined) return invalid("Whom a role trusts follows from its trust policy");
  if (typeof asked.trustPolicy !== "string") return asked;
  const named = principalsNamedIn(asked.trustPolicy, views, before.trustPrincipals);
  if (!named.ok) {
    const principal = shown(named.principal, "given");
    return refuse("MalformedPolicyDocument", `Invalid principal in policy: "AWS":"${principal}"`);
  }
  return { ...asked, trustPrincipals: named.principals ?? null };
}

/** Why a document cannot be kept; undefined when it is a text and sound. */
export function documentRefusal(
  document: unknown,
  place: PolicyPlace,
  { dependencies }: RuleContext,
): Refusal | undefined {
  if (typeof document !== "string") return invalid("A policy document must be text");
  const problem = policyTextProblem(document);
  if (problem !== undefined) return invalid(problem);
  try {
    dependencies.checkPolicy(document, place);
    return undefined;
  } catch (error) {
    return refuse("MalformedPolicyDocument", error instanceof Error ? error.message : String(error));
  }
}

function arnProblem(arn: string): string | undefined {
  if (arn.length <= ENTITY_QUOTAS.arnCharacters && parseEntityArn(arn)?.kind === "managedPolicy") return undefined;
  return `ARN ${shown(arn, "of that form")} is not valid.`;
}

/** Whether there is a managed policy of this ARN: AWS's, or the account's own. */
function policyExists(arn: string, { accountId, views, dependencies }: RuleContext): boolean {
  const place = parseEntityArn(arn);
  if (place === undefined) return false;
  if (place.accountId === "aws") return dependencies.managedPolicy(arn) !== undefined;
  const policy = views.entityByName("managedPolicy", accountId, place.name);
  // Names are found without regard to case, and whatever the path; ARNs say both.
  return policy !== undefined && entityArn(policy) === arn;
}
