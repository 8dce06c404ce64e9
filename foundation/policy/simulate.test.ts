import { describe, expect, test } from "bun:test";
import {
  PolicySyntaxError,
  type PrincipalContext,
  type SimulatedPolicy,
  type SimulationInput,
  simulate,
} from "./index.ts";

const account = "111122223333";
const other = "444455556666";
const ana: PrincipalContext = {
  type: "user",
  accountId: account,
  arn: `arn:aws:iam::${account}:user/ana`,
  userId: "AIDAEXAMPLEEXAMPLE000",
  userName: "ana",
};

function input(sourceId: string, ...statements: readonly object[]): SimulatedPolicy {
  const text = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  return { sourceId, sourceType: "IAM Policy", text };
}

function ask(more: Partial<SimulationInput>) {
  return simulate({
    principal: undefined,
    actions: ["s3:GetObject"],
    resources: [],
    context: new Map(),
    identity: [],
    ...more,
  });
}

const allow = { Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::b/*" };
const deny = { ...allow, Effect: "Deny" };

describe("the example of the CLI's reference", () => {
  const text =
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}';
  const identity = [{ sourceId: "PolicyInputList.1", sourceType: "IAM Policy", text }];
  const at = (time: string) =>
    ask({ identity, actions: ["dynamodb:CreateBackup"], context: new Map([["aws:CurrentTime", time]]) });

  test("after the date", () => {
    expect(at("2019-04-25T11:00:00Z")).toEqual([
      {
        action: "dynamodb:CreateBackup",
        resource: "*",
        decision: "allowed",
        matchedStatements: [
          {
            sourceId: "PolicyInputList.1",
            sourceType: "IAM Policy",
            start: { line: 1, column: 38 },
            end: { line: 1, column: 167 },
          },
        ],
        missingContextValues: [],
        allowedByBoundary: undefined,
        decisionDetails: undefined,
        resourceResults: [],
      },
    ]);
  });

  test("before it", () => {
    expect(at("2014-04-25T11:00:00Z")).toMatchObject([{ decision: "implicitDeny", matchedStatements: [] }]);
  });

  test("without the date, the key is missing", () => {
    const [result] = ask({ identity, actions: ["dynamodb:CreateBackup"] });
    expect(result).toMatchObject({ decision: "implicitDeny", missingContextValues: ["aws:CurrentTime"] });
  });
});

describe("statements that decide", () => {
  const sources = (more: Partial<SimulationInput>) =>
    ask({ resources: ["arn:aws:s3:::b/k"], principal: ana, ...more })[0]?.matchedStatements.map(
      ({ sourceId, start }) => `${sourceId} ${start.column}`,
    );

  test("all that allow", () => {
    const first = input("first", { ...allow, Action: "sqs:*" }, allow);
    expect(sources({ identity: [first, input("second", allow)] })).toEqual(["first 103", "second 38"]);
  });

  test("only those that deny, when one does", () => {
    expect(sources({ identity: [input("first", allow), input("second", allow, deny)] })).toEqual(["second 102"]);
  });

  test("of the resource's policy and the boundary", () => {
    const resource = input("ResourcePolicy", { ...allow, Principal: { AWS: account } });
    const identity = [input("own", allow)];
    const boundary = input("boundary", allow);
    expect(sources({ identity, resource, boundary })).toEqual(["own 38", "ResourcePolicy 38"]);
    expect(sources({ identity, resource, boundary: input("boundary", deny) })).toEqual(["boundary 38"]);
  });

  test("none, when nothing allows or a limit does not", () => {
    expect(sources({})).toEqual([]);
    expect(
      sources({ identity: [input("own", allow)], boundary: input("boundary", { ...allow, Action: "sqs:*" }) }),
    ).toEqual([]);
  });
});

test("the boundary's own word is told apart", () => {
  const identity = [input("own", allow)];
  const outcome = (boundary: SimulatedPolicy) => ask({ identity, boundary, resources: ["arn:aws:s3:::b/k"] });
  expect(outcome(input("b", { ...allow, Action: "sqs:*" }))).toMatchObject([
    { decision: "implicitDeny", allowedByBoundary: false, resourceResults: [{ allowedByBoundary: false }] },
  ]);
  expect(outcome(input("b", allow))).toMatchObject([{ decision: "allowed", allowedByBoundary: true }]);
});

describe("several resources", () => {
  const resources = ["arn:aws:s3:::b/k", "arn:aws:s3:::c/k"];

  test("each has its outcome", () => {
    const [result] = ask({ identity: [input("own", allow)], resources });
    expect(result).toMatchObject({
      resource: "*",
      decision: "allowed",
      resourceResults: [
        { resource: resources[0], decision: "allowed", matchedStatements: [{ sourceId: "own" }] },
        { resource: resources[1], decision: "implicitDeny", matchedStatements: [] },
      ],
    });
  });

  test("an explicit denial of one stands above all", () => {
    const both = { ...allow, Resource: "*" };
    expect(ask({ identity: [input("own", both, deny)], resources })).toMatchObject([
      { decision: "explicitDeny", matchedStatements: [{ sourceId: "own" }] },
    ]);
    expect(ask({ identity: [], resources })).toMatchObject([{ decision: "implicitDeny" }]);
  });

  test("one resource is its own summary, and every action has a result", () => {
    const results = ask({
      identity: [input("own", allow)],
      resources: ["arn:aws:s3:::b/k"],
      actions: ["s3:A", "sqs:B"],
    });
    expect(results.map(({ action, resource, decision }) => `${action} ${resource} ${decision}`)).toEqual([
      "s3:A arn:aws:s3:::b/k allowed",
      "sqs:B arn:aws:s3:::b/k implicitDeny",
    ]);
  });
});

describe("missing context values", () => {
  const home = {
    ...allow,
    Resource: "arn:aws:s3:::homes/${aws:username}/*",
    Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
  };
  const missing = (more: Partial<SimulationInput>) =>
    ask({ identity: [input("own", home)], resources: ["arn:aws:s3:::homes/ana/k"], ...more })[0]?.resourceResults[0]
      ?.missingContextValues;

  test("are those that nobody gave and that do not follow from the caller", () => {
    expect(missing({})).toEqual(["aws:username", "aws:SourceIp"]);
    expect(missing({ principal: ana })).toEqual(["aws:SourceIp"]);
    expect(missing({ principal: ana, context: new Map([["AWS:sourceip", "10.1.1.1"]]) })).toEqual([]);
  });

  test("are not asked of statements about something else", () => {
    expect(missing({ principal: ana, resources: ["arn:aws:s3:::homes/bob/k"] })).toEqual([]);
    expect(missing({ principal: ana, actions: ["sqs:SendMessage"] })).toEqual([]);
  });

  test("stand at the top when no resource was named", () => {
    const anywhere = { ...home, Resource: "*" };
    expect(ask({ identity: [input("own", anywhere)] })[0]?.missingContextValues).toEqual(["aws:SourceIp"]);
    expect(ask({ identity: [input("own", anywhere)], resources: ["*"] })[0]?.missingContextValues).toEqual([]);
  });
});

test("across accounts, what each side says stands in the details", () => {
  const resource = input("ResourcePolicy", { ...allow, Principal: { AWS: account } });
  const details = (more: Partial<SimulationInput>) =>
    ask({ principal: ana, resourceAccount: other, resources: ["arn:aws:s3:::b/k"], resource, ...more })[0];
  expect(details({})).toMatchObject({
    decision: "implicitDeny",
    decisionDetails: { "IAM Policy": "implicitDeny", "Resource Policy": "allowed" },
  });
  expect(details({ identity: [input("own", allow)] })).toMatchObject({
    decision: "allowed",
    decisionDetails: { "IAM Policy": "allowed", "Resource Policy": "allowed" },
  });
  expect(details({ resourceAccount: account })?.decisionDetails).toEqual({});
});

test("a policy that cannot be read is refused by type", () => {
  expect(() => ask({ identity: [{ sourceId: "x", sourceType: "IAM Policy", text: "{" }] })).toThrow(PolicySyntaxError);
});
