/** What the API writes down about its calls, and in which words. Pure. */
import type { Subject } from "#contracts";
import type { RefusedGateway } from "#control-plane/gateways/link";
import type { AuditActor, AuditEvent } from "#foundation/audit";
import type { HttpRequest, ProblemError } from "#foundation/http";
import type { ApiCaller, OrgAccess } from "./authentication/caller.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** The parts of a request that are written down. */
export type AuditedRequest = Pick<HttpRequest, "id" | "remoteAddress" | "headers">;

/** A call that is about to change something. @param action the route's operation id */
export function admissionEvent(
  action: string,
  caller: ApiCaller,
  org: OrgAccess | undefined,
  request: HttpRequest,
): AuditEvent {
  const reason =
    caller.type === "operator"
      ? "The operator of the cloud may do everything."
      : org === undefined
        ? "Whoever is signed in may do this to what is theirs."
        : `The role ${org.role} and the credential have the scope.`;
  return {
    category: "mutation",
    actor: actorFor(caller, org),
    action,
    resource: withoutSecrets(request.path),
    ...(org !== undefined && { resourceAccount: org.accountId }),
    decision: "allowed",
    reason,
    ...originOf(request),
  };
}

/** A call that was refused before it was handled. @param caller undefined when nobody was proven */
export function refusalEvent(
  action: string,
  caller: ApiCaller | undefined,
  request: HttpRequest,
  error: ProblemError,
): AuditEvent {
  const { status, code, title, detail } = error.problem;
  const reason = detail === undefined ? title : `${title} ${detail}`;
  const refused = { action, reason, errorCode: code, resource: withoutSecrets(request.path), ...originOf(request) };
  return status === 401 || caller === undefined
    ? { category: "authentication", actor: UNPROVEN, decision: "failed", ...refused }
    : { category: "action", actor: actorFor(caller, undefined), decision: "denied", ...refused };
}

/** A call that was admitted and did not succeed. */
export function failureEvent(admitted: AuditEvent, error: ProblemError): AuditEvent {
  const { code, title, detail } = error.problem;
  return {
    ...admitted,
    decision: "failed",
    errorCode: code,
    reason: detail === undefined ? title : `${title} ${detail}`,
  };
}

/** Somebody has proven who they are and is about to get a session. */
export function sessionEvent(subject: Subject, clientName: string, request: AuditedRequest): AuditEvent {
  return {
    category: "authentication",
    actor: actorOfSubject(subject),
    action: "session.open",
    decision: "allowed",
    reason: "The password, secret or approval was genuine.",
    ...originOf(request),
    details: { client: clientName },
  };
}

/** Somebody could not prove who they are. @param claimed who they said they are; what was typed in is nothing else than that */
export function failedProofEvent(
  action: string,
  claimed: string | undefined,
  code: string,
  reason: string,
  request: AuditedRequest,
): AuditEvent {
  const actor = claimed === undefined ? UNPROVEN : { type: "unproven", id: claimed };
  return {
    category: "authentication",
    actor,
    action,
    decision: "failed",
    reason,
    errorCode: code,
    ...originOf(request),
  };
}

/** A gateway was not let into its fleet. What it says of itself is what it says. */
export function refusedGatewayEvent(
  { reason, message, keyId, claimed }: RefusedGateway,
  request: AuditedRequest,
): AuditEvent {
  return {
    category: "authentication",
    actor: keyId === undefined ? UNPROVEN : { type: "gateway", id: `gateway-key:${keyId}` },
    action: "gateways.register",
    ...(claimed === undefined ? {} : { resource: `projects/${claimed.projectId}` }),
    decision: "denied",
    reason: message,
    errorCode: reason,
    ...originOf(request),
    ...(claimed === undefined
      ? {}
      : { details: { instance: claimed.instanceId, ...(claimed.name === undefined ? {} : { name: claimed.name }) } }),
  };
}

/** A form of a page is about to be carried out. @param personId undefined: nobody is signed in */
export function formEvent(path: string, personId: string | undefined, request: HttpRequest): AuditEvent {
  return {
    category: "mutation",
    actor: personId === undefined ? UNPROVEN : actorOfSubject({ type: "person", personId }),
    action: `page${path.replaceAll("/", ".")}`,
    resource: path,
    decision: "allowed",
    reason: "The form comes from a page of this server in the same browser.",
    ...originOf(request),
  };
}

const UNPROVEN: AuditActor = { type: "unproven", id: "nobody" };

function actorFor(caller: ApiCaller, org: OrgAccess | undefined): AuditActor {
  if (caller.type === "operator") return { type: "operator", id: "token:root" };
  const { credential, subject } = caller;
  const tokenId = credential.type === "session" ? credential.sessionId : credential.tokenId;
  return { ...actorOfSubject(subject), tokenId, ...(org !== undefined && { accountId: org.accountId }) };
}

function actorOfSubject(subject: Subject): AuditActor {
  return subject.type === "person"
    ? { type: "person", id: subject.personId }
    : { type: "program", id: subject.principalId };
}

function originOf(request: AuditedRequest): Pick<AuditEvent, "requestId" | "sourceIp" | "userAgent"> {
  const userAgent = request.headers.get("user-agent");
  const origin = { requestId: request.id, sourceIp: request.remoteAddress };
  return userAgent === undefined ? origin : { ...origin, userAgent };
}
