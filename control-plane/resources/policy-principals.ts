/** Whom the policy of a resource means. Pure. */
import type { PolicyPrincipals } from "#contracts";
import { type CatalogReader, type Refusal, refuse } from "#control-plane/events";
import { principalsNamedIn } from "#control-plane/identity";

/** @param inForce what the policy that it replaces means */
export function policyPrincipals(
  text: string,
  views: CatalogReader,
  inForce?: PolicyPrincipals,
): { readonly ok: true; readonly principals: PolicyPrincipals | undefined } | Refusal {
  const named = principalsNamedIn(text, views, inForce);
  return named.ok ? named : refuse("MalformedPolicyDocument", "Invalid principal in policy");
}
