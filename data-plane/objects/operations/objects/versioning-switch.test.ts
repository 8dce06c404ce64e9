/** Versioning that is switched on while a request is under way: what it is switched on for must be kept. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openWorld, type World } from "../../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const enable = (Bucket: string) => world.planes.configure(Bucket, { versioning: { Status: "Enabled" } });

test("a body that arrives after the switch makes a version and replaces nothing", async () => {
  const Bucket = await world.bucket();
  await world.put(Bucket, "k", "from before");
  const { engine } = world.environment;
  const { stageBytes } = engine;
  engine.stageBytes = async (...body) => {
    enable(Bucket);
    return stageBytes(...body);
  };
  try {
    const { VersionId } = await world.put(Bucket, "k", "took its time");
    expect(VersionId).toBeString();
  } finally {
    engine.stageBytes = stageBytes;
  }
  expect(await world.text(Bucket, "k")).toBe("took its time");
  expect(await world.text(Bucket, "k", { VersionId: "null" })).toBe("from before");
});

test("a deletion that has not heard of the switch removes no version", async () => {
  const Bucket = await world.bucket();
  const { bucketId } = world.planes.bucket(Bucket)!;
  enable(Bucket);
  const { VersionId } = await world.put(Bucket, "k", "kept");
  await world.engine.delete({ bucketId, key: "k", versioning: "Off", owner: world.planes.bucket(Bucket)!.accountId });
  expect((await world.refused("GetObject", { Bucket, Key: "k" })).code).toBe("NoSuchKey");
  expect(await world.text(Bucket, "k", { VersionId: VersionId! })).toBe("kept");
});
