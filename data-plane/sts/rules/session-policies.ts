/** Policies that limit one session (IAM User Guide, "Session policies"). */
import type { AccountId } from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import { managedPolicyOf } from "#data-plane/principals";
import type { STS } from "#foundation/aws";
import { PolicySyntaxError, parsePolicy } from "#foundation/policy";
import { malformedPolicyDocument, validationError } from "../errors.ts";

/** As a session's claims hold them. */
export interface SessionPolicies {
  /** Documents as given. */
  readonly policies?: readonly string[];
  readonly policyArns?: readonly string[];
}

/** STS API Reference, AssumeRole, `PolicyArns`. */
const POLICY_ARNS_MAX = 10;

interface PoliciesInput {
  readonly Policy?: string;
  readonly PolicyArns?: readonly STS.PolicyDescriptorType[];
}

/**
 * The session policies of a request, which must be readable, and exist in the account of whom the session is for.
 * @throws AwsError MalformedPolicyDocument, ValidationError
 */
export function sessionPoliciesOf(
  catalog: CatalogLookups,
  accountId: AccountId,
  { Policy, PolicyArns }: PoliciesInput,
): SessionPolicies {
  if (Policy !== undefined) expectReadable(Policy);
  const policyArns = (PolicyArns ?? []).map(({ arn }) => arn ?? "");
  if (policyArns.length > POLICY_ARNS_MAX) {
    throw validationError(
      `1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to ${POLICY_ARNS_MAX}`,
    );
  }
  for (const arn of policyArns) {
    if (managedPolicyOf(catalog, accountId, arn) === undefined) {
      throw validationError(`Policy ${arn} does not exist or is not attachable.`);
    }
  }
  return {
    policies: Policy === undefined ? undefined : [Policy],
    policyArns: policyArns.length === 0 ? undefined : policyArns,
  };
}

function expectReadable(text: string): void {
  try {
    parsePolicy(text, "session");
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw malformedPolicyDocument(error.message);
    throw error;
  }
}
