/** The policy question of a call: which policies speak, and for whom. Everything else is `#foundation/policy`. */
import type { AccountId } from "#contracts";
import type { Standing } from "#data-plane/principals";
import type { AccessRequest } from "#data-plane/service";
import { type AuthorizationRequest, accessDeniedMessage, authorize, type Decision } from "#foundation/policy";
import { type CallFacts, QuestionContext } from "./condition-values.ts";

const ROOT_MAY: Decision = { allowed: true, reason: "allowed", source: "root", statement: undefined };

/** Decides one question of a call. @param standing of the caller */
export function decideQuestion(facts: CallFacts, standing: Standing, question: AccessRequest): Decision {
  const { resourceAccount, resourcePolicy } = question;
  if (question.asker !== undefined) {
    return authorize(requestOf(facts, standing, question, resourceAccount), { identity: [], resource: resourcePolicy });
  }
  const { caller } = facts;
  const isUnlimited = caller.type === "root" && standing.session.length === 0;
  // The usual question by far: the owner's key in its own account, with no policy that could forbid anything. `authorize` would say the same.
  if (isUnlimited && caller.accountId === resourceAccount && resourcePolicy === undefined) return ROOT_MAY;
  const { identity, boundary, session } = standing;
  const decision = authorize(requestOf(facts, standing, question, resourceAccount), {
    identity,
    boundary,
    session,
    resource: resourcePolicy,
  });
  if (decision.allowed || decision.reason === "explicit-deny" || question.grantedByAcl !== true) return decision;
  // An ACL grant stands on the resource's side, and nobody denied.
  if (isUnlimited || caller.type === "anonymous") return { ...decision, allowed: true, reason: "allowed" };
  // Everybody else also needs its own account's word, as if the resource were at home.
  return authorize(requestOf(facts, standing, question, caller.accountId), { identity, boundary, session });
}

/** What the caller is told about a refusal. Somebody without a name is told nothing. */
export function refusalText(facts: CallFacts, standing: Standing, question: AccessRequest, decision: Decision): string {
  if (question.asker !== undefined) return `Not authorized to perform ${question.action}`;
  return facts.caller.type === "anonymous"
    ? "Access Denied"
    : accessDeniedMessage(requestOf(facts, standing, question, question.resourceAccount), decision);
}

function requestOf(
  facts: CallFacts,
  { principal, canonicalUserId }: Standing,
  question: AccessRequest,
  resourceAccount: AccountId,
): AuthorizationRequest {
  const { action, resource } = question;
  const context = new QuestionContext(facts, question);
  if (question.asker === undefined) return { principal, action, resource, resourceAccount, context, canonicalUserId };
  return { principal: question.asker.principal, action, resource, resourceAccount, context };
}
