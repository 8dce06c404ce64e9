/** "Example IAM identity-based policies" of the IAM User Guide: those about DynamoDB and EC2. */

import { account, allow, deny, describeExamples, type Row, rowsBy, session, user } from "./examples.fixture.ts";

const ana = user("ana");
const yes = "allowed identity";
const no = "implicit-deny identity";
const denied = "explicit-deny identity";

const instance = `arn:aws:ec2:eu-west-1:${account}:instance/i-1`;
const volume = `arn:aws:ec2:eu-west-1:${account}:volume/vol-1`;
const table = `arn:aws:dynamodb:eu-west-1:${account}:table/MyTable`;

describeExamples("DynamoDB", [
  {
    name: "a table by its name",
    identity: [
      [
        allow(["dynamodb:List*", "dynamodb:DescribeLimits"], "*"),
        allow(["dynamodb:BatchGet*", "dynamodb:Get*", "dynamodb:PutItem"], "arn:aws:dynamodb:*:*:table/MyTable"),
      ],
    ],
    rows: rowsBy(
      ana,
      ["that", "dynamodb:PutItem", table, yes],
      ["its name begun only", "dynamodb:PutItem", `${table}2`, no],
      ["its index", "dynamodb:GetItem", `${table}/index/x`, no],
      ["the list", "dynamodb:ListTables", "*", yes],
    ),
  },
  {
    name: "certain attributes only",
    identity: [
      [
        allow(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"], "arn:aws:dynamodb:*:*:table/MyTable", {
          "ForAllValues:StringEquals": { "dynamodb:Attributes": ["UserId", "TopScore"] },
          StringEqualsIfExists: { "dynamodb:Select": "SPECIFIC_ATTRIBUTES" },
        }),
      ],
    ],
    rows: rowsBy(
      ana,
      ["both", "dynamodb:GetItem", table, yes, { "dynamodb:attributes": ["UserId", "TopScore"] }],
      ["another", "dynamodb:GetItem", table, no, { "dynamodb:attributes": ["UserId", "Password"] }],
      [
        "all of a query",
        "dynamodb:Query",
        table,
        no,
        { "dynamodb:attributes": ["UserId"], "dynamodb:select": "ALL_ATTRIBUTES" },
      ],
      [
        "some of a query",
        "dynamodb:Query",
        table,
        yes,
        { "dynamodb:attributes": ["UserId"], "dynamodb:select": "SPECIFIC_ATTRIBUTES" },
      ],
    ),
  },
  {
    name: "items of an identity's own",
    identity: [
      [
        allow(["dynamodb:GetItem", "dynamodb:PutItem"], table, {
          "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["${cognito-identity.amazonaws.com:sub}"] },
        }),
      ],
    ],
    rows: rowsBy(
      ana,
      [
        "own",
        "dynamodb:GetItem",
        table,
        yes,
        { "cognito-identity.amazonaws.com:sub": "us-east-1:7", "dynamodb:leadingkeys": ["us-east-1:7"] },
      ],
      [
        "another's too",
        "dynamodb:GetItem",
        table,
        no,
        { "cognito-identity.amazonaws.com:sub": "us-east-1:7", "dynamodb:leadingkeys": ["us-east-1:7", "us-east-1:8"] },
      ],
      ["nobody's", "dynamodb:GetItem", table, no, { "dynamodb:leadingkeys": ["us-east-1:7"] }],
    ),
  },
]);

describeExamples("EC2", [
  {
    name: "starting and stopping what is tagged with one's name",
    identity: [
      [
        allow(["ec2:StartInstances", "ec2:StopInstances"], "arn:aws:ec2:*:*:instance/*", {
          StringEquals: { "aws:ResourceTag/Owner": "${aws:username}" },
        }),
        allow("ec2:DescribeInstances", "*"),
      ],
    ],
    rows: [
      ...rowsBy(
        ana,
        ["own", "ec2:StopInstances", instance, yes, { "aws:resourcetag/owner": "ana" }],
        ["another's", "ec2:StopInstances", instance, no, { "aws:resourcetag/owner": "bob" }],
        ["nobody's", "ec2:StopInstances", instance, no],
        ["volumes", "ec2:StopInstances", volume, no, { "aws:resourcetag/owner": "ana" }],
      ),
      {
        name: "a session has no user name",
        by: session("ana", "ana"),
        action: "ec2:StopInstances",
        on: instance,
        keys: { "aws:resourcetag/owner": "ana" },
        is: no,
      },
    ],
  },
  {
    name: "starting and stopping where the tags of both match",
    identity: [
      [
        allow(["ec2:startInstances", "ec2:stopInstances"], "*", {
          StringEquals: { "aws:ResourceTag/CostCenter": "${aws:PrincipalTag/CostCenter}" },
        }),
      ],
    ],
    rows: [
      ["the same", user("ana", { CostCenter: "117" }), "117", yes],
      ["another", user("ana", { CostCenter: "118" }), "117", no],
      ["keys in another letter case", user("ana", { costcenter: "117" }), "117", yes],
      ["a session", session("ops", "s", { CostCenter: "117" }), "117", yes],
      ["no tag", ana, "117", no],
    ].map(([name, by, tag, is]) => ({
      name: name as string,
      by: by as Row["by"],
      action: "ec2:StartInstances",
      on: instance,
      keys: { "aws:resourcetag/costcenter": tag as string },
      is: is as string,
    })),
  },
  {
    name: "everything within a region",
    identity: [[allow("ec2:*", "*", { StringEquals: { "ec2:Region": "us-east-2" } })]],
    rows: rowsBy(
      ana,
      ["there", "ec2:RunInstances", instance, yes, { "ec2:region": "us-east-2" }],
      ["elsewhere", "ec2:RunInstances", instance, no, { "ec2:region": "us-east-1" }],
    ),
  },
  {
    name: "terminating from an address range only",
    identity: [
      [
        allow("ec2:TerminateInstances", "*"),
        deny("ec2:TerminateInstances", "*", {
          NotIpAddress: { "aws:SourceIp": ["192.0.2.0/24", "2001:db8:1234::/48"] },
        }),
      ],
    ],
    rows: rowsBy(
      ana,
      ["inside", "ec2:TerminateInstances", instance, yes, { "aws:sourceip": "192.0.2.255" }],
      ["inside, by IPv6", "ec2:TerminateInstances", instance, yes, { "aws:sourceip": "2001:db8:1234:1::5" }],
      ["outside", "ec2:TerminateInstances", instance, denied, { "aws:sourceip": "192.0.3.0" }],
    ),
  },
  {
    name: "instances in one subnet",
    identity: [
      [
        allow("ec2:RunInstances", [
          `arn:aws:ec2:*:${account}:subnet/subnet-1`,
          "arn:aws:ec2:*:*:network-interface/*",
          "arn:aws:ec2:*::image/*",
        ]),
      ],
    ],
    rows: rowsBy(
      ana,
      ["that", "ec2:RunInstances", `arn:aws:ec2:eu-west-1:${account}:subnet/subnet-1`, yes],
      ["another", "ec2:RunInstances", `arn:aws:ec2:eu-west-1:${account}:subnet/subnet-2`, no],
      ["an image, which has no account", "ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/ami-1", yes],
      ["an image of an account", "ec2:RunInstances", `arn:aws:ec2:eu-west-1:${account}:image/ami-1`, no],
    ),
  },
]);
