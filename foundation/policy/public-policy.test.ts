import { describe, expect, test } from "bun:test";
import { isPublicPolicy, parsePolicy } from "./index.ts";

function isPublic(statement: object): boolean {
  const document = {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*", ...statement },
    ],
  };
  return isPublicPolicy(parsePolicy(JSON.stringify(document), "resource"));
}

const cases: readonly (readonly [string, object, boolean])[] = [
  ["everyone", {}, true],
  ["everyone in the long form", { Principal: { AWS: "*" } }, true],
  ["everyone among others", { Principal: { AWS: ["123456789012", "*"] } }, true],
  ["an account", { Principal: { AWS: "123456789012" } }, false],
  ["a service", { Principal: { Service: "cloudtrail.amazonaws.com" } }, false],
  ["a denial", { Effect: "Deny" }, false],
  ["a fixed account", { Condition: { StringEquals: { "aws:SourceAccount": "123456789012" } } }, false],
  [
    "a fixed account in any letter case",
    { Condition: { StringEquals: { "AWS:sourceaccount": "123456789012" } } },
    false,
  ],
  ["a fixed ARN", { Condition: { ArnLike: { "aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:t" } } }, false],
  ["an ARN with a wildcard", { Condition: { ArnLike: { "aws:SourceArn": "arn:aws:sns:*:*:t" } } }, true],
  ["a variable", { Condition: { StringEquals: { "aws:userid": "${aws:userid}" } } }, true],
  ["one of two values with a wildcard", { Condition: { StringLike: { "aws:SourceVpc": ["vpc-1", "vpc-*"] } } }, true],
  ["a fixed VPC", { Condition: { StringEquals: { "aws:SourceVpc": "vpc-91237329" } } }, false],
  ["a key that narrows nothing", { Condition: { StringEquals: { "aws:UserAgent": "curl" } } }, true],
  ["a negated operator", { Condition: { StringNotEquals: { "aws:SourceVpc": "vpc-1" } } }, true],
  ["IfExists", { Condition: { StringEqualsIfExists: { "aws:SourceVpc": "vpc-1" } } }, true],
  ["ForAllValues", { Condition: { "ForAllValues:StringEquals": { "aws:SourceVpc": "vpc-1" } } }, true],
  ["a range of addresses", { Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } } }, false],
  ["all addresses", { Condition: { IpAddress: { "aws:SourceIp": "0.0.0.0/0" } } }, true],
  ["half of all addresses", { Condition: { IpAddress: { "aws:SourceIp": ["0.0.0.0/1", "203.0.113.0/24"] } } }, true],
  ["a range of IPv6", { Condition: { IpAddress: { "aws:SourceIp": "2001:db8::/32" } } }, false],
  ["too large a range of IPv6", { Condition: { IpAddress: { "aws:SourceIp": "2000::/3" } } }, true],
  ["an organisation", { Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } } }, false],
  [
    "access points of an account",
    { Condition: { ArnLike: { "s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*" } } },
    false,
  ],
];

describe("a bucket policy is public", () => {
  for (const [name, statement, expected] of cases)
    test(`${name}: ${expected}`, () => expect(isPublic(statement)).toBe(expected));

  test("when one of its statements is", () => {
    const text = JSON.stringify({
      Statement: [
        { Effect: "Allow", Principal: { AWS: "123456789012" }, Action: "s3:*", Resource: "arn:aws:s3:::b/*" },
        { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" },
      ],
    });
    expect(isPublicPolicy(parsePolicy(text, "resource"))).toBe(true);
  });
});
