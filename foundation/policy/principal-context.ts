/**
 * Condition keys that follow from who asks.
 *
 * Sources: IAM User Guide, "AWS global condition context keys", "Properties of the principal"; "IAM policy elements: Variables and tags", which has
 * the table of `aws:userid` and `aws:PrincipalType` per kind of principal.
 */

import type { AuthorizationRequest, ConditionContext, PrincipalContext } from "./types.ts";

type ConditionValue = string | readonly string[] | undefined;

/** Completes the context of a request: its own values first, then what the principal implies. */
export function completeContext(request: AuthorizationRequest): ConditionContext {
  return new CompletedContext(request);
}

class CompletedContext implements ConditionContext {
  readonly #request: AuthorizationRequest;

  constructor(request: AuthorizationRequest) {
    this.#request = request;
  }

  get(key: string): ConditionValue {
    const request = this.#request;
    const own = request.context.get(key);
    if (own !== undefined) return own;
    // Only the global keys follow from who asks.
    if (!key.startsWith("aws:")) return undefined;
    return key === "aws:resourceaccount" ? request.resourceAccount : impliedByPrincipal(request.principal, key);
  }
}

const tagPrefix = "aws:principaltag/";

/** The value of a global condition key, in lower case, that follows from the principal alone. */
export function impliedByPrincipal(principal: PrincipalContext, key: string): ConditionValue {
  switch (key) {
    case "aws:principaltype":
      return principalTypes[principal.type];
    case "aws:principalaccount":
      if (principal.type === "anonymous") return "anonymous";
      return "accountId" in principal ? principal.accountId : undefined;
    case "aws:principalarn":
      if (principal.type === "assumed-role") return principal.roleArn;
      return "arn" in principal ? principal.arn : undefined;
    case "aws:username":
      return principal.type === "user" ? principal.userName : undefined;
    case "aws:userid":
      return userId(principal);
    case "aws:federatedprovider":
      return "provider" in principal ? principal.provider : undefined;
    case "aws:principalisawsservice":
      // Requests that nobody signed do not have the key.
      if (principal.type === "anonymous") return undefined;
      return principal.type === "service" ? "true" : "false";
    case "aws:principalservicename":
      return principal.type === "service" ? principal.service : undefined;
    case "aws:principalservicenameslist":
      return principal.type === "service" ? [principal.service] : undefined;
    default:
      if (!key.startsWith(tagPrefix) || !("tags" in principal)) return undefined;
      return principal.tags?.get(key.slice(tagPrefix.length));
  }
}

const principalTypes = {
  anonymous: "Anonymous",
  root: "Account",
  user: "User",
  "assumed-role": "AssumedRole",
  "federated-user": "FederatedUser",
  "web-identity": "Anonymous",
  service: "AWSService",
} as const;

function userId(principal: PrincipalContext): string | undefined {
  switch (principal.type) {
    case "root":
      return principal.accountId;
    case "user":
    case "federated-user":
      return principal.userId;
    case "assumed-role":
      return `${principal.roleId}:${principal.sessionName}`;
    case "anonymous":
      return "anonymous";
    default:
      return undefined;
  }
}
