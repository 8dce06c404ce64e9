/**
 * The decision: explicit denials first, then what the policies allow together.
 *
 * Sources: IAM User Guide, "Policy evaluation for requests within a single account" (its flow chart has a test of its own), "Cross-account policy
 * evaluation logic", "Evaluating identity-based policies with resource-based policies", "Permissions boundaries", "Session policies".
 */

import type { CompiledPolicy, PolicyVerdict } from "./compile.ts";
import { completeContext } from "./principal-context.ts";
import { gradeBehind, gradeDirect, gradeNone, type PrincipalGrade } from "./principal-match.ts";
import type {
  AuthorizationRequest,
  ConditionContext,
  Decision,
  DecisionSource,
  MatchedStatement,
  PrincipalContext,
} from "./types.ts";

/** The policies that apply to a request. */
export interface ApplicablePolicies {
  /** Of the caller and its groups, inline and managed; for a session those of its role, for a federated user those of the user behind it. */
  readonly identity: readonly CompiledPolicy[];
  /** The policy of the resource, if it has one. A trust policy must itself allow; see {@link authorize}. */
  readonly resource?: CompiledPolicy;
  /** Of the user or role. The root user has none: what is given for it is not looked at. */
  readonly boundary?: CompiledPolicy;
  /** Passed when the session was made, inline and managed; one of them must allow. Undefined or empty: there were none. */
  readonly session?: readonly CompiledPolicy[];
}

/**
 * Decides a request. Pure, and without promises.
 *
 * - Any applicable `Deny` in any policy ends it.
 * - The root user may do everything in its own account, within its session policies.
 * - Within one account, identity policies or the resource's policy must allow; a boundary and session policies must allow too, unless the resource's
 *   policy names the user or session itself or everyone.
 * - Across accounts, both the resource's policy and the caller's own policies must allow.
 * - A federated user has only what its session policies allow; without them, what resources' policies grant to itself.
 * - A role's trust policy (`kind` "trust") must allow in any case; when it only names the account, the caller's policies must as well.
 *
 * @example
 * const decision = authorize({ principal, action: "s3:GetObject", resource: "arn:aws:s3:::photos/cat.png", resourceAccount, context }, { identity });
 * if (!decision.allowed) throw accessDenied(accessDeniedMessage(request, decision));
 */
export function authorize(request: AuthorizationRequest, policies: ApplicablePolicies): Decision {
  return decide(request, policies, completeContext(request));
}

/** {@link authorize} with a context that says all there is to say. */
export function decide(
  request: AuthorizationRequest,
  policies: ApplicablePolicies,
  context: ConditionContext,
): Decision {
  const action = request.action.toLowerCase();
  const { principal } = request;
  const identity = evaluateAll("identity", policies.identity, request, action, context);
  if (identity.denied !== undefined) return explicitDeny(identity.denied);
  const attached = policies.resource?.kind === "trust" ? "trust" : "resource";
  const resource = evaluateOne(attached, policies.resource, request, action, context);
  if (resource.denied !== undefined && !isRootRescue(request, action)) return explicitDeny(resource.denied);
  const limit = principal.type === "root" ? undefined : policies.boundary;
  const boundary = evaluateOne("boundary", limit, request, action, context);
  if (boundary.denied !== undefined) return explicitDeny(boundary.denied);
  const passed = policies.session ?? none;
  const session = evaluateAll("session", passed, request, action, context);
  if (session.denied !== undefined) return explicitDeny(session.denied);

  if (principal.type === "anonymous" || principal.type === "service" || principal.type === "web-identity") {
    return resource.allowed === undefined ? implicitDeny(attached) : allow(resource.allowed);
  }
  const isLimited = limit !== undefined && boundary.allowed === undefined;
  const mustPass = passed.length > 0 || principal.type === "federated-user";
  const refusing = isLimited ? "boundary" : mustPass && session.allowed === undefined ? "session" : undefined;
  const sameAccount = principal.accountId === request.resourceAccount;
  return sameAccount
    ? decideAtHome(principal, attached, identity.allowed, resource, refusing)
    : decideAcross(principal, attached, identity.allowed, resource.allowed, refusing);
}

/** @param refusing the limit, if any, that does not allow */
function decideAtHome(
  principal: PrincipalContext,
  attached: "trust" | "resource",
  identity: MatchedStatement | undefined,
  { allowed, grade }: Outcome,
  refusing: DecisionSource | undefined,
): Decision {
  const mustTrust = attached === "trust";
  if (principal.type === "root" && !mustTrust) return refusing === undefined ? rootDecision : implicitDeny(refusing);
  if (allowed !== undefined && grade === gradeDirect) return allow(allowed);
  if (mustTrust && allowed === undefined) return implicitDeny(attached);
  const granted = grade === gradeBehind ? allowed : identity;
  if (granted === undefined && !isUnlimited(principal)) return implicitDeny("identity");
  if (refusing !== undefined) return implicitDeny(refusing);
  const agreed = mustTrust && granted !== allowed ? allowed : undefined;
  if (granted !== undefined) return allow(granted, agreed);
  return agreed === undefined ? rootDecision : allow(agreed);
}

/** Across accounts, how directly the resource's policy names the caller makes no difference. */
function decideAcross(
  principal: PrincipalContext,
  attached: "trust" | "resource",
  identity: MatchedStatement | undefined,
  resource: MatchedStatement | undefined,
  refusing: DecisionSource | undefined,
): Decision {
  if (resource === undefined) return implicitDeny(attached);
  if (identity === undefined && !isUnlimited(principal)) return implicitDeny("identity");
  if (refusing !== undefined) return implicitDeny(refusing);
  return identity === undefined ? allow(resource) : allow(identity, resource);
}

/** Who may do everything in its account needs no policy of its own, and neither does the federated user whom it made. */
function isUnlimited(principal: PrincipalContext): boolean {
  return principal.type === "root" || (principal.type === "federated-user" && principal.federatedBy.type === "root");
}

/** What policies of one kind say together. */
interface Outcome {
  readonly denied: MatchedStatement | undefined;
  readonly allowed: MatchedStatement | undefined;
  readonly grade: PrincipalGrade;
}

const none: readonly CompiledPolicy[] = [];
const silent: Outcome = { denied: undefined, allowed: undefined, grade: gradeNone };
const rootDecision: Decision = { allowed: true, reason: "allowed", source: "root", statement: undefined };

function evaluateOne(
  source: DecisionSource,
  policy: CompiledPolicy | undefined,
  request: AuthorizationRequest,
  action: string,
  context: ConditionContext,
): Outcome {
  return policy === undefined ? silent : outcomeOf(source, policy, 0, policy.evaluate(request, action, context));
}

function evaluateAll(
  source: DecisionSource,
  policies: readonly CompiledPolicy[],
  request: AuthorizationRequest,
  action: string,
  context: ConditionContext,
): Outcome {
  let result = silent;
  for (let i = 0; i < policies.length; i++) {
    const policy = policies[i];
    if (policy === undefined) continue;
    const verdict = policy.evaluate(request, action, context);
    if (verdict.deny !== -1) return outcomeOf(source, policy, i, verdict);
    if (verdict.allow !== -1 && result.allowed === undefined) result = outcomeOf(source, policy, i, verdict);
  }
  return result;
}

function outcomeOf(
  source: DecisionSource,
  policy: CompiledPolicy,
  policyIndex: number,
  { deny, allow: allowed, grade }: PolicyVerdict,
): Outcome {
  if (deny === -1 && allowed === -1) return silent;
  const statementIndex = deny === -1 ? allowed : deny;
  const sid = policy.sidOf(statementIndex);
  const statement = { source, policyIndex, statementIndex, sid, policyName: policy.name };
  return deny === -1
    ? { denied: undefined, allowed: statement, grade }
    : { denied: statement, allowed: undefined, grade: gradeNone };
}

/**
 * The root user of a bucket's account can always read, replace and remove the bucket's policy, whatever it denies, so that nobody locks themselves
 * out (S3 API Reference, PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy).
 */
function isRootRescue(request: AuthorizationRequest, action: string): boolean {
  return (
    request.principal.type === "root" &&
    request.principal.accountId === request.resourceAccount &&
    (action === "s3:putbucketpolicy" || action === "s3:getbucketpolicy" || action === "s3:deletebucketpolicy")
  );
}

function allow(statement: MatchedStatement, resourceStatement?: MatchedStatement): Decision {
  return { allowed: true, reason: "allowed", source: statement.source, statement, resourceStatement };
}

function explicitDeny(statement: MatchedStatement): Decision {
  return { allowed: false, reason: "explicit-deny", source: statement.source, statement };
}

function implicitDeny(source: DecisionSource): Decision {
  return { allowed: false, reason: "implicit-deny", source, statement: undefined };
}
