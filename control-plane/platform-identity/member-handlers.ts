/** People and their memberships. */
import { CLOUD_ORG, type MemberRecord, type Subject } from "#contracts";
import { type CatalogReader, type CommandHandlers, type NewEvent, type Refusal, refuse } from "#control-plane/events";
import type { PlatformDependencies } from "./dependencies.ts";
import { credentialsEnded, sessionEnded, sessionsOf, tokenEnded, tokensOf } from "./endings.ts";
import { noSuchMember, noSuchPerson, orgsOf, ownersOf } from "./find.ts";
import { passwordHashProblem, personNameProblem } from "./names.ts";

type MemberCommands = "person.change" | "member.change" | "member.remove";

export function createMemberHandlers({ now }: PlatformDependencies): CommandHandlers<MemberCommands> {
  return {
    "person.change"({ personId, name, passwordHash, revokeTokens }, views) {
      const person = views.record("person", personId);
      if (person === undefined) return noSuchPerson();
      const problem =
        (name === undefined ? undefined : personNameProblem(name)) ??
        (passwordHash === undefined ? undefined : passwordHashProblem(passwordHash));
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const changes = {
        ...(name === undefined || name === person.name ? {} : { name }),
        ...(passwordHash === undefined ? {} : { passwordHash }),
      };
      const changed: NewEvent = {
        type: "person.changed",
        aggregateId: personId,
        org: CLOUD_ORG,
        payload: { personId, changes },
      };
      const subject: Subject = { type: "person", personId };
      const sessions = passwordHash === undefined ? [] : sessionsOf(views, subject);
      const tokens = revokeTokens === true ? tokensOf(views, subject) : [];
      const events = [
        ...(Object.keys(changes).length === 0 ? [] : [changed]),
        // Whoever knew the old password is signed out.
        ...sessions.map((session) => sessionEnded(views, session, "the password was changed")),
        ...tokens.map((token) => tokenEnded(views, token, "all tokens were revoked")),
      ];
      return { ok: true, events, result: {} };
    },

    "member.change"({ accountId, personId, role, revokeSessions }, views) {
      const member = views.member(accountId, personId);
      if (member === undefined) return noSuchMember();
      if (role !== undefined && role !== "owner" && isLastOwner(views, member)) return lastOwner();
      const changes = {
        ...(role === undefined || role === member.role ? {} : { role }),
        // Those that were issued in this very millisecond count as issued before.
        ...(revokeSessions === true ? { sessionsValidFrom: now() + 1 } : {}),
      };
      if (Object.keys(changes).length === 0) return { ok: true, events: [], result: {} };
      const changed: NewEvent = {
        type: "member.changed",
        aggregateId: `${accountId}/${personId}`,
        org: accountId,
        payload: { accountId, personId, changes },
      };
      return { ok: true, events: [changed], result: {} };
    },

    "member.remove"({ accountId, personId }, views) {
      const member = views.member(accountId, personId);
      if (member === undefined) return noSuchMember();
      if (isLastOwner(views, member)) return lastOwner();
      const ended: NewEvent = {
        type: "member.ended",
        aggregateId: `${accountId}/${personId}`,
        org: accountId,
        payload: { accountId, personId },
      };
      return { ok: true, events: [ended, ...uselessCredentials(views, member)], result: {} };
    },
  };
}

/** What a person who leaves an org has no more use for: tokens of that org; everything, when there is no other org. */
function uselessCredentials(views: CatalogReader, { accountId, personId }: MemberRecord): readonly NewEvent[] {
  const subject: Subject = { type: "person", personId };
  const reason = "the membership has ended";
  if (orgsOf(views, personId) <= 1) return credentialsEnded(views, subject, reason);
  return tokensOf(views, subject)
    .filter((token) => token.accountId === accountId)
    .map((token) => tokenEnded(views, token, reason));
}

function isLastOwner(views: CatalogReader, member: MemberRecord): boolean {
  return member.role === "owner" && ownersOf(views, member.accountId).length === 1;
}

function lastOwner(): Refusal {
  return refuse("LastOwner", "An org keeps an owner: make somebody else one first");
}
