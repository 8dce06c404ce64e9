/** Which condition keys a policy asks for: what no policy asks for need not be looked up. */
import type { CompiledPolicy } from "#foundation/policy";

const asked = new WeakMap<CompiledPolicy, Map<string, boolean>>();

/** Whether the policy has a condition on a key that begins with the prefix, or uses one as a variable. @param prefix in lower case */
export function asksFor(policy: CompiledPolicy, prefix: string): boolean {
  let known = asked.get(policy);
  if (known === undefined) {
    known = new Map();
    asked.set(policy, known);
  }
  let answer = known.get(prefix);
  if (answer === undefined) {
    // Keys and variables alike are spelled out in the document.
    answer = JSON.stringify(policy.document).toLowerCase().includes(prefix);
    known.set(prefix, answer);
  }
  return answer;
}

/** The same of any of the policies. */
export function anyAsksFor(policies: readonly CompiledPolicy[], prefix: string): boolean {
  return policies.some((policy) => asksFor(policy, prefix));
}
