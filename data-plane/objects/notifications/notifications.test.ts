/** Bucket notifications through the operations that cause them, on the real engine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { S3 } from "#foundation/aws";
import { systemTimers } from "#foundation/runtime";
import { startLifecycleWorker } from "../lifecycle/lifecycle-worker.ts";
import { FakeDestination, type FakeRecord } from "../testing/fake-destination.ts";
import { ACCOUNT, ANONYMOUS, openWorld, type World } from "../testing/world.ts";

const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`;
const DAY = 86_400_000;

let world: World;
let queue: FakeDestination;
beforeAll(async () => {
  queue = new FakeDestination();
  world = await openWorld({ eventDestinations: [queue] });
});
afterAll(() => world.close());
beforeEach(() => {
  queue.delivered.length = 0;
  queue.answer = () => "delivered";
  queue.problem = () => undefined;
});

const configure = (Bucket: string, ...rules: Partial<S3.QueueConfiguration>[]) =>
  world.call("PutBucketNotificationConfiguration", {
    Bucket,
    NotificationConfiguration: {
      QueueConfigurations: rules.map((rule) => ({ QueueArn: QUEUE, Events: [], ...rule })),
    },
  });

const EVERYTHING: readonly S3.Event[] = [
  "s3:ObjectCreated:*",
  "s3:ObjectRemoved:*",
  "s3:ObjectTagging:*",
  "s3:ObjectAcl:Put",
  "s3:ObjectRetention:Put",
  "s3:LifecycleExpiration:*",
];

/** A bucket that announces everything; the test event is forgotten. */
async function watched(more: Partial<S3.CreateBucketRequest> = {}): Promise<string> {
  const Bucket = await world.bucket(more);
  await configure(Bucket, { Id: "all", Events: EVERYTHING });
  queue.delivered.length = 0;
  return Bucket;
}

/** Waits until the outbox is empty: everything that was announced has arrived. */
async function arrived(): Promise<readonly FakeRecord[]> {
  while (world.engine.outbox.destinations().length > 0) await Bun.sleep(1);
  return queue.records;
}
const names = async () => (await arrived()).map(({ eventName }) => eventName);
const enableVersioning = (Bucket: string) =>
  world.call("PutBucketVersioning", { Bucket, VersioningConfiguration: { Status: "Enabled" } });

describe("events", () => {
  test("a put tells who put what, from where, and in which order", async () => {
    const Bucket = await watched();
    const { ETag } = await world.put(Bucket, "some file+1.txt", "12345");
    await world.put(Bucket, "some file+1.txt", "123");
    const [first, second] = await arrived();
    expect(first).toEqual({
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-east-1",
      eventTime: new Date(world.now()).toISOString(),
      eventName: "ObjectCreated:Put",
      userIdentity: { principalId: `AWS:${ACCOUNT}` },
      requestParameters: { sourceIPAddress: "127.0.0.1" },
      responseElements: { "x-amz-request-id": "REQUEST0", "x-amz-id-2": "HOST" },
      s3: {
        s3SchemaVersion: "1.0",
        configurationId: "all",
        bucket: { name: Bucket, ownerIdentity: { principalId: "a".repeat(64) }, arn: `arn:aws:s3:::${Bucket}` },
        object: {
          key: "some+file%2B1.txt",
          size: 5,
          eTag: ETag!.replaceAll('"', ""),
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
        },
      },
    } as object as FakeRecord);
    expect(second!.s3.object.sequencer! > first!.s3.object.sequencer!).toBe(true);
    expect(queue.delivered[0]!.source).toMatchObject({ bucketArn: `arn:aws:s3:::${Bucket}`, accountId: ACCOUNT });
  });

  test("copies, multipart uploads, tags, ACLs and deletions have their own names", async () => {
    const Bucket = await watched({ ObjectOwnership: "ObjectWriter" });
    await world.put(Bucket, "a", "1");
    await world.call("CopyObject", { Bucket, Key: "b", CopySource: `${Bucket}/a` });
    const { UploadId = "" } = await world.call("CreateMultipartUpload", { Bucket, Key: "c" });
    const part = { Bucket, Key: "c", UploadId, PartNumber: 1 };
    const { ETag } = await world.call("UploadPart", part, { body: "part" });
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await world.call("CompleteMultipartUpload", { Bucket, Key: "c", UploadId, MultipartUpload });
    await world.call("CompleteMultipartUpload", { Bucket, Key: "c", UploadId, MultipartUpload });
    await world.call("PutObjectTagging", { Bucket, Key: "a", Tagging: { TagSet: [{ Key: "t", Value: "1" }] } });
    await world.call("DeleteObjectTagging", { Bucket, Key: "a" });
    await world.call("PutObjectAcl", { Bucket, Key: "a", ACL: "bucket-owner-read" });
    await world.call("PutObjectAcl", { Bucket, Key: "a", ACL: "bucket-owner-read" });
    await world.call("DeleteObject", { Bucket, Key: "a" });
    await world.call("DeleteObject", { Bucket, Key: "a" });
    await world.call("DeleteObjects", { Bucket, Delete: { Objects: [{ Key: "b" }, { Key: "never was" }] } });
    // Events of one key are in order; those of several are not, so they are compared by key.
    const byKey = Map.groupBy(await arrived(), ({ s3 }) => s3.object.key);
    const namesOf = (key: string) => byKey.get(key)!.map(({ eventName }) => eventName);
    expect(namesOf("a")).toEqual([
      "ObjectCreated:Put",
      "ObjectTagging:Put",
      "ObjectTagging:Delete",
      "ObjectAcl:Put",
      "ObjectRemoved:Delete",
    ]);
    expect(namesOf("b")).toEqual(["ObjectCreated:Copy", "ObjectRemoved:Delete"]);
    expect(namesOf("c")).toEqual(["ObjectCreated:CompleteMultipartUpload"]);
    expect([...byKey.keys()].sort()).toEqual(["a", "b", "c"]);
    expect(byKey.get("c")![0]!.s3.object).toMatchObject({ size: 4, eTag: expect.stringMatching(/-1$/) });
  });

  test("with versioning a delete marker is told, and a version that goes for good", async () => {
    const Bucket = await watched();
    await enableVersioning(Bucket);
    const put = await world.put(Bucket, "k", "1");
    const marker = await world.call("DeleteObject", { Bucket, Key: "k" });
    await world.call("DeleteObject", { Bucket, Key: "k", VersionId: put.VersionId });
    const records = await arrived();
    expect(records.map(({ eventName, s3 }) => [eventName, s3.object.versionId])).toEqual([
      ["ObjectCreated:Put", put.VersionId],
      ["ObjectRemoved:DeleteMarkerCreated", marker.VersionId],
      ["ObjectRemoved:Delete", put.VersionId],
    ]);
  });

  test("retention is told, a legal hold is not", async () => {
    const Bucket = await watched({ ObjectLockEnabledForBucket: true });
    await world.put(Bucket, "k", "1");
    const RetainUntilDate = new Date(world.now() + DAY);
    await world.call("PutObjectRetention", { Bucket, Key: "k", Retention: { Mode: "GOVERNANCE", RetainUntilDate } });
    await world.call("PutObjectLegalHold", { Bucket, Key: "k", LegalHold: { Status: "ON" } });
    expect(await names()).toEqual(["ObjectCreated:Put", "ObjectRetention:Put"]);
  });

  test("what lifecycle rules remove is told as theirs", async () => {
    const Bucket = await watched();
    await world.put(Bucket, "k", "1");
    const LifecycleConfiguration = {
      Rules: [{ Status: "Enabled" as const, Filter: { Prefix: "" }, Expiration: { Days: 1 } }],
    };
    await world.call("PutBucketLifecycleConfiguration", { Bucket, LifecycleConfiguration });
    const pace = { pageSize: 10, pauseMs: 0, width: 1, soonMs: 10 * DAY, everyMs: 10 * DAY };
    const worker = startLifecycleWorker({ ...world.environment, timers: systemTimers }, pace);
    world.advance(3 * DAY);
    await worker.round();
    await worker.close();
    const records = await arrived();
    expect(records.map(({ eventName }) => eventName)).toEqual(["ObjectCreated:Put", "LifecycleExpiration:Delete"]);
    expect(records[1]).toMatchObject({
      eventVersion: "2.3",
      userIdentity: { principalId: "s3.amazonaws.com" },
      requestParameters: { sourceIPAddress: "s3.amazonaws.com" },
    });
  });

  test("users and anonymous callers are named", async () => {
    const Bucket = await watched();
    const user = world.user("ada", [{ Effect: "Allow", Action: "s3:*", Resource: "*" }]);
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${Bucket}/*` }],
    });
    await world.call("DeletePublicAccessBlock", { Bucket });
    await world.call("PutBucketPolicy", { Bucket, Policy });
    await world.call("PutObject", { Bucket, Key: "k" }, { as: user, body: "1", remoteAddress: "10.0.0.9" });
    await world.call("PutObject", { Bucket, Key: "k" }, { as: ANONYMOUS, body: "1" });
    const records = await arrived();
    expect(records.map(({ userIdentity }) => userIdentity.principalId)).toEqual(["AWS:AIDAADA", "Anonymous"]);
    expect(records[0]!.requestParameters.sourceIPAddress).toBe("10.0.0.9");
  });

  test("only what a rule is about is told", async () => {
    const Bucket = await world.bucket();
    const Filter = {
      Key: {
        FilterRules: [
          { Name: "prefix", Value: "in/" },
          { Name: "suffix", Value: ".jpg" },
        ] as S3.FilterRule[],
      },
    };
    await configure(Bucket, { Id: "images", Events: ["s3:ObjectCreated:Put"], Filter });
    for (const key of ["in/a.jpg", "in/a.png", "a.jpg"]) await world.put(Bucket, key, "1");
    await world.call("DeleteObject", { Bucket, Key: "in/a.jpg" });
    const records = await arrived();
    expect(records.map(({ s3 }) => [s3.configurationId, s3.object.key])).toEqual([["images", "in/a.jpg"]]);
  });

  test("a write that is refused, and a bucket that tells nobody any more, announce nothing", async () => {
    const Bucket = await watched();
    await world.put(Bucket, "k", "1");
    await world.refused("PutObject", { Bucket, Key: "k", IfNoneMatch: "*" }, { body: "2" });
    await configure(Bucket);
    await world.put(Bucket, "k", "3");
    expect(await names()).toEqual(["ObjectCreated:Put"]);
    expect(await world.call("GetBucketNotificationConfiguration", { Bucket })).toEqual({});
  });

  test("events that wait arrive although their bucket is gone", async () => {
    const Bucket = await watched();
    queue.answer = () => new Promise(() => undefined);
    await world.put(Bucket, "k", "1");
    await world.call("DeleteObject", { Bucket, Key: "k" });
    await world.call("DeleteBucket", { Bucket });
    expect(world.engine.outbox.waiting(QUEUE, 10)).toHaveLength(2);
    // Another service on the same engine, as after a restart.
    queue.answer = () => "delivered";
    const { startEventDelivery } = await import("./event-delivery.ts");
    const delivery = startEventDelivery({ ...world.environment, timers: systemTimers });
    expect(await names()).toEqual(["ObjectCreated:Put", "ObjectRemoved:Delete"]);
    await delivery.close();
  });
});
