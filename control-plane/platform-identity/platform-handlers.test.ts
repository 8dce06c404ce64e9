import { beforeEach, describe, expect, test } from "bun:test";
import type { Subject } from "#contracts";
import { createRefreshTokenReader, ORG_SCOPES, secretHash } from "./index.ts";
import { HASH, ORG, OTHER, PlatformWorld, type WorldCommand } from "./testing/platform-world.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

let world = new PlatformWorld();
beforeEach(() => {
  world = new PlatformWorld();
});

/** `ok` with the types of the events, or the code of the refusal. */
function told(command: WorldCommand): string {
  const decision = world.run(command);
  return decision.ok ? ["ok", ...decision.events.map((event) => event.type)].join(" ") : decision.code;
}

const invite = (email: string, accountId = ORG) =>
  world.done({ type: "invitation.create", accountId, email, role: "developer" });
const newPerson = { name: "Ada", passwordHash: HASH };
const person = (personId: string): Subject => ({ type: "person", personId });
const openSession = (subject: Subject, withRefreshToken = subject.type === "person") =>
  world.done({ type: "session.open", subject, clientName: "laptop", scopes: ["orgs:read"], withRefreshToken });
const newToken = (subject: Subject, accountId?: typeof ORG) =>
  world.done({ type: "apiToken.create", subject, name: "ci", scopes: ["orgs:read"], accountId });
const newProgram = (name = "deployer") =>
  world.done({ type: "servicePrincipal.create", accountId: ORG, name, role: "developer", scopes: ["deploys:write"] });

describe("invitations", () => {
  test("make a person and a membership, once", () => {
    const { invitationId, token, expiresAt } = invite("ada@example.com");
    expect(token).toMatch(/^bpi_[\w-]{43}$/);
    expect(expiresAt).toBe(world.now + 7 * DAY_MS);
    expect(world.views.record("invitation", invitationId)?.hash).toBe(secretHash(token));
    const accept = { type: "invitation.accept", invitationId, newPerson } as const;
    const { personId } = world.done(accept);
    expect(world.views.member(ORG, personId)?.role).toBe("developer");
    expect(world.views.record("person", personId)).toMatchObject({ email: "ada@example.com", name: "Ada" });
    expect(told(accept)).toBe("NoSuchInvitation");
  });

  test("are for their addressee alone", () => {
    const ada = world.join("ada@example.com", "owner");
    const eve = world.join("eve@example.com", "owner", OTHER);
    const { invitationId } = invite("Ada@Example.com", OTHER);
    expect(told({ type: "invitation.accept", invitationId, personId: eve })).toBe("NoSuchInvitation");
    expect(told({ type: "invitation.accept", invitationId, newPerson })).toBe("ValidationFailed");
    expect(told({ type: "invitation.accept", invitationId, newPerson, personId: ada })).toBe("ValidationFailed");
    expect(told({ type: "invitation.accept", invitationId })).toBe("ValidationFailed");
    expect(told({ type: "invitation.accept", invitationId, personId: "prs_x" })).toBe("NoSuchPerson");
    expect(told({ type: "invitation.accept", invitationId, personId: ada })).toBe("ok member.created invitation.ended");
    expect(told({ type: "invitation.create", accountId: OTHER, email: "ADA@example.com", role: "admin" })).toBe(
      "MemberAlreadyExists",
    );
  });

  test("expire, are replaced and are revoked", () => {
    const { invitationId: first } = invite("ada@example.com");
    expect(told({ type: "invitation.create", accountId: ORG, email: "ADA@example.com", role: "readonly" })).toBe(
      "ok invitation.ended invitation.created",
    );
    expect(told({ type: "invitation.accept", invitationId: first, newPerson })).toBe("NoSuchInvitation");
    const { invitationId: second } = invite("bob@example.com");
    expect(told({ type: "invitation.revoke", accountId: OTHER, invitationId: second })).toBe("NoSuchInvitation");
    expect(told({ type: "invitation.revoke", accountId: ORG, invitationId: second })).toBe("ok invitation.ended");
    const { invitationId: third } = invite("eve@example.com");
    world.now += 7 * DAY_MS;
    expect(told({ type: "invitation.accept", invitationId: third, newPerson })).toBe("NoSuchInvitation");
    invite("zoe@example.com");
    expect(world.views.count("invitation")).toBe(1);
  });

  test.each([
    ["no-at", HASH],
    ["a b@example.com", HASH],
    ["a@-example.com", HASH],
    ["a@example..com", HASH],
    [`${"a".repeat(65)}@example.com`, HASH],
    ["a@example.com\n", HASH],
    ["ok@example.com", "the password itself"],
    ["ok@example.com", "$argon2id$v=19$m=1,t=1,p=1$short$short"],
  ])("refuse %j with %j", (email, passwordHash) => {
    const decision = world.run({ type: "invitation.create", accountId: ORG, email, role: "owner" });
    if (!decision.ok) return expect(decision.code).toBe("ValidationFailed");
    const { invitationId } = decision.result;
    const newcomer = { name: "Ada", passwordHash };
    return expect(told({ type: "invitation.accept", invitationId, newPerson: newcomer })).toBe("ValidationFailed");
  });

  test("keep to the quotas", () => {
    world = new PlatformWorld({ membersPerOrg: 2, orgsPerPerson: 1 });
    const ada = world.join("ada@example.com", "owner");
    invite("bob@example.com");
    expect(told({ type: "invitation.create", accountId: ORG, email: "eve@example.com", role: "owner" })).toBe(
      "LimitExceeded",
    );
    const { invitationId } = invite("ada@example.com", OTHER);
    expect(told({ type: "invitation.accept", invitationId, personId: ada })).toBe("LimitExceeded");
    expect(told({ type: "account.create", name: "second", ownerPersonId: ada })).toBe("LimitExceeded");
  });
});

describe("members", () => {
  test("an org keeps an owner", () => {
    const ada = world.join("ada@example.com", "owner");
    const change = { type: "member.change", accountId: ORG, personId: ada, role: "admin" } as const;
    expect(told(change)).toBe("LastOwner");
    expect(told({ type: "member.remove", accountId: ORG, personId: ada })).toBe("LastOwner");
    expect(told({ ...change, role: "owner" })).toBe("ok");
    const bob = world.join("bob@example.com", "readonly");
    expect(told({ ...change, personId: bob, role: "owner" })).toBe("ok member.changed");
    expect(told(change)).toBe("ok member.changed");
    expect(told({ ...change, accountId: OTHER })).toBe("NoSuchMember");
  });

  test("leave with the credentials that have no use any more", () => {
    world.join("owner@example.com", "owner");
    const ada = world.join("ada@example.com", "developer");
    const { accountId } = world.done({ type: "account.create", name: "ada's own", ownerPersonId: ada });
    openSession(person(ada));
    newToken(person(ada));
    newToken(person(ada), ORG);
    newToken(person(ada), accountId);
    expect(told({ type: "member.remove", accountId: ORG, personId: ada })).toBe("ok member.ended apiToken.ended");
    expect(world.views.count("apiToken")).toBe(2);
    expect(world.views.count("session")).toBe(1);
    const bob = world.join("bob@example.com", "developer");
    openSession(person(bob));
    newToken(person(bob));
    expect(told({ type: "member.remove", accountId: ORG, personId: bob })).toBe(
      "ok member.ended session.ended apiToken.ended",
    );
  });

  test("have their AWS sessions refused from a moment on", () => {
    const ada = world.join("ada@example.com", "owner");
    expect(world.views.member(ORG, ada)?.sessionsValidFrom).toBe(world.now);
    world.now += 1_000;
    world.done({ type: "member.change", accountId: ORG, personId: ada, revokeSessions: true });
    expect(world.views.member(ORG, ada)?.sessionsValidFrom).toBe(world.now + 1);
  });

  test("a new password signs everyone out", () => {
    const ada = world.join("ada@example.com", "owner");
    openSession(person(ada));
    expect(told({ type: "person.change", personId: ada, name: "Ada L." })).toBe("ok person.changed");
    expect(told({ type: "person.change", personId: ada, passwordHash: HASH })).toBe("ok person.changed session.ended");
    expect(told({ type: "person.change", personId: ada, revokeTokens: true })).toBe("ok");
    expect(told({ type: "person.change", personId: ada, passwordHash: "hunter2hunter2" })).toBe("ValidationFailed");
    expect(told({ type: "person.change", personId: ada, name: "A\u202eda" })).toBe("ValidationFailed");
  });
});

describe("orgs", () => {
  test("are made together with their owner", () => {
    const ada = world.join("ada@example.com", "readonly");
    expect(told({ type: "account.create", name: "own", ownerPersonId: ada })).toBe("ok account.created member.created");
    expect(told({ type: "account.create", name: "nobody's" })).toBe("ok account.created");
    expect(told({ type: "account.create", name: "x", ownerPersonId: "prs_x" })).toBe("NoSuchPerson");
  });
});

describe("service principals", () => {
  test("are told apart by name, and ask for no more than their role has", () => {
    const { principalId, clientSecret } = newProgram();
    expect(clientSecret).toMatch(/^bpc_[\w-]{43}$/);
    const create = { type: "servicePrincipal.create", accountId: ORG, role: "developer" } as const;
    expect(told({ ...create, name: "DEPLOYER", scopes: [] })).toBe("ServicePrincipalAlreadyExists");
    expect(told({ ...create, name: "other", scopes: ["orgs:admin"] })).toBe("ValidationFailed");
    expect(told({ ...create, name: "other", scopes: ["cloud:admin"] })).toBe("ValidationFailed");
    expect(told({ ...create, name: "other", scopes: ["orgs:read", "orgs:read"] })).toBe("ValidationFailed");
    expect(told({ ...create, name: "no spaces", scopes: [] })).toBe("ValidationFailed");
    expect(told({ ...create, accountId: OTHER, name: "deployer", scopes: [] })).toBe("ok servicePrincipal.created");
    const change = { type: "servicePrincipal.change", accountId: ORG, principalId } as const;
    expect(told({ ...change, name: "Deployer" })).toBe("ok servicePrincipal.changed");
    expect(told({ ...change, role: "readonly" })).toBe("ValidationFailed");
    expect(told({ ...change, role: "readonly", scopes: ["orgs:read"] })).toBe("ok servicePrincipal.changed");
    expect(told({ ...change, scopes: ["orgs:read"] })).toBe("ok");
    expect(told({ ...change, accountId: OTHER, name: "x" })).toBe("NoSuchServicePrincipal");
  });

  test("lose sessions and tokens with their secret, and with themselves", () => {
    const { principalId } = newProgram();
    const subject: Subject = { type: "servicePrincipal", principalId };
    openSession(subject);
    newToken(subject, ORG);
    const at = { accountId: ORG, principalId };
    expect(told({ type: "servicePrincipal.rotate", ...at })).toBe(
      "ok servicePrincipal.changed session.ended apiToken.ended",
    );
    openSession(subject);
    expect(told({ type: "servicePrincipal.delete", ...at, accountId: OTHER })).toBe("NoSuchServicePrincipal");
    expect(told({ type: "servicePrincipal.delete", ...at })).toBe("ok servicePrincipal.ended session.ended");
    expect(told({ type: "session.open", subject, clientName: "x", scopes: [], withRefreshToken: false })).toBe(
      "NoSuchServicePrincipal",
    );
  });
});

describe("API tokens", () => {
  test("have a subject, known scopes, an org of the subject and a sane lifetime", () => {
    const ada = world.join("ada@example.com", "owner");
    const create = { type: "apiToken.create", subject: person(ada), name: "ci", scopes: [...ORG_SCOPES] } as const;
    expect(told(create)).toBe("ok apiToken.created");
    expect(told({ ...create, subject: person("prs_x") })).toBe("NoSuchPerson");
    expect(told({ ...create, accountId: OTHER })).toBe("NoSuchAccount");
    expect(told({ ...create, scopes: ["everything"] })).toBe("ValidationFailed");
    expect(told({ ...create, name: "" })).toBe("ValidationFailed");
    expect(told({ ...create, lifetimeMs: 1 })).toBe("ValidationFailed");
    expect(told({ ...create, lifetimeMs: Number.MAX_SAFE_INTEGER })).toBe("ValidationFailed");
    expect(told({ type: "apiToken.revoke", tokenId: "tok_x" })).toBe("NoSuchToken");
  });

  test("make room when they have expired", () => {
    world = new PlatformWorld({ apiTokensPerSubject: 1 });
    const subject = person(world.join("ada@example.com", "owner"));
    const create = { type: "apiToken.create", subject, name: "ci", scopes: [], lifetimeMs: DAY_MS } as const;
    expect(told(create)).toBe("ok apiToken.created");
    expect(told(create)).toBe("LimitExceeded");
    world.now += DAY_MS;
    expect(told(create)).toBe("ok apiToken.ended apiToken.created");
  });
});

describe("sessions", () => {
  const refresh = (token: string) => {
    const sessionId = createRefreshTokenReader(world.sealingKey)(token);
    return told({ type: "session.refresh", sessionId: sessionId!, presentedHash: secretHash(token) });
  };

  test("hand out refresh tokens that are good once", () => {
    const ada = world.join("ada@example.com", "owner");
    const { sessionId, refreshToken: first } = openSession(person(ada));
    expect(first).toMatch(/^bpr_ses_[0-9a-f]{24}\.[\w-]{65}$/);
    world.now += DAY_MS;
    const rotated = world.done({ type: "session.refresh", sessionId, presentedHash: secretHash(first!) });
    expect(rotated.expiresAt).toBe(world.now + 30 * DAY_MS);
    expect(refresh(rotated.refreshToken!)).toBe("ok session.changed");
    // Spent two refreshes ago: still known to be a copy.
    expect(refresh(first!)).toBe("ok session.ended");
    expect(refresh(first!)).toBe("NoSuchSession");
  });

  test("are not ended by guesses", () => {
    const ada = world.join("ada@example.com", "owner");
    const { sessionId, refreshToken } = openSession(person(ada));
    const sessionOf = createRefreshTokenReader(world.sealingKey);
    expect(sessionOf(refreshToken!)).toBe(sessionId);
    const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    for (const at of [4, 10, 33, 60, refreshToken!.length - 22])
      expect(sessionOf(flip(refreshToken!, at))).toBeUndefined();
    expect(createRefreshTokenReader(new PlatformWorld().sealingKey)(refreshToken!)).toBeUndefined();
  });

  test("expire, and the oldest makes room", () => {
    world = new PlatformWorld({ sessionsPerSubject: 2 });
    const subject = person(world.join("ada@example.com", "owner"));
    const { refreshToken } = openSession(subject);
    world.now += 1;
    openSession(subject);
    expect(told({ type: "session.open", subject, clientName: "x", scopes: [], withRefreshToken: true })).toBe(
      "ok session.ended session.created",
    );
    expect(refresh(refreshToken!)).toBe("NoSuchSession");
    world.now += 30 * DAY_MS;
    expect(told({ type: "session.open", subject, clientName: "x", scopes: [], withRefreshToken: true })).toBe(
      "ok session.ended session.ended session.created",
    );
  });

  test("of programs are short and have no refresh token", () => {
    const { principalId } = newProgram();
    const subject: Subject = { type: "servicePrincipal", principalId };
    expect(told({ type: "session.open", subject, clientName: "x", scopes: [], withRefreshToken: true })).toBe(
      "ValidationFailed",
    );
    const session = openSession(subject);
    expect(session).toEqual({ sessionId: session.sessionId, expiresAt: world.now + 16 * 60_000 });
  });
});

test("no event holds a secret", () => {
  const ada = world.join("ada@example.com", "owner");
  const { token: invitation } = invite("bob@example.com");
  const { principalId, clientSecret } = newProgram();
  const { clientSecret: rotated } = world.done({ type: "servicePrincipal.rotate", accountId: ORG, principalId });
  const { token } = newToken(person(ada));
  const { sessionId, refreshToken } = openSession(person(ada));
  const next = world.done({ type: "session.refresh", sessionId, presentedHash: secretHash(refreshToken!) });
  const log = JSON.stringify(world.events);
  for (const secret of [invitation, clientSecret, rotated, token, refreshToken!, next.refreshToken!]) {
    expect(log).toContain(secretHash(secret));
    expect(log).not.toContain(secret.slice(4));
  }
});
