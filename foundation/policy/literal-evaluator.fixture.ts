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
  // The root user cannot have a boundary.
  const bounds = asked.principal.type === "root" ? undefined : policies.boundary;
  const all = [...(policies.identity ?? []), policies.resource, bounds, ...(policies.session ?? [])];
  const denied = all.some((document) =>
    document?.statements.some((s) => s.effect === "Deny" && applies(s, document, asked) > 0),
  );
  if (denied) return "explicit-deny";
  const grade = (document: PolicyDocument | undefined) =>
    Math.max(
      0,
      ...(document?.statements ?? []).filter((s) => s.effect === "Allow").map((s) => applies(s, document, asked)),
    );
  const { principal } = asked;
  const resource = grade(policies.resource);
  if (!("accountId" in principal)) return resource > 0 ? "allowed" : "implicit-deny";

  // What each kind of policy says by itself; who has nothing of a kind is not limited by it.
  const unlimited =
    principal.type === "root" || (principal.type === "federated-user" && principal.federatedBy.type === "root");
  const identity = unlimited || (policies.identity ?? []).some((document) => grade(document) > 0);
  const boundary = bounds === undefined || grade(bounds) > 0;
  const passed = policies.session ?? [];
  const session =
    passed.length === 0 ? principal.type !== "federated-user" : passed.some((document) => grade(document) > 0);
  const limits = boundary && session;

  const home = principal.accountId === asked.resourceAccount;
  const trust = policies.resource?.kind === "trust";
  const ways = [
    // The root user of the account itself.
    principal.type === "root" && home && !trust && session,
    // A resource's policy that names the caller itself, or everyone, at home.
    home && resource === 3 && !(principal.type === "root" && !trust),
    // A resource's policy that names what stands behind the session, at home.
    home && resource === 2 && limits,
    // The caller's own policies, at home.
    home && !trust && identity && limits,
    // Both sides, where both must agree.
    (!home || trust) && resource > 0 && identity && limits,
  ];
  return ways.includes(true) ? "allowed" : "implicit-deny";
}

/** 0 when the statement does not apply, otherwise how directly it names the caller: 1 account, 2 what is behind it, 3 itself. */
function applies(statement: PolicyStatement, document: PolicyDocument | undefined, asked: Asked): number {
  const modern = document?.version === "2012-10-17";
  const actions = (statement.action ?? statement.notAction ?? []).some((pattern) =>
    new RegExp(`^${wild(pattern)}$`, "is").test(asked.action),
  );
  if (actions !== (statement.action !== undefined)) return 0;
  const patterns = statement.resource ?? statement.notResource;
  if (patterns !== undefined) {
    const resources = patterns.some((pattern) => arnMatches(pattern, asked.resource, modern, asked, true));
    if (resources !== (statement.resource !== undefined)) return 0;
  }
  if (!statement.conditions.every((element) => holds(element, modern, asked))) return 0;
  if (statement.notPrincipal !== undefined) return isExempt(statement.notPrincipal, asked) ? 0 : 3;
  return statement.principal === undefined ? 3 : named(statement.principal, asked);
}

function named(element: PrincipalElement, asked: Asked): number {
  const { principal } = asked;
  if (element.type === "everyone" || element.aws.includes("*")) return 3;
  if (principal.type === "service") return element.service.includes(principal.service) ? 3 : 0;
  if (principal.type === "web-identity") return element.federated.includes(principal.provider) ? 3 : 0;
  if (!("accountId" in principal)) return 0;
  const itself: string[] = [principal.arn];
  const behind: string[] = [];
  if (principal.type === "user" || principal.type === "federated-user") itself.push(principal.userId);
  if (principal.type === "assumed-role") itself.push(`${principal.roleId}:${principal.sessionName}`);
  if (principal.type === "assumed-role") behind.push(principal.roleArn, principal.roleId);
  if (principal.type === "federated-user" && principal.federatedBy.type === "user") {
    behind.push(principal.federatedBy.arn, principal.federatedBy.userId);
  }
  if (element.aws.some((text) => itself.includes(text))) return 3;
  const account =
    element.aws.includes(principal.accountId) || element.aws.includes(`arn:aws:iam::${principal.accountId}:root`);
  if (principal.type === "root" && account) return 3;
  if (element.aws.some((text) => behind.includes(text))) return 2;
  if (principal.type === "assumed-role" && element.federated.includes(principal.provider ?? "")) return 2;
  const canonical = asked.canonicalUserId !== undefined && element.canonicalUser.includes(asked.canonicalUserId);
  return account || canonical ? 1 : 0;
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
  // An empty text is an empty set.
  if ((all || any) && found === "") return all;
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
      return arnMatches(policy, text, modern, asked, false);
    case "BinaryEquals":
      return atob(policy) === atob(text);
    case "IpAddress":
      return addressBits(text)?.startsWith(rangeBits(policy)) === true;
    case "Bool":
      return policy.toLowerCase() === text.toLowerCase();
  }
  const [, type, comparison = ""] = /^(Numeric|Date)(.*)$/.exec(name) ?? [];
  if (type === undefined) throw new Error(`the oracle does not know ${name}`);
  const read = type === "Numeric" ? (given: string) => (given === "" ? Number.NaN : Number(given)) : instant;
  const [actual, expected] = [read(text), read(policy)];
  switch (comparison) {
    case "Equals":
      return actual === expected;
    case "LessThan":
      return actual < expected;
    case "LessThanEquals":
      return actual <= expected;
    case "GreaterThan":
      return actual > expected;
    case "GreaterThanEquals":
      return actual >= expected;
    default:
      throw new Error(`the oracle does not know ${name}`);
  }
}

/** Epoch milliseconds; the texts of the test are seconds or ISO 8601 with a zone. */
function instant(text: string): number {
  return /^\d{5,}$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

/** An address as text of binary digits, `4` or `6` before it; `::` stands in IPv6 addresses of the test for what is missing. */
function addressBits(text: string): string | undefined {
  const binary = (value: number, width: number) => value.toString(2).padStart(width, "0");
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    return `4${text
      .split(".")
      .map((part) => binary(Number(part), 8))
      .join("")}`;
  }
  if (!text.includes("::")) return undefined;
  const [head = [], tail = []] = text.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = new Array<string>(8 - head.length - tail.length).fill("0");
  return `6${[...head, ...zeros, ...tail].map((group) => binary(Number.parseInt(group, 16), 16)).join("")}`;
}

function rangeBits(range: string): string {
  const [address = "", bits] = range.split("/");
  const all = addressBits(address) ?? "";
  return bits === undefined ? all : all.slice(0, 1 + Number(bits));
}

/** The last segment of the pattern takes the rest; those before it, one segment each. `beyond`: a star at a segment's end goes on beyond it. */
function arnMatches(policy: string, text: string, modern: boolean, asked: Asked, beyond: boolean): boolean {
  const parts = policy
    .replace(/\$\{[^}]*\}/g, (inner) => (modern ? inner.replaceAll(":", "\u0001") : inner))
    .split(":");
  const count = Math.min(parts.length, 6);
  const segments = [...parts.slice(0, count - 1), parts.slice(count - 1).join(":")];
  const expression = segments
    .map((segment, i) => {
      const whole = pattern(segment.replaceAll("\u0001", ":"), modern, asked, true);
      if (i === count - 1) return whole;
      const within = whole.replaceAll("[^]", "[^:]");
      return beyond && whole.endsWith("[^]*") ? `${within.slice(0, -"[^:]*".length)}[^]*` : within;
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
      if (value?.length === 1) return quoted(value[0] ?? "");
      if (fallback !== undefined && (value === undefined || value.length === 0)) return quoted(fallback.slice(1, -1));
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
