import { describe, expect, test } from "bun:test";
import {
  type AccountId,
  type CatalogRecord,
  CLOUD_ORG,
  type DataPlaneId,
  type Region,
  type ResourceId,
} from "#contracts";
import { type AnyEvent, EVENT_TYPES, type NewEvent } from "../new-event.ts";
import { ACCOUNT, bucketConfigured, bucketCreated, bucketDeleted, ORIGIN } from "../testing/sample-events.ts";
import { catalogChangesOf, PoisonEvent } from "./catalog-changes.ts";
import { addressOfEvent } from "./catalog-keys.ts";
import { CatalogViews } from "./catalog-views.ts";

const USER = { accountId: ACCOUNT, userName: "ada" };
const user = (type: "user.created" | "user.deleted"): NewEvent =>
  type === "user.created"
    ? { type, aggregateId: "AIDA1", org: ACCOUNT, payload: { ...USER, userId: "AIDA1", path: "/" } }
    : { type, aggregateId: "AIDA1", org: ACCOUNT, payload: USER };
const policy = (policyName: string, document: string | null): NewEvent => {
  const base = { aggregateId: "AIDA1", org: ACCOUNT };
  if (document === null) return { ...base, type: "userPolicy.deleted", payload: { ...USER, policyName } };
  return { ...base, type: "userPolicy.put", payload: { ...USER, policyName, document } };
};
const key = (type: "accessKey.created" | "accessKey.updated" | "accessKey.deleted"): NewEvent => {
  const base = { aggregateId: "AKIA1", org: ACCOUNT };
  const accessKeyId = "AKIA1";
  if (type === "accessKey.updated") return { ...base, type, payload: { accessKeyId, status: "Inactive" } };
  if (type === "accessKey.deleted") return { ...base, type, payload: { accessKeyId } };
  return {
    ...base,
    type,
    payload: { accessKeyId, accountId: ACCOUNT, owner: { type: "root" }, sealedSecret: "v1.x.y" },
  };
};
const account: NewEvent = {
  type: "account.created",
  aggregateId: ACCOUNT,
  org: ACCOUNT,
  payload: { accountId: ACCOUNT, name: "main", canonicalUserId: "c" },
};

/** Folds events one after the other and tells the story, a line per event. */
function story(...events: readonly NewEvent[]): string {
  const views = new CatalogViews();
  return events
    .map((event) => {
      const complete = {
        ...ORIGIN,
        ...event,
        id: 1,
        version: 1,
        aggregateType: EVENT_TYPES[event.type].aggregate,
      } as AnyEvent;
      try {
        const changes = catalogChangesOf(complete, (kind, name) => views.record(kind, name));
        for (const change of changes) views.apply(change);
        const { kind, key: name } = addressOfEvent(complete);
        return `${event.type} → ${kind} ${name}: ${shown(views.record(kind, name))}`;
      } catch (error) {
        if (!(error instanceof PoisonEvent)) throw error;
        return `${event.type} → poison${error.message.slice(error.message.indexOf(":"))}`;
      }
    })
    .join("\n");
}

function shown(record: CatalogRecord | undefined): string {
  switch (record?.kind) {
    case undefined:
      return "gone";
    case "account":
      return record.name;
    case "user":
      return `${record.userId} ${JSON.stringify(record.inlinePolicies)}`;
    case "accessKey":
      return record.status;
    case "bucket":
      return `${record.bucketId} ${JSON.stringify(record.sections)}`;
    case "dataPlane":
      return record.name;
    case "queue":
    case "table":
      return `${record.resourceId} r${record.revision} ${JSON.stringify(record.sections)}`;
  }
}

describe("catalogChangesOf()", () => {
  test("tells the life of every kind of record", () => {
    expect(
      story(
        account,
        account,
        user("user.created"),
        policy("p", "{}"),
        policy("a", "{ }"),
        policy("p", null),
        user("user.deleted"),
        user("user.deleted"),
        policy("p", "{}"),
        key("accessKey.updated"),
        key("accessKey.created"),
        key("accessKey.updated"),
        key("accessKey.deleted"),
        bucketCreated("b", "one"),
        bucketCreated("b", "two"),
        bucketConfigured("b", { x: 1 }, "one"),
        bucketConfigured("b", { x: 2 }, "two"),
        bucketConfigured("b", null, "one"),
        bucketDeleted("b", "two"),
        bucketDeleted("b", "one"),
        bucketCreated("b", "two"),
      ),
    ).toBe(
      [
        "account.created → account 111122223333: main",
        "account.created → poison: the record exists already",
        "user.created → user 111122223333/ada: AIDA1 {}",
        'userPolicy.put → user 111122223333/ada: AIDA1 {"p":"{}"}',
        'userPolicy.put → user 111122223333/ada: AIDA1 {"a":"{ }","p":"{}"}',
        'userPolicy.deleted → user 111122223333/ada: AIDA1 {"a":"{ }"}',
        "user.deleted → user 111122223333/ada: gone",
        "user.deleted → poison: there is no such user",
        "userPolicy.put → poison: there is no such user",
        "accessKey.updated → poison: there is no such access key",
        "accessKey.created → accessKey AKIA1: Active",
        "accessKey.updated → accessKey AKIA1: Inactive",
        "accessKey.deleted → accessKey AKIA1: gone",
        "bucket.created → bucket b: one {}",
        "bucket.created → poison: the record exists already",
        'bucket.configured → bucket b: one {"tagging":{"x":1}}',
        "bucket.configured → poison: the bucket is another incarnation",
        "bucket.configured → bucket b: one {}",
        "bucket.deleted → poison: the bucket is another incarnation",
        "bucket.deleted → bucket b: gone",
        "bucket.created → bucket b: two {}",
      ].join("\n"),
    );
  });
});

test("tells of the data plane that is enrolled and forgotten", () => {
  const base = { aggregateId: "dp-1", org: CLOUD_ORG };
  const dataPlaneId = "dp-1" as DataPlaneId;
  const enrolled: NewEvent = { ...base, type: "dataPlane.enrolled", payload: { dataPlaneId, name: "rack 1" } };
  const forgotten: NewEvent = { ...base, type: "dataPlane.forgotten", payload: { dataPlaneId } };
  expect(story(forgotten, enrolled, enrolled, forgotten)).toBe(
    [
      "dataPlane.forgotten → poison: there is no such data plane",
      "dataPlane.enrolled → dataPlane dp-1: rack 1",
      "dataPlane.enrolled → poison: the record exists already",
      "dataPlane.forgotten → dataPlane dp-1: gone",
    ].join("\n"),
  );
});

test("tells the life of a regional resource", () => {
  const place = (resourceId: string) => ({
    resourceId: resourceId as ResourceId,
    accountId: ACCOUNT,
    region: "us-east-1" as Region,
    name: "jobs",
  });
  const base = { aggregateId: "one", org: ACCOUNT };
  const created: NewEvent = {
    ...base,
    type: "queue.created",
    payload: { ...place("one"), sections: { tags: { a: "1" } } },
  };
  const configured = (resourceId: string, tags: Record<string, string> | null): NewEvent => ({
    ...base,
    type: "queue.configured",
    payload: { ...place(resourceId), sections: { tags, attributes: { DelaySeconds: "1" } } },
  });
  const deleted = (resourceId: string): NewEvent => ({ ...base, type: "queue.deleted", payload: place(resourceId) });
  expect(
    story(
      configured("one", null),
      created,
      created,
      configured("two", null),
      configured("one", { b: "2" }),
      configured("one", null),
      deleted("two"),
      deleted("one"),
    ),
  ).toBe(
    [
      "queue.configured → poison: there is no such queue",
      'queue.created → queue 111122223333/us-east-1/jobs: one r1 {"tags":{"a":"1"}}',
      "queue.created → poison: the record exists already",
      "queue.configured → poison: the queue is another incarnation",
      'queue.configured → queue 111122223333/us-east-1/jobs: one r2 {"attributes":{"DelaySeconds":"1"},"tags":{"b":"2"}}',
      'queue.configured → queue 111122223333/us-east-1/jobs: one r3 {"attributes":{"DelaySeconds":"1"}}',
      "queue.deleted → poison: the queue is another incarnation",
      "queue.deleted → queue 111122223333/us-east-1/jobs: gone",
    ].join("\n"),
  );
});

describe("CatalogViews", () => {
  test("apply() returns the change that undoes it, indexes included", () => {
    const views = new CatalogViews();
    const record = {
      kind: "user",
      accountId: "1" as AccountId,
      userName: "Ada",
      userId: "AIDA1",
      path: "/",
      inlinePolicies: {},
      createdAt: 0,
    } as const;
    const undo = views.apply({ change: "upsert", key: "1/Ada", record });
    expect(views.userByAnyCase("1" as AccountId, "aDA")).toBe(record);
    const undoSecond = views.apply({ change: "upsert", key: "1/Ada", record: { ...record, path: "/x/" } });
    expect(views.userCount("1" as AccountId)).toBe(1);
    views.apply(undoSecond);
    expect(views.user("1" as AccountId, "Ada")).toBe(record);
    views.apply(undo);
    expect([views.userCount("1" as AccountId), views.count("user")]).toEqual([0, 0]);
    expect(views.userByAnyCase("1" as AccountId, "Ada")).toBeUndefined();
  });
});
