/** Invitations: how people become members. */
import { type AccountId, CLOUD_ORG, type InvitationRecord } from "#contracts";
import {
  type CatalogReader,
  type CommandHandlers,
  type CommandOf,
  groups,
  type NewEvent,
  type Refusal,
  refuse,
} from "#control-plane/events";
import type { PlatformDependencies } from "./dependencies.ts";
import { invitationEnded } from "./endings.ts";
import { noSuchAccount, noSuchPerson, orgsOf, personByEmail, sameEmail, tooManyOrgs } from "./find.ts";
import { INVITATION_MS } from "./limits.ts";
import { emailProblem, passwordHashProblem, personNameProblem } from "./names.ts";

type InvitationCommands = "invitation.create" | "invitation.revoke" | "invitation.accept";

export function createInvitationHandlers(dependencies: PlatformDependencies): CommandHandlers<InvitationCommands> {
  const { secrets, now, limits } = dependencies;
  return {
    "invitation.create"({ accountId, email, role }, views) {
      const problem = emailProblem(email);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (views.account(accountId) === undefined) return noSuchAccount(accountId);
      const person = personByEmail(views, email);
      if (person !== undefined && views.member(accountId, person.personId) !== undefined) return memberAlready();
      const ended: NewEvent[] = [];
      let open = 0;
      for (const invitation of invitationsOf(views, accountId)) {
        if (invitation.expiresAt <= now()) ended.push(invitationEnded(invitation, "expired"));
        else if (sameEmail(invitation.email, email)) ended.push(invitationEnded(invitation, "replaced by a new one"));
        else open++;
      }
      if (membersOf(views, accountId) + open >= limits.membersPerOrg) return tooManyMembers(limits.membersPerOrg);
      const invitationId = secrets.id("inv_");
      const { text: token, hash } = secrets.secret("bpi_");
      const expiresAt = now() + INVITATION_MS;
      const payload = { invitationId, accountId, email, role, hash, expiresAt };
      const created: NewEvent = { type: "invitation.created", aggregateId: invitationId, org: accountId, payload };
      return { ok: true, events: [...ended, created], result: { invitationId, token, expiresAt } };
    },

    "invitation.revoke"({ accountId, invitationId }, views) {
      const invitation = views.record("invitation", invitationId);
      if (invitation?.accountId !== accountId) return noSuchInvitation();
      return { ok: true, events: [invitationEnded(invitation, "revoked")], result: {} };
    },

    "invitation.accept"(command, views) {
      const invitation = views.record("invitation", command.invitationId);
      if (invitation === undefined || invitation.expiresAt <= now()) return noSuchInvitation();
      const { accountId, role } = invitation;
      const accepting = whoAccepts(command, invitation, dependencies, views);
      if ("ok" in accepting) return accepting;
      const { personId } = accepting;
      if (views.member(accountId, personId) !== undefined) return memberAlready();
      if (membersOf(views, accountId) >= limits.membersPerOrg) return tooManyMembers(limits.membersPerOrg);
      if (orgsOf(views, personId) >= limits.orgsPerPerson) return tooManyOrgs(limits.orgsPerPerson);
      // AWS sessions of an earlier membership do not come back to life with the new one.
      const membership = { accountId, personId, role, sessionsValidFrom: now() };
      return {
        ok: true,
        events: [
          ...accepting.events,
          {
            type: "member.created",
            aggregateId: `${accountId}/${personId}`,
            org: accountId,
            payload: membership,
          },
          invitationEnded(invitation, "accepted"),
        ],
        result: { personId, accountId },
      };
    },
  };
}

/** The person who accepts, and the event that makes them if they are new. */
function whoAccepts(
  { newPerson, personId: known }: CommandOf<"invitation.accept">,
  { email }: InvitationRecord,
  { secrets }: PlatformDependencies,
  views: CatalogReader,
): { readonly personId: string; readonly events: readonly NewEvent[] } | Refusal {
  if ((newPerson === undefined) === (known === undefined)) {
    return refuse("ValidationFailed", "Either newPerson or personId must be given");
  }
  if (known !== undefined) {
    const person = views.record("person", known);
    if (person === undefined) return noSuchPerson();
    // Somebody else's invitation is as good as none, whoever has the link.
    return sameEmail(person.email, email) ? { personId: known, events: [] } : noSuchInvitation();
  }
  const { name, passwordHash } = newPerson!;
  const problem = personNameProblem(name) ?? passwordHashProblem(passwordHash);
  if (problem !== undefined) return refuse("ValidationFailed", problem);
  if (personByEmail(views, email) !== undefined) {
    return refuse("ValidationFailed", "There is a person with this e-mail address: sign in and accept as that one");
  }
  const personId = secrets.id("prs_");
  const payload = { personId, email, name, passwordHash };
  return { personId, events: [{ type: "person.created", aggregateId: personId, org: CLOUD_ORG, payload }] };
}

function invitationsOf(views: CatalogReader, accountId: AccountId): readonly InvitationRecord[] {
  return views.inGroup("invitation", groups.ofAccount(accountId));
}

function membersOf(views: CatalogReader, accountId: AccountId): number {
  return views.countInGroup("member", groups.ofAccount(accountId));
}

function memberAlready(): Refusal {
  return refuse("MemberAlreadyExists", "This person is a member already");
}

function noSuchInvitation(): Refusal {
  return refuse("NoSuchInvitation", "There is no such invitation, or it has expired or was used");
}

function tooManyMembers(max: number): Refusal {
  return refuse("LimitExceeded", `An org has at most ${max} members, open invitations included`);
}
