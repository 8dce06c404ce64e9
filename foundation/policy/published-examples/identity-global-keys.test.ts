/** "Example IAM identity-based policies" of the IAM User Guide: those about global condition keys, and the tutorial on attribute-based access. */

import { account, allow, deny, describeExamples, other, rowsBy, session, user } from "./examples.fixture.ts";

const ana = user("ana");
const yes = "allowed identity";
const no = "implicit-deny identity";
const denied = "explicit-deny identity";

const self = `arn:aws:iam::${account}:user/ana`;

describeExamples("AWS: global keys", [
  {
    name: "access within a range of dates",
    identity: [
      [
        allow("s3:GetObject", "*", {
          DateGreaterThan: { "aws:CurrentTime": "2020-04-01T00:00:00Z" },
          DateLessThan: { "aws:CurrentTime": "2020-06-30T23:59:59Z" },
        }),
      ],
    ],
    rows: rowsBy(
      ana,
      ["within", "s3:GetObject", "arn:aws:s3:::b/k", yes, { "aws:currenttime": "2020-05-01T00:00:00Z" }],
      ["at its edge", "s3:GetObject", "arn:aws:s3:::b/k", no, { "aws:currenttime": "2020-04-01T00:00:00Z" }],
      ["after", "s3:GetObject", "arn:aws:s3:::b/k", no, { "aws:currenttime": "2020-07-01T00:00:00Z" }],
      ["another action", "s3:PutObject", "arn:aws:s3:::b/k", no, { "aws:currenttime": "2020-05-01T00:00:00Z" }],
    ),
  },
  {
    name: "with multi-factor authentication within a range of dates",
    identity: [
      [
        allow(["iam:ListUsers", "iam:GetUser"], "*", {
          Bool: { "aws:MultiFactorAuthPresent": true },
          DateGreaterThan: { "aws:CurrentTime": "2017-07-01T00:00:00Z" },
        }),
      ],
    ],
    rows: rowsBy(
      ana,
      [
        "both",
        "iam:ListUsers",
        "*",
        yes,
        { "aws:multifactorauthpresent": "true", "aws:currenttime": "2018-01-01T00:00:00Z" },
      ],
      [
        "without the factor",
        "iam:ListUsers",
        "*",
        no,
        { "aws:multifactorauthpresent": "false", "aws:currenttime": "2018-01-01T00:00:00Z" },
      ],
      ["long-term keys", "iam:ListUsers", "*", no, { "aws:currenttime": "2018-01-01T00:00:00Z" }],
    ),
  },
  {
    name: "users with multi-factor authentication manage themselves, others only set it up",
    identity: [
      [
        allow(["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices"], "*"),
        allow(["iam:ChangePassword", "iam:CreateAccessKey"], "arn:aws:iam::*:user/${aws:username}"),
        allow(["iam:EnableMFADevice", "iam:ListMFADevices"], "arn:aws:iam::*:user/${aws:username}"),
        {
          Effect: "Deny",
          NotAction: ["iam:EnableMFADevice", "iam:ListMFADevices", "sts:GetSessionToken"],
          Resource: "*",
          Condition: { BoolIfExists: { "aws:MultiFactorAuthPresent": "false" } },
        },
      ],
    ],
    rows: rowsBy(
      ana,
      ["itself, with", "iam:CreateAccessKey", self, yes, { "aws:multifactorauthpresent": "true" }],
      ["itself, without", "iam:CreateAccessKey", self, denied, { "aws:multifactorauthpresent": "false" }],
      ["itself, with long-term keys", "iam:CreateAccessKey", self, denied],
      ["another", "iam:CreateAccessKey", `${self}2`, no, { "aws:multifactorauthpresent": "true" }],
      ["setting it up, without", "iam:EnableMFADevice", self, yes, { "aws:multifactorauthpresent": "false" }],
    ),
  },
  {
    name: "denial by address, except through services",
    identity: [
      [allow("*", "*")],
      [
        deny("*", "*", {
          NotIpAddress: { "aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"] },
          Bool: { "aws:ViaAWSService": "false" },
        }),
      ],
    ],
    rows: rowsBy(
      ana,
      [
        "inside",
        "s3:GetObject",
        "arn:aws:s3:::b/k",
        yes,
        { "aws:sourceip": "203.0.113.7", "aws:viaawsservice": "false" },
      ],
      [
        "outside",
        "s3:GetObject",
        "arn:aws:s3:::b/k",
        denied,
        { "aws:sourceip": "198.51.100.1", "aws:viaawsservice": "false" },
      ],
      [
        "by a service",
        "s3:GetObject",
        "arn:aws:s3:::b/k",
        yes,
        { "aws:sourceip": "10.0.0.1", "aws:viaawsservice": "true" },
      ],
      ["from nowhere", "s3:GetObject", "arn:aws:s3:::b/k", denied, { "aws:viaawsservice": "false" }],
    ),
  },
  {
    name: "denial of objects outside the account, except where services keep theirs",
    identity: [
      [allow("s3:*", "*")],
      [
        {
          Effect: "Deny",
          NotAction: ["dataexchange:*"],
          Resource: "*",
          Condition: { StringNotEquals: { "aws:ResourceAccount": [account] } },
        },
      ],
    ],
    rows: [
      { name: "own", by: ana, action: "s3:GetObject", on: "arn:aws:s3:::b/k", is: yes },
      { name: "of others", by: ana, action: "s3:GetObject", on: "arn:aws:s3:::b/k", owner: other, is: denied },
    ],
  },
  {
    name: "only in certain regions, global services excepted",
    identity: [
      [allow("*", "*")],
      [
        {
          Effect: "Deny",
          NotAction: ["iam:*", "sts:*"],
          Resource: "*",
          Condition: { StringNotEquals: { "aws:RequestedRegion": ["eu-central-1", "eu-west-1"] } },
        },
      ],
    ],
    rows: rowsBy(
      ana,
      ["there", "sqs:SendMessage", "*", yes, { "aws:requestedregion": "eu-west-1" }],
      ["elsewhere", "sqs:SendMessage", "*", denied, { "aws:requestedregion": "us-east-1" }],
      ["IAM, elsewhere", "iam:GetUser", "*", yes, { "aws:requestedregion": "us-east-1" }],
    ),
  },
]);

describeExamples("tutorial: access by the tags of who asks and what is asked for", [
  {
    name: "secrets of one's own project and team",
    identity: [
      [
        allow("secretsmanager:CreateSecret", "*", {
          StringEquals: {
            "aws:RequestTag/access-project": "${aws:PrincipalTag/access-project}",
            "aws:RequestTag/access-team": "${aws:PrincipalTag/access-team}",
          },
          "ForAllValues:StringEquals": { "aws:TagKeys": ["access-project", "access-team", "Name"] },
        }),
        allow("secretsmanager:GetSecretValue", "*", {
          StringEquals: { "aws:ResourceTag/access-project": "${aws:PrincipalTag/access-project}" },
        }),
        deny("secretsmanager:UntagResource", "*", {
          StringLike: { "secretsmanager:ResourceTag/access-*": "*" },
        }),
      ],
    ],
    rows: (
      [
        ["creating its own", "peg", "eng", yes],
        ["creating another team's", "peg", "qas", no],
        ["creating another project's", "uni", "eng", no],
      ] as const
    ).map(([name, project, team, is]) => ({
      name,
      by: session("access-peg-engineering", "s", { "access-project": "peg", "access-team": "eng" }),
      action: "secretsmanager:CreateSecret",
      on: "*",
      keys: {
        "aws:requesttag/access-project": project,
        "aws:requesttag/access-team": team,
        "aws:tagkeys": ["access-project", "access-team"],
      },
      is,
    })),
  },
]);
