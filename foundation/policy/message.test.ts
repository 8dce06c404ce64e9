import { describe, expect, test } from "bun:test";
import {
  type ApplicablePolicies,
  type AuthorizationRequest,
  accessDeniedMessage,
  authorize,
  compilePolicy,
  type PolicyKind,
  type PrincipalContext,
  parsePolicy,
} from "./index.ts";
import {
  account,
  anonymous,
  other,
  session as sessionOf,
  user as userOf,
} from "./published-examples/examples.fixture.ts";

const resourceArn = "arn:aws:s3:::bucket/key";
const user = userOf("ana");
const session = sessionOf("reader", "s1");

const policy = (kind: PolicyKind, statement: object) =>
  compilePolicy(parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statement }), kind));
const allowAll = policy("identity", { Effect: "Allow", Action: "*", Resource: "*" });
const nothing = policy("identity", { Effect: "Allow", Action: "sqs:*", Resource: "*" });
const denial = policy("resource", {
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: "arn:aws:s3:::bucket/*",
});

describe("messages", () => {
  const say = (
    principal: PrincipalContext,
    policies: ApplicablePolicies,
    options: Partial<AuthorizationRequest> = {},
  ) => {
    const asked: AuthorizationRequest = {
      principal,
      action: "s3:GetObject",
      resource: resourceArn,
      resourceAccount: account,
      context: { get: () => undefined },
      ...options,
    };
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
    expect(say(user, { identity: [allowAll], resource: denial })).toBe(
      `${who} with an explicit deny in a resource-based policy`,
    );
    expect(say(session, { identity: [allowAll], session: [nothing] })).toBe(
      `User: arn:aws:sts::${account}:assumed-role/reader/s1 is not authorized to perform: s3:GetObject on resource: "${resourceArn}" because no session policy allows the s3:GetObject action`,
    );
  });

  test("have words of their own for a role's trust policy", () => {
    const assume = { action: "sts:AssumeRole", resource: `arn:aws:iam::${account}:role/r` };
    const trust = (effect: string, principal: unknown) =>
      policy("trust", { Effect: effect, Principal: principal, Action: "sts:AssumeRole" });
    const who = `User: arn:aws:iam::${account}:user/ana is not authorized to perform: sts:AssumeRole on resource: ${assume.resource}`;
    expect(say(user, { identity: [allowAll], resource: trust("Allow", { AWS: other }) }, assume)).toBe(
      `${who} because no role trust policy allows the sts:AssumeRole action`,
    );
    expect(say(user, { identity: [allowAll], resource: trust("Deny", "*") }, assume)).toBe(
      `${who} with an explicit deny in the role trust policy`,
    );
  });

  test("only S3 puts the resource between quotation marks, and names none where there is none", () => {
    expect(say(user, { identity: [] }, { action: "s3:ListAllMyBuckets", resource: "arn:aws:s3:::*" })).toBe(
      `User: arn:aws:iam::${account}:user/ana is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action`,
    );
    expect(say(user, { identity: [] }, { action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:1:q" })).toBe(
      `User: arn:aws:iam::${account}:user/ana is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:us-east-1:1:q because no identity-based policy allows the sqs:SendMessage action`,
    );
    expect(say(anonymous, { identity: [] })).toStartWith("User: anonymous is not authorized to perform: s3:GetObject");
  });
});
