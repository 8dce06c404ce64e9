/** The decision: AWS's published rules as tables. */

import { describe, expect, test } from "bun:test";
import {
  type ApplicablePolicies,
  type AuthorizationRequest,
  accessDeniedMessage,
  authorize,
  type CompiledPolicy,
  compilePolicy,
  type PolicyKind,
  type PrincipalContext,
  parsePolicy,
} from "./index.ts";

const account = "111122223333";
const other = "444455556666";
const resourceArn = "arn:aws:s3:::bucket/key";

const user: PrincipalContext = {
  type: "user",
  accountId: account,
  arn: `arn:aws:iam::${account}:user/ana`,
  userId: "AIDAEXAMPLEEXAMPLE000",
  userName: "ana",
};
const session: PrincipalContext = {
  type: "assumed-role",
  accountId: account,
  arn: `arn:aws:sts::${account}:assumed-role/reader/s1`,
  roleArn: `arn:aws:iam::${account}:role/team/reader`,
  roleId: "AROAEXAMPLEEXAMPLE000",
  sessionName: "s1",
};
const root: PrincipalContext = { type: "root", accountId: account, arn: `arn:aws:iam::${account}:root` };
const anonymous: PrincipalContext = { type: "anonymous" };
const lambda: PrincipalContext = { type: "service", service: "lambda.amazonaws.com" };
const federated: PrincipalContext = {
  type: "federated-user",
  accountId: account,
  arn: `arn:aws:sts::${account}:federated-user/fay`,
  userId: `${account}:fay`,
  federatedBy: { type: "user", arn: `arn:aws:iam::${account}:user/ana`, userId: "AIDAEXAMPLEEXAMPLE000" },
};

function request(principal: PrincipalContext, options: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  return {
    principal,
    action: "s3:GetObject",
    resource: resourceArn,
    resourceAccount: account,
    context: { get: () => undefined },
    ...options,
  };
}

function policy(kind: PolicyKind, ...statements: readonly object[]): CompiledPolicy {
  return compilePolicy(parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), kind));
}

const everything = { Action: "*", Resource: "*" };
const allowAll = policy("identity", { Effect: "Allow", ...everything });
const denyAll = policy("identity", { Effect: "Deny", ...everything });
const nothing = policy("identity", { Effect: "Allow", Action: "sqs:*", Resource: "*" });

function grant(principal: unknown, effect = "Allow"): CompiledPolicy {
  return policy("resource", {
    Effect: effect,
    Principal: principal,
    Action: "s3:*",
    Resource: "arn:aws:s3:::bucket/*",
  });
}

const toAccount = grant({ AWS: account });
const toUser = grant({ AWS: `arn:aws:iam::${account}:user/ana` });
const toRole = grant({ AWS: `arn:aws:iam::${account}:role/team/reader` });
const toSession = grant({ AWS: `arn:aws:sts::${account}:assumed-role/reader/s1` });
const toEveryone = grant("*");
const toNobody = grant({ AWS: other });

/** Who, the policies, the account of the resource, and what comes out: `allowed source` or `reason source`. */
const table: readonly (readonly [string, PrincipalContext, ApplicablePolicies, string, string])[] = [
  ["nothing allows", user, { identity: [] }, account, "implicit-deny identity"],
  ["identity allows", user, { identity: [nothing, allowAll] }, account, "allowed identity"],
  ["identity denies what it allows", user, { identity: [allowAll, denyAll] }, account, "explicit-deny identity"],
  ["the resource's policy names the user", user, { identity: [], resource: toUser }, account, "allowed resource"],
  ["the resource's policy names everyone", user, { identity: [], resource: toEveryone }, account, "allowed resource"],
  [
    "the resource's policy names the account only",
    user,
    { identity: [], resource: toAccount },
    account,
    "implicit-deny identity",
  ],
  [
    "the resource's policy names somebody else",
    user,
    { identity: [], resource: toNobody },
    account,
    "implicit-deny identity",
  ],
  [
    "the resource's policy denies",
    user,
    { identity: [allowAll], resource: grant("*", "Deny") },
    account,
    "explicit-deny resource",
  ],
  [
    "the resource's policy denies the account",
    user,
    { identity: [allowAll], resource: grant({ AWS: account }, "Deny") },
    account,
    "explicit-deny resource",
  ],
  ["the boundary does not allow", user, { identity: [allowAll], boundary: nothing }, account, "implicit-deny boundary"],
  [
    "the boundary allows but grants nothing",
    user,
    { identity: [], boundary: allowAll },
    account,
    "implicit-deny identity",
  ],
  ["the boundary denies", user, { identity: [allowAll], boundary: denyAll }, account, "explicit-deny boundary"],
  [
    "a grant to the user passes the boundary",
    user,
    { identity: [], resource: toUser, boundary: nothing },
    account,
    "allowed resource",
  ],
  [
    "a grant to the user does not pass the boundary's denial",
    user,
    { identity: [], resource: toUser, boundary: denyAll },
    account,
    "explicit-deny boundary",
  ],
  ["a grant to the role", session, { identity: [], resource: toRole }, account, "allowed resource"],
  [
    "a grant to the role stays within the boundary",
    session,
    { identity: [], resource: toRole, boundary: nothing },
    account,
    "implicit-deny boundary",
  ],
  [
    "a grant to the role stays within the session policy",
    session,
    { identity: [], resource: toRole, session: [nothing] },
    account,
    "implicit-deny session",
  ],
  [
    "a grant to the session passes both",
    session,
    { identity: [], resource: toSession, boundary: nothing, session: [nothing] },
    account,
    "allowed resource",
  ],
  [
    "session policies intersect with identity",
    session,
    { identity: [allowAll], session: [nothing] },
    account,
    "implicit-deny session",
  ],
  ["session policies grant nothing", session, { identity: [], session: [allowAll] }, account, "implicit-deny identity"],
  [
    "one of several session policies suffices",
    session,
    { identity: [allowAll], session: [nothing, allowAll] },
    account,
    "allowed identity",
  ],
  [
    "a session policy denies",
    session,
    { identity: [allowAll], session: [allowAll, denyAll] },
    account,
    "explicit-deny session",
  ],
  ["root in its own account", root, { identity: [] }, account, "allowed root"],
  [
    "root is bound by explicit denials of the resource",
    root,
    { identity: [], resource: grant("*", "Deny") },
    account,
    "explicit-deny resource",
  ],
  ["root elsewhere needs the resource's policy", root, { identity: [] }, other, "implicit-deny resource"],
  ["root elsewhere with it", root, { identity: [], resource: toAccount }, other, "allowed resource"],
  ["across accounts, identity alone is not enough", user, { identity: [allowAll] }, other, "implicit-deny resource"],
  [
    "across accounts, the resource's policy alone is not enough",
    user,
    { identity: [], resource: toUser },
    other,
    "implicit-deny identity",
  ],
  ["across accounts, both", user, { identity: [allowAll], resource: toUser }, other, "allowed identity"],
  [
    "across accounts, the account may be named",
    user,
    { identity: [allowAll], resource: toAccount },
    other,
    "allowed identity",
  ],
  [
    "across accounts, the boundary holds",
    user,
    { identity: [allowAll], resource: toUser, boundary: nothing },
    other,
    "implicit-deny boundary",
  ],
  ["anonymous needs everyone", anonymous, { identity: [], resource: toAccount }, account, "implicit-deny resource"],
  ["anonymous with everyone", anonymous, { identity: [], resource: toEveryone }, account, "allowed resource"],
  [
    "everyone in its long form",
    anonymous,
    { identity: [], resource: grant({ AWS: "*" }) },
    account,
    "allowed resource",
  ],
  [
    "a service that is named",
    lambda,
    { identity: [], resource: grant({ Service: "lambda.amazonaws.com" }) },
    account,
    "allowed resource",
  ],
  [
    "a service that is not",
    lambda,
    { identity: [], resource: grant({ Service: "sns.amazonaws.com" }) },
    account,
    "implicit-deny resource",
  ],
  [
    "a federated user by its ARN",
    federated,
    { identity: [], resource: grant({ AWS: `arn:aws:sts::${account}:federated-user/fay` }) },
    account,
    "allowed resource",
  ],
  [
    "a user by its unique id",
    user,
    { identity: [], resource: grant({ AWS: "AIDAEXAMPLEEXAMPLE000" }) },
    account,
    "allowed resource",
  ],
  [
    "a role by its unique id",
    session,
    { identity: [], resource: grant({ AWS: "AROAEXAMPLEEXAMPLE000" }) },
    account,
    "allowed resource",
  ],
];

describe("decisions", () => {
  for (const [name, principal, policies, resourceAccount, expected] of table) {
    test(`${name}: ${expected}`, () => {
      const decision = authorize(request(principal, { resourceAccount }), policies);
      expect(`${decision.reason} ${decision.source}`).toBe(expected);
      expect(decision.allowed).toBe(expected.startsWith("allowed"));
    });
  }

  test("a canonical user id names its account", () => {
    const resource = grant({ CanonicalUser: "ab".repeat(32) });
    const named = request(user, { resourceAccount: other, canonicalUserId: "ab".repeat(32) });
    expect(authorize(named, { identity: [allowAll], resource }).allowed).toBe(true);
    expect(authorize({ ...named, canonicalUserId: "cd".repeat(32) }, { identity: [allowAll], resource }).allowed).toBe(
      false,
    );
  });

  test("the deciding statement is named", () => {
    const two = policy(
      "identity",
      { Sid: "First", Effect: "Allow", Action: "sqs:*", Resource: "*" },
      { Sid: "Second", Effect: "Allow", Action: "s3:Get*", Resource: "*" },
    );
    expect(authorize(request(user), { identity: [nothing, two] }).statement).toEqual({
      source: "identity",
      policyIndex: 1,
      statementIndex: 1,
      sid: "Second",
    });
  });

  test("root cannot lock itself out of a bucket", () => {
    const resource = policy("resource", {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: "arn:aws:s3:::bucket",
    });
    const bucket = { resource: "arn:aws:s3:::bucket" };
    for (const action of ["s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketPolicy"]) {
      expect(authorize(request(root, { ...bucket, action }), { identity: [], resource }).allowed).toBe(true);
      expect(authorize(request(user, { ...bucket, action }), { identity: [allowAll], resource }).allowed).toBe(false);
    }
    expect(authorize(request(root, { ...bucket, action: "s3:ListBucket" }), { identity: [], resource }).allowed).toBe(
      false,
    );
  });
});

describe("trust policies", () => {
  const assume = { action: "sts:AssumeRole", resource: `arn:aws:iam::${account}:role/team/reader` };
  const trusting = (principal: unknown) =>
    policy("trust", { Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" });
  const cases: readonly (readonly [string, PrincipalContext, ApplicablePolicies, boolean])[] = [
    [
      "naming the user suffices",
      user,
      { identity: [], resource: trusting({ AWS: `arn:aws:iam::${account}:user/ana` }) },
      true,
    ],
    ["naming the account needs identity as well", user, { identity: [], resource: trusting({ AWS: account }) }, false],
    ["naming the account, and identity", user, { identity: [allowAll], resource: trusting({ AWS: account }) }, true],
    ["identity alone is never enough", user, { identity: [allowAll], resource: trusting({ AWS: other }) }, false],
    ["root needs it too", root, { identity: [], resource: trusting({ AWS: other }) }, false],
    ["a service", lambda, { identity: [], resource: trusting({ Service: "lambda.amazonaws.com" }) }, true],
    [
      "an outside identity",
      { type: "web-identity", provider: "accounts.google.com" },
      { identity: [], resource: trusting({ Federated: "accounts.google.com" }) },
      true,
    ],
  ];
  for (const [name, principal, policies, allowed] of cases) {
    test(name, () => expect(authorize(request(principal, assume), policies).allowed).toBe(allowed));
  }
});

describe("NotPrincipal with Deny", () => {
  const except = (...aws: readonly string[]) =>
    policy("resource", {
      Effect: "Deny",
      NotPrincipal: { AWS: aws },
      Action: "s3:*",
      Resource: "arn:aws:s3:::bucket/*",
    });
  const denies = (principal: PrincipalContext, resource: CompiledPolicy) =>
    authorize(request(principal), { identity: [allowAll], resource }).reason === "explicit-deny";

  test("exempts those who are named and nobody else of their account", () => {
    const resource = except(`arn:aws:iam::${account}:user/ana`, `arn:aws:iam::${account}:root`);
    expect(denies(user, resource)).toBe(false);
    expect(denies(root, resource)).toBe(false);
    expect(denies(session, resource)).toBe(true);
    expect(denies(anonymous, resource)).toBe(true);
    expect(denies(lambda, resource)).toBe(true);
  });

  test("a role's session must be named itself", () => {
    expect(denies(session, except(session.type === "assumed-role" ? session.roleArn : ""))).toBe(true);
    expect(denies(session, except(session.type === "assumed-role" ? session.arn : ""))).toBe(false);
  });
});

describe("actions, resources and variables", () => {
  const decide = (statement: object, options: Partial<AuthorizationRequest>, principal: PrincipalContext = user) =>
    authorize(request(principal, options), { identity: [policy("identity", { Effect: "Allow", ...statement })] })
      .allowed;

  test("actions ignore case, resources do not", () => {
    const statement = { Action: "S3:getobject", Resource: "arn:aws:s3:::bucket/Key" };
    expect(decide(statement, { resource: "arn:aws:s3:::bucket/Key" })).toBe(true);
    expect(decide(statement, { resource: "arn:aws:s3:::bucket/key" })).toBe(false);
  });

  test("NotAction and NotResource take everything else", () => {
    expect(decide({ NotAction: "iam:*", Resource: "*" }, {})).toBe(true);
    expect(decide({ NotAction: ["iam:*", "s3:Get*"], Resource: "*" }, {})).toBe(false);
    expect(decide({ Action: "*", NotResource: "arn:aws:s3:::secret/*" }, {})).toBe(true);
    expect(decide({ Action: "*", NotResource: ["arn:aws:s3:::bucket/*"] }, {})).toBe(false);
  });

  test("a user's home, by variable, from the principal itself", () => {
    const home = { Action: "s3:*", Resource: "arn:aws:s3:::homes/${aws:username}/*" };
    expect(decide(home, { resource: "arn:aws:s3:::homes/ana/x" })).toBe(true);
    expect(decide(home, { resource: "arn:aws:s3:::homes/bob/x" })).toBe(false);
    // A role session has no user name.
    expect(decide(home, { resource: "arn:aws:s3:::homes/ana/x" }, session)).toBe(false);
  });

  test("in the language of 2008 a variable is text", () => {
    const old = compilePolicy(
      parsePolicy(
        JSON.stringify({
          Version: "2008-10-17",
          Statement: { Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::homes/${aws:username}/*" },
        }),
        "identity",
      ),
    );
    expect(authorize(request(user, { resource: "arn:aws:s3:::homes/ana/x" }), { identity: [old] }).allowed).toBe(false);
    expect(
      authorize(request(user, { resource: "arn:aws:s3:::homes/${aws:username}/x" }), { identity: [old] }).allowed,
    ).toBe(true);
  });

  test("conditions ask for keys in lower case and only when a statement speaks of the action", () => {
    const asked: string[] = [];
    const context = {
      get(key: string) {
        asked.push(key);
        return key === "aws:sourceip" ? "10.1.2.3" : undefined;
      },
    };
    const condition = { Condition: { IpAddress: { "AWS:SourceIp": "10.0.0.0/8" } } };
    expect(decide({ Action: "s3:GetObject", Resource: "*", ...condition }, { context })).toBe(true);
    expect(asked).toEqual(["aws:sourceip"]);
    expect(decide({ Action: "s3:PutObject", Resource: "*", ...condition }, { context })).toBe(false);
    expect(asked.length).toBe(1);
  });

  test("keys of the principal need no help from the caller", () => {
    const only = (key: string, value: string) => ({
      Action: "*",
      Resource: "*",
      Condition: { StringEquals: { [key]: value } },
    });
    expect(decide(only("aws:PrincipalArn", `arn:aws:iam::${account}:role/team/reader`), {}, session)).toBe(true);
    expect(decide(only("aws:userid", "AROAEXAMPLEEXAMPLE000:s1"), {}, session)).toBe(true);
    expect(decide(only("aws:PrincipalAccount", account), {})).toBe(true);
    expect(decide(only("aws:PrincipalType", "User"), {})).toBe(true);
    expect(decide(only("aws:ResourceAccount", account), {})).toBe(true);
  });
});

describe("AWS's own example: Carlos and his bucket", () => {
  // IAM User Guide, "Example identity-based and resource-based policy evaluation".
  const carlos: PrincipalContext = {
    ...user,
    arn: `arn:aws:iam::${account}:user/carlossalazar`,
    userName: "carlossalazar",
  };
  const identity = policy(
    "identity",
    {
      Sid: "AllowS3ListRead",
      Effect: "Allow",
      Action: ["s3:GetBucketLocation", "s3:ListAllMyBuckets"],
      Resource: "arn:aws:s3:::*",
    },
    {
      Sid: "AllowS3Self",
      Effect: "Allow",
      Action: "s3:*",
      Resource: ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"],
    },
    { Sid: "DenyS3Logs", Effect: "Deny", Action: "s3:*", Resource: "arn:aws:s3:::*log*" },
  );
  const logs = policy("resource", {
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${account}:user/carlossalazar` },
    Action: "s3:*",
    Resource: ["arn:aws:s3:::carlossalazar-logs/*", "arn:aws:s3:::carlossalazar-logs"],
  });

  test("the denial wins over the bucket's policy", () => {
    const put = request(carlos, { action: "s3:PutObject", resource: "arn:aws:s3:::carlossalazar-logs/file" });
    const decision = authorize(put, { identity: [identity], resource: logs });
    expect(decision).toMatchObject({
      allowed: false,
      reason: "explicit-deny",
      source: "identity",
      statement: { sid: "DenyS3Logs" },
    });
    expect(accessDeniedMessage(put, decision)).toBe(
      `User: arn:aws:iam::${account}:user/carlossalazar is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::carlossalazar-logs/file" with an explicit deny in an identity-based policy`,
    );
    expect(
      authorize(request(carlos, { resource: "arn:aws:s3:::carlossalazar/file" }), { identity: [identity] }).allowed,
    ).toBe(true);
  });
});

describe("messages", () => {
  const say = (
    principal: PrincipalContext,
    policies: ApplicablePolicies,
    options: Partial<AuthorizationRequest> = {},
  ) => {
    const asked = request(principal, options);
    return accessDeniedMessage(asked, authorize(asked, policies));
  };

  test("name what is missing, or what denies", () => {
    const who = `User: arn:aws:iam::${account}:user/ana is not authorized to perform: s3:GetObject on resource: "${resourceArn}"`;
    expect(say(user, { identity: [] })).toBe(`${who} because no identity-based policy allows the s3:GetObject action`);
    expect(say(user, { identity: [allowAll], boundary: nothing })).toBe(
      `${who} because no permissions boundary allows the s3:GetObject action`,
    );
    expect(say(user, { identity: [allowAll] }, { resourceAccount: other })).toBe(
      `${who} because no resource-based policy allows the s3:GetObject action`,
    );
    expect(say(user, { identity: [allowAll], resource: grant("*", "Deny") })).toBe(
      `${who} with an explicit deny in a resource-based policy`,
    );
    expect(say(session, { identity: [allowAll], session: [nothing] })).toBe(
      `User: arn:aws:sts::${account}:assumed-role/reader/s1 is not authorized to perform: s3:GetObject on resource: "${resourceArn}" because no session policy allows the s3:GetObject action`,
    );
  });

  test("only S3 puts the resource between quotation marks", () => {
    expect(say(user, { identity: [] }, { action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:1:q" })).toBe(
      `User: arn:aws:iam::${account}:user/ana is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:us-east-1:1:q because no identity-based policy allows the sqs:SendMessage action`,
    );
    expect(say(anonymous, { identity: [] })).toStartWith("User: anonymous is not authorized to perform: s3:GetObject");
  });
});
