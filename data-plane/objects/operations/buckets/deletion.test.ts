import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { createVirtualTime, systemTimers } from "#foundation/runtime";
import { silentLogger } from "#foundation/telemetry";
import { settleClosedBuckets } from "../../service/settle-closed-buckets.ts";
import { openWorld, type World } from "../../testing/world.ts";

const time = createVirtualTime(0);
let world: World;
let Bucket: string;
beforeAll(async () => {
  world = await openWorld({ timers: time.timers });
});
afterAll(() => world.close());
beforeEach(async () => {
  Bucket = await world.bucket();
});

describe("DeleteBucket", () => {
  test("needs a bucket without versions and markers; uploads do not count", async () => {
    await world.call("PutBucketVersioning", { Bucket, VersioningConfiguration: { Status: "Enabled" } });
    const { VersionId } = await world.call("DeleteObject", { Bucket, Key: "never was" });
    expect(await world.refused("DeleteBucket", { Bucket })).toMatchObject({ code: "BucketNotEmpty", statusCode: 409 });
    // Refused, it takes writes as before.
    await world.put(Bucket, "k", "x");
    const second = (await world.call("ListObjectVersions", { Bucket })).Versions?.[0]?.VersionId;
    await world.call("DeleteObject", { Bucket, Key: "k", VersionId: second });
    await world.call("DeleteObject", { Bucket, Key: "never was", VersionId });
    await world.call("CreateMultipartUpload", { Bucket, Key: "u" });
    await world.call("DeleteBucket", { Bucket });
    expect((await world.refused("HeadBucket", { Bucket })).code).toBe("NoSuchBucket");
  });

  test("a bucket of the same name begins empty", async () => {
    const input = { Bucket, Key: "u" };
    const { UploadId } = await world.call("CreateMultipartUpload", input);
    await world.call("DeleteBucket", { Bucket });
    await world.call("CreateBucket", { Bucket });
    expect((await world.refused("ListParts", { ...input, UploadId: UploadId! })).code).toBe("NoSuchUpload");
  });

  test("without a control plane nothing is deleted, and the bucket goes on working", async () => {
    world.planes.connected = false;
    try {
      await expect(world.call("DeleteBucket", { Bucket })).rejects.toThrow(ControlPlaneUnavailable);
      await world.put(Bucket, "k", "x");
      expect(await world.text(Bucket, "k")).toBe("x");
      await expect(world.call("CreateBucket", { Bucket: "another" })).rejects.toThrow(ControlPlaneUnavailable);
      const tagging = { Bucket, Tagging: { TagSet: [{ Key: "a", Value: "b" }] } };
      await expect(world.call("PutBucketTagging", tagging)).rejects.toThrow(ControlPlaneUnavailable);
    } finally {
      world.planes.connected = true;
    }
  });

  test("after a lost answer the bucket stays closed until the question is answered", async () => {
    const { planes } = world;
    const execute = planes.execute.bind(planes);
    let lost = 0;
    planes.execute = async (command, origin) => {
      const outcome = await execute(command, origin);
      if (lost++ === 0) throw new ControlPlaneUnavailable("the answer was lost");
      return outcome;
    };
    try {
      await expect(world.call("DeleteBucket", { Bucket })).rejects.toThrow("lost");
      await time.advanceSettled(1000);
      while ((await world.engine.closedBuckets()).length > 0) await Bun.sleep(1);
      expect((await world.refused("HeadBucket", { Bucket })).code).toBe("NoSuchBucket");
    } finally {
      planes.execute = execute;
    }
  });
});

describe("while a bucket is being deleted", () => {
  /** Holds the control plane's answer to a deletion back until `answer` is called. */
  const holdDeletion = () => {
    const { planes } = world;
    const execute = planes.execute.bind(planes);
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    planes.execute = async (command, origin) => {
      if (command.type !== "bucket.delete") return execute(command, origin);
      asked.resolve();
      await answered.promise;
      return execute(command, origin);
    };
    return {
      asked: asked.promise,
      answer: () => answered.resolve(),
      restore: () => {
        planes.execute = execute;
      },
    };
  };

  test("creating it again does not open it: a write would be acknowledged and lost", async () => {
    const held = holdDeletion();
    try {
      const deletion = world.call("DeleteBucket", { Bucket });
      await held.asked;
      expect(await world.refused("CreateBucket", { Bucket })).toMatchObject({
        code: "OperationAborted",
        statusCode: 409,
      });
      expect((await world.refused("PutObject", { Bucket, Key: "k" }, { body: "x" })).code).toBe("NoSuchBucket");
      held.answer();
      await deletion;
    } finally {
      held.restore();
    }
    await world.call("CreateBucket", { Bucket });
    await world.put(Bucket, "k", "x");
  });

  test("a second deletion does not open it when no answer comes", async () => {
    const { planes } = world;
    const held = holdDeletion();
    try {
      const deletion = world.call("DeleteBucket", { Bucket });
      await held.asked;
      planes.connected = false;
      await expect(world.call("DeleteBucket", { Bucket })).rejects.toThrow(ControlPlaneUnavailable);
      planes.connected = true;
      expect((await world.refused("DeleteBucket", { Bucket })).code).toBe("OperationAborted");
      expect((await world.refused("PutObject", { Bucket, Key: "k" }, { body: "x" })).code).toBe("NoSuchBucket");
      held.answer();
      await deletion;
    } finally {
      planes.connected = true;
      held.restore();
    }
  });
});

describe("a deletion that the end of the program interrupted", () => {
  const settle = () =>
    settleClosedBuckets(
      { ...world.environment, timers: systemTimers, logger: silentLogger },
      world.engine,
      new AbortController().signal,
    );

  test("is taken back when the control plane still has the bucket", async () => {
    const { bucketId } = world.planes.bucket(Bucket)!;
    await world.engine.closeBucket(bucketId);
    expect((await world.refused("PutObject", { Bucket, Key: "k" }, { body: "x" })).code).toBe("NoSuchBucket");
    await settle();
    await world.put(Bucket, "k", "x");
  });

  test("is finished when the bucket is gone", async () => {
    const { bucketId } = world.planes.bucket(Bucket)!;
    await world.engine.closeBucket(bucketId);
    await world.planes.execute({ type: "bucket.delete", bucketId, name: Bucket }, { actor: "test", requestId: "r" });
    await settle();
    expect(await world.engine.closedBuckets()).toEqual([]);
  });
});
