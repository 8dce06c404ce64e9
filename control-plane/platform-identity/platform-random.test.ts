import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { AccountId, OrgRole } from "#contracts";
import { groups } from "#control-plane/events";
import { HASH, ORG, OTHER, PlatformWorld, type WorldCommand } from "./testing/platform-world.ts";

const ROLES: readonly OrgRole[] = ["owner", "admin", "developer", "readonly"];
const LIMITS = {
  membersPerOrg: 4,
  orgsPerPerson: 3,
  servicePrincipalsPerOrg: 2,
  apiTokensPerSubject: 2,
  sessionsPerSubject: 2,
};

/** A step chooses among what there is by number, so that shrinking keeps its sense. */
const step = fc.record({ what: fc.nat(14), which: fc.nat(7), role: fc.constantFrom(...ROLES), other: fc.boolean() });
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function commandOf(world: PlatformWorld, { what, which, role, other }: Step): WorldCommand {
  const { views } = world;
  const pick = <Value>(values: Iterable<Value>): Value | undefined => {
    const all = [...values];
    return all.length === 0 ? undefined : all[which % all.length];
  };
  const accountId: AccountId = other ? OTHER : ORG;
  const personId = pick(views.records("person"))?.personId ?? "prs_none";
  const program = pick(views.records("servicePrincipal"));
  const principalId = program?.principalId ?? "bsp_none";
  const invitationId = pick(views.records("invitation"))?.invitationId ?? "inv_none";
  const session = pick(views.records("session"));
  const sessionId = session?.sessionId ?? "ses_none";
  const subject =
    other && program !== undefined
      ? ({ type: "servicePrincipal", principalId } as const)
      : ({ type: "person", personId } as const);
  const commands: readonly WorldCommand[] = [
    { type: "account.create", name: "org", ownerPersonId: personId },
    { type: "invitation.create", accountId, email: `p${which}@example.com`, role },
    { type: "invitation.revoke", accountId, invitationId },
    { type: "invitation.accept", invitationId, newPerson: { name: "P", passwordHash: HASH } },
    { type: "invitation.accept", invitationId, personId },
    { type: "person.change", personId, ...(other ? { name: "Q" } : { passwordHash: HASH }) },
    { type: "member.change", accountId, personId, role, revokeSessions: which === 0 },
    { type: "member.remove", accountId, personId },
    { type: "servicePrincipal.create", accountId, name: `p${which}`, role, scopes: ["orgs:read"] },
    { type: "servicePrincipal.rotate", accountId, principalId },
    { type: "servicePrincipal.delete", accountId, principalId },
    { type: "apiToken.create", subject, name: "t", scopes: ["orgs:read"], ...(which < 4 ? { accountId } : {}) },
    { type: "session.open", subject, clientName: "c", scopes: [], withRefreshToken: subject.type === "person" },
    {
      type: "session.refresh",
      sessionId,
      presentedHash: (which < 2 ? session?.previousRefreshHash : session?.refreshHash) ?? "none",
    },
    { type: "session.end", sessionId },
  ];
  return commands[what]!;
}

function checkWorld(world: PlatformWorld, owned: Set<AccountId>): void {
  const { views } = world;
  for (const { accountId } of views.records("account")) {
    const members = views.inGroup("member", groups.ofAccount(accountId));
    expect(members.length).toBeLessThanOrEqual(LIMITS.membersPerOrg);
    if (members.some((member) => member.role === "owner")) owned.add(accountId);
    else expect(owned.has(accountId)).toBe(false);
    expect(views.countInGroup("servicePrincipal", groups.ofAccount(accountId))).toBeLessThanOrEqual(2);
  }
  for (const member of views.records("member")) expect(views.record("person", member.personId)).toBeDefined();
  const emails = Array.from(views.records("person"), ({ email }) => email.toLowerCase());
  expect(new Set(emails).size).toBe(emails.length);
  for (const kind of ["session", "apiToken"] as const) {
    for (const { subject, ...credential } of views.records(kind)) {
      expect(views.countInGroup(kind, groups.ofSubject(subject))).toBeLessThanOrEqual(2);
      if (subject.type === "servicePrincipal") {
        expect(views.record("servicePrincipal", subject.principalId)).toBeDefined();
      } else if ("accountId" in credential && credential.accountId !== undefined) {
        expect(views.member(credential.accountId, subject.personId)).toBeDefined();
      }
    }
  }
}

test("whatever is asked: orgs keep an owner, nobody's credentials outlive them, quotas hold", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 120 }), (steps) => {
      const world = new PlatformWorld(LIMITS);
      const owned = new Set<AccountId>();
      for (const each of steps) {
        world.now += 60 * 60 * 1000 * each.which;
        world.run(commandOf(world, each));
        checkWorld(world, owned);
      }
    }),
    { numRuns: 60 },
  );
});
