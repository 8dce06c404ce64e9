/** "Example IAM identity-based policies" of the IAM User Guide: those about IAM and S3. */

import { account, allow, deny, describeExamples, federated, rowsBy, session, user } from "./examples.fixture.ts";

const ana = user("ana");
const yes = "allowed identity";
const no = "implicit-deny identity";
const denied = "explicit-deny identity";

const self = `arn:aws:iam::${account}:user/ana`;

describeExamples("IAM", [
  {
    name: "handing roles to one service",
    identity: [
      [
        allow("iam:PassRole", `arn:aws:iam::${account}:role/EC2-roles-for-XYZ-*`, {
          StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" },
        }),
      ],
    ],
    rows: rowsBy(
      ana,
      [
        "to it",
        "iam:PassRole",
        `arn:aws:iam::${account}:role/EC2-roles-for-XYZ-1`,
        yes,
        { "iam:passedtoservice": "ec2.amazonaws.com" },
      ],
      [
        "to another",
        "iam:PassRole",
        `arn:aws:iam::${account}:role/EC2-roles-for-XYZ-1`,
        no,
        { "iam:passedtoservice": "lambda.amazonaws.com" },
      ],
      [
        "another role",
        "iam:PassRole",
        `arn:aws:iam::${account}:role/x`,
        no,
        { "iam:passedtoservice": "ec2.amazonaws.com" },
      ],
    ),
  },
  {
    name: "users below a path",
    identity: [[allow(["iam:GetUser", "iam:CreateUser"], `arn:aws:iam::${account}:user/division_abc/*`)]],
    rows: rowsBy(
      ana,
      ["below", "iam:GetUser", `arn:aws:iam::${account}:user/division_abc/sub/x`, yes],
      ["beside", "iam:GetUser", `arn:aws:iam::${account}:user/division_abcd/x`, no],
    ),
  },
  {
    name: "roles with a tag",
    identity: [[allow("sts:AssumeRole", "*", { StringEquals: { "iam:ResourceTag/UserRole": "developer" } })]],
    rows: rowsBy(
      ana,
      ["with it", "sts:AssumeRole", `arn:aws:iam::${account}:role/r`, yes, { "iam:resourcetag/userrole": "developer" }],
      ["without", "sts:AssumeRole", `arn:aws:iam::${account}:role/r`, no],
    ),
  },
  {
    name: "tagging users with certain keys and values only",
    identity: [
      [
        allow("iam:TagUser", "*", {
          StringEqualsIgnoreCase: { "aws:RequestTag/CostCenter": ["marketing", "sales"] },
          "ForAllValues:StringEquals": { "aws:TagKeys": "CostCenter" },
        }),
      ],
    ],
    rows: rowsBy(
      ana,
      ["those", "iam:TagUser", self, yes, { "aws:requesttag/costcenter": "Sales", "aws:tagkeys": ["CostCenter"] }],
      ["another value", "iam:TagUser", self, no, { "aws:requesttag/costcenter": "it", "aws:tagkeys": ["CostCenter"] }],
      [
        "another key beside",
        "iam:TagUser",
        self,
        no,
        { "aws:requesttag/costcenter": "sales", "aws:tagkeys": ["CostCenter", "x"] },
      ],
    ),
  },
  {
    name: "removing no tag that matters",
    identity: [
      [
        allow("iam:UntagUser", "*"),
        deny("iam:UntagUser", "*", { "ForAnyValue:StringLike": { "aws:TagKeys": ["Secure*", "CostCenter"] } }),
      ],
    ],
    rows: rowsBy(
      ana,
      ["others", "iam:UntagUser", self, yes, { "aws:tagkeys": ["color"] }],
      ["one of them", "iam:UntagUser", self, denied, { "aws:tagkeys": ["color", "SecureZone"] }],
      ["none at all", "iam:UntagUser", self, yes, { "aws:tagkeys": [] }],
    ),
  },
]);

describeExamples("S3", [
  {
    name: "a home below the user's name, also in the console",
    identity: [
      [
        allow(["s3:ListAllMyBuckets", "s3:GetBucketLocation"], "arn:aws:s3:::*"),
        allow("s3:ListBucket", "arn:aws:s3:::homes", {
          StringLike: { "s3:prefix": ["", "home/", "home/${aws:username}/*"] },
        }),
        allow("s3:*", ["arn:aws:s3:::homes/home/${aws:username}", "arn:aws:s3:::homes/home/${aws:username}/*"]),
      ],
    ],
    rows: rowsBy(
      ana,
      ["the list of buckets", "s3:ListAllMyBuckets", "arn:aws:s3:::*", yes],
      ["the top", "s3:ListBucket", "arn:aws:s3:::homes", yes, { "s3:prefix": "" }],
      ["its own home", "s3:ListBucket", "arn:aws:s3:::homes", yes, { "s3:prefix": "home/ana/photos" }],
      ["another's home", "s3:ListBucket", "arn:aws:s3:::homes", no, { "s3:prefix": "home/bob/" }],
      ["everything", "s3:ListBucket", "arn:aws:s3:::homes", no],
      ["its own objects", "s3:PutObject", "arn:aws:s3:::homes/home/ana/x", yes],
      ["a name that begins alike", "s3:PutObject", "arn:aws:s3:::homes/home/anabel/x", no],
    ),
  },
  {
    name: "a home below the id of whoever it is",
    identity: [[allow("s3:*", "arn:aws:s3:::homes/${aws:userid}/*")]],
    session: [[allow("s3:*", "*")]],
    rows: [
      {
        name: "a federated user",
        by: federated("fay", "ana"),
        action: "s3:GetObject",
        on: `arn:aws:s3:::homes/${account}:fay/x`,
        is: yes,
      },
      {
        name: "a session",
        by: session("reader", "s1"),
        action: "s3:GetObject",
        on: "arn:aws:s3:::homes/AROAEXAMPLEEXAMPLE000:s1/x",
        is: yes,
      },
      {
        name: "another session",
        by: session("reader", "s2"),
        action: "s3:GetObject",
        on: "arn:aws:s3:::homes/AROAEXAMPLEEXAMPLE000:s1/x",
        is: no,
      },
    ],
  },
  {
    name: "a home of one's team, or the company's without a team",
    identity: [[allow("s3:ListBucket", "*", { StringLike: { "s3:prefix": "${aws:PrincipalTag/team, 'company'}/*" } })]],
    rows: [
      ...rowsBy(ana, ["the company's", "s3:ListBucket", "arn:aws:s3:::b", yes, { "s3:prefix": "company/x" }]),
      {
        name: "the team's",
        by: user("ana", { Team: "yellow" }),
        action: "s3:ListBucket",
        on: "arn:aws:s3:::b",
        keys: { "s3:prefix": "yellow/x" },
        is: yes,
      },
      {
        name: "the company's, with a team",
        by: user("ana", { Team: "yellow" }),
        action: "s3:ListBucket",
        on: "arn:aws:s3:::b",
        keys: { "s3:prefix": "company/x" },
        is: no,
      },
    ],
  },
  {
    name: "one bucket and nothing else",
    identity: [
      [
        allow("s3:*", ["arn:aws:s3:::amzn", "arn:aws:s3:::amzn/*"]),
        { Effect: "Deny", NotAction: "s3:*", NotResource: ["arn:aws:s3:::amzn", "arn:aws:s3:::amzn/*"] },
      ],
    ],
    rows: rowsBy(
      ana,
      ["in it", "s3:DeleteObject", "arn:aws:s3:::amzn/x", yes],
      ["in another", "s3:DeleteObject", "arn:aws:s3:::amzn2/x", no],
      ["another service", "sqs:SendMessage", "*", denied],
    ),
  },
  {
    name: "objects whose names have a star in them",
    identity: [[allow("s3:GetObject", "arn:aws:s3:::b/${*}.txt")]],
    rows: rowsBy(
      ana,
      ["that one", "s3:GetObject", "arn:aws:s3:::b/*.txt", yes],
      ["another", "s3:GetObject", "arn:aws:s3:::b/a.txt", no],
    ),
  },
  {
    name: "everything in a service but deleting",
    identity: [[{ Effect: "Allow", NotAction: "s3:DeleteBucket", Resource: "arn:aws:s3:::*" }]],
    rows: rowsBy(
      ana,
      ["reading", "s3:GetObject", "arn:aws:s3:::b/k", yes],
      ["deleting", "s3:DeleteBucket", "arn:aws:s3:::b", no],
    ),
  },
]);
