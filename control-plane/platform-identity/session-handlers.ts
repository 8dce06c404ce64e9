/** Sessions: devices, browsers and programs that are signed in. */
import type { AccountId, SessionRecord, Subject } from "#contracts";
import { type CatalogReader, type CommandHandlers, type NewEvent, type Refusal, refuse } from "#control-plane/events";
import { equalInConstantTime } from "#foundation/crypto";
import type { PlatformDependencies } from "./dependencies.ts";
import { sessionEnded, sessionsOf } from "./endings.ts";
import { orgOfEvents, orgOfSubject } from "./find.ts";
import { BROWSER_SESSION_MS, DEVICE_SESSION_MS, PROGRAM_SESSION_MS } from "./limits.ts";
import { clientNameProblem } from "./names.ts";
import { scopesProblem } from "./scopes.ts";

type SessionCommands = "session.open" | "session.refresh" | "session.end";

export function createSessionHandlers({
  secrets,
  now,
  limits,
}: PlatformDependencies): CommandHandlers<SessionCommands> {
  return {
    "session.open"({ subject, clientName, scopes, withRefreshToken }, views) {
      const problem = clientNameProblem(clientName) ?? scopesProblem(scopes);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (withRefreshToken && subject.type === "servicePrincipal") {
        return refuse("ValidationFailed", "Programs get no refresh token: they come back with their secret");
      }
      const owner = orgOfSubject(views, subject);
      if ("ok" in owner) return owner;
      const sessionId = secrets.id("ses_");
      const refresh = withRefreshToken ? secrets.refreshToken(sessionId) : undefined;
      const expiresAt = now() + lifetimeOf(subject, withRefreshToken);
      const payload = {
        sessionId,
        subject,
        clientName,
        scopes,
        ...(refresh === undefined ? {} : { refreshHash: refresh.hash }),
        expiresAt,
      };
      const opened: NewEvent = { type: "session.created", aggregateId: sessionId, org: owner.org, payload };
      return {
        ok: true,
        events: [...outlived(views, subject, now(), limits.sessionsPerSubject), opened],
        result: { sessionId, ...(refresh === undefined ? {} : { refreshToken: refresh.text }), expiresAt },
      };
    },

    /**
     * The API lets only such tokens come here that were issued for this very session. One of them is good now; any other was spent before, so there are two who have it: RFC 9700 §4.14.2
     * ends the session, since nobody can tell the thief from the owner.
     */
    "session.refresh"({ sessionId, presentedHash }, views) {
      const session = views.record("session", sessionId);
      if (session?.refreshHash === undefined || session.expiresAt <= now()) return noSuchSession();
      if (!equalInConstantTime(presentedHash, session.refreshHash)) {
        const ended = sessionEnded(views, session, "a refresh token was shown that had been used before");
        return { ok: true, events: [ended], result: { expiresAt: now() } };
      }
      const { text: refreshToken, hash: refreshHash } = secrets.refreshToken(sessionId);
      const expiresAt = now() + DEVICE_SESSION_MS;
      const changes = { refreshHash, previousRefreshHash: session.refreshHash, refreshedAt: now(), expiresAt };
      const org: AccountId = orgOfEvents(views, session);
      const refreshed: NewEvent = {
        type: "session.changed",
        aggregateId: sessionId,
        org,
        payload: { sessionId, changes },
      };
      return { ok: true, events: [refreshed], result: { refreshToken, expiresAt } };
    },

    "session.end"({ sessionId }, views) {
      const session = views.record("session", sessionId);
      if (session === undefined) return noSuchSession();
      return { ok: true, events: [sessionEnded(views, session, "signed out")], result: {} };
    },
  };
}

function lifetimeOf(subject: Subject, withRefreshToken: boolean): number {
  if (subject.type === "servicePrincipal") return PROGRAM_SESSION_MS;
  return withRefreshToken ? DEVICE_SESSION_MS : BROWSER_SESSION_MS;
}

/** Ends what has expired, so that records do not pile up, and the oldest ones where one more would be too many. */
function outlived(views: CatalogReader, subject: Subject, now: number, max: number): readonly NewEvent[] {
  const sessions = [...sessionsOf(views, subject)].sort(byAge);
  const expired = sessions.filter((session) => session.expiresAt <= now);
  const living = sessions.filter((session) => session.expiresAt > now);
  return [
    ...expired.map((session) => sessionEnded(views, session, "expired")),
    ...living
      .slice(0, Math.max(0, living.length + 1 - max))
      .map((session) => sessionEnded(views, session, "too many sessions")),
  ];
}

function byAge(left: SessionRecord, right: SessionRecord): number {
  return left.createdAt - right.createdAt || (left.sessionId < right.sessionId ? -1 : 1);
}

function noSuchSession(): Refusal {
  return refuse("NoSuchSession", "There is no such session, or it has ended");
}
