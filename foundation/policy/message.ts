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
  // S3 puts the resource between quotation marks, the others do not.
  const resource = action.toLowerCase().startsWith("s3:") ? `"${request.resource}"` : request.resource;
  const start = `User: ${nameOf(request)} is not authorized to perform: ${action} on resource: ${resource}`;
  return decision.reason === "explicit-deny"
    ? `${start} with an explicit deny in ${explicitWords[decision.source]}`
    : `${start} because ${implicitWords[decision.source]} the ${action} action`;
}

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
