/** The decision: what it says, and what the tables of published-examples/ do not show. */

import { describe, expect, test } from "bun:test";
import {
  type AuthorizationRequest,
  accessDeniedMessage,
  authorize,
  type CompiledPolicy,
  compilePolicy,
  type PolicyKind,
  type PrincipalContext,
  parsePolicy,
} from "./index.ts";
import {
  account,
  anonymous,
  other,
  root as rootOf,
  service,
  session as sessionOf,
  user as userOf,
} from "./published-examples/examples.fixture.ts";

const resourceArn = "arn:aws:s3:::bucket/key";

const user = userOf("ana");
const session = sessionOf("reader", "s1");
const root = rootOf();
const lambda = service("lambda.amazonaws.com");

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
const nothing = policy("identity", { Effect: "Allow", Action: "sqs:*", Resource: "*" });

function grant(principal: unknown, effect = "Allow"): CompiledPolicy {
  return policy("resource", {
    Effect: effect,
    Principal: principal,
    Action: "s3:*",
    Resource: "arn:aws:s3:::bucket/*",
  });
}

describe("decisions", () => {
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

  test("the policy is named as it was compiled, and across accounts both statements are", () => {
    const statement = { Sid: "Own", Effect: "Allow", Action: "s3:*", Resource: "*" };
    const document = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statement }), "identity");
    const own = compilePolicy(document, "arn:aws:iam::aws:policy/AmazonS3FullAccess");
    const policies = { identity: [nothing, own], resource: grant({ AWS: account }) };
    expect(authorize(request(user, { resourceAccount: other }), policies)).toEqual({
      allowed: true,
      reason: "allowed",
      source: "identity",
      statement: {
        source: "identity",
        policyIndex: 1,
        statementIndex: 0,
        sid: "Own",
        policyName: "arn:aws:iam::aws:policy/AmazonS3FullAccess",
      },
      resourceStatement: { source: "resource", policyIndex: 0, statementIndex: 0, sid: undefined },
    });
    expect(authorize(request(user), policies).resourceStatement).toBeUndefined();
  });

  test("principals are named by unique id, account and ARN", () => {
    const reason = (principal: PrincipalContext, aws: string) =>
      authorize(request(principal), { identity: [], resource: grant({ AWS: aws }) }).reason;
    expect(reason(user, "AIDAEXAMPLEEXAMPLE000")).toBe("allowed");
    expect(reason(session, "AROAEXAMPLEEXAMPLE000")).toBe("allowed");
    expect(reason(anonymous, "*")).toBe("allowed");
    expect(reason(user, "AIDAEXAMPLEEXAMPLE001")).toBe("implicit-deny");
    expect(reason(user, other)).toBe("implicit-deny");
    expect(reason(session, `arn:aws:iam::${account}:role/team/reader`)).toBe("implicit-deny");
  });

  test("the provider that vouched for a session names it, within its limits", () => {
    const provider = "accounts.google.com";
    const vouched: PrincipalContext = { ...session, provider };
    const resource = grant({ Federated: provider });
    expect(authorize(request(vouched), { identity: [], resource }).reason).toBe("allowed");
    expect(authorize(request(session), { identity: [], resource }).reason).toBe("implicit-deny");
    expect(authorize(request(vouched), { identity: [], resource, boundary: nothing }).source).toBe("boundary");
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
    expect(denies(session, except(session.roleArn))).toBe(true);
    expect(denies(session, except(session.arn))).toBe(false);
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
