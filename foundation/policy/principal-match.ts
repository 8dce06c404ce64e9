/** Whether a statement speaks of the caller, and how directly (IAM User Guide, "AWS JSON policy elements: Principal"). */

import type { AuthorizationRequest, PrincipalContext, PrincipalElement } from "./types.ts";

/**
 * How a principal element names the caller; a higher number is more direct.
 *
 * The grade decides what an `Allow` of a resource's policy is worth within one account (IAM User Guide, "Evaluating identity-based policies with
 * resource-based policies"): naming the account only permits its administrator to grant; naming the role of a session, or the user whom a
 * federated user has the permissions of, grants within boundary and session policy; naming the user, the session, the federated user or everyone
 * grants outright.
 */
export type PrincipalGrade = 0 | 1 | 2 | 3;

/** The element does not name the caller. */
export const gradeNone = 0;
/** The caller's account is named. */
export const gradeAccount = 1;
/** What stands behind the caller's session is named: its role, its outside provider, the user who asked for the federation. */
export const gradeBehind = 2;
/** The caller is named, or everyone. */
export const gradeDirect = 3;

/** Whether a caller is named, compiled. */
export type PrincipalMatcher = (request: AuthorizationRequest) => PrincipalGrade;

/** Compiles `Principal`. */
export function compilePrincipal(element: PrincipalElement): PrincipalMatcher {
  if (element.type === "everyone") return () => gradeDirect;
  const aws = new Set(element.aws);
  if (aws.has("*")) return () => gradeDirect;
  const services = new Set(element.service);
  const providers = new Set(element.federated);
  const canonicalUsers = new Set(element.canonicalUser);
  const accounts = accountsOf(element.aws);
  const sessions = element.aws.some((text) => SESSION_ID.test(text));
  const names: Names = { aws, sessions, accounts, canonicalUsers };
  return (request) => {
    const { principal } = request;
    switch (principal.type) {
      case "anonymous":
        return gradeNone;
      case "service":
        return services.has(principal.service) ? gradeDirect : gradeNone;
      case "web-identity":
        return providers.has(principal.provider) ? gradeDirect : gradeNone;
      default:
        if ("provider" in principal && principal.provider !== undefined && providers.has(principal.provider)) {
          return gradeOf(principal, request.canonicalUserId, names) === gradeDirect ? gradeDirect : gradeBehind;
        }
        return gradeOf(principal, request.canonicalUserId, names);
    }
  };
}

/**
 * Compiles `NotPrincipal` for a `Deny`: whether the caller is exempt.
 *
 * Only naming the caller itself exempts: the ARN of the account exempts its root user and not everybody in it, the ARN of a role does not exempt
 * its sessions (IAM User Guide, "NotPrincipal": both must be listed).
 */
export function compileExemption(element: PrincipalElement): (request: AuthorizationRequest) => boolean {
  if (element.type === "everyone") return () => true;
  const matches = compilePrincipal(element);
  const accounts = accountsOf(element.aws);
  return (request) => {
    const { principal } = request;
    if (principal.type === "root") return accounts.has(principal.accountId) || matches(request) === gradeDirect;
    return matches(request) === gradeDirect;
  };
}

/** A session of a role by unique ids: `AROA…:name`. */
const SESSION_ID = /^AROA[A-Z0-9]+:/;

/** What an element names. */
interface Names {
  readonly aws: ReadonlySet<string>;
  /** Whether sessions are among them by their ids. */
  readonly sessions: boolean;
  readonly accounts: ReadonlySet<string>;
  readonly canonicalUsers: ReadonlySet<string>;
}

type AccountPrincipal = Extract<PrincipalContext, { readonly accountId: string }>;

function gradeOf(
  principal: AccountPrincipal,
  canonicalUserId: string | undefined,
  { aws, sessions, accounts, canonicalUsers }: Names,
): PrincipalGrade {
  if (aws.has(principal.arn)) return gradeDirect;
  switch (principal.type) {
    case "user":
      if (aws.has(principal.userId)) return gradeDirect;
      break;
    case "federated-user": {
      if (aws.has(principal.userId)) return gradeDirect;
      const { federatedBy } = principal;
      if (federatedBy.type === "user" && (aws.has(federatedBy.arn) || aws.has(federatedBy.userId))) return gradeBehind;
      break;
    }
    case "assumed-role":
      if (sessions && aws.has(`${principal.roleId}:${principal.sessionName}`)) return gradeDirect;
      if (aws.has(principal.roleArn) || aws.has(principal.roleId)) return gradeBehind;
      break;
    case "root":
      if (accounts.has(principal.accountId)) return gradeDirect;
      break;
  }
  if (accounts.has(principal.accountId)) return gradeAccount;
  return canonicalUserId !== undefined && canonicalUsers.has(canonicalUserId) ? gradeAccount : gradeNone;
}

/** Accounts named as such, by number or by the ARN of their root. */
function accountsOf(aws: readonly string[]): ReadonlySet<string> {
  const accounts = new Set<string>();
  for (const text of aws) {
    if (/^\d{12}$/.test(text)) accounts.add(text);
    const account = /^arn:[^:]+:iam::(\d{12}):root$/.exec(text)?.[1];
    if (account !== undefined) accounts.add(account);
  }
  return accounts;
}
