import { beforeEach, describe, expect, test } from "bun:test";
import { ACCOUNT } from "#control-plane/events/testing";
import { principalsNamedIn } from "./named-principals.ts";
import { createIdentityWorld, document, type IdentityWorld, OTHER } from "./testing/identity-world.ts";

let world: IdentityWorld;
beforeEach(() => {
  world = createIdentityWorld();
});

const FOREIGN = "123412341234";
const user = (path: string, account: string = ACCOUNT) => `arn:aws:iam::${account}:user/${path}`;
const role = (path: string, account: string = ACCOUNT) => `arn:aws:iam::${account}:role/${path}`;
const session = (path: string, account: string = ACCOUNT) => `arn:aws:sts::${account}:assumed-role/${path}`;
const trusting = (...AWS: readonly string[]) =>
  document({ Action: "sts:AssumeRole", Resource: undefined, Principal: { AWS } });
const named = (...principals: readonly string[]) => principalsNamedIn(trusting(...principals), world.views);

describe("principalsNamedIn()", () => {
  test("finds who bears a name now: users, roles and their sessions, in every account", () => {
    const ana = world.made("user", "ana", {}, { path: "/team/" });
    const ops = world.made("role", "ops", {}, { path: "/team/" });
    expect(named(user("team/ana"), role("team/ops"), session("ops/night"))).toEqual({
      ok: true,
      principals: {
        [user("team/ana")]: ana,
        [role("team/ops")]: ops,
        [session("ops/night")]: `${ops}:night`,
      },
    });
  });

  test.each([
    user("ana"),
    user("Ana"),
    user("team/ana", OTHER),
    user("team/none"),
    role("team/ana"),
    role("ops"),
    session("team/ops/night"),
    session("OPS/night"),
    session("ops/night", OTHER),
    "AIDA0000000000000NONE",
    "AROA0000000000000NONE",
    "AROA0000000000000NONE:night",
  ])("refuses %s, which nobody is called", (principal) => {
    world.made("user", "ana", {}, { path: "/team/" });
    world.made("role", "ops", {}, { path: "/team/" });
    expect(named(principal)).toEqual({ ok: false, principal });
  });

  test("looks into no account that is not of this cloud, and lets nobody come from there later", () => {
    expect(named(user("ana", FOREIGN))).toEqual({ ok: true, principals: {} });
  });

  test("leaves alone what is no name of anybody: accounts, everybody, federated users", () => {
    const others = ["*", ACCOUNT, `arn:aws:iam::${ACCOUNT}:root`, `arn:aws:sts::${ACCOUNT}:federated-user/none`];
    expect(named(...others)).toEqual({ ok: true, principals: undefined });
    expect(principalsNamedIn("{", world.views)).toEqual({ ok: true, principals: undefined });
  });

  test("takes members of orgs by the names that nobody else can bear", () => {
    const member = role("aws-reserved/biplane/BiplaneMember_developer");
    const one = session("BiplaneMember_owner/ana@example.com");
    expect(named(member, one)).toEqual({ ok: true, principals: { [member]: member, [one]: one } });
    expect(named(role("aws-reserved/biplane/BiplaneMember_king")).ok).toBe(false);
    expect(named(role("BiplaneMember_owner")).ok).toBe(false);
  });

  test("keeps ids that the policy in force means although their owners are gone", () => {
    const gone = "AIDA0000000000000GONE";
    const again = principalsNamedIn(trusting(gone), world.views, { [user("gone")]: gone });
    expect(again).toEqual({ ok: true, principals: { [gone]: gone } });
  });
});

describe("the trust policy of a role", () => {
  test("means whoever bore the name when it was put, also through a new name", () => {
    const ana = world.made("user", "ana");
    const reader = world.made("role", "reader", { trustPolicy: trusting(user("ana")) });
    const bound = { [user("ana")]: ana };
    expect(world.sectionsOf("role", reader)).toMatchObject({ trustPrincipals: bound });
    world.rename("user", ana, { name: "anna" });
    const other = world.made("user", "ana");
    expect(world.sectionsOf("role", reader)).toMatchObject({ trustPrincipals: bound });
    // The same text again means somebody else now, and is a change.
    expect(world.configure("role", reader, { trustPolicy: trusting(user("ana")) })).toMatchObject({ events: [{}] });
    expect(world.sectionsOf("role", reader)).toMatchObject({ trustPrincipals: { [user("ana")]: other } });
    expect(world.configure("role", reader, { trustPolicy: trusting(user("ana")) })).toMatchObject({ events: [] });
    world.configure("role", reader, { trustPolicy: trusting("*") });
    expect(world.sectionsOf("role", reader)).not.toHaveProperty("trustPrincipals");
  });

  test("is refused when it names nobody, in IAM's words, and nothing is changed", () => {
    const reader = world.made("role", "reader", { trustPolicy: trusting("*") });
    const before = world.sectionsOf("role", reader);
    const refusal = {
      ok: false,
      code: "MalformedPolicyDocument",
      message: `Invalid principal in policy: "AWS":"${user("none")}"`,
    } as const;
    expect(world.configure("role", reader, { trustPolicy: trusting(user("none")) })).toEqual(refusal);
    expect(world.create("role", "other", { trustPolicy: trusting(user("none")) })).toEqual(refusal);
    // A role does not exist before it is made.
    expect(world.create("role", "self", { trustPolicy: trusting(role("self")) })).toMatchObject({ ok: false });
    expect(world.sectionsOf("role", reader)).toEqual(before!);
  });

  test("alone says whom it means", () => {
    const reader = world.made("role", "reader");
    const forged = { trustPrincipals: { [user("x")]: "AIDA" } };
    expect(world.configure("role", reader, forged)).toMatchObject({ ok: false, code: "ValidationFailed" });
    expect(world.create("role", "other", forged)).toMatchObject({ ok: false, code: "ValidationFailed" });
    expect(world.configure("role", reader, { trustPrincipals: null })).toMatchObject({ ok: false });
  });
});

describe("names that are shown for members of orgs", () => {
  const refusal = (text: string) => ({ ok: false, code: "ValidationFailed", message: expect.stringContaining(text) });

  test.each(["BiplaneMember_owner", "biplanemember_x", "BIPLANEMEMBER_"])("no role is called %s", (name) => {
    expect(world.create("role", name)).toMatchObject(refusal("reserved"));
  });

  test.each(["user", "group", "role", "managedPolicy", "instanceProfile"] as const)("no %s has their path", (kind) => {
    for (const path of ["/aws-reserved/biplane/", "/aws-reserved/", "/AWS-Reserved/x/"]) {
      expect(world.create(kind, "thing", {}, { path })).toMatchObject(refusal("reserved"));
    }
    expect(world.create(kind, "thing", {}, { path: "/team/aws-reserved/" })).toMatchObject({ ok: true });
  });

  test("nobody moves there", () => {
    const ana = world.made("user", "ana");
    expect(world.rename("user", ana, { path: "/aws-reserved/x/" })).toMatchObject(refusal("reserved"));
  });
});
