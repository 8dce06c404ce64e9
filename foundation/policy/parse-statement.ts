/** One statement of a policy, checked. */

import { parseConditions } from "./parse-condition.ts";
import { parsePrincipal } from "./parse-principal.ts";
import { PolicySyntaxError, syntaxMessage } from "./syntax-error.ts";
import type { PolicyKind, PolicyStatement } from "./types.ts";

const elements: ReadonlySet<string> = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

/**
 * Checks a statement and brings it to one form.
 *
 * @throws PolicySyntaxError
 */
export function parseStatement(statement: { readonly [name: string]: unknown }, kind: PolicyKind): PolicyStatement {
  for (const name of Object.keys(statement)) {
    if (elements.has(name)) continue;
    throw new PolicySyntaxError(kind === "resource" ? `Unknown field ${name}` : syntaxMessage(kind));
  }
  const { Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition } = statement;
  const sid = parseSid(Sid, kind);
  if (Effect !== "Allow" && Effect !== "Deny") throw new PolicySyntaxError(effectMessage(Effect, kind));
  checkPrincipals(Principal, NotPrincipal, Effect, kind);
  if (Action !== undefined && NotAction !== undefined) throw new PolicySyntaxError(syntaxMessage(kind));
  if (Resource !== undefined && NotResource !== undefined) throw new PolicySyntaxError(syntaxMessage(kind));
  const action = parseActions(Action, kind);
  const notAction = parseActions(NotAction, kind);
  if (action === undefined && notAction === undefined) {
    throw new PolicySyntaxError(
      kind === "resource" ? "Missing required field Action" : "Policy statement must contain actions.",
    );
  }
  if (kind === "trust") {
    if (Resource !== undefined || NotResource !== undefined) {
      throw new PolicySyntaxError(`Has prohibited field ${Resource !== undefined ? "Resource" : "NotResource"}`);
    }
    checkTrustActions(action ?? []);
  }
  const resource = parseResources(Resource, kind);
  const notResource = parseResources(NotResource, kind);
  if (kind !== "trust" && resource === undefined && notResource === undefined) {
    throw new PolicySyntaxError(
      kind === "resource" ? "Missing required field Resource" : "Policy statement must contain resources.",
    );
  }
  return {
    sid,
    effect: Effect,
    principal: Principal === undefined ? undefined : parsePrincipal(Principal, kind),
    notPrincipal: NotPrincipal === undefined ? undefined : parsePrincipal(NotPrincipal, kind),
    action,
    notAction,
    resource,
    notResource,
    conditions: Condition === undefined ? [] : parseConditions(Condition, kind),
  };
}

function parseSid(sid: unknown, kind: PolicyKind): string | undefined {
  if (sid === undefined) return undefined;
  if (typeof sid !== "string") throw new PolicySyntaxError(syntaxMessage(kind));
  // Only IAM restricts the characters; S3 and SQS take any text.
  if (kind !== "resource" && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw new PolicySyntaxError(
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    );
  }
  return sid;
}

function effectMessage(effect: unknown, kind: PolicyKind): string {
  if (kind !== "resource") return syntaxMessage(kind);
  return effect === undefined ? "Missing required field Effect" : `Invalid effect: ${String(effect).slice(0, 64)}`;
}

function checkPrincipals(principal: unknown, notPrincipal: unknown, effect: string, kind: PolicyKind): void {
  const named = principal !== undefined || notPrincipal !== undefined;
  if (kind === "resource" || kind === "trust") {
    if (!named) throw new PolicySyntaxError("Missing required field Principal");
    if (principal !== undefined && notPrincipal !== undefined) throw new PolicySyntaxError(syntaxMessage(kind));
    if (notPrincipal !== undefined && effect === "Allow") {
      throw new PolicySyntaxError("Allow with NotPrincipal is not allowed.");
    }
  } else if (named) throw new PolicySyntaxError("Policy document should not specify a principal.");
}

/** Brings a string or a list of strings to a list. */
function stringList(value: unknown, kind: PolicyKind): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const strings = list.filter((item) => typeof item === "string");
  if (strings.length !== list.length) throw new PolicySyntaxError(syntaxMessage(kind));
  return strings;
}

function parseActions(value: unknown, kind: PolicyKind): readonly string[] | undefined {
  const actions = stringList(value, kind);
  if (actions === undefined) return undefined;
  if (actions.length === 0) {
    throw new PolicySyntaxError(
      kind === "resource" ? "Missing required field Action" : "Policy statement must contain actions.",
    );
  }
  for (const action of actions) checkAction(action, kind);
  return actions;
}

function checkAction(action: string, kind: PolicyKind): void {
  if (action === "*") return;
  const [vendor = "", name, more] = action.split(":");
  if (kind === "resource") {
    if (more !== undefined || !name || !/^[A-Za-z0-9*?-]+$/.test(vendor) || !/^[A-Za-z0-9*?]+$/.test(name)) {
      throw new PolicySyntaxError("Policy has invalid action");
    }
    return;
  }
  if (name === undefined || name === "") {
    throw new PolicySyntaxError("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  }
  if (more !== undefined) throw new PolicySyntaxError("Actions/Condition can contain only one colon.");
  if (!/^[A-Za-z0-9.-]+$/.test(vendor)) throw new PolicySyntaxError(`Vendor ${vendor} is not valid`);
  if (!/^[A-Za-z0-9*?]+$/.test(name)) throw new PolicySyntaxError(syntaxMessage(kind));
}

const trustActions =
  /^sts:(?:AssumeRole|AssumeRoleWithSAML|AssumeRoleWithWebIdentity|TagSession|SetSourceIdentity|SetContext|\*|AssumeRole\*)$/i;

function checkTrustActions(actions: readonly string[]): void {
  for (const action of actions) {
    if (action !== "*" && !trustActions.test(action)) {
      throw new PolicySyntaxError("AssumeRole policy may only specify STS AssumeRole actions.");
    }
  }
}

function parseResources(value: unknown, kind: PolicyKind): readonly string[] | undefined {
  const resources = stringList(value, kind);
  if (resources === undefined) return undefined;
  if (resources.length === 0) {
    throw new PolicySyntaxError(
      kind === "resource" ? "Missing required field Resource" : "Policy statement must contain resources.",
    );
  }
  for (const resource of resources) checkResource(resource, kind);
  return resources;
}

function checkResource(resource: string, kind: PolicyKind): void {
  if (resource === "*") return;
  if (kind === "resource") {
    if (!/^arn:/.test(resource) || resource.split(":").length < 6)
      throw new PolicySyntaxError("Policy has invalid resource");
    return;
  }
  // A variable may hold colons (`${aws:username}`): they do not separate segments.
  const [prefix, partition = "", vendor = "", region] = resource.replace(/\$\{[^}]*\}/g, "x").split(":");
  if (prefix !== "arn") throw new PolicySyntaxError(`Resource ${resource} must be in ARN format or "*".`);
  if (region === undefined && !vendor.includes("*")) throw new PolicySyntaxError("The policy failed legacy parsing");
  if (!/^(?:aws|aws-cn|aws-us-gov|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f|aws-eusc|\*)$/.test(partition)) {
    throw new PolicySyntaxError(`Partition "${partition}" is not valid for resource "${resource}".`);
  }
  if (/[*?]/.test(vendor) && vendor !== "*") {
    throw new PolicySyntaxError("Resource vendor must be fully qualified and cannot contain regexes.");
  }
}
