import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AccountId, BucketId } from "#contracts";
import type { S3 } from "#foundation/aws";
import { systemRandom } from "#foundation/runtime";
import type { ObjectVersion } from "../engine/port.ts";
import { causeOfService } from "../notifications/event-cause.ts";
import { compileLifecycle } from "../rules/lifecycle/compile.ts";
import { openWorld, type World } from "../testing/world.ts";
import { applyAction } from "./apply-action.ts";
import { type PlannedAction, VersionWalk } from "./version-walk.ts";

const DAY = 86_400_000;
const day = (n: number) => Date.UTC(2026, 0, 1) + n * DAY;
const compiled = (...rules: Partial<S3.LifecycleRule>[]) =>
  compileLifecycle({
    Rules: rules.map((rule, index) => ({ ID: `r${index}`, Status: "Enabled", Filter: {}, ...rule })),
  });

/** `key@day`, `*` for the latest, `!` for a delete marker. */
function version(text: string): ObjectVersion {
  const [, key = "", made = "0", marks = ""] = /^([a-z]+)@(\d+)([*!]*)$/.exec(text) ?? [];
  return {
    bucketId: "b" as BucketId,
    key,
    versionId: text,
    isLatest: marks.includes("*"),
    deleteMarker: marks.includes("!"),
    lastModified: day(Number(made)),
    owner: "111122223333" as AccountId,
    size: marks.includes("!") ? 0 : 1,
    etag: "e",
    headers: {},
    metadata: {},
    tags: [],
    lock: {},
    encryption: { mode: "none" },
  };
}

function walk(rules: Partial<S3.LifecycleRule>, now: number, ...versions: string[]): string[] {
  const walker = new VersionWalk(compiled(rules), day(now));
  const planned = [...versions.flatMap((text) => walker.next(version(text))), ...walker.end()];
  return planned.map(({ version: { versionId }, plan }) => `${plan.action} ${versionId}`);
}

describe("VersionWalk", () => {
  const noncurrent = { NoncurrentVersionExpiration: { NoncurrentDays: 2 } };

  test("a version is noncurrent since it was replaced, not since it was made", () => {
    // a@0 was replaced on day 10: on day 11 it has been noncurrent for a day, although it is eleven days old.
    expect(walk(noncurrent, 11, "a@10*", "a@0")).toEqual([]);
    expect(walk(noncurrent, 13, "a@10*", "a@0")).toEqual(["remove-noncurrent a@0"]);
    expect(walk(noncurrent, 13, "a@12*", "a@10", "a@0")).toEqual(["remove-noncurrent a@0"]);
  });

  test("the kept noncurrent versions are counted per key", () => {
    const rule = { NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 1 } };
    expect(walk(rule, 50, "a@3*", "a@2", "a@1", "b@3*", "b@2", "b@1")).toEqual([
      "remove-noncurrent a@1",
      "remove-noncurrent b@1",
    ]);
  });

  test("a marker with versions under it is not alone, also at the end", () => {
    const rule = { Expiration: { ExpiredObjectDeleteMarker: true } };
    expect(walk(rule, 50, "a@3*!", "a@2", "b@1*!", "c@1*!", "c@0!")).toEqual(["remove-delete-marker b@1*!"]);
    expect(walk(rule, 50, "a@3*!")).toEqual(["remove-delete-marker a@3*!"]);
  });
});

const CAUSE = causeOfService("s3.amazonaws.com", systemRandom);

describe("applyAction() leaves alone what has changed since it was listed", () => {
  let world: World;
  let Bucket: string;
  beforeAll(async () => {
    world = await openWorld();
    Bucket = await world.bucket();
    await world.call("PutBucketVersioning", { Bucket, VersioningConfiguration: { Status: "Enabled" } });
  });
  afterAll(() => world.close());
  const apply = (listed: ObjectVersion, action: PlannedAction["plan"]["action"]) =>
    applyAction(
      world.environment,
      world.planes.bucket(Bucket)!,
      { version: listed, plan: { action, ruleId: "r" } },
      CAUSE,
    );
  const head = async (key: string, versionId?: string) =>
    (await world.engine.head(world.planes.bucket(Bucket)!.bucketId, key, versionId))!;

  test("an object that was written anew does not expire", async () => {
    await world.put(Bucket, "k", "old");
    const listed = await head("k");
    await world.put(Bucket, "k", "new");
    expect(await apply(listed, "expire")).toBe("moved");
    expect(await world.text(Bucket, "k")).toBe("new");
    expect(await apply(await head("k"), "expire")).toBe("done");
  });

  test("a version that became current again is not removed as noncurrent", async () => {
    const first = await world.put(Bucket, "n", "1");
    const second = await world.put(Bucket, "n", "2");
    const listed = await head("n", first.VersionId);
    await world.call("DeleteObject", { Bucket, Key: "n", VersionId: second.VersionId });
    expect(await apply(listed, "remove-noncurrent")).toBe("moved");
    expect(await world.text(Bucket, "n")).toBe("1");
  });
});
