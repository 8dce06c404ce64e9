/** The grants by which clients get tokens. */
import type { ServicePrincipalRecord } from "#contracts";
import { secretHash } from "#control-plane/platform-identity";
import { equalInConstantTime } from "#foundation/crypto";
import { sourceOf } from "#foundation/rate-limit";
import { tooManyRequests } from "../admission.ts";
import { type AuditedRequest, failedProofEvent } from "../audit.ts";
import type { ApiEnvironment } from "../environment.ts";
import { idempotencyKeyOf, refusalProblem } from "../execute.ts";
import type { RouteCall } from "../route.ts";
import { actorOfSubject, askedScopes, openSession, tokenAnswer } from "./issue.ts";
import { clientCredentials, type OAuthParameters, OAuthRefusal, required } from "./oauth.ts";

type Grant = (parameters: OAuthParameters, call: RouteCall, environment: ApiEnvironment) => Promise<object>;

/** A hash that no secret has: what is compared with where there is no such client. */
const STAND_IN = "0".repeat(64);

/** RFC 6749 §4.4: a program shows its secret. */
export const grantClientCredentials: Grant = async (parameters, { request }, environment) => {
  const { id, secret } = clientCredentials(request, parameters);
  const decision = environment.lockOut.attempt(`client ${id}`, sourceOf(request.remoteAddress));
  if (!decision.allowed) throw tooManyRequests(decision.retryAfterMs);
  const principal = environment.core.views.record("servicePrincipal", id);
  const genuine = equalInConstantTime(secretHash(secret), principal?.secretHash ?? STAND_IN);
  if (!genuine || principal === undefined) {
    decision.attempt.failed();
    const why = "There is no such client, or this is not its secret.";
    environment.audit.note(failedProofEvent("token", principal?.principalId, "invalid_client", why, request));
    throw new OAuthRefusal("invalid_client", why);
  }
  decision.attempt.succeeded();
  return await openForProgram(principal, parameters, request, environment);
};

async function openForProgram(
  { principalId, name, scopes: own }: ServicePrincipalRecord,
  parameters: OAuthParameters,
  request: AuditedRequest,
  environment: ApiEnvironment,
): Promise<object> {
  const scopes = askedScopes(parameters.scope ?? parameters.scopes, own);
  const session = await openSession(request, environment, {
    subject: { type: "servicePrincipal", principalId },
    clientName: name,
    scopes,
    withRefreshToken: false,
  });
  return tokenAnswer(session, scopes, environment);
}

/**
 * RFC 6749 §6: a device shows its refresh token and gets the next one. Who shows one for the second time is not the only one who has it: the session ends (RFC 9700 §4.14.2). A device that has
 * not got the answer repeats the request with the same `Idempotency-Key`, and gets the same answer.
 */
export const grantRefresh: Grant = async (parameters, { request }, environment) => {
  const token = required(parameters, "refresh_token");
  const sessionId = environment.sessionOfRefreshToken(token);
  const session = sessionId === undefined ? undefined : environment.core.views.record("session", sessionId);
  if (sessionId === undefined || session === undefined) {
    const refusal = noSuchSession();
    environment.audit.note(failedProofEvent("token.refresh", sessionId, refusal.code, refusal.message, request));
    throw refusal;
  }
  const scopes = askedScopes(parameters.scope ?? parameters.scopes, session.scopes);
  const idempotencyKey = idempotencyKeyOf(request);
  const outcome = await environment.core.execute(
    { type: "session.refresh", sessionId, presentedHash: secretHash(token) },
    {
      actor: `${actorOfSubject(session.subject)}/${sessionId}`,
      requestId: request.id,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    },
  );
  if (!outcome.ok) {
    if (outcome.code === "NoSuchSession") throw noSuchSession();
    throw refusalProblem(outcome);
  }
  if (outcome.result.refreshToken === undefined) {
    const why =
      "This refresh token was used before. Somebody else may have it, so the session has ended: sign in again.";
    environment.audit.note(failedProofEvent("token.refresh", sessionId, "invalid_grant", why, request));
    throw new OAuthRefusal("invalid_grant", why);
  }
  return tokenAnswer({ sessionId, ...outcome.result }, scopes, environment);
};

/** RFC 8628 §3.4: a device asks whether somebody has let it in. */
export const grantDevice: Grant = async (parameters, { request }, environment) => {
  const polled = environment.deviceGrants.poll(required(parameters, "device_code"));
  switch (polled.state) {
    case "pending":
      throw new OAuthRefusal("authorization_pending", "Nobody has answered yet.");
    case "slowDown":
      throw new OAuthRefusal("slow_down", "Wait five seconds longer between two questions.");
    case "denied":
      throw new OAuthRefusal("access_denied", "The request was denied.");
    case "expired":
      throw new OAuthRefusal("expired_token", "Nobody has answered in time. Begin again.");
    case "unknown":
      throw new OAuthRefusal("invalid_grant", "There is no such device code, or it was used. Begin again.");
    case "approved": {
      const { personId, request: asked } = polled;
      const session = await openSession(request, environment, {
        subject: { type: "person", personId },
        clientName: asked.clientName,
        scopes: asked.scopes,
        withRefreshToken: true,
      });
      return tokenAnswer(session, asked.scopes, environment);
    }
  }
};

function noSuchSession(): OAuthRefusal {
  return new OAuthRefusal("invalid_grant", "The refresh token is not known, or its session has ended: sign in again.");
}

/** By `grant_type`. */
export const GRANTS: ReadonlyMap<string, Grant> = new Map([
  ["client_credentials", grantClientCredentials],
  ["refresh_token", grantRefresh],
  ["urn:ietf:params:oauth:grant-type:device_code", grantDevice],
]);
