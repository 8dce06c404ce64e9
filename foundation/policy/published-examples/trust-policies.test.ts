/** Trust policies: "How to use an external ID", "Creating a role for a third-party identity provider", "Passing session tags in AWS STS", tutorials. */

import { account, allow, describeExamples, other, session, user } from "./examples.fixture.ts";

const role = `arn:aws:iam::${account}:role/example`;
const trusts = (principal: unknown, action: unknown = "sts:AssumeRole", condition?: object): object => ({
  Effect: "Allow",
  Principal: principal,
  Action: action,
  Condition: condition,
});
const assume = { action: "sts:AssumeRole", on: role };
const everything = [[allow("*", "*")]];
const github = `arn:aws:iam::${account}:oidc-provider/token.actions.githubusercontent.com`;

describeExamples("trust policies", [
  {
    name: "another account, with an external id",
    identity: everything,
    trust: [trusts({ AWS: other }, "sts:AssumeRole", { StringEquals: { "sts:ExternalId": "12345" } })],
    rows: [
      {
        ...assume,
        name: "with it",
        by: user("x", {}, other),
        keys: { "sts:externalid": "12345" },
        is: "allowed identity",
      },
      {
        ...assume,
        name: "with another",
        by: user("x", {}, other),
        keys: { "sts:externalid": "54321" },
        is: "implicit-deny trust",
      },
      { ...assume, name: "without", by: user("x", {}, other), is: "implicit-deny trust" },
    ],
  },
  {
    name: "another account, whose users have no permission of their own",
    trust: [trusts({ AWS: `arn:aws:iam::${other}:user/x` })],
    rows: [{ ...assume, name: "even when named", by: user("x", {}, other), is: "implicit-deny identity" }],
  },
  {
    name: "a user of the same account by name",
    trust: [trusts({ AWS: `arn:aws:iam::${account}:user/ana` })],
    rows: [
      { ...assume, name: "the user", by: user("ana"), is: "allowed trust" },
      { ...assume, name: "another", by: user("bob"), is: "implicit-deny trust" },
    ],
  },
  {
    name: "the same account as a whole",
    trust: [trusts({ AWS: `arn:aws:iam::${account}:root` })],
    rows: [{ ...assume, name: "a user without permission", by: user("ana"), is: "implicit-deny identity" }],
  },
  {
    name: "only with multi-factor authentication",
    identity: everything,
    trust: [trusts({ AWS: account }, "sts:AssumeRole", { Bool: { "aws:MultiFactorAuthPresent": "true" } })],
    rows: [
      {
        ...assume,
        name: "with it",
        by: user("ana"),
        keys: { "aws:multifactorauthpresent": "true" },
        is: "allowed identity",
      },
      { ...assume, name: "with long-term keys, which have no such key", by: user("ana"), is: "implicit-deny trust" },
    ],
  },
  {
    name: "an identity of GitHub's, of one repository",
    trust: [
      trusts({ Federated: github }, "sts:AssumeRoleWithWebIdentity", {
        StringEquals: { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
        StringLike: { "token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:*" },
      }),
    ],
    rows: [
      ...(
        [
          ["a branch of it", github, "repo:octo-org/octo-repo:ref:refs/heads/main", "allowed trust"],
          ["another repository", github, "repo:octo-org/octo-repo2:ref:refs/heads/main", "implicit-deny trust"],
          ["another provider", "accounts.google.com", "repo:octo-org/octo-repo:x", "implicit-deny trust"],
        ] as const
      ).map(([name, provider, subject, is]) => ({
        name,
        by: { type: "web-identity", provider } as const,
        action: "sts:AssumeRoleWithWebIdentity",
        on: role,
        keys: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": subject,
        },
        is,
      })),
      { ...assume, name: "a user", by: user("ana"), is: "implicit-deny trust" },
    ],
  },
  {
    name: "a service",
    trust: [trusts({ Service: "lambda.amazonaws.com" })],
    rows: [
      {
        ...assume,
        name: "the service",
        by: { type: "service", service: "lambda.amazonaws.com" },
        is: "allowed trust",
      },
      {
        ...assume,
        name: "another",
        by: { type: "service", service: "ec2.amazonaws.com" },
        is: "implicit-deny trust",
      },
    ],
  },
  {
    name: "one role from another, in a chain",
    trust: [trusts({ AWS: `arn:aws:iam::${account}:role/first` })],
    rows: [
      { ...assume, name: "a session of it", by: session("first", "s"), is: "allowed trust" },
      { ...assume, name: "of another", by: session("second", "s"), is: "implicit-deny trust" },
    ],
  },
  {
    name: "one role from another, limited by a session policy",
    trust: [trusts({ AWS: `arn:aws:iam::${account}:role/first` })],
    session: [[allow("s3:*", "*")]],
    rows: [{ ...assume, name: "a session of it", by: session("first", "s"), is: "implicit-deny session" }],
  },
  {
    name: "session tags of certain keys and values",
    trust: [
      trusts({ AWS: `arn:aws:iam::${account}:user/ana` }, ["sts:AssumeRole", "sts:TagSession"], {
        StringLike: { "aws:RequestTag/Project": "*", "aws:RequestTag/CostCenter": "*" },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["Project", "CostCenter"] },
      }),
    ],
    rows: [
      {
        name: "those",
        by: user("ana"),
        action: "sts:TagSession",
        on: role,
        keys: {
          "aws:requesttag/project": "x",
          "aws:requesttag/costcenter": "1",
          "aws:tagkeys": ["Project", "CostCenter"],
        },
        is: "allowed trust",
      },
      {
        name: "one more",
        by: user("ana"),
        action: "sts:TagSession",
        on: role,
        keys: {
          "aws:requesttag/project": "x",
          "aws:requesttag/costcenter": "1",
          "aws:tagkeys": ["Project", "CostCenter", "Admin"],
        },
        is: "implicit-deny trust",
      },
      {
        name: "one missing",
        by: user("ana"),
        action: "sts:TagSession",
        on: role,
        keys: { "aws:requesttag/project": "x", "aws:tagkeys": ["Project"] },
        is: "implicit-deny trust",
      },
    ],
  },
  {
    name: "a source identity that must be the user's name",
    trust: [
      trusts({ AWS: `arn:aws:iam::${account}:user/ana` }, ["sts:AssumeRole", "sts:SetSourceIdentity"], {
        StringEquals: { "sts:SourceIdentity": "${aws:username}" },
      }),
    ],
    rows: [
      {
        name: "the name",
        by: user("ana"),
        action: "sts:SetSourceIdentity",
        on: role,
        keys: { "sts:sourceidentity": "ana" },
        is: "allowed trust",
      },
      {
        name: "another",
        by: user("ana"),
        action: "sts:SetSourceIdentity",
        on: role,
        keys: { "sts:sourceidentity": "bob" },
        is: "implicit-deny trust",
      },
    ],
  },
  {
    name: "a trust policy that denies everybody but one",
    identity: everything,
    trust: [
      trusts({ AWS: account }),
      {
        ...trusts("*"),
        Effect: "Deny",
        Condition: { ArnNotEquals: { "aws:PrincipalArn": `arn:aws:iam::${account}:user/ana` } },
      },
    ],
    rows: [
      { ...assume, name: "the one", by: user("ana"), is: "allowed identity" },
      { ...assume, name: "another", by: user("bob"), is: "explicit-deny trust" },
    ],
  },
]);
