import { beforeEach, describe, expect, test } from "bun:test";
import { type AccountId, IDENTITY_KINDS, type IdentityKind } from "#contracts";
import { ACCOUNT, codeOf, OCCURRED_AT } from "#control-plane/events/testing";
import {
  AWS_MANAGED,
  createIdentityWorld,
  document,
  type IdentityWorld,
  NAME,
  OTHER,
} from "./testing/identity-world.ts";

let world: IdentityWorld;
beforeEach(() => {
  world = createIdentityWorld();
});

const policyArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:policy/${name}`;

describe.each(IDENTITY_KINDS)("%s", (kind) => {
  test("lives: is made, changed and deleted, once each", () => {
    const entityId = world.made(kind, NAME);
    expect(world.views.entityByName(kind, ACCOUNT, NAME.toUpperCase())).toMatchObject({
      entityId,
      name: NAME,
      path: "/",
      revision: 1,
      createdAt: OCCURRED_AT,
    });
    expect(codeOf(world.configure(kind, entityId, {}))).toBe("ok 0");
    expect(codeOf(world.remove(kind, entityId))).toBe("ok 1");
    expect(world.remove(kind, entityId)).toMatchObject({
      code: "NoSuchEntity",
      message: expect.stringMatching(/^The [A-Za-z ]+ with id \S+ cannot be found\.$/),
    });
    expect(codeOf(world.configure(kind, entityId, {}))).toBe("NoSuchEntity");
    // The name is free again, for another entity.
    expect(world.made(kind, NAME)).not.toBe(entityId);
  });

  test("has a name that is its own without regard to case, in its account", () => {
    world.made(kind, NAME);
    for (const name of [NAME, NAME.toUpperCase()]) {
      expect(world.create(kind, name)).toMatchObject({
        code: "EntityAlreadyExists",
        message: expect.stringContaining(name),
      });
    }
    expect(codeOf(world.create(kind, NAME, {}, { accountId: OTHER }))).toBe("ok 1");
    expect(codeOf(world.create(kind, NAME, {}, { accountId: "000000000000" as AccountId }))).toBe("NoSuchAccount");
  });

  test("is none of another account's business", () => {
    const entityId = world.made(kind, NAME);
    for (const type of [`${kind}.configure`, `${kind}.rename`, `${kind}.delete`]) {
      expect(codeOf(world.command(type, { entityId, sections: {} }, OTHER))).toBe("NoSuchEntity");
    }
  });

  test("is counted per account", () => {
    const zero = { user: 0, group: 0, role: 0, managedPolicy: 0, instanceProfile: 0, oidcProvider: 0 };
    world = createIdentityWorld({ entitiesPerAccount: { ...zero, [kind]: 2 } });
    world.made(kind, "a.example");
    const second = world.made(kind, "b.example");
    expect(world.create(kind, "c.example")).toMatchObject({
      code: "LimitExceeded",
      message: expect.stringMatching(/^Cannot exceed quota for [A-Za-z]+PerAccount: 2$/),
    });
    world.remove(kind, second);
    expect(codeOf(world.create(kind, "c.example"))).toBe("ok 1");
  });

  test("refuses a change that was worked out from another revision", () => {
    const entityId = world.made(kind, NAME);
    expect(codeOf(world.configure(kind, entityId, {}, { ifRevision: 2 }))).toBe("RevisionMismatch");
    expect(codeOf(world.configure(kind, entityId, {}, { ifRevision: 1 }))).toBe("ok 0");
  });
});

describe("names and paths", () => {
  const long: Readonly<Partial<Record<IdentityKind, number>>> = {
    user: 64,
    group: 128,
    role: 64,
    managedPolicy: 128,
    instanceProfile: 128,
  };
  test.each(Object.entries(long) as [IdentityKind, number][])(
    "of a %s are as IAM allows them, up to %i characters",
    (kind, max) => {
      for (const name of ["a", "A_b+c=d,e.f@g-1", "x".repeat(max), "__proto__", "constructor"]) {
        expect(codeOf(world.create(kind, name))).toBe("ok 1");
      }
      for (const name of ["", "a b", "a/b", "ä", "x".repeat(max + 1), "a\n", "a:b", "a*"]) {
        expect(codeOf(world.create(kind, name))).toBe("ValidationFailed");
      }
      for (const path of ["", "x", "/x", "x/", "/x y/", "/ä/", `/${"x".repeat(511)}/`, "/\u007f/", "/x/\n"]) {
        expect(codeOf(world.create(kind, NAME, {}, { path }))).toBe("ValidationFailed");
      }
      expect(codeOf(world.create(kind, NAME, {}, { path: `/${"x".repeat(510)}/` }))).toBe("ok 1");
    },
  );

  test("of policies have fewer characters in their path", () => {
    for (const path of ["/a:b/", "//", "/a//"]) {
      expect(codeOf(world.create("managedPolicy", NAME, {}, { path }))).toBe("ValidationFailed");
    }
    expect(codeOf(world.create("managedPolicy", NAME, {}, { path: "/a,b/c=d/" }))).toBe("ok 1");
  });

  test("of OpenID Connect providers are URLs without their scheme", () => {
    for (const name of [
      "id.example",
      "id.example:8443",
      "id.example/",
      "id.example/realms/Main",
      "[::1]:80/x",
      "localhost",
    ]) {
      expect(codeOf(world.create("oidcProvider", name))).toBe("ok 1");
    }
    for (const name of [
      "",
      "/x",
      "id.example?x",
      "id.example/x#y",
      "a b",
      "id.example/ü",
      "user@id.example",
      "x".repeat(248),
    ]) {
      expect(world.create("oidcProvider", name)).toMatchObject({ message: "Invalid Open ID Connect Provider URL" });
    }
    expect(codeOf(world.create("oidcProvider", NAME, {}, { path: "/team/" }))).toBe("ValidationFailed");
  });

  test("of providers are reached by https, but for those of this machine", () => {
    for (const name of ["localhost:8080/x", "127.0.0.1", "[::1]:80"]) {
      expect(codeOf(world.create("oidcProvider", name, { url: `http://${name}` }))).toBe("ok 1");
    }
    for (const [name, url] of [
      ["id.example", "http://id.example"],
      ["localhost.example", "http://localhost.example"],
      ["id.example", "https://other.example"],
      ["id.example", "ftp://id.example"],
      ["id.example", 7],
      ["id.example", null],
    ] as const) {
      expect(codeOf(world.create("oidcProvider", name, { url }))).toBe("ValidationFailed");
    }
  });
});

describe("renaming", () => {
  test.each(["user", "group"] as const)("a %s changes name and path, and nothing else", (kind) => {
    const entityId = world.made(kind, "ada", { inlinePolicies: { p: document() } });
    const sections = world.sectionsOf(kind, entityId);
    expect(codeOf(world.rename(kind, entityId, { name: "Ada" }))).toBe("ok 1");
    expect(codeOf(world.rename(kind, entityId, { path: "/team/" }))).toBe("ok 1");
    expect(codeOf(world.rename(kind, entityId, { name: "Ada", path: "/team/" }))).toBe("ok 0");
    expect(codeOf(world.rename(kind, entityId, {}))).toBe("ok 0");
    expect(world.views.entity(kind, ACCOUNT, entityId)).toMatchObject({ name: "Ada", path: "/team/", sections });
    world.made(kind, "bob");
    expect(codeOf(world.rename(kind, entityId, { name: "BOB" }))).toBe("EntityAlreadyExists");
    expect(codeOf(world.rename(kind, entityId, { name: "a b" }))).toBe("ValidationFailed");
    expect(codeOf(world.rename(kind, entityId, { path: "team" }))).toBe("ValidationFailed");
  });

  test.each(["role", "managedPolicy", "instanceProfile", "oidcProvider"] as const)("a %s keeps its name", (kind) => {
    const entityId = world.made(kind, NAME);
    expect(codeOf(world.rename(kind, entityId, { name: "other.example" }))).toBe("ValidationFailed");
  });

  test("a group keeps its members", () => {
    const group = world.made("group", "devs");
    const user = world.made("user", "ada", { groups: { [group]: true } });
    world.rename("group", group, { name: "makers" });
    expect(world.views.entitiesReferring("user", "groups", group).map(({ entityId }) => entityId)).toEqual([user]);
  });
});

describe("deleting waits for what hangs on it", () => {
  /** @param free takes the last obstacle away */
  function expectConflict(kind: IdentityKind, entityId: string, sentence: string, free: () => unknown): void {
    expect(world.remove(kind, entityId)).toMatchObject({ code: "DeleteConflict", message: sentence });
    free();
    expect(codeOf(world.remove(kind, entityId))).toBe("ok 1");
  }

  test.each(["user", "group", "role"] as const)("of a %s: its policies", (kind) => {
    const entityId = world.made(kind, NAME, { inlinePolicies: { p: document() } });
    expectConflict(kind, entityId, "Cannot delete entity, must delete policies first.", () =>
      world.configure(kind, entityId, { inlinePolicies: { p: null } }),
    );
    const attached = world.made(kind, NAME, { attachedPolicies: { [AWS_MANAGED]: true } });
    expectConflict(kind, attached, "Cannot delete entity, must detach all policies first.", () =>
      world.configure(kind, attached, { attachedPolicies: null }),
    );
  });

  test("of a user: its access keys, and its groups", () => {
    const group = world.made("group", "devs");
    const user = world.made("user", "ada", { groups: { [group]: true } });
    const key = world.run({ type: "accessKey.create", accountId: ACCOUNT, owner: { type: "user", userName: "ada" } });
    if (!key.ok) throw new Error(key.message);
    expect(world.remove("user", user)).toMatchObject({
      message: "Cannot delete entity, must delete access keys first.",
    });
    world.run({ type: "accessKey.delete", accountId: ACCOUNT, accessKeyId: key.result.accessKeyId });
    expect(world.remove("group", group)).toMatchObject({
      code: "DeleteConflict",
      message: "Cannot delete entity, must remove users from group first.",
    });
    expectConflict("user", user, "Cannot delete entity, must remove users from group first.", () =>
      world.configure("user", user, { groups: { [group]: null } }),
    );
    expect(codeOf(world.remove("group", group))).toBe("ok 1");
  });

  test("of a role and an instance profile: one another", () => {
    const role = world.made("role", "r");
    const profile = world.made("instanceProfile", "p", { roles: { [role]: true } });
    const sentence = "Cannot delete entity, must remove roles from instance profile first.";
    expect(world.remove("role", role)).toMatchObject({ code: "DeleteConflict", message: sentence });
    expectConflict("instanceProfile", profile, sentence, () =>
      world.configure("instanceProfile", profile, { roles: { [role]: null } }),
    );
    expect(codeOf(world.remove("role", role))).toBe("ok 1");
  });

  test("of a policy: those it is attached to, or whose boundary it is, and its other versions", () => {
    const policy = world.made("managedPolicy", "read", {}, { path: "/team/" });
    const arn = policyArn("team/read");
    const holders: [IdentityKind, object][] = [
      ["user", { attachedPolicies: { [arn]: true } }],
      ["group", { attachedPolicies: { [arn]: true } }],
      ["role", { attachedPolicies: { [arn]: true } }],
      ["user", { boundary: arn }],
      ["role", { boundary: arn }],
    ];
    for (const [kind, sections] of holders) {
      const holder = world.made(kind, "holder", sections);
      expect(world.remove("managedPolicy", policy)).toMatchObject({
        code: "DeleteConflict",
        message: "Cannot delete a policy attached to entities.",
      });
      world.configure(kind, holder, { attachedPolicies: null });
      // A boundary goes with its entity.
      expect(codeOf(world.remove(kind, holder))).toBe("ok 1");
    }
    world.configure("managedPolicy", policy, { versions: { v2: { document: document(), createdAt: 0 } } });
    expectConflict(
      "managedPolicy",
      policy,
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      () => world.configure("managedPolicy", policy, { versions: { v2: null } }),
    );
  });
});
