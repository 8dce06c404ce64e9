/** Conformance: events are committed with their writes, keep their order, and stay until they are forgotten. */

import { expect, test } from "bun:test";
import type { BucketId } from "#contracts";
import type { Announcement, ObjectEngine, OutboxEvent, VersioningState } from "../port.ts";
import {
  attributes,
  complete,
  type EngineFixture,
  freshBucket,
  NONE,
  OWNER,
  putPart,
  refusal,
  startUpload,
  text,
} from "./fixture.ts";

let destinations = 0;
const freshDestination = (): string => `arn:aws:sqs:us-east-1:111122223333:queue-${++destinations}`;

const announcement = (destination: string, event = "ObjectCreated:Put"): Announcement => ({
  destination,
  event,
  origin: `{"of":"${event}"}`,
});

interface PutChanges {
  readonly versioning?: VersioningState;
  readonly ifAbsent?: boolean;
}

async function announcedPut(
  engine: ObjectEngine,
  bucketId: BucketId,
  key: string,
  destination: string,
  { versioning = "Off", ifAbsent }: PutChanges = {},
) {
  const body = await engine.stageBytes(text(key), NONE);
  const precondition = ifAbsent === undefined ? undefined : { ifAbsent };
  const announce = announcement(destination);
  return engine.put({ bucketId, key, versioning, body, etag: "e", attributes: attributes(), precondition, announce });
}

const told = ({ event, key, versionId, size, etag }: OutboxEvent) => ({ event, key, versionId, size, etag });

export function outboxCases(fixture: () => EngineFixture): void {
  test("writes without an announcement leave nothing", async () => {
    const { engine } = fixture();
    const before = engine.outbox.destinations();
    const body = await engine.stageBytes(text("x"), NONE);
    const write = { bucketId: freshBucket(), key: "k", versioning: "Off", body, etag: "e" } as const;
    await engine.put({ ...write, attributes: attributes() });
    expect(engine.outbox.destinations()).toEqual(before);
  });

  test("an event says what was written, waits across a restart, and goes when it is forgotten", async () => {
    const bucketId = freshBucket();
    const to = freshDestination();
    const { version } = await announcedPut(fixture().engine, bucketId, "ü/1", to, { versioning: "Enabled" });
    await announcedPut(fixture().engine, bucketId, "ü/1", to, { versioning: "Suspended" });
    await fixture().reopen();
    const { engine } = fixture();
    expect(engine.outbox.destinations()).toContain(to);
    const waiting = engine.outbox.waiting(to, 10);
    expect(waiting.map(told)).toEqual([
      { event: "ObjectCreated:Put", key: "ü/1", versionId: version.versionId, size: 4, etag: "e" },
      { event: "ObjectCreated:Put", key: "ü/1", versionId: undefined, size: 4, etag: "e" },
    ]);
    const [first, second] = waiting;
    expect(first).toMatchObject({ destination: to, origin: '{"of":"ObjectCreated:Put"}', time: fixture().now() });
    expect(second!.id).toBeGreaterThan(first!.id);
    await engine.outbox.forget(to, [first!.id]);
    expect(engine.outbox.waiting(to, 10)).toEqual([second!]);
    await engine.outbox.forget(to, [first!.id, second!.id]);
    expect(engine.outbox.destinations()).not.toContain(to);
    // An id that was given once is not given again: forgetting late takes nothing else.
    await announcedPut(engine, bucketId, "later", to);
    await engine.outbox.forget(to, [first!.id, second!.id]);
    expect(engine.outbox.waiting(to, 10)).toHaveLength(1);
  });

  test("limits and destinations keep apart", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const [one, two] = [freshDestination(), freshDestination()];
    for (const key of ["a", "b", "c"]) await announcedPut(engine, bucketId, key, one);
    await announcedPut(engine, bucketId, "d", two);
    expect(engine.outbox.waiting(one, 2).map(({ key }) => key)).toEqual(["a", "b"]);
    expect(engine.outbox.waiting(two, 2).map(({ key }) => key)).toEqual(["d"]);
  });

  test("a refused write announces nothing", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const to = freshDestination();
    await announcedPut(engine, bucketId, "k", to);
    expect(await refusal(announcedPut(engine, bucketId, "k", to, { ifAbsent: true }))).toBe("PreconditionFailed");
    expect(engine.outbox.waiting(to, 10)).toHaveLength(1);
  });

  test("a deletion announces what it turned out to be, and nothing when there was nothing", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const to = freshDestination();
    const announce = { removed: announcement(to, "Delete"), marked: announcement(to, "Marker") };
    const target = { bucketId, key: "k", owner: OWNER, announce };
    await engine.delete({ ...target, versioning: "Off" });
    expect(engine.outbox.waiting(to, 10)).toEqual([]);
    await announcedPut(engine, bucketId, "k", freshDestination());
    await engine.delete({ ...target, versioning: "Off" });
    const marker = await engine.delete({ ...target, versioning: "Enabled" });
    await engine.delete({ ...target, versioning: "Enabled", versionId: marker.versionId });
    await engine.delete({ ...target, versioning: "Enabled", versionId: marker.versionId });
    await engine.delete({ ...target, versioning: "Suspended" });
    const { versionId } = marker;
    expect(engine.outbox.waiting(to, 10).map(told)).toEqual([
      { event: "Delete", key: "k", versionId: undefined, size: undefined, etag: undefined },
      { event: "Marker", key: "k", versionId, size: undefined, etag: undefined },
      { event: "Delete", key: "k", versionId, size: undefined, etag: undefined },
      { event: "Marker", key: "k", versionId: undefined, size: undefined, etag: undefined },
    ]);
  });

  test("tags are announced whenever they are put, an ACL when it is another one", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const to = freshDestination();
    await announcedPut(engine, bucketId, "k", freshDestination());
    const target = { bucketId, key: "k" };
    const tags = [{ Key: "a", Value: "1" }];
    for (let times = 0; times < 2; times++) {
      await engine.update({ ...target, set: { tags }, announce: announcement(to, "Tags") });
      await engine.update({ ...target, set: { acl: { Grants: [] } }, announce: announcement(to, "Acl") });
    }
    expect(engine.outbox.waiting(to, 10).map(({ event }) => event)).toEqual(["Tags", "Acl", "Tags"]);
  });

  test("an upload that is completed twice is announced once", async () => {
    const { engine } = fixture();
    const to = freshDestination();
    const upload = await startUpload(engine, freshBucket(), "k");
    const bytes = text("part");
    await putPart(engine, upload, 1, bytes);
    const announce = announcement(to, "Complete");
    for (let times = 0; times < 2; times++) await complete(engine, upload, [[1, bytes]], { announce });
    expect(engine.outbox.waiting(to, 10).map(told)).toEqual([
      { event: "Complete", key: "k", versionId: undefined, size: 4, etag: "whole-1" },
    ]);
  });

  test("who listens hears after the commit, and no more once they have stopped", async () => {
    const { engine } = fixture();
    const to = freshDestination();
    const heard: number[] = [];
    const stop = engine.outbox.onArrival((destination) => {
      if (destination === to) heard.push(engine.outbox.waiting(to, 10).length);
    });
    await announcedPut(engine, freshBucket(), "k", to);
    expect(heard).toEqual([1]);
    stop();
    await announcedPut(engine, freshBucket(), "k", to);
    expect(heard).toEqual([1]);
  });
}
