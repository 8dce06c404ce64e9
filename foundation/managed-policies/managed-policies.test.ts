import { describe, expect, test } from "bun:test";
import { type AuthorizationRequest, authorize, policySize, policySizeMax, requireVersion } from "#foundation/policy";
import { managedPolicies, managedPolicy } from "./index.ts";

const account = "111122223333";
const arnOf = (name: string) => `arn:aws:iam::aws:policy/${name}`;

function may(name: string, action: string, resource = "*", context: Readonly<Record<string, string>> = {}): boolean {
  const policy = managedPolicy(arnOf(name));
  if (policy === undefined) throw new Error(`there is no ${name}`);
  const request: AuthorizationRequest = {
    principal: {
      type: "user",
      accountId: account,
      arn: `arn:aws:iam::${account}:user/ana`,
      userId: "AIDA",
      userName: "ana",
    },
    action,
    resource,
    resourceAccount: account,
    context: { get: (key) => context[key] },
  };
  return authorize(request, { identity: [policy.compiled] }).allowed;
}

describe("the policies that tools attach are there, under the ARNs that tools know", () => {
  const names = [
    "AdministratorAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "job-function/ViewOnlyAccess",
    "SecurityAudit",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "IAMUserChangePassword",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonDynamoDBFullAccess",
    "AmazonDynamoDBFullAccess_v2",
    "AmazonDynamoDBReadOnlyAccess",
    "AmazonSQSFullAccess",
    "AmazonSQSReadOnlyAccess",
    "AWSLambda_FullAccess",
    "AWSLambda_ReadOnlyAccess",
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaVPCAccessExecutionRole",
    "service-role/AWSLambdaSQSQueueExecutionRole",
    "service-role/AWSLambdaDynamoDBExecutionRole",
    "service-role/AWSLambdaRole",
    "ElasticLoadBalancingFullAccess",
    "ElasticLoadBalancingReadOnly",
    "AmazonEC2FullAccess",
    "AmazonEC2ReadOnlyAccess",
    "AmazonVPCFullAccess",
    "AmazonVPCReadOnlyAccess",
    "CloudWatchLogsFullAccess",
    "CloudWatchLogsReadOnlyAccess",
    "CloudWatchFullAccess",
    "AmazonSSMManagedInstanceCore",
    "AmazonEC2ContainerRegistryReadOnly",
    "service-role/AmazonECSTaskExecutionRolePolicy",
    "aws-service-role/AWSElasticLoadBalancingServiceRolePolicy",
  ];
  for (const name of names) test(name, () => expect(managedPolicy(arnOf(name))?.arn).toBe(arnOf(name)));
});

test("what is not AWS's, or of another partition, is not there", () => {
  for (const arn of [
    arnOf("Administrator"),
    arnOf("AWSLambdaBasicExecutionRole"),
    arnOf("administratoraccess"),
    "arn:aws-cn:iam::aws:policy/AdministratorAccess",
    `arn:aws:iam::${account}:policy/AdministratorAccess`,
    "AdministratorAccess",
    "",
  ]) {
    expect(managedPolicy(arn)).toBeUndefined();
  }
});

describe("every policy", () => {
  for (const policy of managedPolicies()) {
    test(policy.name, () => {
      expect(policy.arn).toBe(`arn:aws:iam::aws:policy${policy.path}${policy.name}`);
      expect(policy.path).toMatch(/^\/(?:(?:service-role|job-function|aws-service-role)\/)?$/);
      expect(policy.id).toMatch(/^ANPA[A-Z2-7]{17}$/);
      expect(policy.defaultVersionId).toMatch(/^v[1-9]\d*$/);
      expect(policy.createdAt).toBeLessThanOrEqual(policy.updatedAt);
      expect(policy.description.length).toBeLessThanOrEqual(1000);
      expect(policySize(policy.document)).toBeLessThanOrEqual(policySizeMax.managed);
      requireVersion(policy.compiled.document);
      expect(policy.compiled.name).toBe(policy.arn);
      // No action stands twice, and none is cut short by a mistake in how the catalog writes lists down.
      for (const { action = [] } of policy.compiled.document.statements) {
        expect(new Set(action).size).toBe(action.length);
        for (const each of action) expect(each).toMatch(/^\*$|^[a-z0-9-]+:(?:[A-Z][A-Za-z0-9]*\*?|\*)$/);
      }
    });
  }

  test("has a name and an id of its own, and they come by name", () => {
    const policies = managedPolicies();
    const names = policies.map(({ name }) => name);
    expect(new Set(names).size).toBe(policies.length);
    expect(new Set(policies.map(({ id }) => id)).size).toBe(policies.length);
    expect([...names].sort()).toEqual(names);
  });

  test("is compiled once", () => {
    const policy = managedPolicy(arnOf("ReadOnlyAccess"));
    const first = policy?.compiled;
    expect(first).toBeDefined();
    expect(managedPolicy(arnOf("ReadOnlyAccess"))?.compiled).toBe(first);
  });
});

/** Policy, action, resource, whether it may; the facts of AWS's reference guide. */
const facts: readonly (readonly [string, string, string, boolean])[] = [
  ["AdministratorAccess", "iam:CreateUser", "*", true],
  ["AdministratorAccess", "s3:GetObject", "arn:aws:s3:::b/k", true],
  ["AWSDenyAll", "s3:GetObject", "arn:aws:s3:::b/k", false],
  ["PowerUserAccess", "s3:DeleteBucket", "arn:aws:s3:::b", true],
  ["PowerUserAccess", "iam:CreateUser", "*", false],
  ["PowerUserAccess", "iam:ListRoles", "*", true],
  ["PowerUserAccess", "sts:AssumeRole", `arn:aws:iam::${account}:role/r`, true],
  ["ReadOnlyAccess", "s3:GetObject", "arn:aws:s3:::b/k", true],
  ["ReadOnlyAccess", "dynamodb:Query", "*", true],
  ["ReadOnlyAccess", "sqs:ReceiveMessage", "*", true],
  ["ReadOnlyAccess", "sqs:DeleteMessage", "*", false],
  ["ReadOnlyAccess", "dynamodb:PutItem", "*", false],
  ["ReadOnlyAccess", "iam:GetUser", "*", true],
  ["ReadOnlyAccess", "iam:SimulatePrincipalPolicy", "*", true],
  ["ReadOnlyAccess", "sts:AssumeRole", "*", false],
  ["job-function/ViewOnlyAccess", "s3:ListAllMyBuckets", "*", true],
  ["job-function/ViewOnlyAccess", "s3:GetObject", "arn:aws:s3:::b/k", false],
  ["job-function/ViewOnlyAccess", "dynamodb:GetItem", "*", false],
  ["job-function/ViewOnlyAccess", "dynamodb:DescribeTable", "*", true],
  ["job-function/ViewOnlyAccess", "iam:GetRole", "*", false],
  ["SecurityAudit", "s3:GetBucketPolicy", "arn:aws:s3:::b", true],
  ["SecurityAudit", "s3:GetObject", "arn:aws:s3:::b/k", false],
  ["SecurityAudit", "s3:GetObjectAcl", "arn:aws:s3:::b/k", true],
  ["SecurityAudit", "dynamodb:Scan", "*", false],
  ["IAMReadOnlyAccess", "iam:ListUsers", "*", true],
  ["IAMReadOnlyAccess", "iam:CreateUser", "*", false],
  ["IAMUserChangePassword", "iam:ChangePassword", `arn:aws:iam::${account}:user/ana`, true],
  ["IAMUserChangePassword", "iam:ChangePassword", `arn:aws:iam::${account}:user/team/ana`, true],
  ["IAMUserChangePassword", "iam:ChangePassword", `arn:aws:iam::${account}:user/bob`, false],
  ["AmazonS3ReadOnlyAccess", "s3:GetObject", "arn:aws:s3:::b/k", true],
  ["AmazonS3ReadOnlyAccess", "s3:PutObject", "arn:aws:s3:::b/k", false],
  ["AmazonSQSReadOnlyAccess", "sqs:ReceiveMessage", "*", false],
  ["AmazonSQSReadOnlyAccess", "sqs:GetQueueUrl", "*", true],
  ["AmazonDynamoDBReadOnlyAccess", "dynamodb:BatchGetItem", "*", true],
  ["AmazonDynamoDBReadOnlyAccess", "dynamodb:DeleteItem", "*", false],
  ["AmazonDynamoDBFullAccess", "dynamodb:CreateTable", "*", true],
  ["AmazonDynamoDBFullAccess_v2", "dynamodb:CreateTable", "*", true],
  ["service-role/AWSLambdaSQSQueueExecutionRole", "sqs:DeleteMessage", "*", true],
  ["service-role/AWSLambdaSQSQueueExecutionRole", "sqs:SendMessage", "*", false],
  ["service-role/AWSLambdaDynamoDBExecutionRole", "dynamodb:GetShardIterator", "*", true],
  ["service-role/AWSLambdaBasicExecutionRole", "logs:PutLogEvents", "*", true],
  ["AmazonVPCFullAccess", "ec2:CreateVpc", "*", true],
  ["AmazonVPCFullAccess", "ec2:RunInstances", "*", false],
  ["AmazonVPCReadOnlyAccess", "ec2:DescribeSubnets", "*", true],
  ["AmazonVPCReadOnlyAccess", "ec2:CreateVpc", "*", false],
  ["ElasticLoadBalancingReadOnly", "elasticloadbalancing:DescribeTargetHealth", "*", true],
  ["ElasticLoadBalancingReadOnly", "elasticloadbalancing:CreateListener", "*", false],
];

describe("what the policies permit", () => {
  for (const [name, action, resource, expected] of facts) {
    test(`${name}: ${action}${resource === "*" ? "" : ` on ${resource}`} ${expected ? "allowed" : "not allowed"}`, () => {
      expect(may(name, action, resource)).toBe(expected);
    });
  }

  test("roles are handed to the one service only", () => {
    const passed = (service: string) =>
      may("AWSLambda_FullAccess", "iam:PassRole", `arn:aws:iam::${account}:role/r`, { "iam:passedtoservice": service });
    expect(passed("lambda.amazonaws.com")).toBe(true);
    expect(passed("ec2.amazonaws.com")).toBe(false);
  });
});
