/** "Examples of Amazon S3 bucket policies" of the S3 User Guide: those that deny. */

import {
  account,
  allow,
  anonymous,
  deny,
  describeExamples,
  root,
  rowsBy,
  session,
  to,
  user,
} from "./examples.fixture.ts";

const bucket = "arn:aws:s3:::doc-bucket";
const objects = `${bucket}/*`;
const object = `${bucket}/key`;
const ana = user("ana");
const owner = [[allow("*", "*")]];
const yes = "allowed identity";
const denied = "explicit-deny resource";

describeExamples("bucket policies that deny", [
  {
    name: "objects must be encrypted with a key of KMS",
    identity: owner,
    resource: [
      to("*", deny("s3:PutObject", objects, { StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" } })),
    ],
    rows: rowsBy(
      ana,
      ["so", "s3:PutObject", object, yes, { "s3:x-amz-server-side-encryption": "aws:kms" }],
      ["otherwise", "s3:PutObject", object, denied, { "s3:x-amz-server-side-encryption": "AES256" }],
      ["not said", "s3:PutObject", object, denied],
    ),
  },
  {
    name: "objects must name a key, whichever",
    identity: owner,
    resource: [
      to("*", deny("s3:PutObject", objects, { Null: { "s3:x-amz-server-side-encryption-aws-kms-key-id": "true" } })),
    ],
    rows: rowsBy(
      ana,
      [
        "named",
        "s3:PutObject",
        object,
        yes,
        { "s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:x:1:key/2" },
      ],
      ["not named", "s3:PutObject", object, denied],
    ),
  },
  {
    name: "only by TLS, and not an old one",
    identity: owner,
    resource: [
      to("*", deny("s3:*", [bucket, objects], { Bool: { "aws:SecureTransport": "false" } })),
      to("*", deny("s3:*", [bucket, objects], { NumericLessThan: { "s3:TlsVersion": 1.2 } })),
    ],
    rows: rowsBy(
      ana,
      ["by TLS 1.3", "s3:GetObject", object, yes, { "aws:securetransport": "true", "s3:tlsversion": "1.3" }],
      ["by TLS 1.1", "s3:GetObject", object, denied, { "aws:securetransport": "true", "s3:tlsversion": "1.1" }],
      ["without", "s3:ListBucket", bucket, denied, { "aws:securetransport": "false" }],
    ),
  },
  {
    name: "only from certain addresses, of both families",
    identity: owner,
    resource: [
      to(
        "*",
        deny("s3:*", [bucket, objects], {
          NotIpAddress: { "aws:SourceIp": ["192.0.2.0/24", "2001:DB8:1234:5678::/64"] },
        }),
      ),
    ],
    rows: rowsBy(
      ana,
      ["inside", "s3:GetObject", object, yes, { "aws:sourceip": "192.0.2.9" }],
      ["inside, IPv6", "s3:GetObject", object, yes, { "aws:sourceip": "2001:db8:1234:5678:ab::9" }],
      ["outside", "s3:GetObject", object, denied, { "aws:sourceip": "192.0.3.9" }],
    ),
  },
  {
    name: "only through one endpoint of a network",
    identity: owner,
    resource: [to("*", deny("s3:*", [bucket, objects], { StringNotEquals: { "aws:SourceVpce": "vpce-1a2b3c4d" } }))],
    rows: rowsBy(
      ana,
      ["through it", "s3:GetObject", object, yes, { "aws:sourcevpce": "vpce-1a2b3c4d" }],
      ["from outside", "s3:GetObject", object, denied],
    ),
  },
  {
    name: "only with a recent second factor",
    identity: owner,
    resource: [
      to("*", deny("s3:*", `${bucket}/taxdocuments/*`, { Null: { "aws:MultiFactorAuthAge": true } })),
      to("*", deny("s3:*", `${bucket}/taxdocuments/*`, { NumericGreaterThan: { "aws:MultiFactorAuthAge": 3600 } })),
    ],
    rows: rowsBy(
      ana,
      ["recent", "s3:GetObject", `${bucket}/taxdocuments/1`, yes, { "aws:multifactorauthage": "59" }],
      [
        "an hour and a second ago",
        "s3:GetObject",
        `${bucket}/taxdocuments/1`,
        denied,
        { "aws:multifactorauthage": "3601" },
      ],
      ["never", "s3:GetObject", `${bucket}/taxdocuments/1`, denied],
      ["elsewhere", "s3:GetObject", object, yes],
    ),
  },
  {
    name: "everybody but the sessions of one role, and the account's root user",
    identity: owner,
    resource: [
      to(
        "*",
        deny("s3:*", [bucket, objects], { StringNotLike: { "aws:userId": ["AROAEXAMPLEEXAMPLE000:*", account] } }),
      ),
    ],
    rows: [
      ...rowsBy(session("reader", "s1"), ["a session", "s3:GetObject", object, yes]),
      ...rowsBy(ana, ["a user", "s3:GetObject", object, denied]),
      ...rowsBy(root(), ["the root user", "s3:GetObject", object, "allowed root"]),
    ],
  },
  {
    name: "everybody but those listed",
    identity: owner,
    resource: [
      {
        Effect: "Deny",
        NotPrincipal: { AWS: [`arn:aws:iam::${account}:user/ana`, `arn:aws:iam::${account}:root`] },
        Action: "s3:*",
        Resource: [bucket, objects],
      },
    ],
    rows: [
      ...rowsBy(ana, ["who is listed", "s3:GetObject", object, yes]),
      ...rowsBy(user("bob"), ["who is not", "s3:GetObject", object, denied]),
      ...rowsBy(anonymous, ["nobody", "s3:GetObject", object, denied]),
    ],
  },
  {
    name: "whoever is outside an organisation, and here nobody is in one",
    identity: owner,
    resource: [to("*", deny("s3:*", [bucket, objects], { StringNotEquals: { "aws:PrincipalOrgID": "o-1234567890" } }))],
    rows: rowsBy(ana, ["a user", "s3:GetObject", object, denied]),
  },
]);
