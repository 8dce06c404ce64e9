import { beforeEach, describe, expect, test } from "bun:test";
import { IDENTITY_KINDS, IDENTITY_SECTIONS, type IdentityKind } from "#contracts";
import { ACCOUNT, codeOf, OCCURRED_AT } from "#control-plane/events/testing";
import {
  AWS_MANAGED,
  createIdentityWorld,
  document,
  documentOfSize,
  type IdentityWorld,
  NAME,
  OTHER,
  SERVICE_LINKED,
  TRUST,
} from "./testing/identity-world.ts";

let world: IdentityWorld;
beforeEach(() => {
  world = createIdentityWorld();
});

const set = <Value>(keys: readonly string[], value: Value) => Object.fromEntries(keys.map((key) => [key, value]));
const numbered = (count: number, prefix = "k") => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const SHA1 = "a".repeat(40);
const missingArn = `arn:aws:iam::${ACCOUNT}:policy/none`;

/** Kind, sections, the code of the refusal and, where it is a sentence that clients know, its message. */
const REFUSALS: readonly [IdentityKind, object, string, string?][] = [
  ["user", { nickname: "x" }, "ValidationFailed", "The user has no section nickname"],
  ["user", JSON.parse('{"__proto__": {}}'), "ValidationFailed", "The user has no section __proto__"],
  ["user", { "\u0000": 1 }, "ValidationFailed", "The user has no section of that name"],
  ["group", { tags: { a: "b" } }, "ValidationFailed", "The group has no section tags"],
  ["user", { inlinePolicies: "x" }, "ValidationFailed"],
  ["user", { inlinePolicies: [document()] }, "ValidationFailed"],
  ["user", { inlinePolicies: { p: 7 } }, "ValidationFailed", "A policy document must be text"],
  ["user", { inlinePolicies: { p: "" } }, "ValidationFailed"],
  ["user", { inlinePolicies: { p: '{"\u20ac"}' } }, "ValidationFailed"],
  ["user", { inlinePolicies: { p: "{\u0000}" } }, "ValidationFailed"],
  ["user", { inlinePolicies: { "a b": document() } }, "ValidationFailed"],
  ["user", { inlinePolicies: { [`${"x".repeat(129)}`]: document() } }, "ValidationFailed"],
  ["user", { inlinePolicies: { p: "no" } }, "MalformedPolicyDocument", "Syntax errors in policy."],
  ["user", { inlinePolicies: { p: TRUST } }, "MalformedPolicyDocument"],
  [
    "user",
    { inlinePolicies: { p: documentOfSize(2_049) } },
    "LimitExceeded",
    `Maximum policy size of 2048 bytes exceeded for user ${NAME}`,
  ],
  [
    "group",
    { inlinePolicies: { p: documentOfSize(5_121) } },
    "LimitExceeded",
    `Maximum policy size of 5120 bytes exceeded for group ${NAME}`,
  ],
  [
    "role",
    { inlinePolicies: set(["p", "q"], documentOfSize(5_121)) },
    "LimitExceeded",
    `Maximum policy size of 10240 bytes exceeded for role ${NAME}`,
  ],
  [
    "role",
    { inlinePolicies: set(numbered(9), `${document()}${" ".repeat(130_000)}`) },
    "LimitExceeded",
    `The policies of role ${NAME} have more than 1048576 characters with white space`,
  ],
  ["user", { attachedPolicies: { [AWS_MANAGED]: false } }, "ValidationFailed"],
  ["user", { attachedPolicies: { ReadOnlyAccess: true } }, "ValidationFailed", "ARN ReadOnlyAccess is not valid."],
  ["user", { attachedPolicies: { [`arn:aws:iam::${ACCOUNT}:role/r`]: true } }, "ValidationFailed"],
  [
    "user",
    { attachedPolicies: { [`${missingArn}${"x".repeat(2_048)}`]: true } },
    "ValidationFailed",
    "ARN of that form is not valid.",
  ],
  [
    "role",
    { attachedPolicies: { [missingArn]: true } },
    "NoSuchEntity",
    `Policy ${missingArn} does not exist or is not attachable.`,
  ],
  ["group", { attachedPolicies: { "arn:aws:iam::aws:policy/None": true } }, "NoSuchEntity"],
  [
    "role",
    { attachedPolicies: { [SERVICE_LINKED]: true } },
    "PolicyNotAttachable",
    "Cannot attach a Service Role Policy to a Customer Role.",
  ],
  ["user", { groups: { none: true } }, "NoSuchEntity", "The group with id none cannot be found."],
  ["user", { groups: { none: 1 } }, "ValidationFailed"],
  ["user", { boundary: 7 }, "ValidationFailed"],
  ["user", { boundary: "x" }, "ValidationFailed"],
  ["role", { boundary: missingArn }, "NoSuchEntity", `Scope ARN: ${missingArn} does not exist or is not attachable.`],
  ["user", { tags: { "": "x" } }, "ValidationFailed"],
  ["user", { tags: { ["k".repeat(129)]: "x" } }, "ValidationFailed"],
  ["user", { tags: { "a*": "x" } }, "ValidationFailed"],
  ["user", { tags: { "AWS:x": "x" } }, "ValidationFailed", "Tag keys that begin with aws: are reserved for AWS"],
  ["user", { tags: { a: "v".repeat(257) } }, "ValidationFailed"],
  ["user", { tags: { a: 7 } }, "ValidationFailed"],
  [
    "user",
    { tags: { a: "x", A: "y" } },
    "ValidationFailed",
    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
  ],
  ["role", { tags: { a: "x", A: "y" } }, "ValidationFailed"],
  ["role", { tags: set(numbered(51), "x") }, "LimitExceeded", "The number of tags has reached the maximum limit."],
  ["user", { sessionsValidFrom: OCCURRED_AT + 60_001 }, "ValidationFailed"],
  ["user", { sessionsValidFrom: -1 }, "ValidationFailed"],
  ["user", { sessionsValidFrom: 1.5 }, "ValidationFailed"],
  ["role", { sessionsValidFrom: "now" }, "ValidationFailed"],
  ["role", { trustPolicy: null }, "ValidationFailed", "The section trustPolicy of a role must be given"],
  ["role", { trustPolicy: { Version: "2012-10-17" } }, "ValidationFailed"],
  ["role", { trustPolicy: "no" }, "MalformedPolicyDocument", "This policy contains invalid Json"],
  ["role", { trustPolicy: document() }, "MalformedPolicyDocument"],
  [
    "role",
    { trustPolicy: TRUST.replace('"Effect"', `"Sid":"${"x".repeat(2_048)}","Effect"`) },
    "LimitExceeded",
    "Cannot exceed quota for ACLSizePerRole: 2048",
  ],
  ["role", { description: "x".repeat(1_001) }, "ValidationFailed"],
  ["role", { description: "\u20ac" }, "ValidationFailed"],
  ["role", { description: 7 }, "ValidationFailed"],
  ["role", { maxSessionDuration: 3_599 }, "ValidationFailed"],
  ["role", { maxSessionDuration: 43_201 }, "ValidationFailed"],
  ["role", { maxSessionDuration: "3600" }, "ValidationFailed"],
  ["instanceProfile", { roles: { none: true } }, "NoSuchEntity", "The role with id none cannot be found."],
  ["oidcProvider", { clientIds: { "": true } }, "ValidationFailed"],
  ["oidcProvider", { clientIds: { ["x".repeat(256)]: true } }, "ValidationFailed"],
  ["oidcProvider", { clientIds: { x: "x" } }, "ValidationFailed"],
  [
    "oidcProvider",
    { clientIds: set(numbered(101), true) },
    "LimitExceeded",
    "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
  ],
  ["oidcProvider", { thumbprints: SHA1 }, "ValidationFailed"],
  ["oidcProvider", { thumbprints: [SHA1, "x"] }, "ValidationFailed"],
  ["oidcProvider", { thumbprints: [7] }, "ValidationFailed"],
  [
    "oidcProvider",
    { thumbprints: numbered(6).map(() => SHA1) },
    "ValidationFailed",
    "Thumbprint list must contain fewer than 5 entries.",
  ],
];

describe("a change is refused, at the creation and later", () => {
  const cases = REFUSALS.map(([kind, sections, code, message = ""]) => [kind, code, message, sections] as const);
  test.each(cases)("%#: of a %s with %s %s", (kind, code, message, sections) => {
    const refusal = { ok: false, code, message: expect.stringContaining(message) } as never;
    expect(world.create(kind, NAME, sections)).toMatchObject(refusal);
    const entityId = world.made(kind, NAME);
    const appended = world.events.length;
    expect(world.command(`${kind}.configure`, { entityId, sections })).toMatchObject(refusal);
    expect(world.events).toHaveLength(appended);
  });
});

/** The most that is allowed. */
const ACCEPTED: readonly [IdentityKind, object][] = [
  ["user", { inlinePolicies: set(["p", "q"], documentOfSize(1_024, 2_000)) }],
  ["user", { inlinePolicies: JSON.parse(`{"__proto__": ${JSON.stringify(document())}}`) }],
  ["group", { inlinePolicies: { p: documentOfSize(5_120) } }],
  ["role", { inlinePolicies: { p: documentOfSize(10_240), ["x".repeat(128)]: null } }],
  ["user", { tags: { ["k".repeat(128)]: "v".repeat(256), "größe / a.b:c=d+e-f@g_h": "", 7: "x" } }],
  ["role", { tags: set(numbered(50), "x") }],
  ["managedPolicy", { tags: { a: "x", A: "y" } }],
  ["instanceProfile", { tags: { a: "x", A: "y" } }],
  ["user", { boundary: AWS_MANAGED, sessionsValidFrom: OCCURRED_AT + 60_000 }],
  ["role", { description: `${"ü".repeat(999)}\n`, maxSessionDuration: 43_200 }],
  ["role", { maxSessionDuration: 3_600, boundary: AWS_MANAGED, sessionsValidFrom: 0 }],
  ["oidcProvider", { clientIds: set(numbered(100), true), thumbprints: numbered(5).map(() => SHA1) }],
  ["oidcProvider", { clientIds: { ["x".repeat(255)]: true }, thumbprints: [] }],
];

describe("a change is made, at the creation and later", () => {
  test.each(ACCEPTED)("%#: of a %s", (kind, sections) => {
    expect(codeOf(world.create(kind, NAME, sections))).toBe("ok 1");
    const made = world.views.entityByName(kind, ACCOUNT, NAME)!;
    const later = world.made(kind, "later.example");
    expect(codeOf(world.command(`${kind}.configure`, { entityId: later, sections }))).toBe("ok 1");
    const { url: _madeUrl, ...madeSections } = { url: "", ...made.sections };
    const { url: _laterUrl, ...laterSections } = { url: "", ...world.sectionsOf(kind, later) };
    expect(JSON.stringify(laterSections)).toBe(JSON.stringify(madeSections));
    // The same again is no change.
    expect(codeOf(world.command(`${kind}.configure`, { entityId: later, sections }))).toBe("ok 0");
  });
});

describe("quotas of members", () => {
  test("of attached policies hold for the result: one more when another goes in the same change", () => {
    const arns = numbered(11, "p").map((name) => {
      world.made("managedPolicy", name);
      return `arn:aws:iam::${ACCOUNT}:policy/${name}`;
    });
    for (const [kind, quota] of [
      ["user", "PoliciesPerUser"],
      ["group", "PoliciesPerGroup"],
      ["role", "PoliciesPerRole"],
    ] as const) {
      const holder = world.made(kind, "holder", { attachedPolicies: set(arns.slice(0, 10), true) });
      const attach = (attachedPolicies: Record<string, true | null>) =>
        world.configure(kind, holder, { attachedPolicies });
      expect(attach({ [arns[10]!]: true })).toMatchObject({
        code: "LimitExceeded",
        message: `Cannot exceed quota for ${quota}: 10`,
      });
      expect(codeOf(attach({ [arns[3]!]: true }))).toBe("ok 0");
      expect(codeOf(attach({ [arns[10]!]: true, [arns[0]!]: null }))).toBe("ok 1");
    }
  });

  test("of groups and of roles", () => {
    const groups = numbered(11, "g").map((name) => world.made("group", name));
    expect(world.create("user", "ada", { groups: set(groups, true) })).toMatchObject({
      code: "LimitExceeded",
      message: "Cannot exceed quota for GroupsPerUser: 10",
    });
    expect(codeOf(world.create("user", "ada", { groups: set(groups.slice(1), true) }))).toBe("ok 1");
    const roles = numbered(2, "r").map((name) => world.made("role", name));
    expect(world.create("instanceProfile", "web", { roles: set(roles, true) })).toMatchObject({
      code: "LimitExceeded",
      message: "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    });
  });

  test("of inline policies do not count what is replaced", () => {
    const user = world.made("user", "ada", { inlinePolicies: { p: documentOfSize(2_048) } });
    expect(codeOf(world.configure("user", user, { inlinePolicies: { q: document() } }))).toBe("LimitExceeded");
    expect(codeOf(world.configure("user", user, { inlinePolicies: { p: documentOfSize(2_047) } }))).toBe("ok 1");
    expect(codeOf(world.configure("user", user, { inlinePolicies: { q: document(), p: null } }))).toBe("ok 1");
  });
});

describe("references", () => {
  test("of other accounts, or written otherwise, are none", () => {
    world.made("managedPolicy", "read", {}, { path: "/team/" });
    const group = world.made("group", "devs");
    const foreign = (kind: IdentityKind, sections: object) =>
      codeOf(world.create(kind, "x", sections, { accountId: OTHER }));
    expect(foreign("user", { attachedPolicies: { [`arn:aws:iam::${ACCOUNT}:policy/team/read`]: true } })).toBe(
      "NoSuchEntity",
    );
    expect(foreign("user", { groups: { [group]: true } })).toBe("NoSuchEntity");
    for (const arn of ["read", "Team/read", "team/Read", "team//read"]) {
      const attachedPolicies = { [`arn:aws:iam::${ACCOUNT}:policy/${arn}`]: true };
      expect(codeOf(world.create("user", "ada", { attachedPolicies }))).toBe("NoSuchEntity");
    }
    expect(
      codeOf(world.create("user", "ada", { attachedPolicies: { [`arn:aws:iam::${ACCOUNT}:policy/team/read`]: true } })),
    ).toBe("ok 1");
  });
});

describe("changes", () => {
  test("name only what gets another value", () => {
    const user = world.made("user", "ada", { tags: { a: "1", b: "2" }, boundary: AWS_MANAGED });
    world.configure("user", user, {
      tags: { a: "1", b: "3", c: "4", d: null },
      boundary: AWS_MANAGED,
      inlinePolicies: {},
    });
    expect(world.events.at(-1)!.payload).toEqual({
      entityId: user,
      accountId: ACCOUNT,
      sections: { tags: { b: "3", c: "4" } },
    });
    world.configure("user", user, { boundary: null, tags: { a: null, b: null, c: null } });
    expect(world.sectionsOf("user", user)).toEqual({});
    expect(codeOf(world.configure("user", user, { boundary: null, tags: null }))).toBe("ok 0");
  });

  test("of what is fixed are refused, also its removal", () => {
    const provider = world.made("oidcProvider", NAME);
    for (const url of ["https://other.example", null]) {
      expect(codeOf(world.command("oidcProvider.configure", { entityId: provider, sections: { url } }))).toBe(
        "ValidationFailed",
      );
    }
    expect(
      codeOf(world.command("oidcProvider.configure", { entityId: provider, sections: { url: `https://${NAME}` } })),
    ).toBe("ok 0");
  });

  test("of any section may be anything but what it is", () => {
    for (const kind of IDENTITY_KINDS) {
      const entityId = world.made(kind, NAME);
      for (const section of Object.keys(IDENTITY_SECTIONS[kind])) {
        for (const value of [{ a: { b: 1 } }, [[]], true, -1, "\u0001", { "": 7 }]) {
          const decision = world.command(`${kind}.configure`, { entityId, sections: { [section]: value } });
          expect([decision.ok, kind, section, value]).toEqual([false, kind, section, value]);
        }
      }
    }
  });
});
