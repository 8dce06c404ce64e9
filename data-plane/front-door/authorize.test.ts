import { describe, expect, test } from "bun:test";
import type { IdentitySections, SessionPrincipal } from "#contracts";
import { NO_STANDING, Principals, type Standing } from "#data-plane/principals";
import type { AccessRequest, Caller } from "#data-plane/service";
import type { SignedRequest } from "#foundation/aws/sigv4";
import { compilePolicy, parsePolicy } from "#foundation/policy";
import { decideQuestion, refusalText } from "./authorize.ts";
import type { CallFacts } from "./condition-values.ts";
import { ACCOUNT, FakeCatalog, OTHER_ACCOUNT } from "./testing/fake-catalog.ts";
import { fakeRequest, NOW, type RequestPlan } from "./testing/fake-request.ts";

type Statement = Readonly<Record<string, unknown>>;
const policyText = (...statements: readonly Statement[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (more: Statement = {}): Statement => ({
  Effect: "Allow",
  Action: "s3:GetObject",
  Resource: "*",
  ...more,
});
const deny = (more: Statement = {}): Statement => ({ ...allow(more), Effect: "Deny" });
const EVERYBODY = { Principal: "*" };
const bucketPolicy = (...statements: readonly Statement[]) =>
  compilePolicy(parsePolicy(policyText(...statements), "resource"));

/** Callers by the account that they are of and the user that they are; the root user has no name. */
const CALLERS = {
  anonymous: undefined,
  root: { accountId: ACCOUNT },
  foreignRoot: { accountId: OTHER_ACCOUNT },
  user: { accountId: ACCOUNT, userName: "ana" },
  foreignUser: { accountId: OTHER_ACCOUNT, userName: "ana" },
} as const;

const canonicalOf = (accountId: string): string => accountId.padStart(64, "c");

function principalOf(
  name: keyof typeof CALLERS,
  policies: readonly string[],
): { readonly caller: Caller; readonly standing: Standing } {
  const who = CALLERS[name];
  if (who === undefined) return { caller: { type: "anonymous" }, standing: NO_STANDING };
  const { accountId } = who;
  const catalog = new FakeCatalog();
  catalog.addAccount(accountId);
  const inlinePolicies = Object.fromEntries(policies.map((text, n) => [`p${n}`, text]));
  catalog.putUser("ana", { accountId, sections: { inlinePolicies } });
  const owner = "userName" in who ? ({ type: "user", userName: who.userName } as const) : ({ type: "root" } as const);
  const { accessKeyId } = catalog.putKey("AKIA", { accountId, owner });
  return new Principals(catalog).claimed({ accessKeyId, sessionToken: undefined }, NOW);
}

const QUESTION: AccessRequest = {
  action: "s3:GetObject",
  resource: "arn:aws:s3:::photos/cat.png",
  resourceAccount: ACCOUNT,
};

function decide(
  caller: keyof typeof CALLERS,
  options: {
    readonly identity?: readonly string[];
    readonly question?: Partial<AccessRequest>;
    readonly plan?: RequestPlan;
    readonly signature?: Partial<SignedRequest>;
  } = {},
) {
  const { standing, ...principal } = principalOf(caller, options.identity ?? []);
  const facts: CallFacts = {
    request: fakeRequest(options.plan ?? {}),
    caller: principal.caller,
    signature: options.signature as SignedRequest | undefined,
    region: "eu-west-1",
    now: NOW,
  };
  const question: AccessRequest = { ...QUESTION, ...options.question };
  const decision = decideQuestion(facts, standing, question);
  return { ...decision, text: decision.allowed ? "" : refusalText(facts, standing, question, decision) };
}

/** Who, what the user's own policy says, what the bucket's says, whether an ACL grants → allowed. */
const TABLE: readonly [
  caller: keyof typeof CALLERS,
  identity: Statement | undefined,
  resource: Statement | undefined,
  acl: boolean,
  allowed: boolean,
][] = [
  ["root", undefined, undefined, false, true],
  ["root", undefined, deny(EVERYBODY), false, false],
  ["root", undefined, deny(EVERYBODY), true, false],
  ["user", undefined, undefined, false, false],
  ["user", allow(), undefined, false, true],
  ["user", allow({ Action: "s3:PutObject" }), undefined, false, false],
  ["user", allow(), deny(EVERYBODY), false, false],
  ["user", deny(), allow(EVERYBODY), false, false],
  ["user", undefined, allow(EVERYBODY), false, true],
  ["user", undefined, allow({ Principal: { AWS: ACCOUNT } }), false, false],
  ["user", undefined, undefined, true, false],
  ["user", allow(), undefined, true, true],
  ["user", deny(), undefined, true, false],
  ["foreignRoot", undefined, undefined, false, false],
  ["foreignRoot", undefined, allow({ Principal: { AWS: OTHER_ACCOUNT } }), false, true],
  ["foreignRoot", undefined, allow({ Principal: { CanonicalUser: canonicalOf(OTHER_ACCOUNT) } }), false, true],
  ["foreignRoot", undefined, allow({ Principal: { CanonicalUser: canonicalOf(ACCOUNT) } }), false, false],
  ["foreignRoot", undefined, undefined, true, true],
  ["foreignRoot", undefined, deny(EVERYBODY), true, false],
  ["foreignUser", allow(), undefined, false, false],
  ["foreignUser", allow(), undefined, true, true],
  ["foreignUser", undefined, undefined, true, false],
  ["foreignUser", deny(), undefined, true, false],
  ["foreignUser", allow(), deny(EVERYBODY), true, false],
  ["foreignUser", allow(), allow({ Principal: { AWS: OTHER_ACCOUNT } }), false, true],
  ["foreignUser", undefined, allow(EVERYBODY), false, false],
  ["anonymous", undefined, undefined, false, false],
  ["anonymous", undefined, allow(EVERYBODY), false, true],
  ["anonymous", undefined, allow({ Principal: { AWS: ACCOUNT } }), false, false],
  ["anonymous", undefined, undefined, true, true],
  ["anonymous", undefined, deny(EVERYBODY), true, false],
];

describe("decideQuestion()", () => {
  test.each(TABLE)(
    "%s, own policy %j, bucket policy %j, ACL grant %p: %p",
    (caller, identity, resource, acl, allowed) => {
      const question = {
        grantedByAcl: acl,
        ...(resource === undefined ? {} : { resourcePolicy: bucketPolicy(resource) }),
      };
      const policies = identity === undefined ? [] : [policyText(identity)];
      expect(decide(caller, { identity: policies, question }).allowed).toBe(allowed);
    },
  );

  test.each(["", "{", "null", '{"Version":"2012-10-17","Statement":[{"Effect":"Alow","Action":"*","Resource":"*"}]}'])(
    "a user's policy that cannot be read (%j) denies whatever the others allow",
    (unreadable) => {
      const decision = decide("user", {
        identity: [policyText(allow()), unreadable],
        question: { resourcePolicy: bucketPolicy(allow(EVERYBODY)) },
      });
      expect(decision).toMatchObject({ allowed: false, reason: "explicit-deny" });
    },
  );
});

describe("sessions", () => {
  const ROLE: SessionPrincipal = { type: "role", accountId: ACCOUNT, roleId: "AROAREADER", sessionName: "work" };

  /** Decides for a role's session, or whatever session is given. */
  const inSession = (
    role: IdentitySections["role"],
    question: Partial<AccessRequest> = {},
    principal: SessionPrincipal = ROLE,
    policies?: readonly string[],
  ): boolean => {
    const catalog = new FakeCatalog();
    catalog.addAccount(ACCOUNT);
    catalog.putKey("AKIAROOT");
    catalog.putRole("reader", role);
    const session = catalog.session(principal, NOW - 1000, { policies });
    const { caller, standing } = new Principals(catalog).claimed(session, NOW);
    const facts = { request: fakeRequest({}), caller, signature: undefined, region: "eu-west-1", now: NOW };
    return decideQuestion(facts, standing, { ...QUESTION, ...question }).allowed;
  };
  const may = (...statements: readonly Statement[]) => ({ inlinePolicies: { p: policyText(...statements) } });

  test("an ACL grant needs the word of the session's own account too", () => {
    const foreign = { resourceAccount: OTHER_ACCOUNT, grantedByAcl: true };
    expect(inSession({}, foreign)).toBe(false);
    expect(inSession(may(allow()), foreign)).toBe(true);
    expect(inSession(may(allow()), foreign, ROLE, [policyText(allow({ Action: "sqs:*" }))])).toBe(false);
    const ofRoot: SessionPrincipal = { type: "caller", accountId: ACCOUNT, madeWithKey: "AKIAROOT" };
    expect(inSession({}, foreign, ofRoot)).toBe(true);
  });

  test("session policies limit the root user's session, at home as well", () => {
    const ofRoot: SessionPrincipal = { type: "caller", accountId: ACCOUNT, madeWithKey: "AKIAROOT" };
    expect(inSession({}, {}, ofRoot)).toBe(true);
    expect(inSession({}, {}, ofRoot, [policyText(allow())])).toBe(true);
    expect(inSession({}, {}, ofRoot, [policyText(allow({ Action: "sqs:*" }))])).toBe(false);
  });

  test("session policies limit a federated user of the root user", () => {
    const bob: SessionPrincipal = { type: "federated", accountId: ACCOUNT, madeWithKey: "AKIAROOT", name: "bob" };
    expect(inSession({}, {}, bob, [policyText(allow())])).toBe(true);
    expect(inSession({}, {}, bob, [policyText(allow({ Action: "sqs:*" }))])).toBe(false);
    expect(inSession({}, {}, bob)).toBe(false);
    const named = bucketPolicy(allow({ Principal: { AWS: `arn:aws:sts::${ACCOUNT}:federated-user/bob` } }));
    expect(inSession({}, { resourcePolicy: named }, bob)).toBe(true);
  });

  test.each([
    ["DateEquals", "aws:TokenIssueTime", "2026-06-01T11:59:59Z", "2026-06-01T12:00:00Z"],
    ["Bool", "aws:MultiFactorAuthPresent", "false", "true"],
    ["StringEquals", "aws:SourceIdentity", "ada", "eve"],
    ["StringEquals", "id.example/Main:sub", "me", "you"],
    ["StringEquals", "id.example/main:aud", "app", "other"],
    ["Null", "id.example/Main:amr", "true", "false"],
    ["Null", "elsewhere.example:sub", "true", "false"],
    ["StringEquals", "aws:PrincipalTag/Team", "ops", "dev"],
    ["StringEquals", "aws:userid", "AROAREADER:work", "AROAREADER"],
    ["StringEquals", "aws:FederatedProvider", `arn:aws:iam::${ACCOUNT}:oidc-provider/id.example/Main`, "id.example"],
  ])("have the condition key %s %s", (operator, key, right, wrong) => {
    const federated = { provider: "id.example/Main", subject: "me", audience: "app" };
    const session: SessionPrincipal = { ...ROLE, sourceIdentity: "ada", tags: { team: "ops" }, federated };
    const asking = (value: string) => may(allow({ Condition: { [operator]: { [key]: value } } }));
    expect([inSession(asking(right), {}, session), inSession(asking(wrong), {}, session)]).toEqual([true, false]);
  });

  test("whom a token in the input speaks for is judged by the resource's policy alone", () => {
    const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/id.example`;
    const trusting = (Federated: string) =>
      compilePolicy(
        parsePolicy(
          policyText({ Effect: "Allow", Principal: { Federated }, Action: "sts:AssumeRoleWithWebIdentity" }),
          "trust",
        ),
      );
    const asked = (resourcePolicy: AccessRequest["resourcePolicy"]) => {
      const action = "sts:AssumeRoleWithWebIdentity";
      const asker = { principal: { type: "web-identity", provider }, id: "me" } as const;
      const question = { action, asker, resourcePolicy };
      return ["anonymous", "root"].map((caller) => decide(caller as "root", { question }));
    };
    expect(asked(trusting(provider)).map(({ allowed }) => allowed)).toEqual([true, true]);
    for (const { allowed, text } of [...asked(trusting("elsewhere")), ...asked(undefined)]) {
      expect([allowed, text]).toEqual([false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"]);
    }
  });
});

describe("refusalText()", () => {
  test("names the caller, the action and what is missing", () => {
    expect(decide("user").text).toBe(
      `User: arn:aws:iam::${ACCOUNT}:user/ana is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::photos/cat.png" because no identity-based policy allows the s3:GetObject action`,
    );
  });

  test("tells the anonymous nothing", () => {
    expect(decide("anonymous").text).toBe("Access Denied");
  });
});

describe("condition keys", () => {
  const holds = (
    operator: string,
    key: string,
    value: string,
    plan: RequestPlan = {},
    more: { readonly signature?: Partial<SignedRequest>; readonly question?: Partial<AccessRequest> } = {},
  ): boolean =>
    decide("user", { identity: [policyText(allow({ Condition: { [operator]: { [key]: value } } }))], plan, ...more })
      .allowed;

  test.each([
    ["IpAddress", "aws:SourceIp", "192.0.2.0/24", "198.51.100.0/24"],
    ["Bool", "aws:SecureTransport", "false", "true"],
    ["StringEquals", "aws:RequestedRegion", "eu-west-1", "us-east-1"],
    ["StringEquals", "aws:ResourceAccount", ACCOUNT, OTHER_ACCOUNT],
    ["StringEquals", "aws:PrincipalAccount", ACCOUNT, OTHER_ACCOUNT],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/ana", "arn:aws:iam::*:user/bob"],
    ["StringEquals", "aws:username", "ana", "bob"],
    ["StringEquals", "aws:userid", "AIDAANA", "AIDABOB"],
    ["StringEquals", "aws:PrincipalType", "User", "Account"],
    ["Bool", "aws:ViaAWSService", "false", "true"],
    ["DateLessThan", "aws:CurrentTime", "2026-06-01T12:00:01Z", "2026-06-01T12:00:00Z"],
    ["NumericEquals", "aws:EpochTime", String(NOW / 1000), "1"],
    ["Null", "s3:signatureversion", "true", "false"],
  ])("%s %s", (operator, key, right, wrong) => {
    expect(holds(operator, key, right)).toBe(true);
    expect(holds(operator, key, wrong)).toBe(false);
  });

  test("headers and the connection", () => {
    const headers = [
      ["host", "x"],
      ["User-Agent", "agent/1"],
      ["Referer", "https://example.com/"],
      ["x-amz-content-sha256", "UNSIGNED-PAYLOAD"],
    ] as const;
    expect(holds("StringLike", "aws:UserAgent", "agent/*", { headers })).toBe(true);
    expect(holds("StringLike", "aws:Referer", "https://example.com/*", { headers })).toBe(true);
    expect(holds("StringEquals", "s3:x-amz-content-sha256", "UNSIGNED-PAYLOAD", { headers })).toBe(true);
    expect(holds("Bool", "aws:SecureTransport", "true", { secure: true })).toBe(true);
    expect(holds("IpAddress", "aws:SourceIp", "10.0.0.0/8", { remoteAddress: "::ffff:10.1.2.3" })).toBe(true);
  });

  test("the signature's kind and age", () => {
    const signature = {
      signatureVersion: "AWS4-HMAC-SHA256",
      authType: "REST-QUERY-STRING",
      timestamp: "20260601T115900Z",
    } as const;
    expect(holds("StringEquals", "s3:authType", "REST-QUERY-STRING", {}, { signature })).toBe(true);
    expect(holds("StringEquals", "s3:signatureversion", "AWS4-HMAC-SHA256", {}, { signature })).toBe(true);
    expect(holds("NumericEquals", "s3:signatureAge", "60000", {}, { signature })).toBe(true);
  });

  test("a Version 2 signature, which has no date, never counts as young", () => {
    const signature = { signatureVersion: "AWS", authType: "REST-QUERY-STRING", timestamp: "" } as const;
    expect(holds("NumericLessThan", "s3:signatureAge", "604800000", {}, { signature })).toBe(false);
    expect(holds("NumericGreaterThan", "s3:signatureAge", "604800000", {}, { signature })).toBe(true);
  });

  test("keys of the service, but none of the global ones from it", () => {
    const question = { conditions: { "s3:prefix": "home/", "aws:sourceip": "10.0.0.1" } };
    expect(holds("StringEquals", "s3:prefix", "home/", {}, { question })).toBe(true);
    expect(holds("IpAddress", "aws:SourceIp", "10.0.0.0/8", {}, { question })).toBe(false);
    expect(holds("Null", "x:__proto__", "true", {}, { question })).toBe(true);
  });

  test("an ACL grant is weighed with the account that really owns the resource", () => {
    const identity = [policyText(allow({ Condition: { StringEquals: { "aws:ResourceAccount": ACCOUNT } } }))];
    expect(decide("foreignUser", { identity, question: { grantedByAcl: true } }).allowed).toBe(true);
    const other = [policyText(allow({ Condition: { StringEquals: { "aws:ResourceAccount": OTHER_ACCOUNT } } }))];
    expect(decide("foreignUser", { identity: other, question: { grantedByAcl: true } }).allowed).toBe(false);
  });
});
