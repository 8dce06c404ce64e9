/** Opening sessions and answering with their tokens (RFC 6749 §5.1). */
import type { CommandOutcome, Subject } from "#contracts";
import { ACCESS_TOKEN_MS, scopesProblem } from "#control-plane/platform-identity";
import { type AuditedRequest, sessionEvent } from "../audit.ts";
import { actorOf } from "../authentication/caller.ts";
import type { ApiEnvironment } from "../environment.ts";
import { refusalProblem } from "../execute.ts";
import { OAuthRefusal } from "./oauth.ts";

export interface OpenedSession {
  readonly sessionId: string;
  readonly refreshToken?: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Opens a session of a subject who has just shown who they are. @throws ProblemError; AuditError when it cannot be put on record */
export async function openSession(
  request: AuditedRequest,
  { core, audit }: Pick<ApiEnvironment, "core" | "audit">,
  session: {
    readonly subject: Subject;
    readonly clientName: string;
    readonly scopes: readonly string[];
    readonly withRefreshToken: boolean;
  },
): Promise<OpenedSession> {
  await audit.append(sessionEvent(session.subject, session.clientName, request));
  const outcome: CommandOutcome<"session.open"> = await core.execute(
    { type: "session.open", ...session },
    { actor: actorOfSubject(session.subject), requestId: request.id },
  );
  if (!outcome.ok) throw refusalProblem(outcome);
  return outcome.result;
}

export function actorOfSubject(subject: Subject): string {
  return actorOf({ type: "subject", subject, scopes: [], credential: { type: "session", sessionId: "" } });
}

/** The answer with tokens. No access token outlives its session. */
export function tokenAnswer(
  { sessionId, refreshToken, expiresAt }: OpenedSession,
  scopes: readonly string[],
  { accessTokens, clock }: Pick<ApiEnvironment, "accessTokens" | "clock">,
): object {
  const now = clock.now();
  const until = Math.min(now + ACCESS_TOKEN_MS, expiresAt);
  return {
    access_token: accessTokens.issue({ sessionId, expiresAt: until }),
    token_type: "Bearer",
    expires_in: Math.floor((until - now) / 1000),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    scope: scopes.join(" "),
  };
}

/** Scopes as they are asked for: separated by spaces; all that are allowed when none are named. @throws OAuthRefusal invalid_scope */
export function askedScopes(asked: string | undefined, allowed: readonly string[]): readonly string[] {
  if (asked === undefined) return allowed;
  const scopes = [...new Set(asked.split(" ").filter((scope) => scope !== ""))];
  const problem = scopesProblem(scopes);
  if (problem !== undefined) throw new OAuthRefusal("invalid_scope", `${problem}.`);
  const beyond = scopes.find((scope) => !allowed.includes(scope));
  if (beyond !== undefined) throw new OAuthRefusal("invalid_scope", `The client does not have the scope ${beyond}.`);
  return scopes;
}
