import { beforeEach, describe, expect, test } from "bun:test";
import type { SessionClaims, SessionPrincipal } from "#contracts";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { SignatureError } from "#foundation/aws/sigv4";
import { authorize } from "#foundation/policy";
import { Principals } from "./principals.ts";
import { ACCOUNT, IdentityCatalog, OTHER_ACCOUNT, policyText, type TestSession } from "./testing/index.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const CANONICAL = ACCOUNT.padStart(64, "c");
const allow = (action: string) => ({ Effect: "Allow", Action: action, Resource: "*" });
const deny = (action: string) => ({ Effect: "Deny", Action: action, Resource: "*" });
const arnOf = (policy: string) => `arn:aws:iam::${ACCOUNT}:policy/${policy}`;

let catalog: IdentityCatalog;
let principals: Principals;

beforeEach(() => {
  catalog = new IdentityCatalog();
  catalog.addAccount(ACCOUNT);
  catalog.addAccount(OTHER_ACCOUNT);
  catalog.putKey("AKIAROOT");
  catalog.putUser("ana", { path: "/team/" });
  catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" } });
  catalog.putRole("reader", {});
  catalog.putMember("prs_1");
  principals = new Principals(catalog);
});

const byKey = (accessKeyId: string) => principals.claimed({ accessKeyId, sessionToken: undefined }, NOW);
const bySession = (session: TestSession, now = NOW) => principals.claimed(session, now);

/** Why it was refused, or `accepted`. */
function outcome(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SignatureError) return error.reason;
    throw error;
  }
  return "accepted";
}

/** What the principal may do to its own account. */
function may({ standing }: ReturnType<typeof byKey>, action: string): boolean {
  return authorize(
    {
      principal: standing.principal,
      action,
      resource: "*",
      resourceAccount: ACCOUNT,
      context: { get: () => undefined },
    },
    standing,
  ).allowed;
}

const READER: SessionPrincipal = { type: "role", accountId: ACCOUNT, roleId: "AROAREADER", sessionName: "s" };
const OF_ROOT: SessionPrincipal = { type: "caller", accountId: ACCOUNT, madeWithKey: "AKIAROOT" };
const OF_ANA: SessionPrincipal = { type: "caller", accountId: ACCOUNT, madeWithKey: "AKIAANA" };
const BOB: SessionPrincipal = { type: "federated", accountId: ACCOUNT, madeWithKey: "AKIAANA", name: "bob" };
const ADA: SessionPrincipal = { type: "member", accountId: ACCOUNT, personId: "prs_1", email: "ada@example.com" };
const EVERY_KIND: readonly SessionPrincipal[] = [READER, OF_ROOT, OF_ANA, BOB, ADA];

const session = (principal: SessionPrincipal, more?: Partial<SessionClaims>) => catalog.session(principal, NOW, more);

describe("callers", () => {
  test("keys", () => {
    expect(byKey("AKIAROOT")).toMatchObject({
      caller: { type: "root", arn: `arn:aws:iam::${ACCOUNT}:root`, userId: ACCOUNT, session: undefined },
      secret: "secret of AKIAROOT",
    });
    expect(byKey("AKIAANA").caller).toMatchObject({ type: "user", userName: "ana", session: undefined });
  });

  test("a role's session", () => {
    catalog.putRole("reader", { tags: { Team: "role's", cost: "1" } }, { path: "/ops/" });
    const tags = { team: "session's", other: "2" };
    const federated = { provider: "id.example", subject: "me", audience: "app" };
    const made = session({ ...READER, tags, transitiveTags: ["team"], sourceIdentity: "ada", federated });
    expect(bySession(made)).toMatchObject({
      caller: {
        type: "role",
        accountId: ACCOUNT,
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/s`,
        userId: "AROAREADER:s",
        roleArn: `arn:aws:iam::${ACCOUNT}:role/ops/reader`,
        accessKeyId: made.accessKeyId,
        canonicalUserId: CANONICAL,
        session: {
          issuedAt: NOW,
          expiresAt: NOW + 3_600_000,
          tags,
          transitiveTags: ["team"],
          sourceIdentity: "ada",
          federated,
        },
      },
      standing: {
        principal: {
          type: "assumed-role",
          provider: `arn:aws:iam::${ACCOUNT}:oidc-provider/id.example`,
          tags: new Map([
            ["team", "session's"],
            ["cost", "1"],
            ["other", "2"],
          ]),
        },
      },
      secret: made.secretAccessKey,
    });
  });

  test("a user's session is the user", () => {
    const { caller } = bySession(session(OF_ANA));
    expect(caller).toMatchObject({
      type: "user",
      arn: `arn:aws:iam::${ACCOUNT}:user/team/ana`,
      userId: "AIDAANA",
      session: { issuedAt: NOW },
    });
    expect(bySession(session(OF_ROOT)).caller).toMatchObject({ type: "root", session: { issuedAt: NOW } });
  });

  test("a federated user", () => {
    catalog.putUser("ana", { sections: { tags: { Team: "a" } } });
    expect(bySession(session({ ...BOB, tags: { team: "b" } }))).toMatchObject({
      caller: { type: "federated", arn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`, userId: `${ACCOUNT}:bob` },
      standing: {
        principal: {
          type: "federated-user",
          federatedBy: { type: "user", arn: `arn:aws:iam::${ACCOUNT}:user/ana`, userId: "AIDAANA" },
          tags: new Map([["team", "b"]]),
        },
      },
    });
  });

  test("a member, as a session of a role that stands for its place", () => {
    const made = session(ADA);
    expect(bySession(made).caller).toMatchObject({
      type: "member",
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/BiplaneMember_developer/ada@example.com`,
      userId: "prs_1:ada@example.com",
      roleArn: `arn:aws:iam::${ACCOUNT}:role/aws-reserved/biplane/BiplaneMember_developer`,
    });
    catalog.putMember("prs_1", { role: "owner" });
    expect(bySession(made).caller.arn).toContain("BiplaneMember_owner");
  });
});

describe("the cloud's own sessions", () => {
  const cloud: SessionPrincipal = { type: "cloud", accountId: ACCOUNT, purpose: "releases" };

  test("are held to the policies they carry", () => {
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" }],
    });
    const claimed = bySession(session(cloud, { policies: [policy] }));
    expect(claimed.caller).toMatchObject({
      type: "role",
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/BiplaneCloud/releases`,
    });
    expect(claimed.standing.session).toHaveLength(1);
  });

  test("are nothing without any", () => {
    expect(outcome(() => bySession(session(cloud)))).toBe("invalid-token");
  });
});

describe("refusals", () => {
  test("tokens that were not made for this key", () => {
    const made = session(READER);
    const other = session(READER);
    const stolen = { accessKeyId: other.accessKeyId, sessionToken: made.sessionToken };
    expect(outcome(() => principals.claimed(stolen, NOW))).toBe("invalid-token");
    expect(outcome(() => principals.claimed({ ...made, sessionToken: `x${made.sessionToken}` }, NOW))).toBe(
      "invalid-token",
    );
    expect(outcome(() => principals.claimed({ ...made, accessKeyId: "AKIAROOT" }, NOW))).toBe("invalid-token");
    // Also when the right token has just been seen.
    expect(outcome(() => bySession(made))).toBe("accepted");
    expect(outcome(() => principals.claimed(stolen, NOW))).toBe("invalid-token");
  });

  test("a session's key without its token", () => {
    expect(outcome(() => byKey(session(READER).accessKeyId))).toBe("unknown-key");
  });

  test("expired, to the millisecond, also when it is known", () => {
    const made = session(READER);
    expect(outcome(() => bySession(made, NOW + 3_599_999))).toBe("accepted");
    expect(outcome(() => bySession(made, NOW + 3_600_000))).toBe("expired-token");
  });

  test.each<[string, SessionPrincipal, () => void]>([
    ["the role", READER, () => catalog.remove("role", "AROAREADER")],
    [
      "the role, though there is another of its name",
      READER,
      () => {
        catalog.remove("role", "AROAREADER");
        catalog.putRole("reader", {}, { entityId: "AROASECOND" });
      },
    ],
    ["the membership", ADA, () => catalog.remove("member", `${ACCOUNT}/prs_1`)],
    ["the key of a user's session", OF_ANA, () => catalog.remove("accessKey", "AKIAANA")],
    [
      "the activity of that key",
      OF_ANA,
      () => void catalog.putKey("AKIAANA", { status: "Inactive", owner: { type: "user", userName: "ana" } }),
    ],
    ["the key of the root's session", OF_ROOT, () => void catalog.putKey("AKIAROOT", { status: "Inactive" })],
    ["the key of a federated user", BOB, () => catalog.remove("accessKey", "AKIAANA")],
    ["the user behind a federated user", BOB, () => catalog.removeUser("ana")],
    ["the account", READER, () => catalog.removeAccount(ACCOUNT)],
    ["the account of a key", OF_ROOT, () => catalog.removeAccount(ACCOUNT)],
  ])("from the moment on that %s is gone", (_what, principal, change) => {
    const made = session(principal);
    expect(outcome(() => bySession(made))).toBe("accepted");
    change();
    expect(outcome(() => bySession(made))).toBe("invalid-token");
  });

  test("a session does not cross accounts by its key", () => {
    catalog.putKey("AKIAOTHER", { accountId: OTHER_ACCOUNT });
    expect(outcome(() => bySession(session({ ...OF_ROOT, madeWithKey: "AKIAOTHER" })))).toBe("invalid-token");
    expect(outcome(() => bySession(session({ ...READER, accountId: OTHER_ACCOUNT })))).toBe("invalid-token");
  });

  test.each<[string, SessionPrincipal, (sessionsValidFrom: number) => void]>([
    ["role", READER, (sessionsValidFrom) => void catalog.putRole("reader", { sessionsValidFrom })],
    ["user", OF_ANA, (sessionsValidFrom) => void catalog.putUser("ana", { sections: { sessionsValidFrom } })],
    ["federated user", BOB, (sessionsValidFrom) => void catalog.putUser("ana", { sections: { sessionsValidFrom } })],
    ["member", ADA, (sessionsValidFrom) => void catalog.putMember("prs_1", { sessionsValidFrom })],
  ])("revoked sessions of a %s, and not later ones", (_what, principal, revoke) => {
    const made = session(principal);
    expect(outcome(() => bySession(made))).toBe("accepted");
    revoke(NOW);
    expect(outcome(() => bySession(made))).toBe("accepted");
    revoke(NOW + 1);
    expect(outcome(() => bySession(made))).toBe("expired-token");
    expect(outcome(() => bySession(catalog.session(principal, NOW + 1), NOW + 1))).toBe("accepted");
  });

  test("a key whose secret cannot be opened now is not called unknown", () => {
    catalog.secretOf = () => undefined;
    expect(() => byKey("AKIAROOT")).toThrow(ControlPlaneUnavailable);
  });
});

describe("what is remembered", () => {
  test("a principal is the same object until something about identities changes", () => {
    const keys = byKey("AKIAANA").caller;
    for (const principal of EVERY_KIND) {
      const made = session(principal);
      const before = bySession(made);
      expect(bySession(made)).toBe(before);
      catalog.putGroup("any", {});
      expect(bySession(made)).not.toBe(before);
    }
    expect(byKey("AKIAANA").caller).not.toBe(keys);
  });

  test("a token is opened once", () => {
    let opened = 0;
    const open = catalog.openSession.bind(catalog);
    catalog.openSession = (...given) => {
      opened++;
      return open(...given);
    };
    const made = session(READER);
    for (let i = 0; i < 5; i++) bySession(made);
    expect(opened).toBe(1);
  });
});

describe("policies of", () => {
  const managed = { [arnOf("queues")]: true } as const;

  test("a user: inline, managed, those of its groups, and its boundary", () => {
    catalog.putManagedPolicy("queues", policyText(allow("sqs:*")));
    catalog.putManagedPolicy("limit", policyText(allow("s3:*"), allow("sqs:*"), allow("iam:*"), allow("dynamodb:*")));
    catalog.putGroup("g", {
      inlinePolicies: { p: policyText(allow("iam:*")) },
      attachedPolicies: { "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess": true },
    });
    const sections = {
      inlinePolicies: { p: policyText(allow("s3:*"), allow("lambda:*")) },
      attachedPolicies: managed,
      groups: { AGPAG: true },
      boundary: arnOf("limit"),
    } as const;
    catalog.putUser("ana", { sections });
    const allowed = [
      "s3:GetObject",
      "sqs:SendMessage",
      "iam:GetUser",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "lambda:InvokeFunction",
    ];
    expect(allowed.filter((action) => may(byKey("AKIAANA"), action))).toEqual(allowed.slice(0, 4));
    // Whoever leaves the group loses what it gave, at once.
    catalog.putUser("ana", { sections: { ...sections, groups: undefined } });
    expect(allowed.filter((action) => may(byKey("AKIAANA"), action))).toEqual(allowed.slice(0, 2));
    // A policy's new default version holds for everybody who has it.
    catalog.putManagedPolicy("queues", policyText(deny("s3:*")));
    expect(allowed.filter((action) => may(byKey("AKIAANA"), action))).toEqual([]);
    expect(may(bySession(session(OF_ANA)), "sqs:SendMessage")).toBe(false);
  });

  test("a role, within its boundary and the session's policies", () => {
    catalog.putManagedPolicy("queues", policyText(allow("sqs:*")));
    catalog.putRole("reader", { inlinePolicies: { p: policyText(allow("*")) }, boundary: arnOf("queues") });
    const policies = [policyText(allow("sqs:SendMessage"))];
    expect(may(bySession(session(READER)), "sqs:ReceiveMessage")).toBe(true);
    expect(may(bySession(session(READER)), "s3:GetObject")).toBe(false);
    expect(may(bySession(session(READER, { policies })), "sqs:SendMessage")).toBe(true);
    expect(may(bySession(session(READER, { policies })), "sqs:ReceiveMessage")).toBe(false);
    expect(may(bySession(session(READER, { policies, policyArns: [arnOf("queues")] })), "sqs:ReceiveMessage")).toBe(
      true,
    );
  });

  test("a federated user: what the user and the session's policies both allow", () => {
    catalog.putUser("ana", { sections: { inlinePolicies: { p: policyText(allow("s3:*")) } } });
    const policies = [policyText(allow("s3:GetObject"), allow("sqs:*"))];
    expect(may(bySession(session(BOB)), "s3:GetObject")).toBe(false);
    expect(may(bySession(session(BOB, { policies })), "s3:GetObject")).toBe(true);
    expect(may(bySession(session(BOB, { policies })), "s3:PutObject")).toBe(false);
    expect(may(bySession(session(BOB, { policies })), "sqs:SendMessage")).toBe(false);
    const ofRoot = session({ ...BOB, madeWithKey: "AKIAROOT" }, { policies });
    expect(may(bySession(ofRoot), "sqs:SendMessage")).toBe(true);
    expect(may(bySession(ofRoot), "lambda:InvokeFunction")).toBe(false);
  });

  test.each([
    ["owner", true, true, true],
    ["admin", true, true, true],
    ["developer", true, true, false],
    ["readonly", true, false, false],
  ] as const)("a member that is %s", (role, reads, writes, administers) => {
    catalog.putMember("prs_1", { role });
    const principal = bySession(session(ADA));
    expect([may(principal, "s3:GetObject"), may(principal, "s3:PutObject"), may(principal, "iam:CreateUser")]).toEqual([
      reads,
      writes,
      administers,
    ]);
  });

  test("the root user: none, it needs none", () => {
    expect(may(byKey("AKIAROOT"), "iam:CreateUser")).toBe(true);
    expect(byKey("AKIAROOT").standing).toMatchObject({ identity: [], boundary: undefined, session: [] });
  });

  test("nobody are policies of other accounts, or that an ARN names by another path or in other letters", () => {
    const everything = policyText(allow("*"));
    catalog.putManagedPolicy("foreign", everything, { accountId: OTHER_ACCOUNT });
    catalog.putManagedPolicy("deep", everything, { path: "/a/" });
    for (const arn of [`arn:aws:iam::${OTHER_ACCOUNT}:policy/foreign`, arnOf("deep"), arnOf("a/DEEP"), "nonsense"]) {
      catalog.putUser("ana", { sections: { attachedPolicies: { [arn]: true } } });
      expect([arn, may(byKey("AKIAANA"), "s3:GetObject")]).toEqual([arn, false]);
    }
    catalog.putUser("ana", { sections: { attachedPolicies: { [arnOf("a/deep")]: true } } });
    expect(may(byKey("AKIAANA"), "s3:GetObject")).toBe(true);
  });

  test.each<[string, Parameters<IdentityCatalog["putUser"]>[1]]>([
    ["an inline policy that cannot be read", { sections: { inlinePolicies: { a: policyText(allow("*")), b: "{" } } }],
    [
      "a managed policy that is not there",
      { sections: { inlinePolicies: { a: policyText(allow("*")) }, attachedPolicies: { [arnOf("none")]: true } } },
    ],
    [
      "a managed policy of AWS's that is not known here",
      {
        sections: {
          inlinePolicies: { a: policyText(allow("*")) },
          attachedPolicies: { "arn:aws:iam::aws:policy/Tomorrow": true },
        },
      },
    ],
    [
      "a group that is not there",
      { sections: { inlinePolicies: { a: policyText(allow("*")) }, groups: { AGPANONE: true } } },
    ],
    [
      "a boundary that is not there",
      { sections: { inlinePolicies: { a: policyText(allow("*")) }, boundary: arnOf("none") } },
    ],
  ])("%s denies everything", (_what, fields) => {
    catalog.putUser("ana", fields);
    expect(may(byKey("AKIAANA"), "s3:GetObject")).toBe(false);
  });

  test("session policies that are not there, or cannot be read, deny everything", () => {
    catalog.putRole("reader", { inlinePolicies: { p: policyText(allow("*")) } });
    const fine = policyText(allow("*"));
    expect(may(bySession(session(READER, { policies: [fine] })), "s3:GetObject")).toBe(true);
    expect(may(bySession(session(READER, { policies: [fine, "{"] })), "s3:GetObject")).toBe(false);
    expect(may(bySession(session(READER, { policies: [fine], policyArns: [arnOf("none")] })), "s3:GetObject")).toBe(
      false,
    );
    expect(may(bySession(session(READER, { policyArns: [arnOf("none")] })), "s3:GetObject")).toBe(false);
  });
});
