import { describe, expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { CatalogViews } from "./catalog-views.ts";

describe("CatalogViews", () => {
  const USER = {
    kind: "user",
    entityId: "AIDA1",
    accountId: "1" as AccountId,
    name: "Ada",
    path: "/",
    createdAt: 0,
    modifiedAt: 0,
    revision: 1,
    sections: { groups: { AGPA1: true }, attachedPolicies: { "arn:a": true }, boundary: "arn:b" },
  } as const;
  const ONE = "1" as AccountId;

  test("apply() returns the change that undoes it, groups included", () => {
    const views = new CatalogViews();
    const undo = views.apply({ change: "upsert", key: "AIDA1", record: USER });
    expect(views.entityByName("user", ONE, "aDA")).toBe(USER);
    const renamed = { ...USER, name: "Bob", sections: {} };
    const undoSecond = views.apply({ change: "upsert", key: "AIDA1", record: renamed });
    expect(views.entityCount("user", ONE)).toBe(1);
    expect(views.entityByName("user", ONE, "ada")).toBeUndefined();
    expect(views.entitiesReferring("user", "groups", "AGPA1")).toEqual([]);
    views.apply(undoSecond);
    expect(views.entity("user", ONE, "AIDA1")).toBe(USER);
    expect(views.entitiesReferring("user", "groups", "AGPA1")).toEqual([USER]);
    views.apply(undo);
    expect([views.entityCount("user", ONE), views.count("user")]).toEqual([0, 0]);
    expect(views.entityByName("user", ONE, "Ada")).toBeUndefined();
  });

  test("entities are found by what they refer to, section by section", () => {
    const views = new CatalogViews();
    views.apply({ change: "upsert", key: "AIDA1", record: USER });
    expect(views.entitiesReferring("user", "attachedPolicies", "arn:a")).toEqual([USER]);
    expect(views.entitiesReferring("user", "boundary", "arn:b")).toEqual([USER]);
    expect(views.entitiesReferring("user", "boundary", "arn:a")).toEqual([]);
    expect(views.entitiesReferring("role", "attachedPolicies", "arn:a")).toEqual([]);
  });

  test("an entity is of its account and its kind", () => {
    const views = new CatalogViews();
    views.apply({ change: "upsert", key: "AIDA1", record: USER });
    expect(views.entity("user", "2" as AccountId, "AIDA1")).toBeUndefined();
    expect(views.entityByName("user", "2" as AccountId, "Ada")).toBeUndefined();
    expect(views.entity("group", ONE, "AIDA1")).toBeUndefined();
  });
});
