import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { S3 } from "#foundation/aws";
import { systemTimers } from "#foundation/runtime";
import { openWorld, type World } from "../testing/world.ts";
import { type LifecyclePace, type LifecycleWorker, startLifecycleWorker } from "./lifecycle-worker.ts";

const DAY = 86_400_000;
/** Small pages, so that every walk crosses some; no round starts by itself. */
const PACE: LifecyclePace = { pageSize: 2, pauseMs: 0, width: 2, soonMs: 10 * DAY, everyMs: 10 * DAY };

let world: World;
let worker: LifecycleWorker;
let Bucket: string;
beforeEach(async () => {
  world = await openWorld();
  worker = startLifecycleWorker({ ...world.environment, timers: systemTimers }, PACE);
  Bucket = await world.bucket();
});
afterEach(async () => {
  await worker.close();
  await world.close();
});

const rules = (...Rules: Partial<S3.LifecycleRule>[]) =>
  world.call("PutBucketLifecycleConfiguration", {
    Bucket,
    LifecycleConfiguration: {
      Rules: Rules.map((rule) => ({ Status: "Enabled", Filter: {}, ...rule }) as S3.LifecycleRule),
    },
  });
const enableVersioning = () =>
  world.call("PutBucketVersioning", { Bucket, VersioningConfiguration: { Status: "Enabled" } });
const keys = async () => ((await world.call("ListObjectsV2", { Bucket })).Contents ?? []).map(({ Key }) => Key!);
const versions = async () => {
  const list = await world.call("ListObjectVersions", { Bucket });
  return [
    ...(list.Versions ?? []).map(({ Key, Size }) => `${Key}:${Size}`),
    ...(list.DeleteMarkers ?? []).map(({ Key }) => `${Key}:marker`),
  ].sort();
};

describe("rounds", () => {
  test("objects expire at the midnight after their days, by prefix, and not before", async () => {
    for (const name of ["log/1", "log/2", "log/3", "log/4", "log/5", "keep/1"]) await world.put(Bucket, name, "x");
    await rules({ Filter: { Prefix: "log/" }, Expiration: { Days: 1 } });
    world.advance(DAY);
    expect((await worker.round()).expired).toBe(0);
    world.advance(DAY);
    expect(await worker.round()).toEqual({ expired: 5, removedNoncurrent: 0, removedMarkers: 0, abortedUploads: 0 });
    expect(await keys()).toEqual(["keep/1"]);
  });

  test("with versioning expiry puts a marker on top, and noncurrent versions go later, the newest kept", async () => {
    await enableVersioning();
    for (const body of ["1", "22", "333", "4444"]) {
      await world.put(Bucket, "k", body);
      world.advance(1000);
    }
    await rules({
      Expiration: { Days: 1 },
      NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 1 },
    });
    world.advance(2 * DAY);
    // 4444 expires; 333 is the newest noncurrent version and stays; 22 and 1 go.
    expect(await worker.round()).toMatchObject({ expired: 1, removedNoncurrent: 2 });
    expect(await versions()).toEqual(["k:3", "k:4", "k:marker"]);
    world.advance(2 * DAY);
    await worker.round();
    expect(await versions()).toEqual(["k:4", "k:marker"]);
  });

  test("a delete marker goes when nothing lies under it", async () => {
    await enableVersioning();
    for (const name of ["a", "b", "c"]) await world.call("DeleteObject", { Bucket, Key: name });
    await world.put(Bucket, "b", "under");
    await world.call("DeleteObject", { Bucket, Key: "b" });
    await rules({ Expiration: { ExpiredObjectDeleteMarker: true } });
    expect((await worker.round()).removedMarkers).toBe(2);
    expect(await versions()).toEqual(["b:5", "b:marker", "b:marker"]);
  });

  test("old uploads are aborted", async () => {
    for (const Key of ["u/1", "u/2", "u/3", "other"]) await world.call("CreateMultipartUpload", { Bucket, Key });
    await rules({ Filter: { Prefix: "u/" }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } });
    world.advance(2 * DAY);
    expect((await worker.round()).abortedUploads).toBe(3);
    const left = await world.call("ListMultipartUploads", { Bucket });
    expect(left.Uploads?.map(({ Key }) => Key)).toEqual(["other"]);
  });

  test("what a lock protects stays, and the others go", async () => {
    Bucket = await world.bucket({ ObjectLockEnabledForBucket: true });
    await world.put(Bucket, "held", "1", { ObjectLockLegalHoldStatus: "ON" });
    await world.put(Bucket, "free", "1");
    for (const name of ["held", "free"]) await world.put(Bucket, name, "22");
    await rules({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } });
    world.advance(3 * DAY);
    expect((await worker.round()).removedNoncurrent).toBe(1);
    expect(await versions()).toEqual(["free:2", "held:1", "held:2"]);
  });

  test("the expiry is announced on reads and writes", async () => {
    await rules({ ID: "r1", Expiration: { Days: 1 } });
    const put = await world.put(Bucket, "k", "x");
    expect(put.Expiration).toBe('expiry-date="Sat, 17 Jan 2026 00:00:00 GMT", rule-id="r1"');
    expect((await world.call("HeadObject", { Bucket, Key: "k" })).Expiration).toBe(put.Expiration);
  });
});

test("a changed configuration starts a round by itself", async () => {
  const own = startLifecycleWorker({ ...world.environment, timers: systemTimers }, { ...PACE, soonMs: 1 });
  try {
    await world.put(Bucket, "k", "x");
    await rules({ Expiration: { Date: new Date(Date.UTC(2026, 0, 1)) } });
    while ((await keys()).length > 0) await Bun.sleep(1);
  } finally {
    await own.close();
  }
});
