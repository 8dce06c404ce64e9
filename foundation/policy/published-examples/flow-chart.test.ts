/**
 * The flow chart of "Policy evaluation for requests within a single account" and the table below it, branch by branch; then the same across accounts
 * ("Cross-account policy evaluation logic").
 */

import {
  account,
  allow,
  anonymous,
  deny,
  describeExamples,
  type Example,
  federated,
  other,
  type Row,
  root,
  service,
  session,
  to,
  user,
} from "./examples.fixture.ts";

const bucket = "arn:aws:s3:::bucket/key";
const get = { action: "s3:GetObject", on: bucket };
const ana = user("ana");
const reader = session("reader", "s1");
const fay = federated("fay", "ana");
const rootsFay = federated("fay");

const everything = [allow("*", "*")];
const nothing = [allow("sqs:*", "*")];
const denial = [deny("s3:Get*", "*")];
const grant = (principal: unknown): readonly object[] => [to(principal, allow("s3:*", "arn:aws:s3:::bucket/*"))];
const arnOfAna = `arn:aws:iam::${account}:user/ana`;
const toAna = grant({ AWS: arnOfAna });
const toRole = grant({ AWS: `arn:aws:iam::${account}:role/reader` });
const toSession = grant({ AWS: `arn:aws:sts::${account}:assumed-role/reader/s1` });
const toFay = grant({ AWS: `arn:aws:sts::${account}:federated-user/fay` });
const toAccount = grant({ AWS: account });
const toEveryone = grant("*");
const byPrincipalArn = [
  to(
    "*",
    allow("s3:*", "arn:aws:s3:::bucket/*", {
      ArnEquals: { "aws:PrincipalArn": `arn:aws:iam::${account}:role/reader` },
    }),
  ),
];

const row = (name: string, by: Row["by"], is: string, more: Partial<Row> = {}): Row => ({
  name,
  by,
  is,
  ...get,
  ...more,
});

const chart: readonly Example[] = [
  {
    name: "deny evaluation: a denial in an identity-based policy ends it",
    identity: [everything, denial],
    resource: toEveryone,
    rows: [
      row("a user", ana, "explicit-deny identity"),
      row("a session", reader, "explicit-deny identity"),
      row("what is not denied", ana, "allowed resource", { action: "s3:PutObject" }),
    ],
  },
  {
    name: "deny evaluation: in a resource-based policy",
    identity: [everything],
    resource: [to("*", deny("s3:GetObject", "arn:aws:s3:::bucket/*"))],
    rows: [
      row("a user", ana, "explicit-deny resource"),
      row("the root user too", root(), "explicit-deny resource"),
      row("nobody", anonymous, "explicit-deny resource"),
      row("a service", service("lambda.amazonaws.com"), "explicit-deny resource"),
    ],
  },
  {
    name: "deny evaluation: in a permissions boundary",
    identity: [everything],
    resource: toEveryone,
    boundary: [...everything, ...denial],
    rows: [row("a user", ana, "explicit-deny boundary"), row("the root user has no boundary", root(), "allowed root")],
  },
  {
    name: "deny evaluation: in a session policy",
    identity: [everything],
    resource: toEveryone,
    session: [everything, denial],
    rows: [row("a session", reader, "explicit-deny session"), row("a federated user", fay, "explicit-deny session")],
  },
  {
    name: "resource-based policy for an IAM user: grants in spite of identity and boundary",
    resource: toAna,
    boundary: nothing,
    rows: [row("the user", ana, "allowed resource"), row("another user", user("bob"), "implicit-deny identity")],
  },
  {
    name: "resource-based policy for the ARN of a role: in spite of identity",
    resource: toRole,
    rows: [
      row("its session", reader, "allowed resource"),
      row("another's", session("x", "s1"), "implicit-deny identity"),
    ],
  },
  {
    name: "resource-based policy for the ARN of a role: within the boundary",
    identity: [everything],
    resource: toRole,
    boundary: nothing,
    rows: [row("its session", reader, "implicit-deny boundary")],
  },
  {
    name: "resource-based policy for the ARN of a role: within the session policy",
    resource: toRole,
    session: [nothing],
    rows: [row("its session", reader, "implicit-deny session")],
  },
  {
    name: "resource-based policy for the ARN of a session: in spite of all three",
    resource: toSession,
    boundary: nothing,
    session: [nothing],
    rows: [
      row("the session", reader, "allowed resource"),
      row("another", session("reader", "s2"), "implicit-deny identity"),
    ],
  },
  {
    name: "everyone, with the role's ARN as a condition: in spite of all three",
    resource: byPrincipalArn,
    boundary: nothing,
    session: [nothing],
    rows: [
      row("its session", reader, "allowed resource"),
      row("another's", session("x", "s1"), "implicit-deny identity"),
    ],
  },
  {
    name: "resource-based policy for the ARN of a federated user: in spite of all three",
    resource: toFay,
    boundary: nothing,
    session: [nothing],
    rows: [
      row("the federated user", fay, "allowed resource"),
      row("another", federated("x", "ana"), "implicit-deny identity"),
    ],
  },
  {
    name: "resource-based policy for the user behind a federated user: within the boundary",
    resource: toAna,
    boundary: nothing,
    session: [everything],
    rows: [row("the federated user", fay, "implicit-deny boundary"), row("the user itself", ana, "allowed resource")],
  },
  {
    name: "resource-based policy for the user behind a federated user: within the session policy",
    resource: toAna,
    session: [nothing],
    rows: [row("the federated user", fay, "implicit-deny session")],
  },
  {
    name: "resource-based policy for the user behind a federated user: without limits",
    resource: toAna,
    session: [everything],
    rows: [row("the federated user", fay, "allowed resource")],
  },
  {
    name: "resource-based policy for the account: its administrator must grant",
    resource: toAccount,
    rows: [
      row("a user", ana, "implicit-deny identity"),
      row("a session", reader, "implicit-deny identity"),
      row("the root user", root(), "allowed root"),
      row("nobody", anonymous, "implicit-deny resource"),
    ],
  },
  {
    name: "resource-based policy for everyone",
    resource: toEveryone,
    boundary: nothing,
    rows: [
      row("a user", ana, "allowed resource"),
      row("nobody", anonymous, "allowed resource"),
      row("an outside identity", { type: "web-identity", provider: "accounts.google.com" }, "allowed resource"),
    ],
  },
  {
    name: "resource-based policy for a service",
    resource: grant({ Service: "logging.s3.amazonaws.com" }),
    rows: [
      row("the service", service("logging.s3.amazonaws.com"), "allowed resource"),
      row("another service", service("sns.amazonaws.com"), "implicit-deny resource"),
      row("a user", ana, "implicit-deny identity"),
    ],
  },
  {
    name: "identity-based policies: none allows",
    identity: [nothing, [allow("s3:PutObject", "*")]],
    rows: [row("a user", ana, "implicit-deny identity"), row("the root user needs none", root(), "allowed root")],
  },
  {
    name: "identity-based policies: one allows",
    identity: [nothing, everything],
    rows: [row("a user", ana, "allowed identity"), row("a session", reader, "allowed identity")],
  },
  {
    name: "permissions boundary: does not allow",
    identity: [everything],
    boundary: nothing,
    rows: [row("a user", ana, "implicit-deny boundary"), row("a session", reader, "implicit-deny boundary")],
  },
  {
    name: "permissions boundary: allows, and grants nothing by itself",
    boundary: everything,
    rows: [row("a user", ana, "implicit-deny identity")],
  },
  {
    name: "session policy: does not allow",
    identity: [everything],
    session: [nothing],
    rows: [
      row("a session", reader, "implicit-deny session"),
      row("a federated user", fay, "implicit-deny session"),
      row("a session of the root user", root(), "implicit-deny session"),
    ],
  },
  {
    name: "session policies: one of several allows",
    identity: [everything],
    session: [nothing, everything],
    rows: [row("a session", reader, "allowed identity"), row("a federated user", fay, "allowed identity")],
  },
  {
    name: "session policy: allows, and grants nothing by itself",
    session: [everything],
    rows: [
      row("a session", reader, "implicit-deny identity"),
      row("a federated user has a part of the user's permissions", fay, "implicit-deny identity"),
      row("the federated user of the root user has its part of everything", rootsFay, "allowed root"),
    ],
  },
  {
    name: "session policy: none was passed",
    identity: [everything],
    rows: [
      row("a session has all that its role has", reader, "allowed identity"),
      row("a federated user has nothing", fay, "implicit-deny session"),
      row("nor has the root user's", rootsFay, "implicit-deny session"),
    ],
  },
];

describeExamples("the flow chart within one account", chart);

const elsewhere = { owner: other };
const bothSides: readonly Example[] = [
  {
    name: "only the identity's account allows",
    identity: [everything],
    rows: [
      row("a user", ana, "implicit-deny resource", elsewhere),
      row("the root user", root(), "implicit-deny resource", elsewhere),
    ],
  },
  {
    name: "only the resource's account allows, by ARN",
    resource: toAna,
    rows: [row("the user", ana, "implicit-deny identity", elsewhere)],
  },
  {
    name: "only the resource's account allows, the session itself",
    resource: toSession,
    rows: [row("the session", reader, "implicit-deny identity", elsewhere)],
  },
  {
    name: "only the resource's account allows, everyone",
    resource: toEveryone,
    rows: [
      row("a user", ana, "implicit-deny identity", elsewhere),
      row("nobody", anonymous, "allowed resource", elsewhere),
    ],
  },
  {
    name: "only the resource's account allows, the account being named",
    resource: toAccount,
    rows: [
      row("a user", ana, "implicit-deny identity", elsewhere),
      row("the root user needs no policy of its own", root(), "allowed resource", elsewhere),
      row("its bucket's own root user", root(other), "allowed root", elsewhere),
    ],
  },
  {
    name: "both allow, the account being named",
    identity: [everything],
    resource: toAccount,
    rows: [
      row("a user", ana, "allowed identity", elsewhere),
      row("a session", reader, "allowed identity", elsewhere),
      row("a federated user without session policies", fay, "implicit-deny session", elsewhere),
      row("a user of a third account", user("eve", {}, "777788889999"), "implicit-deny resource", elsewhere),
    ],
  },
  {
    name: "both allow, but the boundary does not",
    identity: [everything],
    resource: toAna,
    boundary: nothing,
    rows: [row("the user", ana, "implicit-deny boundary", elsewhere)],
  },
  {
    name: "both allow, but the session policy does not",
    identity: [everything],
    resource: toSession,
    session: [nothing],
    rows: [row("the session", reader, "implicit-deny session", elsewhere)],
  },
  {
    name: "both allow, the root user's federated user",
    resource: toAccount,
    session: [everything],
    rows: [row("within its session policy", rootsFay, "allowed resource", elsewhere)],
  },
  {
    name: "either denies",
    identity: [everything],
    resource: [...toAna, to({ AWS: account }, deny("s3:Get*", "*"))].map((statement) => ({
      ...statement,
      Resource: "arn:aws:s3:::bucket/*",
    })),
    rows: [row("the user", ana, "explicit-deny resource", elsewhere)],
  },
];

describeExamples("the flow chart across accounts", bothSides);
