import { describe, expect, test } from "bun:test";
import type { AccountId, BucketId } from "#contracts";
import type { S3 } from "#foundation/aws";
import type { ObjectVersion } from "../../engine/port.ts";
import { compileLifecycle } from "./compile.ts";
import { abortOf, dueAfterDays, expirationHeader, expiryOf, planVersion } from "./plan.ts";
import { validateLifecycle } from "./validate.ts";

const DAY = 86_400_000;
const created = Date.UTC(2026, 0, 15, 10, 30);
const version = (more: Partial<ObjectVersion> = {}): ObjectVersion => ({
  bucketId: "b" as BucketId,
  key: "logs/a",
  versionId: "v1",
  isLatest: true,
  deleteMarker: false,
  lastModified: created,
  owner: "111122223333" as AccountId,
  size: 100,
  etag: "e",
  headers: {},
  metadata: {},
  tags: [{ Key: "class", Value: "temp" }],
  lock: {},
  encryption: { mode: "none" },
  ...more,
});
const rule = (more: Partial<S3.LifecycleRule>): S3.LifecycleRule => ({
  ID: "r",
  Status: "Enabled",
  Filter: {},
  ...more,
});
const compiled = (...rules: Partial<S3.LifecycleRule>[]) => compileLifecycle({ Rules: rules.map(rule) });
const alone = { newerNoncurrent: 0, alone: true };

describe("validateLifecycle()", () => {
  let ids = 0;
  const check = (...rules: object[]) => validateLifecycle({ Rules: rules as S3.LifecycleRule[] }, () => `id-${++ids}`);
  const expire = { Expiration: { Days: 1 } };

  test("gives ids to rules without one", () => {
    const [first, second] = check({ Status: "Enabled", Prefix: "", ...expire }, rule(expire));
    expect(first!.ID).toBe("id-1");
    expect(second!.ID).toBe("r");
    expect(() => check(rule(expire), rule(expire))).toThrow("Rule ID must be unique");
  });

  test("both Prefix and Filter, or neither, is malformed", () => {
    expect(() => check({ Status: "Enabled", Prefix: "", Filter: {}, ...expire })).toThrow("XML");
    expect(() => check({ Status: "Enabled", ...expire })).toThrow("XML");
    expect(() => check({ Status: "On", Prefix: "", ...expire })).toThrow("XML");
    expect(() => validateLifecycle({ Rules: [] }, () => "x")).toThrow("XML");
    expect(() => validateLifecycle(undefined, () => "x")).toThrow("XML");
  });

  test("a rule does something", () => {
    expect(() => check(rule({}))).toThrow("At least one action");
    expect(() => check(rule({ Expiration: {} }))).toThrow("XML");
    expect(() => check(rule({ Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }))).toThrow("XML");
    expect(() => check(rule({ Expiration: { Days: 0 } }))).toThrow("must be a positive integer");
    expect(() => check(rule({ Expiration: { Date: new Date(created) } }))).toThrow("midnight GMT");
    expect(() => check(rule({ NoncurrentVersionExpiration: { NoncurrentDays: 0 } }))).toThrow("positive integer");
    expect(() =>
      check(rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 101 } })),
    ).toThrow("between 1 and 100");
    expect(() => check(rule({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 0 } }))).toThrow("positive");
  });

  test("filters hold one criterion, And at least two", () => {
    const Tag = { Key: "a", Value: "b" };
    expect(() => check(rule({ ...expire, Filter: { Prefix: "a", Tag } }))).toThrow("XML");
    expect(() => check(rule({ ...expire, Filter: { And: { Prefix: "a" } } }))).toThrow("XML");
    expect(() => check(rule({ ...expire, Filter: { And: { Tags: [Tag, Tag] } } }))).toThrow("Duplicate Tag Keys");
    expect(() =>
      check(rule({ ...expire, Filter: { And: { ObjectSizeGreaterThan: 5, ObjectSizeLessThan: 5 } } })),
    ).toThrow("greater than");
    expect(check(rule({ ...expire, Filter: { And: { Prefix: "a", Tags: [Tag] } } }))).toHaveLength(1);
  });

  test("tags do not go with markers and uploads", () => {
    const Filter = { Tag: { Key: "a", Value: "b" } };
    expect(() => check(rule({ Filter, Expiration: { ExpiredObjectDeleteMarker: true } }))).toThrow("with Tags");
    expect(() => check(rule({ Filter, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }))).toThrow(
      "with Tags",
    );
    expect(() =>
      check(rule({ Filter: { ObjectSizeLessThan: 5 }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } })),
    ).toThrow("Object Size");
  });

  test("transitions are refused, not forgotten", () => {
    expect(() => check(rule({ Transitions: [{ Days: 1, StorageClass: "GLACIER" }] }))).toThrow("not implemented");
  });
});

describe("planVersion()", () => {
  test("days end at midnight UTC of the next day", () => {
    expect(dueAfterDays(created, 3)).toBe(Date.UTC(2026, 0, 19));
    const rules = compiled({ Expiration: { Days: 3 } });
    expect(planVersion(rules, version(), alone, Date.UTC(2026, 0, 19) - 1)).toBeUndefined();
    expect(planVersion(rules, version(), alone, Date.UTC(2026, 0, 19))).toEqual({ action: "expire", ruleId: "r" });
  });

  test("filters by prefix, tag and size", () => {
    const due = (filter: S3.LifecycleRuleFilter) =>
      planVersion(compiled({ Filter: filter, Expiration: { Days: 1 } }), version(), alone, created + 5 * DAY) !==
      undefined;
    expect(due({ Prefix: "logs/" })).toBe(true);
    expect(due({ Prefix: "other/" })).toBe(false);
    expect(due({ Tag: { Key: "class", Value: "temp" } })).toBe(true);
    expect(due({ Tag: { Key: "class", Value: "other" } })).toBe(false);
    expect(due({ ObjectSizeGreaterThan: 99 })).toBe(true);
    expect(due({ ObjectSizeGreaterThan: 100 })).toBe(false);
    expect(due({ ObjectSizeLessThan: 100 })).toBe(false);
    expect(due({ And: { Prefix: "logs/", Tags: [{ Key: "class", Value: "temp" }], ObjectSizeLessThan: 101 } })).toBe(
      true,
    );
    expect(due({ And: { Prefix: "logs/", Tags: [{ Key: "x", Value: "y" }] } })).toBe(false);
  });

  test("a date expires everything from then on", () => {
    const rules = compiled({ Expiration: { Date: new Date(Date.UTC(2026, 1, 1)) } });
    expect(planVersion(rules, version(), alone, Date.UTC(2026, 1, 1))?.action).toBe("expire");
    expect(planVersion(rules, version(), alone, Date.UTC(2026, 1, 1) - 1)).toBeUndefined();
  });

  test("noncurrent versions count from the moment they were replaced, and the newest are kept", () => {
    const rules = compiled({ NoncurrentVersionExpiration: { NoncurrentDays: 2, NewerNoncurrentVersions: 2 } });
    const at = (newerNoncurrent: number, now: number) =>
      planVersion(rules, version({ isLatest: false }), { noncurrentSince: created, newerNoncurrent, alone: false }, now)
        ?.action;
    expect(at(2, created + 5 * DAY)).toBe("remove-noncurrent");
    expect(at(1, created + 5 * DAY)).toBeUndefined();
    expect(at(2, created + 2 * DAY)).toBeUndefined();
  });

  test("only a delete marker that is alone is cleaned away", () => {
    const marker = version({ deleteMarker: true, size: 0, tags: [] });
    const rules = compiled({ Expiration: { ExpiredObjectDeleteMarker: true } });
    expect(planVersion(rules, marker, alone, created)?.action).toBe("remove-delete-marker");
    expect(planVersion(rules, marker, { newerNoncurrent: 0, alone: false }, created)).toBeUndefined();
    expect(planVersion(compiled({ Expiration: { Days: 1 } }), marker, alone, created)).toBeUndefined();
    expect(planVersion(compiled({ Expiration: { Days: 1 } }), marker, alone, created + 5 * DAY)?.action).toBe(
      "remove-delete-marker",
    );
  });

  test("rules that are switched off do nothing", () => {
    expect(compileLifecycle({ Rules: [rule({ Status: "Disabled", Expiration: { Days: 1 } })] })).toEqual([]);
  });
});

test("expirationHeader() names the earliest rule", () => {
  const rules = compiled({ ID: "late", Expiration: { Days: 10 } }, { ID: "soon é", Expiration: { Days: 1 } });
  expect(expirationHeader(expiryOf(rules, version()))).toBe(
    'expiry-date="Sat, 17 Jan 2026 00:00:00 GMT", rule-id="soon%20%C3%A9"',
  );
  expect(expirationHeader(expiryOf([], version()))).toBeUndefined();
});

test("abortOf() counts from the start of the upload", () => {
  const rules = compiled({ Filter: { Prefix: "logs/" }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } });
  expect(abortOf(rules, { key: "logs/x", initiated: created })?.at).toBe(Date.UTC(2026, 0, 17));
  expect(abortOf(rules, { key: "x", initiated: created })).toBeUndefined();
});

test("compileLifecycle() reads dates as they are stored", () => {
  const stored = JSON.parse(
    JSON.stringify({ Rules: [rule({ Expiration: { Date: new Date(Date.UTC(2026, 1, 1)) } })] }),
  );
  expect(compileLifecycle(stored)[0]!.expireAt).toBe(Date.UTC(2026, 1, 1));
});
