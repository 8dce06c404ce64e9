/** Conformance: versions, delete markers, object lock. */

import { expect, test } from "bun:test";
import type { BucketId } from "#contracts";
import type { ObjectEngine } from "../port.ts";
import { bytesOf, type EngineFixture, freshBucket, put, query, refusal, remove, text, textAt } from "./fixture.ts";

const HOUR = 3_600_000;

/** The versions of a bucket as short texts, for comparing whole histories. */
async function history(engine: ObjectEngine, bucketId: BucketId): Promise<string[]> {
  const { entries } = await engine.listVersions(query(bucketId));
  const lines: string[] = [];
  for (const version of entries) {
    const content = version.deleteMarker ? "marker" : new TextDecoder().decode(await bytesOf(engine, version));
    const id = version.versionId === "null" ? " null" : "";
    lines.push(`${version.key}: ${content}${id}${version.isLatest ? " latest" : ""}`);
  }
  return lines;
}

export function versionCases(fixture: () => EngineFixture): void {
  test("enabled: every put makes a version, delete makes a marker, deleting the marker brings the object back", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const versioning = "Enabled";
    const one = await put(engine, bucketId, "k", text("1"), { versioning });
    const two = await put(engine, bucketId, "k", text("2"), { versioning });
    expect(one.version.versionId).toMatch(/^[-0-9A-Za-z_]{32}$/);
    expect(one.version.versionId < two.version.versionId).toBe(true);
    const marker = await remove(engine, bucketId, "k", { versioning });
    expect([marker.deleteMarker, marker.removed]).toEqual([true, undefined]);
    expect(await history(engine, bucketId)).toEqual(["k: marker latest", "k: 2", "k: 1"]);
    expect(await textAt(engine, bucketId, "k")).toBe("(delete marker)");
    expect(await engine.head(bucketId, "k", marker.versionId)).toMatchObject({ deleteMarker: true, isLatest: true });
    expect((await engine.list(query(bucketId))).entries).toEqual([]);
    expect(await engine.usage(bucketId)).toMatchObject({ objects: 0, versions: 3, bytes: 2 });

    const undone = await remove(engine, bucketId, "k", { versioning, versionId: marker.versionId });
    expect(undone).toMatchObject({ deleteMarker: true, versionId: marker.versionId });
    expect(await history(engine, bucketId)).toEqual(["k: 2 latest", "k: 1"]);
    expect(await engine.usage(bucketId)).toMatchObject({ objects: 1, versions: 2, bytes: 2 });
    await remove(engine, bucketId, "k", { versioning, versionId: two.version.versionId });
    expect(await textAt(engine, bucketId, "k")).toBe("1");
    expect(await engine.head(bucketId, "k", two.version.versionId)).toBeUndefined();
  });

  test("enabled: delete of a key that never was makes a marker too", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const { versionId } = await remove(engine, bucketId, "ghost", { versioning: "Enabled" });
    expect(await history(engine, bucketId)).toEqual(["ghost: marker latest"]);
    await remove(engine, bucketId, "ghost", { versioning: "Enabled", versionId });
    expect(await engine.usage(bucketId)).toEqual({ objects: 0, versions: 0, bytes: 0, uploads: 0 });
  });

  test("an object from before versioning is the null version and stays", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    await put(engine, bucketId, "k", text("old"));
    await put(engine, bucketId, "k", text("new"), { versioning: "Enabled" });
    expect(await history(engine, bucketId)).toEqual(["k: new latest", "k: old null"]);
    expect(await engine.head(bucketId, "k", "null")).toMatchObject({ isLatest: false, size: 3 });
    await remove(engine, bucketId, "k", { versioning: "Enabled", versionId: "null" });
    expect(await history(engine, bucketId)).toEqual(["k: new latest"]);
  });

  test("suspended: puts and deletes replace the null version wherever it stands", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    await put(engine, bucketId, "k", text("v1"), { versioning: "Enabled" });
    await put(engine, bucketId, "k", text("n1"), { versioning: "Suspended" });
    expect(await history(engine, bucketId)).toEqual(["k: n1 null latest", "k: v1"]);
    await put(engine, bucketId, "k", text("n2"), { versioning: "Suspended" });
    expect(await history(engine, bucketId)).toEqual(["k: n2 null latest", "k: v1"]);
    await put(engine, bucketId, "k", text("v2"), { versioning: "Enabled" });
    expect(await history(engine, bucketId)).toEqual(["k: v2 latest", "k: n2 null", "k: v1"]);
    const marker = await remove(engine, bucketId, "k", { versioning: "Suspended" });
    expect(marker).toMatchObject({ versionId: "null", deleteMarker: true, removed: { size: 2 } });
    expect(await history(engine, bucketId)).toEqual(["k: marker null latest", "k: v2", "k: v1"]);
    await put(engine, bucketId, "k", text("n3"), { versioning: "Suspended" });
    expect(await history(engine, bucketId)).toEqual(["k: n3 null latest", "k: v2", "k: v1"]);
    expect(await engine.usage(bucketId)).toMatchObject({ objects: 1, versions: 3, bytes: 6 });
  });

  test("markers stacked on markers are removed one by one", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const versioning = "Enabled";
    await put(engine, bucketId, "k", text("1"), { versioning });
    const lower = await remove(engine, bucketId, "k", { versioning });
    const upper = await remove(engine, bucketId, "k", { versioning });
    await remove(engine, bucketId, "k", { versioning, versionId: lower.versionId });
    expect(await history(engine, bucketId)).toEqual(["k: marker latest", "k: 1"]);
    await remove(engine, bucketId, "k", { versioning, versionId: upper.versionId });
    expect(await history(engine, bucketId)).toEqual(["k: 1 latest"]);
  });

  test("a condition of absence holds over a delete marker", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const versioning = "Enabled";
    await put(engine, bucketId, "k", text("1"), { versioning });
    const again = () => put(engine, bucketId, "k", text("2"), { versioning, precondition: { ifAbsent: true } });
    expect(await refusal(again())).toBe("PreconditionFailed");
    await remove(engine, bucketId, "k", { versioning });
    expect(await refusal(again())).toBe("(fulfilled)");
  });

  test("update reaches an old version and no marker", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const versioning = "Enabled";
    const { version } = await put(engine, bucketId, "k", text("1"), { versioning });
    await put(engine, bucketId, "k", text("2"), { versioning });
    const set = { tags: [{ Key: "old", Value: "yes" }] };
    await engine.update({ bucketId, key: "k", versionId: version.versionId, set });
    expect((await engine.head(bucketId, "k", version.versionId))?.tags).toEqual(set.tags);
    expect((await engine.head(bucketId, "k"))?.tags).toEqual([]);
    const marker = await remove(engine, bucketId, "k", { versioning });
    expect(await refusal(engine.update({ bucketId, key: "k", set }))).toBe("NoSuchKey");
    expect(await refusal(engine.update({ bucketId, key: "k", versionId: marker.versionId, set }))).toBe(
      "NoSuchVersion",
    );
  });

  test("legal hold and retention keep a version, each by itself", async () => {
    const { engine, now, advance } = fixture();
    const bucketId = freshBucket();
    const versioning = "Enabled";
    const lock = { mode: "GOVERNANCE", retainUntil: now() + HOUR, legalHold: true } as const;
    const { version } = await put(engine, bucketId, "k", text("1"), { versioning, attributes: { lock } });
    const { versionId } = version;
    expect(version.lock).toEqual(lock);
    const destroy = (bypassGovernance: boolean) =>
      refusal(remove(engine, bucketId, "k", { versioning, versionId, bypassGovernance }));
    expect(await destroy(true)).toBe("ObjectLocked");
    await engine.update({ bucketId, key: "k", versionId, set: { legalHold: false } });
    expect(await destroy(false)).toBe("ObjectLocked");
    expect((await remove(engine, bucketId, "k", { versioning })).deleteMarker).toBe(true);
    expect(await destroy(true)).toBe("(fulfilled)");
    const later = await put(engine, bucketId, "k", text("2"), {
      versioning,
      attributes: { lock: { ...lock, legalHold: false } },
    });
    advance(2 * HOUR);
    expect(await refusal(remove(engine, bucketId, "k", { versioning, versionId: later.version.versionId }))).toBe(
      "(fulfilled)",
    );
  });

  test("compliance is never shortened, lifted or weakened; only extended", async () => {
    const { engine, now, advance } = fixture();
    const bucketId = freshBucket();
    const versioning = "Enabled";
    const retainUntil = now() + HOUR;
    const lock = { mode: "COMPLIANCE", retainUntil } as const;
    const { version } = await put(engine, bucketId, "k", text("1"), { versioning, attributes: { lock } });
    const { versionId } = version;
    const retain = (retention: { mode: "GOVERNANCE" | "COMPLIANCE"; retainUntil: number } | null) =>
      refusal(engine.update({ bucketId, key: "k", versionId, bypassGovernance: true, set: { retention } }));
    expect(await retain(null)).toBe("ObjectLocked");
    expect(await retain({ mode: "COMPLIANCE", retainUntil: retainUntil - 1 })).toBe("ObjectLocked");
    expect(await retain({ mode: "GOVERNANCE", retainUntil: retainUntil + HOUR })).toBe("ObjectLocked");
    expect(await retain({ mode: "COMPLIANCE", retainUntil: retainUntil + HOUR })).toBe("(fulfilled)");
    const destroy = () => refusal(remove(engine, bucketId, "k", { versioning, versionId, bypassGovernance: true }));
    advance(HOUR + 1);
    expect(await destroy()).toBe("ObjectLocked");
    advance(HOUR);
    expect(await destroy()).toBe("(fulfilled)");
  });

  test("governance is changed with the bypass, and extended without", async () => {
    const { engine, now } = fixture();
    const bucketId = freshBucket();
    const retainUntil = now() + HOUR;
    const lock = { mode: "GOVERNANCE", retainUntil } as const;
    await put(engine, bucketId, "k", text("1"), { versioning: "Enabled", attributes: { lock } });
    const retain = (change: { mode: "GOVERNANCE" | "COMPLIANCE"; retainUntil: number } | null, bypass: boolean) =>
      refusal(engine.update({ bucketId, key: "k", bypassGovernance: bypass, set: { retention: change } }));
    expect(await retain({ mode: "GOVERNANCE", retainUntil: retainUntil + 5 }, false)).toBe("(fulfilled)");
    expect(await retain({ mode: "GOVERNANCE", retainUntil }, false)).toBe("ObjectLocked");
    expect(await retain({ mode: "COMPLIANCE", retainUntil: retainUntil + 5 }, false)).toBe("ObjectLocked");
    expect(await retain(null, false)).toBe("ObjectLocked");
    expect(await retain({ mode: "GOVERNANCE", retainUntil }, true)).toBe("(fulfilled)");
    expect(await retain(null, true)).toBe("(fulfilled)");
    expect((await engine.head(bucketId, "k"))?.lock).toEqual({});
  });
}
