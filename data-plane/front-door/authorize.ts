/** The policy question of a call: which policies speak, which global condition keys hold. Everything else is `#foundation/policy`. */
import type { UserRecord } from "#contracts";
import type { Catalog } from "#data-plane/link";
import type { AccessRequest, Caller } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import type { SignedRequest } from "#foundation/aws/sigv4";
import type { HttpRequest } from "#foundation/http";
import {
  type AuthorizationRequest,
  accessDeniedMessage,
  authorize,
  type CompiledPolicy,
  compilePolicy,
  type Decision,
  type PrincipalContext,
  parsePolicy,
} from "#foundation/policy";

/** A policy that the control plane accepted but this program cannot read denies everything: never open up by mistake. */
const DENY_ALL = compilePolicy(
  parsePolicy('{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}', "identity"),
);

const NO_POLICIES: readonly CompiledPolicy[] = [];

/** Records are replaced whole when a policy changes, so their identity is the cache key. */
const policiesOfUser = new WeakMap<UserRecord, readonly CompiledPolicy[]>();

/** The compiled inline policies of a user. */
export function identityPolicies(user: UserRecord): readonly CompiledPolicy[] {
  const cached = policiesOfUser.get(user);
  if (cached !== undefined) return cached;
  const compiled = Object.values(user.inlinePolicies).map((text) => {
    try {
      return compilePolicy(parsePolicy(text, "identity"));
    } catch {
      return DENY_ALL;
    }
  });
  policiesOfUser.set(user, compiled);
  return compiled;
}

/** The facts of a call that global condition keys ask for. */
export interface CallFacts {
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly signature: SignedRequest | undefined;
  readonly region: string;
  readonly now: number;
}

/** Answers the access questions of one call. */
export interface Authorizer {
  decide(question: AccessRequest): Decision;
  /** @throws AwsError AccessDenied */
  authorize(question: AccessRequest): void;
}

/** Binds the evaluator to a call. Nothing is computed before the first question. */
export function createAuthorizer(catalog: Catalog, facts: CallFacts): Authorizer {
  const { caller } = facts;
  const principal = principalOf(caller);
  const user =
    caller.type === "user" && caller.userName !== undefined
      ? catalog.user(caller.accountId, caller.userName)
      : undefined;
  const identity = user === undefined ? NO_POLICIES : identityPolicies(user);

  const requestOf = (question: AccessRequest, resourceAccount: string): AuthorizationRequest => ({
    principal,
    action: question.action,
    resource: question.resource,
    resourceAccount,
    context: { get: (key) => conditionValue(facts, question, key.toLowerCase()) },
  });

  const decide = (question: AccessRequest): Decision => {
    const request = requestOf(question, question.resourceAccount);
    const decision = authorize(request, { identity, resource: question.resourcePolicy });
    if (decision.allowed || decision.reason === "explicit-deny" || question.grantedByAcl !== true) return decision;
    // An ACL grant stands on the resource's side. A user also needs its own account's word, as if the resource were at home.
    if (caller.type !== "user") return { ...decision, allowed: true, reason: "allowed" };
    return authorize(requestOf(question, caller.accountId), { identity });
  };

  return {
    decide,
    authorize(question) {
      const decision = decide(question);
      if (decision.allowed) return;
      const message =
        caller.type === "anonymous"
          ? "Access Denied"
          : accessDeniedMessage(requestOf(question, question.resourceAccount), decision);
      throw new AwsError("AccessDenied", message, { statusCode: 403 });
    },
  };
}

function principalOf(caller: Caller): PrincipalContext {
  if (caller.type === "anonymous") return { type: "anonymous" };
  if (caller.type === "root") return { type: "root", accountId: caller.accountId, arn: caller.arn };
  return {
    type: "user",
    accountId: caller.accountId,
    arn: caller.arn,
    userId: caller.userId,
    userName: caller.userName ?? "",
  };
}

/**
 * Global condition keys (IAM User Guide, "AWS global condition context keys") and the signature keys of S3
 * (Service Authorization Reference, "Condition keys for Amazon S3").
 */
function conditionValue(
  facts: CallFacts,
  question: AccessRequest,
  key: string,
): string | readonly string[] | undefined {
  const { caller, request, signature } = facts;
  switch (key) {
    case "aws:sourceip":
      return request.remoteAddress;
    case "aws:securetransport":
      return request.secure ? "true" : "false";
    case "aws:currenttime":
      return new Date(facts.now).toISOString();
    case "aws:epochtime":
      return String(Math.floor(facts.now / 1000));
    case "aws:useragent":
      return request.headers.get("user-agent");
    case "aws:referer":
      return request.headers.get("referer");
    case "aws:requestedregion":
      return facts.region;
    case "aws:resourceaccount":
      return question.resourceAccount;
    case "aws:principalarn":
      return caller.type === "anonymous" ? undefined : caller.arn;
    case "aws:principalaccount":
      return caller.type === "anonymous" ? undefined : caller.accountId;
    case "aws:principaltype":
      return caller.type === "root" ? "Account" : caller.type === "user" ? "User" : "Anonymous";
    case "aws:userid":
      return caller.type === "anonymous" ? "anonymous" : caller.userId;
    case "aws:username":
      return caller.type === "user" ? caller.userName : undefined;
    case "s3:signatureversion":
      return signature?.signatureVersion;
    case "s3:authtype":
      return signature?.authType;
    case "s3:signatureage":
      return signature === undefined ? undefined : String(Math.max(0, facts.now - signedAt(signature)));
    case "s3:x-amz-content-sha256":
      return request.headers.get("x-amz-content-sha256");
    default:
      return question.conditions?.[key];
  }
}

/** `YYYYMMDDTHHMMSSZ` → epoch milliseconds; Signature Version 2 has no timestamp and counts as just signed. */
function signedAt(signature: SignedRequest): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signature.timestamp);
  if (match === null) return Number.POSITIVE_INFINITY;
  const [, year, month, day, hour, minute, second] = match;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}
