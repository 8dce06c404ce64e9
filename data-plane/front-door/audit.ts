/** What the front door writes down about calls, and in which words. Pure. */
import type { AccessRequest, Caller } from "#data-plane/service";
import type { AuditActor, AuditEvent, AuditLog } from "#foundation/audit";
import type { AwsError } from "#foundation/aws";
import { SignatureError } from "#foundation/aws/sigv4";
import type { HttpRequest } from "#foundation/http";
import type { Decision, DecisionSource } from "#foundation/policy";

/** Where it is written. */
export type AuditTrail = Pick<AuditLog, "append" | "note">;

/** A question that was answered with yes. */
export interface Admitted {
  readonly question: AccessRequest;
  readonly decision: Decision;
}

/** What is known of a call that was refused. */
export interface RefusedCall {
  /** `iam:CreateUser` */
  readonly action: string;
  /** Undefined until the signature was proven. */
  readonly caller: Caller | undefined;
  /** The access key that the call named, proven or not. */
  readonly claimedKeyId: string | undefined;
  /** What was admitted before it failed; only of calls that are written down. */
  readonly admitted: readonly Admitted[] | undefined;
}

/** A call that is about to be carried out. @param action `iam:CreateUser`; @param admitted empty for operations that every caller may call */
export function admissionEvent(
  caller: Caller,
  request: HttpRequest,
  action: string,
  admitted: readonly Admitted[],
): AuditEvent {
  const [first] = admitted;
  return {
    category: "mutation",
    actor:
      first?.question.asker === undefined ? actorOf(caller) : { type: "web-identity", id: first.question.asker.id },
    action,
    ...resourceOf(first?.question),
    decision: "allowed",
    reason: first === undefined ? "Every caller may call it." : reasonOf(first.decision),
    ...originOf(request),
    ...(admitted.length > 1 && { details: { actions: admitted.map(({ question }) => question.action).join(", ") } }),
  };
}

/** A call that was refused or failed; undefined where nothing is written down about it. */
export function refusalEvent(
  call: RefusedCall,
  request: HttpRequest,
  thrown: unknown,
  error: AwsError,
): AuditEvent | undefined {
  const { action, caller, claimedKeyId, admitted } = call;
  const origin = { ...originOf(request), errorCode: error.code };
  if (thrown instanceof SignatureError) {
    const actor = unprovenActor(claimedKeyId);
    // The reason only: what the message repeats of the request may hold its signature.
    const reason = `The credentials were not accepted: ${thrown.reason}.`;
    return { category: "authentication", actor, action, decision: "failed", reason, ...origin };
  }
  if (caller === undefined) return undefined;
  const actor = actorOf(caller);
  if (isDenial(error)) {
    return { category: "action", actor, action, decision: "denied", reason: error.message, ...origin };
  }
  if (admitted === undefined) return undefined;
  const resource = resourceOf(admitted[0]?.question);
  return { category: "mutation", actor, action, ...resource, decision: "failed", reason: error.message, ...origin };
}

/** Secrets have small letters among their forty characters. */
const LIKE_A_KEY_ID = /^A[KS]IA[A-Z0-9]{0,124}$/;

/** Whom a call claims to be of. Who confuses the two puts a secret where the id of its key belongs: what does not look like an id is not written down. */
function unprovenActor(claimedKeyId: string | undefined): AuditActor {
  if (claimedKeyId === undefined) return { type: "unproven", id: "nobody" };
  if (!LIKE_A_KEY_ID.test(claimedKeyId)) return { type: "unproven", id: "no access key id" };
  return { type: "unproven", id: claimedKeyId, accessKeyId: claimedKeyId };
}

const DENIALS: ReadonlySet<string> = new Set(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"]);

function isDenial({ code }: AwsError): boolean {
  return DENIALS.has(code);
}

function actorOf(caller: Caller): AuditActor {
  if (caller.type === "anonymous") return { type: "anonymous", id: "anonymous" };
  const { type, arn, accountId, accessKeyId } = caller;
  const actor = { type, id: arn, accountId, accessKeyId };
  return "sessionName" in caller ? { ...actor, sessionName: caller.sessionName } : actor;
}

function resourceOf(question: AccessRequest | undefined): Pick<AuditEvent, "resource" | "resourceAccount"> {
  if (question === undefined) return {};
  return { resource: question.resource, resourceAccount: question.resourceAccount };
}

function originOf(request: HttpRequest): Pick<AuditEvent, "requestId" | "sourceIp" | "userAgent"> {
  const userAgent = request.headers.get("user-agent");
  const origin = { requestId: request.id, sourceIp: request.remoteAddress };
  return userAgent === undefined ? origin : { ...origin, userAgent };
}

const POLICY_WORDS: Readonly<Record<DecisionSource, string>> = {
  identity: "An identity-based policy",
  resource: "A resource-based policy",
  boundary: "A permissions boundary",
  session: "A session policy",
  trust: "The role's trust policy",
  root: "The root user may do everything in its account",
};

function reasonOf({ source, statement }: Decision): string {
  if (source === "root") return `${POLICY_WORDS.root}.`;
  const which =
    statement === undefined
      ? ""
      : `, statement ${statement.statementIndex}${sidOf(statement.sid)} of policy ${statement.policyIndex}`;
  return `${POLICY_WORDS[source]} allows it${which}.`;
}

function sidOf(sid: string | undefined): string {
  return sid === undefined ? "" : ` (${sid})`;
}
