/** AWS's words for a refusal (IAM User Guide, "Troubleshoot access denied error messages"). */

import type { AuthorizationRequest, Decision, DecisionSource } from "./types.ts";

const implicitWords: Readonly<Record<DecisionSource, string>> = {
  identity: "no identity-based policy allows",
  resource: "no resource-based policy allows",
  trust: "no role trust policy allows",
  boundary: "no permissions boundary allows",
  session: "no session policy allows",
  root: "no identity-based policy allows",
};

const explicitWords: Readonly<Record<DecisionSource, string>> = {
  identity: "an identity-based policy",
  resource: "a resource-based policy",
  trust: "the role trust policy",
  boundary: "a permissions boundary",
  session: "a session policy",
  root: "an identity-based policy",
};

/**
 * The sentence that tells a caller why it may not.
 *
 * @param decision what {@link authorize} decided; must not be an allowance
 * @example
 * // User: arn:aws:iam::123456789012:user/ana is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::photos/cat.png"
 * // because no identity-based policy allows the s3:GetObject action
 */
export function accessDeniedMessage(request: AuthorizationRequest, decision: Decision): string {
  const { action } = request;
  const start = `User: ${nameOf(request)} is not authorized to perform: ${action}${onResource(request)}`;
  return decision.reason === "explicit-deny"
    ? `${start} with an explicit deny in ${explicitWords[decision.source]}`
    : `${start} because ${implicitWords[decision.source]} the ${action} action`;
}

/** S3 puts the resource between quotation marks and names none where there is none; the others say ` on resource: *`. */
function onResource({ action, resource }: AuthorizationRequest): string {
  if (!action.toLowerCase().startsWith("s3:")) return ` on resource: ${resource}`;
  return resource === "*" || resource === allBuckets ? "" : ` on resource: "${resource}"`;
}

const allBuckets = "arn:aws:s3:::*";

function nameOf({ principal }: AuthorizationRequest): string {
  switch (principal.type) {
    case "anonymous":
      return "anonymous";
    case "service":
      return principal.service;
    case "web-identity":
      return principal.provider;
    default:
      return principal.arn;
  }
}
