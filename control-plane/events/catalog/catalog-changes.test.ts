import { describe, expect, test } from "bun:test";
import {
  type CatalogRecord,
  CLOUD_ORG,
  type DataPlaneId,
  IDENTITY_KINDS,
  PLATFORM_KINDS,
  type PlatformKind,
  type Region,
  type ResourceId,
} from "#contracts";
import type { NewEvent } from "../new-event.ts";
import { completed } from "../testing/decisions.ts";
import { ACCOUNT, bucketConfigured, bucketCreated, bucketDeleted } from "../testing/sample-events.ts";
import { catalogChangesOf, PoisonEvent } from "./catalog-changes.ts";
import { addressOfEvent } from "./catalog-keys.ts";
import { CatalogViews } from "./catalog-views.ts";

type EntityEvent = Extract<NewEvent, { readonly type: `${(typeof IDENTITY_KINDS)[number]}.${string}` }>;

const entity = (type: EntityEvent["type"], payload: object): NewEvent =>
  ({ type, aggregateId: "E1", org: ACCOUNT, payload: { entityId: "E1", accountId: ACCOUNT, ...payload } }) as NewEvent;

const key = (type: "accessKey.created" | "accessKey.updated" | "accessKey.deleted", more: object = {}): NewEvent => {
  const payload = { accessKeyId: "AKIA1", ...more };
  return { aggregateId: "AKIA1", org: ACCOUNT, type, payload } as NewEvent;
};
const keyCreated = key("accessKey.created", { accountId: ACCOUNT, owner: { type: "root" }, sealedSecret: "v1.x.y" });

const account = (type: "account.created" | "account.configured", payload: object): NewEvent =>
  ({ type, aggregateId: ACCOUNT, org: ACCOUNT, payload: { accountId: ACCOUNT, ...payload } }) as NewEvent;
const accountCreated = account("account.created", { name: "main", canonicalUserId: "c" });

/** Folds events one after the other and tells the story, a line per event. */
function story(...events: readonly NewEvent[]): string {
  const views = new CatalogViews();
  return events
    .map((event) => {
      const complete = completed(event);
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

/** What of a record changes in these stories. */
function shown(record: CatalogRecord | undefined): string {
  if (record === undefined) return "gone";
  switch (record.kind) {
    case "account":
      return record.alias === undefined ? record.name : `${record.name} alias ${record.alias}`;
    case "accessKey":
      return `${record.status} ${record.owner.type === "root" ? "root" : record.owner.userName}`;
    case "bucket":
      return `${record.bucketId} ${JSON.stringify(record.sections)}`;
    case "dataPlane":
      return record.name;
    case "queue":
    case "table":
      return `${record.resourceId} r${record.revision} ${JSON.stringify(record.sections)}`;
    case "user":
    case "group":
    case "role":
    case "managedPolicy":
    case "instanceProfile":
    case "oidcProvider":
      return `${record.path}${record.name} r${record.revision} ${JSON.stringify(record.sections)}`;
    default:
      return JSON.stringify(record);
  }
}

describe("catalogChangesOf()", () => {
  test("tells the life of accounts, access keys and buckets", () => {
    expect(
      story(
        account("account.configured", { alias: "acme" }),
        accountCreated,
        accountCreated,
        account("account.configured", { alias: "acme" }),
        account("account.configured", { name: "Main" }),
        account("account.configured", { alias: null }),
        key("accessKey.updated", { status: "Inactive" }),
        keyCreated,
        key("accessKey.updated", { status: "Inactive" }),
        key("accessKey.updated", { owner: { type: "user", userName: "ada" } }),
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
        "account.configured → poison: there is no such account",
        "account.created → account 111122223333: main",
        "account.created → poison: the record exists already",
        "account.configured → account 111122223333: main alias acme",
        "account.configured → account 111122223333: Main alias acme",
        "account.configured → account 111122223333: Main",
        "accessKey.updated → poison: there is no such access key",
        "accessKey.created → accessKey AKIA1: Active root",
        "accessKey.updated → accessKey AKIA1: Inactive root",
        "accessKey.updated → accessKey AKIA1: Inactive ada",
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

  test("tells the life of a user: maps change by member, values as a whole, in the order of the catalogue", () => {
    const created = entity("user.created", { name: "ada", path: "/", sections: { tags: { b: "1" }, groups: {} } });
    const configured = (sections: object) => entity("user.configured", { sections });
    expect(
      story(
        configured({ tags: { a: "1" } }),
        created,
        created,
        configured({ tags: { c: "3", a: "2" }, boundary: "arn", inlinePolicies: { p: "{}" } }),
        configured({ tags: { b: null, none: null }, boundary: null }),
        configured(JSON.parse('{"inlinePolicies": {"__proto__": "{}", "p": null}, "tags": null}')),
        configured({ inlinePolicies: JSON.parse('{"__proto__": null}') }),
        entity("user.renamed", { name: "Ada", path: "/team/" }),
        entity("user.deleted", { name: "Ada" }),
        entity("user.deleted", { name: "Ada" }),
        entity("user.renamed", { name: "x", path: "/" }),
      ),
    ).toBe(
      [
        "user.configured → poison: there is no such user",
        'user.created → user E1: /ada r1 {"tags":{"b":"1"}}',
        "user.created → poison: the record exists already",
        'user.configured → user E1: /ada r2 {"inlinePolicies":{"p":"{}"},"boundary":"arn","tags":{"a":"2","b":"1","c":"3"}}',
        'user.configured → user E1: /ada r3 {"inlinePolicies":{"p":"{}"},"tags":{"a":"2","c":"3"}}',
        'user.configured → user E1: /ada r4 {"inlinePolicies":{"__proto__":"{}"}}',
        "user.configured → user E1: /ada r5 {}",
        "user.renamed → user E1: /team/Ada r6 {}",
        "user.deleted → user E1: gone",
        "user.deleted → poison: there is no such user",
        "user.renamed → poison: there is no such user",
      ].join("\n"),
    );
  });

  test.each(IDENTITY_KINDS)("tells the life of a %s", (kind) => {
    expect(
      story(
        entity(`${kind}.created`, { name: "n", path: "/", sections: {} }),
        entity(`${kind}.configured`, { sections: {} }),
        entity(`${kind}.renamed`, { name: "m", path: "/p/" }),
        entity(`${kind}.deleted`, { name: "m" }),
        entity(`${kind}.configured`, { sections: {} }),
      ),
    ).toMatch(
      new RegExp(
        [
          `${kind}.created → ${kind} E1: /n r1 {}`,
          `${kind}.configured → ${kind} E1: /n r2 {}`,
          `${kind}.renamed → ${kind} E1: /p/m r3 {}`,
          `${kind}.deleted → ${kind} E1: gone`,
          `${kind}.configured → poison: there is no such [A-Za-z ]+`,
        ].join("\n"),
      ),
    );
  });

  test.each(Object.keys(PLATFORM_KINDS) as PlatformKind[])(
    "tells the life of a %s, whose changes keep to what may change",
    (kind) => {
      const { key: names, changes } = PLATFORM_KINDS[kind];
      const reference = Object.fromEntries(names.map((name) => [name, `${name}-1`]));
      const members = { email: "a@b.example", name: "n", subject: { type: "person", personId: "p" }, hash: "h" };
      const event = (verb: string, payload: object) =>
        ({ type: `${kind}.${verb}`, aggregateId: "A", org: ACCOUNT, payload }) as unknown as NewEvent;
      const at = Object.values(reference).join("/");
      const changed = Object.fromEntries(changes.map((name) => [name, "new"]));
      const record = { kind, ...reference, ...members, ...reference, createdAt: 1_700_000_000_000 };
      const lines = story(
        event("created", { ...reference, ...members, ...reference }),
        event("changed", { ...reference, changes: { ...changed, kind: "x", createdAt: 0 } }),
        event("ended", reference),
        event("changed", { ...reference, changes: {} }),
      ).split("\n");
      expect(lines[0]).toBe(`${kind}.created → ${kind} ${at}: ${JSON.stringify(record)}`);
      expect(lines[1]).toBe(`${kind}.changed → ${kind} ${at}: ${JSON.stringify({ ...record, ...changed })}`);
      expect(lines[2]).toBe(`${kind}.ended → ${kind} ${at}: gone`);
      expect(lines[3]).toMatch(/→ poison: there is no such /);
    },
  );
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
