/** Whether a policy grants something of a service (IAM API Reference, ListPoliciesGrantingServiceAccess). Pure. */
import { type PolicyStatement, parsePolicy } from "#foundation/policy";

/**
 * Whether a policy allows any action of a service, whatever it denies besides.
 * @param namespace `s3`
 */
export function grantsService(document: string, namespace: string): boolean {
  return parsePolicy(document, "identity").statements.some(
    (statement) => statement.effect === "Allow" && concerns(statement, namespace.toLowerCase()),
  );
}

function concerns({ action, notAction }: PolicyStatement, namespace: string): boolean {
  if (action !== undefined) return action.some((pattern) => pattern === "*" || serviceOf(pattern) === namespace);
  // All but what is named: all of a service may be named.
  return !(notAction ?? []).some((pattern) => pattern === "*" || pattern.toLowerCase() === `${namespace}:*`);
}

const serviceOf = (pattern: string): string => pattern.slice(0, Math.max(0, pattern.indexOf(":"))).toLowerCase();
