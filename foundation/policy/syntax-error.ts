/** What is said about a policy that cannot be one. */

import type { PolicyKind } from "./types.ts";

/** Thrown by {@link parsePolicy}. `message` is what AWS says; the caller chooses the code (`MalformedPolicyDocument`, `MalformedPolicy` …). */
export class PolicySyntaxError extends Error {
  override readonly name = "PolicySyntaxError";
  /** `too-large` has a code of its own in most services (`LimitExceeded`, `PolicyTooLarge`). */
  readonly problem: "syntax" | "too-large";

  constructor(message: string, problem: "syntax" | "too-large" = "syntax") {
    super(message);
    this.problem = problem;
  }
}

/** The words for a mistake that has none of its own. */
export function syntaxMessage(kind: PolicyKind): string {
  return kind === "resource" ? "Invalid policy syntax." : "Syntax errors in policy.";
}
