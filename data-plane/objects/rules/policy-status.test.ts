import { expect, test } from "bun:test";
import { isPublicPolicy } from "./policy-status.ts";

const policy = (statement: object) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*", ...statement }],
  });

test("everybody is public, in every spelling", () => {
  expect(isPublicPolicy(policy({ Principal: "*" }))).toBe(true);
  expect(isPublicPolicy(policy({ Principal: { AWS: "*" } }))).toBe(true);
  expect(isPublicPolicy(policy({ Principal: { AWS: ["arn:aws:iam::111122223333:root", "*"] } }))).toBe(true);
  expect(isPublicPolicy(policy({ NotPrincipal: { AWS: "111122223333" } }))).toBe(true);
});

test("named principals and denials are not", () => {
  expect(isPublicPolicy(policy({ Principal: { AWS: "arn:aws:iam::111122223333:root" } }))).toBe(false);
  expect(isPublicPolicy(policy({ Principal: { Service: "logging.s3.amazonaws.com" } }))).toBe(false);
  expect(isPublicPolicy(policy({ Effect: "Deny", Principal: "*" }))).toBe(false);
  expect(isPublicPolicy("not json")).toBe(false);
});

test("conditions with fixed values pin a statement", () => {
  const open = (Condition: object) => isPublicPolicy(policy({ Principal: "*", Condition }));
  expect(open({ IpAddress: { "aws:SourceIp": "203.0.113.0/24" } })).toBe(false);
  expect(open({ IpAddress: { "aws:SourceIp": "0.0.0.0/0" } })).toBe(true);
  expect(open({ NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } })).toBe(true);
  expect(open({ StringEquals: { "aws:SourceVpc": "vpc-1" } })).toBe(false);
  expect(open({ StringLike: { "aws:SourceVpc": "vpc-*" } })).toBe(true);
  expect(open({ ArnLike: { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/*" } })).toBe(false);
  expect(open({ ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/x" } })).toBe(true);
  expect(open({ StringEquals: { "s3:x-amz-acl": "public-read" } })).toBe(true);
});
