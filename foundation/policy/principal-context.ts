/** Condition keys that follow from who asks (IAM User Guide, "AWS global condition context keys", "Properties of the principal"). */

import type { AuthorizationRequest, ConditionContext } from "./types.ts";

/** Completes the context of a request: its own values first, then what the principal implies. */
export function completeContext(request: AuthorizationRequest): ConditionContext {
  return { get: (key) => request.context.get(key) ?? implied(request, key) };
}

function implied(request: AuthorizationRequest, key: string): string | undefined {
  const { principal } = request;
  switch (key) {
    case "aws:resourceaccount":
      return request.resourceAccount;
    case "aws:principaltype":
      return principalTypes[principal.type];
    case "aws:principalaccount":
      return "accountId" in principal ? principal.accountId : undefined;
    case "aws:principalarn":
      if (principal.type === "assumed-role") return principal.roleArn;
      return "arn" in principal ? principal.arn : undefined;
    case "aws:username":
      return principal.type === "user" ? principal.userName : undefined;
    case "aws:userid":
      return userId(request);
    case "aws:principalisawsservice":
      return principal.type === "service" ? "true" : "false";
    case "aws:principalservicename":
      return principal.type === "service" ? principal.service : undefined;
    default:
      return undefined;
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

function userId({ principal }: AuthorizationRequest): string | undefined {
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
