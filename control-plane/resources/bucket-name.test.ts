import { expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { bucketNameProblem, cloudBucketProblem, regionProblem } from "./bucket-name.ts";

test("bucketNameProblem() accepts what S3 accepts", () => {
  const names = [
    "abc",
    "a1b",
    "my.bucket-1",
    "0-9",
    "a".repeat(63),
    "192.168.5.4.5",
    "a.b",
    "1.2.3.x",
    "s3alias",
    "foo-.bar",
  ];
  for (const name of names) expect(bucketNameProblem(name), name).toBeUndefined();
});

test("bucketNameProblem() refuses what S3 refuses", () => {
  const names = [
    "",
    "ab",
    "a".repeat(64),
    "Abc",
    "a_b",
    "-abc",
    "abc-",
    ".abc",
    "abc.",
    "a..b",
    "192.168.5.4",
    "999.1.1.1",
    "xn--abc",
    "sthree-abc",
    "sthree-configurator",
    "amzn-s3-demo-bucket",
    "abc-s3alias",
    "abc--ol-s3",
    "abc.mrap",
    "abc--x-s3",
    "abc--table-s3",
    "ab c",
    "abc\n",
    "äbc",
    "a/b",
    "a%2e",
    "../x",
  ];
  for (const name of names) expect(bucketNameProblem(name), JSON.stringify(name)).toBeString();
});

test("cloudBucketProblem() keeps the cloud's buckets for the orgs that they are named after", () => {
  const own = "111122223333" as AccountId;
  for (const name of ["biplane-111122223333", "biplane-11112222333", "biplane-x", "my-biplane-444455556666"]) {
    expect(cloudBucketProblem(name, own), name).toBeUndefined();
  }
  expect(cloudBucketProblem("biplane-444455556666", own)).toContain("reserved");
});

test("regionProblem() knows the form of regions", () => {
  for (const region of ["us-east-1", "eu-central-2", "us-gov-west-1", "ap-southeast-12", "us-iso-east-1"]) {
    expect(regionProblem(region), region).toBeUndefined();
  }
  for (const region of ["", "us", "us-east", "US-EAST-1", "us-east-1a", "us east 1", "local", "us-east-123"]) {
    expect(regionProblem(region), region).toBeString();
  }
});
