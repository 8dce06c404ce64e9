import { beforeEach, describe, expect, test } from "bun:test";
import type { AccountId, BucketId, BucketSection, EventEnvelope, EventId, Region } from "#contracts";
import {
  type AnyEvent,
  CatalogViews,
  type CommandHandler,
  type CommandOf,
  catalogChangesOf,
  type Decision,
  definitionOf,
  type NewEvent,
} from "#control-plane/events";
import { createBucketHandlers, type ResourceCommands } from "./index.ts";

const ACCOUNT = "111122223333" as AccountId;
const OTHER = "999988887777" as AccountId;
const EAST = "us-east-1" as Region;
const WEST = "eu-west-1" as Region;

let views = new CatalogViews();
let drawn = 0;
const handlers = createBucketHandlers({
  newBucketId: () => `id-${++drawn}` as BucketId,
  limits: { bucketsPerAccount: 3 },
});

function append(events: readonly NewEvent[]): void {
  for (const event of events) {
    const { kind: aggregateType, definition } = definitionOf(event.type)!;
    const complete = {
      ...event,
      id: 1 as EventId,
      occurredAt: 7,
      version: definition.version,
      aggregateType,
    } as EventEnvelope as AnyEvent;
    for (const change of catalogChangesOf(complete, (kind, key) => views.record(kind, key))) views.apply(change);
  }
}

function run<Given extends CommandOf<ResourceCommands>>(command: Given): Decision<Given["type"]> {
  const handler = handlers[command.type] as CommandHandler<Given["type"]>;
  const decision = handler(command as never, views);
  if (decision.ok) append(decision.events);
  return decision;
}

function create(name: string, rest: Partial<CommandOf<"bucket.create">> = {}): Decision<"bucket.create"> {
  const base = { accountId: ACCOUNT, name, region: WEST, objectLockEnabled: false, sections: {} };
  return run({ ...base, ...rest, type: "bucket.create" });
}

function configure(name: string, section: BucketSection, value: unknown): Decision<"bucket.configure"> {
  const bucketId = views.bucket(name)?.bucketId ?? ("none" as BucketId);
  return run({ type: "bucket.configure", bucketId, name, section, value });
}

function codeOf(decision: Decision<ResourceCommands>): string {
  return decision.ok ? `ok ${decision.events.length}` : decision.code;
}

const account = (accountId: AccountId): NewEvent => ({
  type: "account.created",
  aggregateId: accountId,
  org: accountId,
  payload: { accountId, name: accountId, canonicalUserId: "c" },
});

beforeEach(() => {
  views = new CatalogViews();
  append([account(ACCOUNT), account(OTHER)]);
});

describe("bucket.create", () => {
  test("keeps the sections it is given", () => {
    const tagging = { TagSet: [{ Key: "a", Value: "b" }] };
    expect(codeOf(create("abc", { sections: { tagging, policy: "{}" } }))).toBe("ok 1");
    expect(views.bucket("abc")).toMatchObject({ region: WEST, createdAt: 7, sections: { tagging, policy: "{}" } });
  });

  test("names are unique in the whole cloud", () => {
    create("abc");
    expect(create("abc")).toMatchObject({ code: "BucketAlreadyOwnedByYou" });
    expect(create("abc", { region: EAST })).toMatchObject({ code: "BucketAlreadyOwnedByYou" });
    expect(create("abc", { accountId: OTHER })).toMatchObject({ code: "BucketAlreadyExists" });
    expect(create("abc", { accountId: OTHER, region: EAST })).toMatchObject({ code: "BucketAlreadyExists" });
  });

  test("again by the owner in us-east-1 succeeds, with the same identity and the ACL of the request", () => {
    const first = create("abc", { region: EAST, sections: { acl: { Grants: [1] }, tagging: { TagSet: [] } } });
    const again = create("abc", { region: EAST });
    expect(codeOf(again)).toBe("ok 1");
    expect(again.ok && first.ok && again.result.bucketId === first.result.bucketId).toBe(true);
    expect(views.bucket("abc")?.sections).toEqual({ tagging: { TagSet: [] } });
    expect(codeOf(create("abc", { region: EAST }))).toBe("ok 0");
    expect(create("abc", { region: WEST })).toMatchObject({ code: "BucketAlreadyOwnedByYou" });
  });

  test("is limited per account", () => {
    expect(["b-1", "b-2", "b-3", "b-4"].map((name) => codeOf(create(name)))).toEqual([
      "ok 1",
      "ok 1",
      "ok 1",
      "TooManyBuckets",
    ]);
    expect(codeOf(create("b-4", { accountId: OTHER }))).toBe("ok 1");
    run({ type: "bucket.delete", bucketId: views.bucket("b-1")!.bucketId, name: "b-1" });
    expect(codeOf(create("b-5"))).toBe("ok 1");
  });

  test("is refused for names, regions, sections and accounts that cannot be", () => {
    expect(codeOf(create("ABC"))).toBe("ValidationFailed");
    expect(codeOf(create("abc", { region: "mars" as Region }))).toBe("ValidationFailed");
    expect(codeOf(create("abc", { accountId: "000000000000" as AccountId }))).toBe("NoSuchAccount");
    const sections: readonly Record<string, unknown>[] = [
      { nothing: {} },
      { tagging: null },
      { tagging: "text" },
      { policy: {} },
      { policy: "[" },
      { policy: `"${"x".repeat(21_000)}"` },
      { cors: { x: "x".repeat(140_000) } },
      { versioning: {} },
      { objectLock: { ObjectLockEnabled: "Enabled" } },
    ];
    for (const one of sections)
      expect(codeOf(create("abc", { sections: one })), JSON.stringify(one).slice(0, 50)).toBe("ValidationFailed");
  });
});

describe("object lock", () => {
  test("brings versioning with it, which cannot be suspended or removed", () => {
    expect(codeOf(create("abc", { objectLockEnabled: true }))).toBe("ok 1");
    expect(views.bucket("abc")).toMatchObject({
      objectLockEnabled: true,
      sections: { versioning: { Status: "Enabled" }, objectLock: { ObjectLockEnabled: "Enabled" } },
    });
    expect(codeOf(configure("abc", "versioning", { Status: "Suspended" }))).toBe("ValidationFailed");
    expect(codeOf(configure("abc", "versioning", null))).toBe("ValidationFailed");
    expect(codeOf(configure("abc", "objectLock", null))).toBe("ValidationFailed");
    expect(codeOf(configure("abc", "objectLock", { ObjectLockEnabled: "Enabled", Rule: {} }))).toBe("ok 1");
    const suspended = { versioning: { Status: "Suspended" } };
    expect(codeOf(create("def", { objectLockEnabled: true, sections: suspended }))).toBe("ValidationFailed");
  });

  test("can be switched on later, once versioning is enabled, and never goes off", () => {
    create("abc");
    const lock = { ObjectLockEnabled: "Enabled" };
    expect(codeOf(configure("abc", "objectLock", lock))).toBe("ValidationFailed");
    expect(codeOf(configure("abc", "objectLock", null))).toBe("ok 0");
    configure("abc", "versioning", { Status: "Enabled" });
    expect(codeOf(configure("abc", "objectLock", lock))).toBe("ok 1");
    expect(views.bucket("abc")?.objectLockEnabled).toBe(true);
    expect(codeOf(configure("abc", "versioning", { Status: "Suspended" }))).toBe("ValidationFailed");
  });
});

describe("bucket.configure", () => {
  beforeEach(() => void create("abc"));

  test("sets, replaces and removes a section; the same again appends nothing", () => {
    expect(codeOf(configure("abc", "tagging", { TagSet: [], a: 1 }))).toBe("ok 1");
    expect(codeOf(configure("abc", "tagging", { a: 1, TagSet: [] }))).toBe("ok 0");
    expect(codeOf(configure("abc", "tagging", { TagSet: [1] }))).toBe("ok 1");
    expect(views.bucket("abc")?.sections).toEqual({ tagging: { TagSet: [1] } });
    expect(codeOf(configure("abc", "tagging", null))).toBe("ok 1");
    expect(views.bucket("abc")?.sections).toEqual({});
    expect(codeOf(configure("abc", "tagging", null))).toBe("ok 0");
  });

  test("versioning goes on and to suspended, never back to none", () => {
    expect(codeOf(configure("abc", "versioning", null))).toBe("ok 0");
    expect(codeOf(configure("abc", "versioning", { Status: "Enabled" }))).toBe("ok 1");
    expect(codeOf(configure("abc", "versioning", { Status: "Suspended" }))).toBe("ok 1");
    expect(codeOf(configure("abc", "versioning", null))).toBe("ValidationFailed");
    expect(codeOf(configure("abc", "versioning", { Status: "Off" }))).toBe("ValidationFailed");
  });

  test("refuses sections that are not, and buckets that are not", () => {
    for (const section of ["nothing", "__proto__", "constructor", ""]) {
      expect(codeOf(configure("abc", section as BucketSection, {}))).toBe("ValidationFailed");
    }
    expect(codeOf(configure("none", "acl", {}))).toBe("NoSuchBucket");
  });
});
