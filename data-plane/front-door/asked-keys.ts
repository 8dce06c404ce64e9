/** Which condition keys a policy asks for: what no policy asks for need not be looked up. */
import type { CompiledPolicy } from "#foundation/policy";

const asked = new WeakMap<CompiledPolicy, Map<string, boolean>>();

/** Whether any of the policies has a condition on a key that begins with the prefix, or uses one as a variable. @param prefix in lower case */
export function anyAsksFor(policies: readonly CompiledPolicy[], prefix: string): boolean {
  return policies.some((policy) => asksFor(policy, prefix));
}

function asksFor(policy: CompiledPolicy, prefix: string): boolean {
  let answers = asked.get(policy);
  if (answers === undefined) {
    answers = new Map();
    asked.set(policy, answers);
  }
  let answer = answers.get(prefix);
  if (answer === undefined) {
    // Keys and variables alike are spelled out in the document.
    answer = JSON.stringify(policy.document).toLowerCase().includes(prefix);
    answers.set(prefix, answer);
  }
  return answer;
}
