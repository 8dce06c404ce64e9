/** The policy question of a call: which policies speak, and for whom. Everything else is `#foundation/policy`. */
import type { AccountId, UserRecord } from "#contracts";
import type { AccessRequest, Caller } from "#data-plane/service";
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
import { type CallFacts, QuestionContext } from "./condition-values.ts";

/** A policy that the control plane accepted but this program cannot read denies everything: never open up by mistake. */
const DENY_ALL = compilePolicy(
  parsePolicy('{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}', "identity"),
);

const NO_POLICIES: readonly CompiledPolicy[] = [];

const ROOT_MAY: Decision = { allowed: true, reason: "allowed", source: "root", statement: undefined };

/** Records are replaced whole when a policy changes, so their identity is the cache key. */
const policiesOfUser = new WeakMap<UserRecord, readonly CompiledPolicy[]>();

/** The compiled inline policies of a user; a root caller (no user) has none. */
export function identityPolicies(user: UserRecord | undefined): readonly CompiledPolicy[] {
  if (user === undefined) return NO_POLICIES;
  const cached = policiesOfUser.get(user);
  if (cached !== undefined) return cached;
  const compiled = Object.values(user.sections.inlinePolicies ?? {}).map((text) => {
    try {
      return compilePolicy(parsePolicy(text, "identity"));
    } catch {
      return DENY_ALL;
    }
  });
  policiesOfUser.set(user, compiled);
  return compiled;
}

/**
 * Decides one question of a call.
 *
 * @param identity the caller's own policies
 */
export function decideQuestion(
  facts: CallFacts,
  identity: readonly CompiledPolicy[],
  question: AccessRequest,
): Decision {
  const { caller } = facts;
  // The usual question by far: the owner's key in its own account, with no policy that could forbid anything. `authorize` would say the same.
  if (
    caller.type === "root" &&
    caller.accountId === question.resourceAccount &&
    identity.length === 0 &&
    question.resourcePolicy === undefined
  ) {
    return ROOT_MAY;
  }
  const decision = authorize(requestOf(facts, question, question.resourceAccount), {
    identity,
    resource: question.resourcePolicy,
  });
  if (decision.allowed || decision.reason === "explicit-deny" || question.grantedByAcl !== true) return decision;
  // An ACL grant stands on the resource's side, and nobody denied. A user also needs its own account's word, as if the resource were at home.
  if (caller.type !== "user") return { ...decision, allowed: true, reason: "allowed" };
  return authorize(requestOf(facts, question, caller.accountId), { identity });
}

/** What the caller is told about a refusal. Somebody without a name is told nothing. */
export function refusalText(facts: CallFacts, question: AccessRequest, decision: Decision): string {
  return facts.caller.type === "anonymous"
    ? "Access Denied"
    : accessDeniedMessage(requestOf(facts, question, question.resourceAccount), decision);
}

function requestOf(facts: CallFacts, question: AccessRequest, resourceAccount: AccountId): AuthorizationRequest {
  const { caller } = facts;
  const { action, resource } = question;
  const context = new QuestionContext(facts, question);
  const principal = principalOf(caller);
  if (caller.type === "anonymous") return { principal, action, resource, resourceAccount, context };
  return { principal, action, resource, resourceAccount, context, canonicalUserId: caller.canonicalUserId };
}

function principalOf(caller: Caller): PrincipalContext {
  switch (caller.type) {
    case "anonymous":
      return ANONYMOUS;
    case "root":
      return { type: "root", accountId: caller.accountId, arn: caller.arn };
    case "user": {
      const { accountId, arn, userId, userName } = caller;
      return { type: "user", accountId, arn, userId, userName };
    }
    case "role":
    case "member": {
      const { accountId, arn, roleArn, roleId, sessionName } = caller;
      return { type: "assumed-role", accountId, arn, roleArn, roleId, sessionName };
    }
    case "federated":
      return { type: "federated-user", accountId: caller.accountId, arn: caller.arn, userId: caller.userId };
  }
}

const ANONYMOUS: PrincipalContext = { type: "anonymous" };
