/**
 * What a decision of `foundation/policy` costs: `npm run bench -- policy [--seconds 1]` prints microseconds per decision for five typical questions.
 *
 * There is no peer: nobody else publishes an evaluator in this language. The goal is 2 µs (a user with three policies of five statements each,
 * some with conditions and variables, and a bucket policy with three statements). Each case runs several rounds; the median counts.
 */

import { parseArgs } from "node:util";
import {
  type ApplicablePolicies,
  type AuthorizationRequest,
  authorize,
  type CompiledPolicy,
  type ConditionContext,
  compilePolicy,
  type Decision,
  type PolicyKind,
  type PrincipalContext,
  parsePolicy,
} from "#foundation/policy";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "1" } } });

const ROUNDS = 9;
/** Decisions between two looks at the clock. */
const BATCH = 10_000;
/** Requests that take turns; a power of two. */
const DIFFERENT = 64;

const account = "111122223333";
const other = "444455556666";

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
  arn: `arn:aws:sts::${account}:assumed-role/worker/build-7`,
  roleArn: `arn:aws:iam::${account}:role/worker`,
  roleId: "AROAEXAMPLEEXAMPLE000",
  sessionName: "build-7",
};

function policy(kind: PolicyKind, ...statements: readonly object[]): CompiledPolicy {
  return compilePolicy(parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), kind));
}

const allow = (Action: unknown, Resource: unknown, Condition?: object): object => ({
  Effect: "Allow",
  Action,
  Resource,
  Condition,
});
const deny = (Action: unknown, Resource: unknown, Condition?: object): object => ({
  ...allow(Action, Resource, Condition),
  Effect: "Deny",
});

const office = { IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"] } };
const identity = [
  policy(
    "identity",
    allow(["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], `arn:aws:sqs:*:${account}:work-*`),
    allow("sqs:List*", "*"),
    allow(["dynamodb:GetItem", "dynamodb:Query"], `arn:aws:dynamodb:eu-west-1:${account}:table/orders`),
    allow("dynamodb:*", `arn:aws:dynamodb:eu-west-1:${account}:table/scratch-*`),
    deny("dynamodb:DeleteTable", "*"),
  ),
  policy(
    "identity",
    allow("s3:ListAllMyBuckets", "*"),
    allow("s3:ListBucket", "arn:aws:s3:::homes", { StringLike: { "s3:prefix": ["", "${aws:username}/*"] } }),
    allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "arn:aws:s3:::homes/${aws:username}/*", office),
    allow("s3:GetObject", ["arn:aws:s3:::public/*", "arn:aws:s3:::shared/*"]),
    deny("s3:*", "arn:aws:s3:::audit*"),
  ),
  policy(
    "identity",
    allow(["iam:GetUser", "iam:ChangePassword"], `arn:aws:iam::*:user/\${aws:username}`),
    allow("sts:AssumeRole", `arn:aws:iam::${account}:role/reader`),
    allow("ec2:Describe*", "*"),
    deny("ec2:*", "*", { StringNotEquals: { "ec2:Region": "eu-west-1" } }),
    deny("*", "*", { Bool: { "aws:SecureTransport": "false" } }),
  ),
];
const homes = policy(
  "resource",
  { ...deny("s3:*", "arn:aws:s3:::homes/*", { Bool: { "aws:SecureTransport": "false" } }), Principal: "*" },
  { ...allow("s3:GetObject", "arn:aws:s3:::homes/public/*"), Principal: { AWS: [account, other] } },
  { ...allow("s3:*", "arn:aws:s3:::homes/*"), Principal: { AWS: `arn:aws:iam::${account}:role/admin` } },
);
const queue = policy(
  "resource",
  { ...allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:work-in"), Principal: { AWS: account } },
  { ...allow("sqs:*", "arn:aws:sqs:eu-west-1:444455556666:work-in"), Principal: { AWS: other } },
);
const everything = policy("boundary", allow(["s3:*", "sqs:*", "dynamodb:*"], "*"), deny("iam:*", "*"));
const narrowed = policy("session", allow("s3:GetObject", "arn:aws:s3:::homes/*"));

const context: ConditionContext = {
  get(key) {
    switch (key) {
      case "aws:sourceip":
        return "10.20.30.40";
      case "aws:securetransport":
        return "true";
      default:
        return undefined;
    }
  },
};

const getObject = { action: "s3:GetObject", resourceAccount: account, context };
const cases: readonly (readonly [string, AuthorizationRequest, ApplicablePolicies, Decision["reason"]])[] = [
  [
    "a user, its own policies, by variable and address",
    { ...getObject, principal: user, resource: "arn:aws:s3:::homes/ana/2026/report.pdf" },
    { identity },
    "allowed",
  ],
  [
    "the same with a bucket policy",
    { ...getObject, principal: user, resource: "arn:aws:s3:::homes/ana/2026/report.pdf" },
    { identity, resource: homes },
    "allowed",
  ],
  [
    "nothing allows",
    { ...getObject, principal: user, resource: "arn:aws:s3:::homes/bob/2026/report.pdf" },
    { identity, resource: homes },
    "implicit-deny",
  ],
  [
    "a session within boundary and session policy",
    { ...getObject, principal: session, resource: "arn:aws:s3:::shared/logo.svg" },
    { identity, boundary: everything, session: [policy("session", allow("s3:*", "*")), narrowed] },
    "allowed",
  ],
  [
    "a queue of another account",
    {
      principal: user,
      action: "sqs:SendMessage",
      resource: "arn:aws:sqs:eu-west-1:444455556666:work-in",
      resourceAccount: other,
      context,
    },
    { identity: [...identity, policy("identity", allow("sqs:SendMessage", "*"))], resource: queue },
    "allowed",
  ],
];

/** A request of its own, as every call makes one, and for another object where the resource is one. */
function different(request: AuthorizationRequest, index: number): AuthorizationRequest {
  const { resource } = request;
  return { ...request, resource: resource.startsWith("arn:aws:s3:") ? `${resource}.${index}` : resource };
}

/** Kept and printed, so that no decision can be optimised away. */
let allowed = 0;

function round(requests: readonly AuthorizationRequest[], policies: ApplicablePolicies, ms: number): number {
  let done = 0;
  const began = performance.now();
  for (;;) {
    for (let i = 0; i < BATCH; i++) {
      const request = requests[i & (DIFFERENT - 1)];
      if (request !== undefined && authorize(request, policies).allowed) allowed++;
    }
    done += BATCH;
    const elapsed = performance.now() - began;
    if (elapsed >= ms) return (elapsed * 1000) / done;
  }
}

const roundMs = (Number(values.seconds) * 1000) / ROUNDS;
for (const [name, request, policies, reason] of cases) {
  const decision = authorize(request, policies);
  if (decision.reason !== reason) throw new Error(`${name}: ${decision.reason} by ${decision.source}`);
  const requests = Array.from({ length: DIFFERENT }, (_, i) => different(request, i));
  round(requests, policies, roundMs);
  const rounds = Array.from({ length: ROUNDS }, () => round(requests, policies, roundMs)).sort((a, b) => a - b);
  const median = rounds[ROUNDS >> 1] ?? Number.NaN;
  console.log(`${name.padEnd(52)} ${median.toFixed(3)} µs (best ${(rounds[0] ?? Number.NaN).toFixed(3)})`);
}
console.log(`${allowed} allowed`);
