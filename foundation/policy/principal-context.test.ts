import { expect, test } from "bun:test";
import { completeContext } from "./principal-context.ts";
import {
  account,
  anonymous,
  federated,
  root as rootOf,
  service,
  session as sessionOf,
  user as userOf,
} from "./published-examples/examples.fixture.ts";
import type { PrincipalContext } from "./types.ts";

const user = userOf("ana");
const session = sessionOf("reader", "s1");
const root = rootOf();
const lambda = service("lambda.amazonaws.com");

function valueFor(principal: PrincipalContext, key: string, own: Readonly<Record<string, string>> = {}) {
  const request = { principal, action: "s3:GetObject", resource: "*", resourceAccount: account };
  return completeContext({ ...request, context: { get: (name) => own[name] } }).get(key.toLowerCase());
}

test("keys of the principal need no help from the caller", () => {
  const rootsFay = federated("fay");
  const google: PrincipalContext = { type: "web-identity", provider: "accounts.google.com" };
  const vouched: PrincipalContext = { ...session, provider: "accounts.google.com" };
  const table: readonly (readonly [PrincipalContext, string, string | readonly string[] | undefined])[] = [
    [user, "aws:PrincipalArn", `arn:aws:iam::${account}:user/ana`],
    [session, "aws:PrincipalArn", `arn:aws:iam::${account}:role/reader`],
    [rootsFay, "aws:PrincipalArn", `arn:aws:sts::${account}:federated-user/fay`],
    [root, "aws:PrincipalArn", `arn:aws:iam::${account}:root`],
    [lambda, "aws:PrincipalArn", undefined],
    [user, "aws:userid", "AIDAEXAMPLEEXAMPLE000"],
    [session, "aws:userid", "AROAEXAMPLEEXAMPLE000:s1"],
    [rootsFay, "aws:userid", `${account}:fay`],
    [root, "aws:userid", account],
    [anonymous, "aws:userid", "anonymous"],
    [user, "aws:username", "ana"],
    [session, "aws:username", undefined],
    [rootsFay, "aws:username", undefined],
    [user, "aws:PrincipalAccount", account],
    [anonymous, "aws:PrincipalAccount", "anonymous"],
    [user, "aws:PrincipalType", "User"],
    [session, "aws:PrincipalType", "AssumedRole"],
    [rootsFay, "aws:PrincipalType", "FederatedUser"],
    [root, "aws:PrincipalType", "Account"],
    [anonymous, "aws:PrincipalType", "Anonymous"],
    [user, "aws:PrincipalIsAWSService", "false"],
    [lambda, "aws:PrincipalIsAWSService", "true"],
    [anonymous, "aws:PrincipalIsAWSService", undefined],
    [lambda, "aws:PrincipalServiceName", "lambda.amazonaws.com"],
    [lambda, "aws:PrincipalServiceNamesList", ["lambda.amazonaws.com"]],
    [google, "aws:FederatedProvider", "accounts.google.com"],
    [vouched, "aws:FederatedProvider", "accounts.google.com"],
    [session, "aws:FederatedProvider", undefined],
    [userOf("ana", { Team: "Yellow" }), "aws:PrincipalTag/team", "Yellow"],
    [userOf("ana", { Team: "Yellow" }), "aws:PrincipalTag/Other", undefined],
    [user, "aws:ResourceAccount", account],
    // What nobody says is not there.
    [user, "aws:PrincipalOrgID", undefined],
    [user, "aws:MultiFactorAuthPresent", undefined],
    [user, "aws:TokenIssueTime", undefined],
    [user, "aws:SourceIdentity", undefined],
  ];
  for (const [principal, key, value] of table) {
    expect([principal.type, key, valueFor(principal, key)]).toEqual([principal.type, key, value]);
  }
});

test("what the request says goes before what the principal implies", () => {
  expect(valueFor(user, "aws:username", { "aws:username": "somebody" })).toBe("somebody");
});
