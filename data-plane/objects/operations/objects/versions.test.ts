import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { openWorld, type World } from "../../testing/world.ts";

let world: World;
let Bucket: string;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  Bucket = await world.bucket();
});
const versioning = (Status: "Enabled" | "Suspended") =>
  world.call("PutBucketVersioning", { Bucket, VersioningConfiguration: { Status } });

describe("before versioning", () => {
  test("version ids are absent from answers, and a deleted object is gone", async () => {
    expect((await world.put(Bucket, "k", "x")).VersionId).toBeUndefined();
    expect((await world.call("GetObject", { Bucket, Key: "k" })).VersionId).toBeUndefined();
    expect(await world.call("DeleteObject", { Bucket, Key: "k" })).toEqual({});
    expect(await world.call("DeleteObject", { Bucket, Key: "k" })).toEqual({});
    expect((await world.call("ListObjectVersions", { Bucket })).Versions).toBeUndefined();
  });

  test("the version is called null in listings and can be named so", async () => {
    await world.put(Bucket, "k", "x");
    expect((await world.call("ListObjectVersions", { Bucket })).Versions?.[0]).toMatchObject({
      VersionId: "null",
      IsLatest: true,
    });
    expect(await world.text(Bucket, "k", { VersionId: "null" })).toBe("x");
  });
});

describe("with versioning", () => {
  beforeEach(() => versioning("Enabled"));

  test("every write is a version, and reads may name one", async () => {
    const first = await world.put(Bucket, "k", "1");
    const second = await world.put(Bucket, "k", "2");
    expect(first.VersionId).not.toBe(second.VersionId);
    expect(await world.text(Bucket, "k")).toBe("2");
    expect(await world.text(Bucket, "k", { VersionId: first.VersionId })).toBe("1");
    const list = await world.call("ListObjectVersions", { Bucket });
    expect(list.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [second.VersionId, true],
      [first.VersionId, false],
    ]);
  });

  test("a delete marker hides the object: 404 by name, 405 by version", async () => {
    await world.put(Bucket, "k", "1");
    const deleted = await world.call("DeleteObject", { Bucket, Key: "k" });
    expect(deleted).toEqual({ DeleteMarker: true, VersionId: expect.any(String) });
    const hidden = await world.refused("GetObject", { Bucket, Key: "k" });
    expect([hidden.code, hidden.statusCode]).toEqual(["NoSuchKey", 404]);
    expect(Object.fromEntries(hidden.headers)).toEqual({
      "x-amz-delete-marker": "true",
      "x-amz-version-id": deleted.VersionId!,
    });
    const marker = await world.refused("GetObject", { Bucket, Key: "k", VersionId: deleted.VersionId });
    expect([marker.code, marker.statusCode]).toEqual(["MethodNotAllowed", 405]);
    expect(Object.fromEntries(marker.headers)).toMatchObject({ allow: "DELETE", "last-modified": expect.any(String) });
    expect((await world.call("ListObjectsV2", { Bucket })).Contents).toBeUndefined();
  });

  test("deleting the marker brings the object back", async () => {
    await world.put(Bucket, "k", "1");
    const { VersionId } = await world.call("DeleteObject", { Bucket, Key: "k" });
    expect(await world.call("DeleteObject", { Bucket, Key: "k", VersionId })).toEqual({
      DeleteMarker: true,
      VersionId,
    });
    expect(await world.text(Bucket, "k")).toBe("1");
  });

  test("versions that do not exist, and ids that cannot", async () => {
    const { VersionId } = await world.put(Bucket, "k", "1");
    await world.call("DeleteObject", { Bucket, Key: "k", VersionId });
    expect(await world.refused("GetObject", { Bucket, Key: "k", VersionId })).toMatchObject({
      code: "NoSuchVersion",
      statusCode: 404,
    });
    for (const bad of ["", "x", "not a version"]) {
      expect((await world.refused("GetObject", { Bucket, Key: "k", VersionId: bad })).code).toBe("InvalidArgument");
    }
  });

  test("while suspended, the null version is replaced, and so is its marker", async () => {
    const kept = await world.put(Bucket, "k", "1");
    await versioning("Suspended");
    expect((await world.put(Bucket, "k", "2")).VersionId).toBeUndefined();
    await world.put(Bucket, "k", "3");
    expect((await world.call("HeadObject", { Bucket, Key: "k" })).VersionId).toBe("null");
    expect(await world.call("DeleteObject", { Bucket, Key: "k" })).toEqual({ DeleteMarker: true, VersionId: "null" });
    const list = await world.call("ListObjectVersions", { Bucket });
    expect(list.Versions?.map(({ VersionId }) => VersionId)).toEqual([kept.VersionId]);
    expect(list.DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([["null", true]]);
  });

  test("DeleteObject with If-Match", async () => {
    await world.put(Bucket, "k", "1");
    expect(await world.refused("DeleteObject", { Bucket, Key: "k", IfMatch: '"other"' })).toMatchObject({
      code: "PreconditionFailed",
      statusCode: 412,
    });
    const { ETag } = await world.call("HeadObject", { Bucket, Key: "k" });
    expect((await world.call("DeleteObject", { Bucket, Key: "k", IfMatch: ETag })).DeleteMarker).toBe(true);
    expect((await world.refused("DeleteObject", { Bucket, Key: "k", IfMatchSize: 1 })).code).toBe("NotImplemented");
  });
});

describe("DeleteObjects", () => {
  test("answers every key; unknown keys are deleted already; quiet answers only errors", async () => {
    await world.put(Bucket, "a", "1");
    const Delete = { Objects: [{ Key: "a" }, { Key: "unknown" }] };
    expect(await world.call("DeleteObjects", { Bucket, Delete })).toEqual({
      Deleted: [{ Key: "a" }, { Key: "unknown" }],
    });
    expect(await world.call("DeleteObjects", { Bucket, Delete: { ...Delete, Quiet: true } })).toEqual({});
  });

  test("names markers made and versions removed", async () => {
    await versioning("Enabled");
    const { VersionId } = await world.put(Bucket, "a", "1");
    const made = await world.call("DeleteObjects", { Bucket, Delete: { Objects: [{ Key: "a" }] } });
    expect(made.Deleted).toEqual([{ Key: "a", DeleteMarker: true, DeleteMarkerVersionId: expect.any(String) }]);
    const marker = made.Deleted?.[0]?.DeleteMarkerVersionId;
    const removed = await world.call("DeleteObjects", {
      Bucket,
      Delete: {
        Objects: [
          { Key: "a", VersionId },
          { Key: "a", VersionId: marker },
        ],
      },
    });
    expect(removed.Deleted).toEqual([
      { Key: "a", VersionId },
      { Key: "a", VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
    ]);
  });

  test("takes at most a thousand keys, and each is authorised by itself", async () => {
    const many = Array.from({ length: 1001 }, (_, index) => ({ Key: `k${index}` }));
    expect((await world.refused("DeleteObjects", { Bucket, Delete: { Objects: many } })).code).toBe("MalformedXML");
    expect((await world.refused("DeleteObjects", { Bucket, Delete: { Objects: [] } })).code).toBe("MalformedXML");
    const cleaner = world.user("cleaner", [
      { Effect: "Allow", Action: "s3:DeleteObject", Resource: `arn:aws:s3:::${Bucket}/mine/*` },
    ]);
    await world.put(Bucket, "yours/a", "1");
    const answer = await world.call(
      "DeleteObjects",
      { Bucket, Delete: { Objects: [{ Key: "mine/a" }, { Key: "yours/a" }] } },
      { as: cleaner },
    );
    expect(answer.Deleted).toEqual([{ Key: "mine/a" }]);
    expect(answer.Errors).toEqual([expect.objectContaining({ Key: "yours/a", Code: "AccessDenied" })]);
    expect(await world.text(Bucket, "yours/a")).toBe("1");
  });
});

describe("object lock", () => {
  const locked = () => world.bucket({ ObjectLockEnabledForBucket: true });
  const DAY = 86_400_000;

  test("compliance cannot be shortened or removed, even by root; a delete without version adds a marker", async () => {
    Bucket = await locked();
    const until = new Date(world.now() + DAY);
    const md5 = Buffer.from("c4ca4238a0b923820dcc509a6f75849b", "hex").toString("base64");
    const { VersionId } = await world.put(Bucket, "k", "1", {
      ObjectLockMode: "COMPLIANCE",
      ObjectLockRetainUntilDate: until,
      ContentMD5: md5,
    });
    const head = await world.call("HeadObject", { Bucket, Key: "k" });
    expect([head.ObjectLockMode, head.ObjectLockRetainUntilDate]).toEqual(["COMPLIANCE", until]);
    const bypass = { Bucket, Key: "k", VersionId, BypassGovernanceRetention: true };
    expect((await world.refused("DeleteObject", bypass)).code).toBe("AccessDenied");
    const shorter = { Mode: "COMPLIANCE", RetainUntilDate: new Date(world.now() + 1000) } as const;
    expect((await world.refused("PutObjectRetention", { ...bypass, Retention: shorter })).code).toBe("AccessDenied");
    const longer = { Mode: "COMPLIANCE", RetainUntilDate: new Date(world.now() + 2 * DAY) } as const;
    await world.call("PutObjectRetention", { Bucket, Key: "k", VersionId, Retention: longer });
    expect((await world.call("DeleteObject", { Bucket, Key: "k" })).DeleteMarker).toBe(true);
  });

  test("governance can be bypassed by who may; a legal hold stands by itself", async () => {
    Bucket = await locked();
    await world.call("PutObjectLockConfiguration", {
      Bucket,
      ObjectLockConfiguration: {
        ObjectLockEnabled: "Enabled",
        Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } },
      },
    });
    const { VersionId } = await world.put(Bucket, "k", "1");
    expect((await world.call("GetObjectRetention", { Bucket, Key: "k" })).Retention?.Mode).toBe("GOVERNANCE");
    expect((await world.refused("DeleteObject", { Bucket, Key: "k", VersionId })).code).toBe("AccessDenied");
    await world.call("PutObjectLegalHold", { Bucket, Key: "k", VersionId, LegalHold: { Status: "ON" } });
    const bypass = { Bucket, Key: "k", VersionId, BypassGovernanceRetention: true };
    expect((await world.refused("DeleteObject", bypass)).code).toBe("AccessDenied");
    await world.call("PutObjectLegalHold", { Bucket, Key: "k", VersionId, LegalHold: { Status: "OFF" } });
    const weak = world.user("weak", [{ Effect: "Allow", Action: "s3:DeleteObject*", Resource: "*" }]);
    expect((await world.refused("DeleteObject", bypass, { as: weak })).code).toBe("AccessDenied");
    expect(await world.call("DeleteObject", bypass)).toEqual({ VersionId });
  });

  test("comes to an existing bucket once versioning is enabled, and stays", async () => {
    const lock = (Bucket: string, Days: number) => ({
      Bucket,
      ObjectLockConfiguration: {
        ObjectLockEnabled: "Enabled" as const,
        Rule: { DefaultRetention: { Mode: "GOVERNANCE" as const, Days } },
      },
    });
    const plain = await world.bucket();
    expect(await world.refused("PutObjectLockConfiguration", lock(plain, 1))).toMatchObject({
      code: "InvalidBucketState",
      statusCode: 409,
    });
    expect((await world.refused("GetObjectLockConfiguration", { Bucket: plain })).statusCode).toBe(404);
    const versioning = (Status: "Enabled" | "Suspended") =>
      world.call("PutBucketVersioning", { Bucket: plain, VersioningConfiguration: { Status } });
    await versioning("Suspended");
    expect((await world.refused("PutObjectLockConfiguration", lock(plain, 1))).code).toBe("InvalidBucketState");
    await versioning("Enabled");
    const { VersionId: before } = await world.put(plain, "k", "before");
    await world.call("PutObjectLockConfiguration", lock(plain, 1));
    const { VersionId: after } = await world.put(plain, "k", "after");
    expect((await world.refused("DeleteObject", { Bucket: plain, Key: "k", VersionId: after })).code).toBe(
      "AccessDenied",
    );
    // What was there before is not locked, but may be locked now.
    await world.call("PutObjectLegalHold", {
      Bucket: plain,
      Key: "k",
      VersionId: before,
      LegalHold: { Status: "ON" },
    });
    expect((await world.refused("DeleteObject", { Bucket: plain, Key: "k", VersionId: before })).code).toBe(
      "AccessDenied",
    );
    const suspend = { Bucket: plain, VersioningConfiguration: { Status: "Suspended" } as const };
    expect((await world.refused("PutBucketVersioning", suspend)).code).toBe("InvalidBucketState");
  });

  test("needs a bucket with object lock", async () => {
    await world.put(Bucket, "k", "1");
    expect((await world.refused("GetObjectRetention", { Bucket, Key: "k" })).code).toBe("InvalidRequest");
    const input = { Bucket, Key: "k", LegalHold: { Status: "ON" } as const };
    expect((await world.refused("PutObjectLegalHold", input)).code).toBe("InvalidRequest");
    Bucket = await locked();
    await world.put(Bucket, "k", "1");
    expect((await world.refused("GetObjectRetention", { Bucket, Key: "k" })).code).toBe(
      "NoSuchObjectLockConfiguration",
    );
    expect((await world.refused("GetObjectLegalHold", { Bucket, Key: "k" })).code).toBe(
      "NoSuchObjectLockConfiguration",
    );
  });
});
