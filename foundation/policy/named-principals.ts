/**
 * Whom a policy names, and whom it means by it.
 *
 * A policy names users and roles by ARN, but means those who bear the name when it is put: AWS keeps their unique ids, so that who is made later under the same name is
 * not let in (IAM User Guide, "AWS JSON policy elements: Principal", "IAM user principals" and "IAM role principals").
 */

import { isObject, type JsonObject } from "./json.ts";
import type { PolicyDocument, PrincipalElement } from "./types.ts";

/** What stands for the ARNs of users, roles and roles' sessions, as a policy writes them. */
export type PrincipalBindings = Readonly<Record<string, string>>;

/** ARNs that name what may be deleted and made again: users, roles, sessions of roles. */
const NAMES_ENTITY = /^arn:aws:(?:iam::\d{12}:(?:user|role)|sts::\d{12}:assumed-role)\//;

/** Whether a principal is the ARN of a user, a role or a session of a role. */
export function namesEntity(principal: string): boolean {
  return NAMES_ENTITY.test(principal);
}

/** The texts in the `AWS` lists of all principals of a policy, in their order. Nothing for what is no policy. */
export function namedPrincipals(text: string): readonly string[] {
  const named: string[] = [];
  rewritePrincipals(text, (principal) => {
    named.push(principal);
    return principal;
  });
  return named;
}

/**
 * The policy with other texts in its `AWS` lists.
 *
 * @param change gives what is to stand for a text
 * @returns byte for byte the same where nothing changes, and where it is no policy
 */
export function rewritePrincipals(text: string, change: (principal: string) => string): string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return text;
  }
  if (!isObject(document)) return text;
  const { Statement } = document;
  let changed = false;
  const changeOne = (value: unknown): unknown => {
    if (typeof value !== "string") return value;
    const next = change(value);
    changed ||= next !== value;
    return next;
  };
  const changeElement = (element: unknown): unknown => {
    if (!isObject(element) || !Object.hasOwn(element, "AWS")) return element;
    const { AWS } = element;
    return { ...element, AWS: Array.isArray(AWS) ? AWS.map(changeOne) : changeOne(AWS) };
  };
  const changeStatement = (statement: unknown): unknown => {
    if (!isObject(statement)) return statement;
    const next: Record<string, unknown> = { ...statement };
    for (const name of ["Principal", "NotPrincipal"]) {
      if (Object.hasOwn(next, name)) next[name] = changeElement(next[name]);
    }
    return next;
  };
  const next: JsonObject = {
    ...document,
    Statement: Array.isArray(Statement) ? Statement.map(changeStatement) : changeStatement(Statement),
  };
  return changed ? JSON.stringify(next) : text;
}

/** The policy as it is meant. An ARN of a user, role or session that nothing stands for means nobody. */
export function bindPrincipals(document: PolicyDocument, bindings: PrincipalBindings): PolicyDocument {
  const bound = (element: PrincipalElement | undefined): PrincipalElement | undefined => {
    if (element?.type !== "listed") return element;
    const aws = element.aws.flatMap((principal) => {
      if (Object.hasOwn(bindings, principal)) return bindings[principal]!;
      return namesEntity(principal) ? [] : principal;
    });
    return { ...element, aws };
  };
  return {
    ...document,
    statements: document.statements.map((statement) => ({
      ...statement,
      principal: bound(statement.principal),
      notPrincipal: bound(statement.notPrincipal),
    })),
  };
}
