/**
 * A slow evaluator, written from the documentation and not from the other one: no compilation, no early exits, regular expressions for patterns.
 * It is the oracle of the property test.
 */

import type { ApplicablePolicies } from "./authorize.ts";
import type {
  AuthorizationRequest,
  ConditionElement,
  PolicyDocument,
  PolicyStatement,
  PrincipalElement,
} from "./types.ts";

/** The documents where {@link ApplicablePolicies} has compiled policies. */
export type LiteralPolicies = {
  readonly [Kind in keyof ApplicablePolicies]: Kind extends "identity" | "session"
    ? readonly PolicyDocument[]
    : PolicyDocument | undefined;
};

type Asked = AuthorizationRequest & { readonly values: Readonly<Record<string, string | readonly string[]>> };

/** `allowed`, `explicit-deny` or `implicit-deny`. */
export function literallyDecide(asked: Asked, policies: LiteralPolicies): string {
  const all = [...(policies.identity ?? []), policies.resource, policies.boundary, ...(policies.session ?? [])];
  const denied = all.some((document) =>
    document?.statements.some((s) => s.effect === "Deny" && applies(s, document, asked) > 0),
  );
  if (denied) return "explicit-deny";
  const grade = (document: PolicyDocument | undefined) =>
    Math.max(
      0,
      ...(document?.statements ?? []).filter((s) => s.effect === "Allow").map((s) => applies(s, document, asked)),
    );
  const identity = (policies.identity ?? []).some((document) => grade(document) > 0);
  const boundary = policies.boundary === undefined || grade(policies.boundary) > 0;
  const session =
    (policies.session ?? []).length === 0 || (policies.session ?? []).some((document) => grade(document) > 0);
  const resource = grade(policies.resource);
  const { principal } = asked;
  if (!("accountId" in principal)) return resource > 0 ? "allowed" : "implicit-deny";
  const home = principal.accountId === asked.resourceAccount;
  if (principal.type === "root") return home || resource > 0 ? "allowed" : "implicit-deny";
  const limits = boundary && session;
  if (!home) return resource > 0 && identity && limits ? "allowed" : "implicit-deny";
  const granted = resource === 3 || (resource === 2 && limits) || (identity && limits);
  return granted ? "allowed" : "implicit-deny";
}

/** 0 when the statement does not apply, otherwise how directly it names the caller: 1 account, 2 role, 3 itself. */
function applies(statement: PolicyStatement, document: PolicyDocument | undefined, asked: Asked): number {
  const modern = document?.version === "2012-10-17";
  const actions = (statement.action ?? statement.notAction ?? []).some((pattern) =>
    new RegExp(`^${wild(pattern)}$`, "is").test(asked.action),
  );
  if (actions !== (statement.action !== undefined)) return 0;
  const patterns = statement.resource ?? statement.notResource ?? [];
  const resources = patterns.some((pattern) => arnMatches(pattern, asked.resource, modern, asked));
  if (resources !== (statement.resource !== undefined)) return 0;
  if (!statement.conditions.every((element) => holds(element, modern, asked))) return 0;
  if (statement.notPrincipal !== undefined) return isExempt(statement.notPrincipal, asked) ? 0 : 3;
  return statement.principal === undefined ? 3 : named(statement.principal, asked);
}

function named(element: PrincipalElement, { principal }: Asked): number {
  if (element.type === "everyone" || element.aws.includes("*")) return 3;
  if (principal.type === "service") return element.service.includes(principal.service) ? 3 : 0;
  if (!("accountId" in principal)) return 0;
  if (element.aws.includes(principal.arn)) return 3;
  const account =
    element.aws.includes(principal.accountId) || element.aws.includes(`arn:aws:iam::${principal.accountId}:root`);
  if (principal.type === "root" && account) return 3;
  if (principal.type === "assumed-role" && element.aws.includes(principal.roleArn)) return 2;
  return account ? 1 : 0;
}

function isExempt(element: PrincipalElement, asked: Asked): boolean {
  return named(element, asked) === 3;
}

function holds({ operator, key, values }: ConditionElement, modern: boolean, asked: Asked): boolean {
  const found = Object.entries(asked.values).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
  const present = found !== undefined && found.length > 0 ? [found].flat() : typeof found === "string" ? [found] : [];
  if (operator === "Null") return values.includes(present.length === 0 ? "true" : "false");
  const all = operator.startsWith("ForAllValues:");
  const any = operator.startsWith("ForAnyValue:");
  const name = operator.replace(/^\w+:/, "").replace(/IfExists$/, "");
  if (present.length === 0 && operator.endsWith("IfExists")) return true;
  const negated = name.includes("Not");
  const one = (text: string) =>
    values.some((value) => compares(name.replace("Not", ""), value, text, modern, asked)) !== negated;
  if (all) return present.every(one);
  if (any) return present.some(one);
  if (present.length === 0) return negated;
  return negated ? present.every(one) : present.some(one);
}

function compares(name: string, policy: string, text: string, modern: boolean, asked: Asked): boolean {
  switch (name) {
    case "StringEquals":
      return new RegExp(`^${pattern(policy, modern, asked, false)}$`, "s").test(text);
    case "StringEqualsIgnoreCase":
      return new RegExp(`^${pattern(policy, modern, asked, false)}$`, "is").test(text);
    case "StringLike":
      return new RegExp(`^${pattern(policy, modern, asked, true)}$`, "s").test(text);
    case "ArnLike":
    case "ArnEquals":
      return arnMatches(policy, text, modern, asked);
    case "NumericLessThan":
      return text !== "" && Number(text) < Number(policy);
    case "NumericEquals":
      return text !== "" && Number(text) === Number(policy);
    case "Bool":
      return policy.toLowerCase() === text.toLowerCase();
    default:
      throw new Error(`the oracle does not know ${name}`);
  }
}

/** The last segment of the pattern takes the rest; those before it, one segment each. */
function arnMatches(policy: string, text: string, modern: boolean, asked: Asked): boolean {
  const parts = policy
    .replace(/\$\{[^}]*\}/g, (inner) => (modern ? inner.replaceAll(":", "\u0001") : inner))
    .split(":");
  const count = Math.min(parts.length, 6);
  const segments = [...parts.slice(0, count - 1), parts.slice(count - 1).join(":")];
  const expression = segments
    .map((segment, i) => {
      const whole = pattern(segment.replaceAll("\u0001", ":"), modern, asked, true);
      return i < count - 1 ? whole.replaceAll("[^]", "[^:]") : whole;
    })
    .join(":");
  return new RegExp(`^${expression}$`, "s").test(text);
}

/** A regular expression for a pattern; `[^]` stands for any character. */
function pattern(text: string, modern: boolean, asked: Asked, wildcards: boolean): string {
  const literal = (value: string) => (wildcards ? wild(value) : quoted(value));
  if (!modern) return literal(text);
  return text
    .split(/(\$\{[^}]*\})/)
    .map((piece) => {
      if (!/^\$\{[^}]*\}$/.test(piece)) return literal(piece);
      const inner = piece.slice(2, -1);
      if (inner === "*" || inner === "?" || inner === "$") return quoted(inner);
      const [key = "", fallback] = inner.split(", ");
      const value = Object.entries(asked.values).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
      if (typeof value === "string") return quoted(value);
      if (fallback !== undefined && value === undefined) return quoted(fallback.slice(1, -1));
      // Matches nothing at all.
      return "(?!)";
    })
    .join("");
}

function wild(text: string): string {
  return text
    .replace(/[^*?]+/g, quoted)
    .replace(/\*/g, "[^]*")
    .replace(/(?<!\\)\?/g, "[^]");
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
