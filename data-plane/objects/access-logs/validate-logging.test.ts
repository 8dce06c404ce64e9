import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Region } from "#contracts";
import type { S3 } from "#foundation/aws";
import { ACCOUNT, OTHER_ROOT, openWorld, type World } from "../testing/world.ts";

let world: World;
let Bucket: string;
let target: string;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  Bucket = await world.bucket();
  target = await world.bucket();
});

const GROUP = 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"';
/** What the canned ACL `log-delivery-write` grants. */
const DELIVERY = { GrantWrite: GROUP, GrantReadACP: GROUP } as const;

const allow = (more: object = {}): void =>
  world.planes.configure(target, {
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "logging.s3.amazonaws.com" },
          Action: "s3:PutObject",
          Resource: `arn:aws:s3:::${target}/logs/*`,
          Condition: {
            ArnLike: { "aws:SourceArn": `arn:aws:s3:::${Bucket}` },
            StringEquals: { "aws:SourceAccount": ACCOUNT },
          },
          ...more,
        },
      ],
    }),
  });
const status = (more: Partial<S3.LoggingEnabled> = {}): S3.PutBucketLoggingRequest => ({
  Bucket,
  BucketLoggingStatus: { LoggingEnabled: { TargetBucket: target, TargetPrefix: "logs/", ...more } },
});
const put = (more: Partial<S3.LoggingEnabled> = {}) => world.call("PutBucketLogging", status(more));
const refused = async (more: Partial<S3.LoggingEnabled> = {}) => {
  const { code, statusCode, message } = await world.refused("PutBucketLogging", status(more));
  return { code, statusCode, message };
};
const withAcls = () =>
  world.planes.configure(target, { ownershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] } });

describe("PutBucketLogging takes", () => {
  test("a target whose policy lets the service in, and gives back what was put", async () => {
    allow();
    await put();
    expect(await world.call("GetBucketLogging", { Bucket })).toEqual({
      LoggingEnabled: { TargetBucket: target, TargetPrefix: "logs/" },
    });
    await world.call("PutBucketLogging", { Bucket, BucketLoggingStatus: {} });
    expect(await world.call("GetBucketLogging", { Bucket })).toEqual({});
  });

  test("a target whose ACL lets the log-delivery group in, and grants", async () => {
    withAcls();
    expect(await refused()).toEqual({
      code: "InvalidTargetBucketForLogging",
      statusCode: 400,
      message: "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket",
    });
    await world.call("PutBucketAcl", { Bucket: target, ...DELIVERY });
    const grant = { Grantee: { Type: "CanonicalUser", ID: "b".repeat(64) }, Permission: "READ" } as const;
    await put({ TargetGrants: [grant] });
    expect((await world.call("GetBucketLogging", { Bucket })).LoggingEnabled?.TargetGrants).toEqual([grant]);
    const all = { Grantee: { Type: "CanonicalUser", ID: "b".repeat(64) }, Permission: "READ_ACP" as "READ" } as const;
    expect((await refused({ TargetGrants: [all] })).code).toBe("MalformedXML");
    const nobody = { Grantee: { Type: "CanonicalUser", ID: "c".repeat(64) }, Permission: "READ" } as const;
    expect((await refused({ TargetGrants: [nobody] })).code).toBe("InvalidArgument");
  });

  test("both forms of keys", async () => {
    allow();
    await put({ TargetObjectKeyFormat: { SimplePrefix: {} } });
    await put({ TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "DeliveryTime" } } });
    await put({ TargetObjectKeyFormat: { PartitionedPrefix: {} } });
    expect((await world.call("GetBucketLogging", { Bucket })).LoggingEnabled?.TargetObjectKeyFormat).toEqual({
      PartitionedPrefix: { PartitionDateSource: "EventTime" },
    });
    for (const format of [{}, { SimplePrefix: {}, PartitionedPrefix: {} }]) {
      expect((await refused({ TargetObjectKeyFormat: format })).code).toBe("MalformedXML");
    }
    const wrong = { PartitionDateSource: "Never" as "EventTime" };
    expect((await refused({ TargetObjectKeyFormat: { PartitionedPrefix: wrong } })).code).toBe("MalformedXML");
  });
});

describe("PutBucketLogging refuses", () => {
  const invalid = { code: "InvalidTargetBucketForLogging", statusCode: 400 };

  test("targets that are not there, or somebody else's, or elsewhere", async () => {
    expect(await refused({ TargetBucket: "nowhere" })).toMatchObject(invalid);
    const theirs = "their-log-bucket";
    await world.call("CreateBucket", { Bucket: theirs }, { as: OTHER_ROOT });
    expect(await refused({ TargetBucket: theirs })).toMatchObject({
      ...invalid,
      message: "The owner for the bucket to be logged and the target bucket must be the same.",
    });
    target = "far-log-bucket";
    const far = { ...world.contextOf(), region: "eu-west-1" as Region };
    await world.service.operations
      .get("CreateBucket")
      ?.handle({ Bucket: target, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } } as never, far);
    expect(await refused()).toMatchObject({ code: "CrossLocationLoggingProhibitted", statusCode: 403 });
  });

  test("targets that do not let the service in", async () => {
    expect(await refused()).toMatchObject(invalid);
    for (const wrong of [
      { Principal: { Service: "delivery.logs.amazonaws.com" } },
      { Resource: `arn:aws:s3:::${target}/other/*` },
      { Action: "s3:GetObject" },
      { Condition: { StringEquals: { "aws:SourceAccount": "999999999999" } } },
      { Condition: { ArnLike: { "aws:SourceArn": "arn:aws:s3:::another" } } },
      { Effect: "Deny" },
    ]) {
      allow(wrong);
      expect(await refused()).toMatchObject(invalid);
    }
  });

  test("a denial beats the ACL", async () => {
    withAcls();
    await world.call("PutBucketAcl", { Bucket: target, ...DELIVERY });
    await put();
    allow({ Effect: "Deny", Principal: "*", Condition: undefined });
    expect(await refused()).toMatchObject(invalid);
  });

  test("targets that others pay for, and those that lock what is written", async () => {
    allow();
    world.planes.configure(target, { requestPayment: { Payer: "Requester" } });
    expect((await refused()).message).toContain("Requester Pays");
    world.planes.configure(target, {
      requestPayment: undefined,
      objectLock: { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } } },
    });
    expect((await refused()).message).toContain("default retention");
    world.planes.configure(target, { objectLock: { ObjectLockEnabled: "Enabled" } });
    await put();
  });

  test("grants where ACLs are disabled", async () => {
    allow();
    const grant = { Grantee: { Type: "CanonicalUser", ID: "a".repeat(64) }, Permission: "READ" } as const;
    expect((await refused({ TargetGrants: [grant] })).code).toBe("AccessControlListNotSupported");
  });

  test("what is not whole, and prefixes that are too long", async () => {
    allow();
    expect((await refused({ TargetBucket: "" })).code).toBe("MalformedXML");
    const LoggingEnabled = { TargetBucket: target } as S3.LoggingEnabled;
    expect((await world.refused("PutBucketLogging", { Bucket, BucketLoggingStatus: { LoggingEnabled } })).code).toBe(
      "MalformedXML",
    );
    expect((await world.refused("PutBucketLogging", { Bucket } as S3.PutBucketLoggingRequest)).code).toBe(
      "MalformedXML",
    );
    expect((await refused({ TargetPrefix: `logs/${"x".repeat(1000)}` })).code).toBe("KeyTooLongError");
  });
});
