/** "Examples of Amazon S3 bucket policies" of the S3 User Guide: those that grant. */

import { account, allow, anonymous, describeExamples, other, rowsBy, service, to, user } from "./examples.fixture.ts";

const bucket = "arn:aws:s3:::doc-bucket";
const objects = `${bucket}/*`;
const object = `${bucket}/key`;
const ana = user("ana");
const owner = [[allow("*", "*")]];
const yes = "allowed identity";
const granted = "allowed resource";
const no = "implicit-deny resource";

describeExamples("bucket policies that grant", [
  {
    name: "reading, to everybody",
    resource: [to("*", allow(["s3:GetObject", "s3:GetObjectVersion"], objects))],
    rows: [
      ...rowsBy(anonymous, ["nobody", "s3:GetObject", object, granted], ["writing", "s3:PutObject", object, no]),
      ...rowsBy(ana, ["a user", "s3:GetObject", object, granted]),
    ],
  },
  {
    name: "reading, to everybody who comes from certain pages",
    resource: [
      to(
        "*",
        allow("s3:GetObject", objects, {
          StringLike: { "aws:Referer": ["http://www.example.com/*", "http://example.com/*"] },
        }),
      ),
    ],
    rows: rowsBy(
      anonymous,
      ["from there", "s3:GetObject", object, granted, { "aws:referer": "http://example.com/a/b" }],
      ["from elsewhere", "s3:GetObject", object, no, { "aws:referer": "http://example.org/" }],
      ["from nowhere", "s3:GetObject", object, no],
    ),
  },
  {
    name: "writing, to other accounts, if the owner is given control",
    identity: owner,
    resource: [
      to(
        { AWS: [other, `arn:aws:iam::777788889999:root`] },
        allow("s3:PutObject", objects, { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } }),
      ),
    ],
    rows: [
      ...rowsBy(
        user("x", {}, other),
        ["so", "s3:PutObject", object, yes, { "s3:x-amz-acl": "bucket-owner-full-control" }],
        ["otherwise", "s3:PutObject", object, no, { "s3:x-amz-acl": "public-read" }],
        ["not said", "s3:PutObject", object, no],
      ),
      ...rowsBy(user("x", {}, "999988887777"), [
        "a third account",
        "s3:PutObject",
        object,
        no,
        { "s3:x-amz-acl": "bucket-owner-full-control" },
      ]),
    ],
  },
  {
    name: "to a content network, for one of its distributions",
    resource: [
      to(
        { Service: "cloudfront.amazonaws.com" },
        allow("s3:GetObject", objects, {
          StringEquals: { "AWS:SourceArn": `arn:aws:cloudfront::${account}:distribution/EDFDVBD6EXAMPLE` },
        }),
      ),
    ],
    rows: rowsBy(
      service("cloudfront.amazonaws.com"),
      [
        "that",
        "s3:GetObject",
        object,
        granted,
        { "aws:sourcearn": `arn:aws:cloudfront::${account}:distribution/EDFDVBD6EXAMPLE` },
      ],
      ["another", "s3:GetObject", object, no, { "aws:sourcearn": `arn:aws:cloudfront::${account}:distribution/E2` }],
    ),
  },
  {
    name: "to the delivery of access logs, for buckets of one account",
    resource: [
      to(
        { Service: "logging.s3.amazonaws.com" },
        allow("s3:PutObject", `${bucket}/logs/*`, {
          ArnLike: { "aws:SourceArn": "arn:aws:s3:::source-*" },
          StringEquals: { "aws:SourceAccount": account },
        }),
      ),
    ],
    rows: rowsBy(
      service("logging.s3.amazonaws.com"),
      [
        "of it",
        "s3:PutObject",
        `${bucket}/logs/1`,
        granted,
        { "aws:sourcearn": "arn:aws:s3:::source-1", "aws:sourceaccount": account },
      ],
      [
        "of another",
        "s3:PutObject",
        `${bucket}/logs/1`,
        no,
        { "aws:sourcearn": "arn:aws:s3:::source-1", "aws:sourceaccount": other },
      ],
      [
        "elsewhere",
        "s3:PutObject",
        object,
        no,
        { "aws:sourcearn": "arn:aws:s3:::source-1", "aws:sourceaccount": account },
      ],
    ),
  },
  {
    name: "reading objects with a tag",
    resource: [
      to(
        { AWS: `arn:aws:iam::${account}:user/ana` },
        allow(["s3:GetObject", "s3:GetObjectVersion"], objects, {
          StringEquals: { "s3:ExistingObjectTag/environment": "production" },
        }),
      ),
    ],
    rows: rowsBy(
      ana,
      ["with it", "s3:GetObject", object, granted, { "s3:existingobjecttag/environment": "production" }],
      [
        "with another",
        "s3:GetObject",
        object,
        "implicit-deny identity",
        { "s3:existingobjecttag/environment": "test" },
      ],
    ),
  },
  {
    name: "tagging objects with certain keys, at least one of them",
    resource: [
      to(
        { AWS: `arn:aws:iam::${account}:user/ana` },
        allow("s3:PutObjectTagging", objects, {
          "ForAllValues:StringLike": { "s3:RequestObjectTagKeys": ["Owner", "CreationDate"] },
          "ForAnyValue:StringEquals": { "s3:RequestObjectTagKeys": ["Owner"] },
        }),
      ),
    ],
    rows: rowsBy(
      ana,
      ["both", "s3:PutObjectTagging", object, granted, { "s3:requestobjecttagkeys": ["Owner", "CreationDate"] }],
      [
        "not the one",
        "s3:PutObjectTagging",
        object,
        "implicit-deny identity",
        { "s3:requestobjecttagkeys": ["CreationDate"] },
      ],
      [
        "another beside",
        "s3:PutObjectTagging",
        object,
        "implicit-deny identity",
        { "s3:requestobjecttagkeys": ["Owner", "x"] },
      ],
      ["none", "s3:PutObjectTagging", object, "implicit-deny identity", { "s3:requestobjecttagkeys": [] }],
    ),
  },
  {
    name: "listing and reading each user's own folder, to an account",
    identity: owner,
    resource: [
      to({ AWS: other }, allow("s3:ListBucket", bucket, { StringLike: { "s3:prefix": "home/${aws:username}/*" } })),
      to({ AWS: other }, allow("s3:GetObject", `${bucket}/home/\${aws:username}/*`)),
    ],
    rows: rowsBy(
      user("dave", {}, other),
      ["its own", "s3:GetObject", `${bucket}/home/dave/x`, yes],
      ["another's", "s3:GetObject", `${bucket}/home/eve/x`, no],
      ["listing its own", "s3:ListBucket", bucket, yes, { "s3:prefix": "home/dave/" }],
      ["listing all", "s3:ListBucket", bucket, no, { "s3:prefix": "" }],
    ),
  },
]);
