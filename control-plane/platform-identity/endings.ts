/** Events that end credentials. */
import type { ApiTokenRecord, InvitationRecord, SessionRecord, Subject } from "#contracts";
import { type CatalogReader, groups, type NewEvent } from "#control-plane/events";
import { orgOfEvents } from "./find.ts";

export function invitationEnded(invitation: InvitationRecord, reason: string): NewEvent {
  const { invitationId, accountId } = invitation;
  return {
    type: "invitation.ended",
    aggregateId: invitationId,
    org: accountId,
    payload: { invitationId, reason },
  };
}

export function sessionEnded(views: CatalogReader, session: SessionRecord, reason: string): NewEvent {
  const { sessionId } = session;
  const org = orgOfEvents(views, session);
  return { type: "session.ended", aggregateId: sessionId, org, payload: { sessionId, reason } };
}

export function tokenEnded(views: CatalogReader, token: ApiTokenRecord, reason: string): NewEvent {
  const { tokenId } = token;
  const org = orgOfEvents(views, token);
  return { type: "apiToken.ended", aggregateId: tokenId, org, payload: { tokenId, reason } };
}

export function sessionsOf(views: CatalogReader, subject: Subject): readonly SessionRecord[] {
  return views.inGroup("session", groups.ofSubject(subject));
}

export function tokensOf(views: CatalogReader, subject: Subject): readonly ApiTokenRecord[] {
  return views.inGroup("apiToken", groups.ofSubject(subject));
}

/** Ends all sessions and tokens of a subject. */
export function credentialsEnded(views: CatalogReader, subject: Subject, reason: string): readonly NewEvent[] {
  return [
    ...sessionsOf(views, subject).map((session) => sessionEnded(views, session, reason)),
    ...tokensOf(views, subject).map((token) => tokenEnded(views, token, reason)),
  ];
}
