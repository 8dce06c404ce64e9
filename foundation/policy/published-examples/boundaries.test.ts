/** "Permissions boundaries for IAM entities": both examples, and Carlos of "Cross-account policy evaluation logic". */

import { account, allow, deny, describeExamples, other, type Row, session, to, user } from "./examples.fixture.ts";

const shirley = user("Shirley");
const maria = user("Maria");
const zhang = user("Zhang");
const carlos = user("Carlos");

describeExamples("Shirley, who may manage servers", [
  {
    name: "a policy outside the boundary permits nothing",
    identity: [[allow("iam:CreateUser", "*")]],
    boundary: [allow(["s3:*", "cloudwatch:*", "ec2:*"], "*")],
    rows: [
      { name: "creating users", by: shirley, action: "iam:CreateUser", on: "*", is: "implicit-deny boundary" },
      {
        name: "what the boundary alone permits",
        by: shirley,
        action: "s3:ListAllMyBuckets",
        on: "*",
        is: "implicit-deny identity",
      },
    ],
  },
]);

const boundaryForUsers = `arn:aws:iam::${account}:policy/XCompanyBoundaries`;
const users = `arn:aws:iam::${account}:user/*`;
const withBoundary = { StringEquals: { "iam:PermissionsBoundary": boundaryForUsers } };
const newUser = `arn:aws:iam::${account}:user/Nikhil`;

describeExamples("Zhang, to whom Maria delegates the creation of users", [
  {
    name: "Maria's own boundary is that of nobody",
    identity: [[allow("*", "*")]],
    rows: [{ name: "everything", by: maria, action: "iam:CreatePolicy", on: "*", is: "allowed identity" }],
  },
  {
    name: "Zhang creates users with the company's boundary, and can neither change nor shed it",
    identity: [
      [
        allow(["iam:CreateUser", "iam:PutUserPolicy", "iam:AttachUserPolicy"], users, withBoundary),
        allow(["iam:CreateAccessKey", "iam:GetUser", "iam:DeleteUserPermissionsBoundary", "s3:*"], "*"),
      ],
    ],
    boundary: [
      allow(["iam:CreateUser", "iam:PutUserPolicy", "iam:AttachUserPolicy"], users, withBoundary),
      allow(["iam:CreateAccessKey", "iam:Get*", "iam:DeleteUserPermissionsBoundary", "s3:ListAllMyBuckets"], "*"),
      deny("iam:DeleteUserPermissionsBoundary", "*"),
      deny(["iam:CreatePolicyVersion", "iam:DeletePolicy"], boundaryForUsers),
    ],
    rows: (
      [
        ["a user with the boundary", "iam:CreateUser", newUser, "allowed identity", boundaryForUsers],
        ["a user with another", "iam:CreateUser", newUser, "implicit-deny identity", `${boundaryForUsers}2`],
        ["a user without", "iam:CreateUser", newUser, "implicit-deny identity", undefined],
        ["shedding a boundary", "iam:DeleteUserPermissionsBoundary", newUser, "explicit-deny boundary", undefined],
        ["changing the boundary", "iam:CreatePolicyVersion", boundaryForUsers, "explicit-deny boundary", undefined],
        ["buckets, within", "s3:ListAllMyBuckets", "*", "allowed identity", undefined],
        ["buckets, beyond", "s3:GetObject", "arn:aws:s3:::b/k", "implicit-deny boundary", undefined],
      ] as const
    ).map(
      ([name, action, on, is, boundary]): Row => ({
        name,
        by: zhang,
        action,
        on,
        is,
        keys: boundary === undefined ? {} : { "iam:permissionsboundary": boundary },
      }),
    ),
  },
]);

const production = "arn:aws:s3:::Production";
const inBucket = { on: `${production}/object`, owner: other };

describeExamples("Carlos, and the bucket of the other account", [
  {
    name: "both accounts must agree on each action",
    identity: [
      [
        allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"),
        allow("s3:*Object*", `${production}/*`),
        deny("s3:*", ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"]),
      ],
    ],
    resource: [
      to(
        { AWS: `arn:aws:iam::${account}:user/Carlos` },
        allow(["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject", "s3:RestoreObject"], `${production}/*`),
      ),
    ],
    rows: [
      { ...inBucket, name: "reading", by: carlos, action: "s3:GetObject", is: "allowed identity" },
      { ...inBucket, name: "writing", by: carlos, action: "s3:PutObjectAcl", is: "allowed identity" },
      {
        ...inBucket,
        name: "deleting, which the bucket does not grant",
        by: carlos,
        action: "s3:DeleteObject",
        is: "implicit-deny resource",
      },
      {
        ...inBucket,
        name: "replicating, which both grant",
        by: carlos,
        action: "s3:ReplicateObject",
        is: "allowed identity",
      },
      {
        ...inBucket,
        name: "restoring, in another account",
        by: user("Carlos", {}, "777788889999"),
        action: "s3:RestoreObject",
        is: "implicit-deny resource",
      },
      {
        ...inBucket,
        name: "a log",
        by: carlos,
        action: "s3:GetObject",
        on: `${production}/log.txt`,
        is: "explicit-deny identity",
      },
    ],
  },
  {
    name: "a role of the other account that Carlos assumed acts for that account",
    identity: [[allow("s3:GetObject", `${production}/*`)]],
    rows: [
      {
        ...inBucket,
        name: "reading",
        by: session("Reader", "Carlos", {}, other),
        action: "s3:GetObject",
        is: "allowed identity",
      },
      {
        ...inBucket,
        name: "writing",
        by: session("Reader", "Carlos", {}, other),
        action: "s3:PutObject",
        is: "implicit-deny identity",
      },
    ],
  },
]);
