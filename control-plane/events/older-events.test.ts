import { describe, expect, test } from "bun:test";
import type { EventEnvelope, EventId } from "#contracts";
import { catalogChangesOf } from "./catalog/catalog-changes.ts";
import { CatalogViews } from "./catalog/catalog-views.ts";
import { knownEvent } from "./new-event.ts";
import { inTodaysForm } from "./older-events.ts";
import { ACCOUNT, envelope } from "./testing/sample-events.ts";

const USER = { accountId: ACCOUNT, userName: "Ada" };

/** An event as version 1 wrote it; its aggregate was the id of the user. */
function old(id: number, type: string, payload: object): EventEnvelope {
  const known = {
    ...envelope(id, { type: "user.deleted", aggregateId: "AIDA1", org: ACCOUNT, payload: payload as never }),
  };
  return { ...known, type: type as EventEnvelope["type"], aggregateType: "user", version: 1 };
}

const LIFE = [
  old(1, "user.created", { ...USER, userId: "AIDA1", path: "/team/" }),
  old(2, "userPolicy.put", { ...USER, policyName: "p", document: "{ }" }),
  old(3, "userPolicy.put", { ...USER, policyName: "__proto__", document: "{}" }),
  old(4, "userPolicy.put", { ...USER, policyName: "p", document: "{}" }),
  old(5, "userPolicy.deleted", { ...USER, policyName: "p" }),
];

function fold(events: readonly EventEnvelope[]): CatalogViews {
  const views = new CatalogViews();
  for (const event of events) {
    for (const change of catalogChangesOf(knownEvent(event)!, (kind, key) => views.record(kind, key)))
      views.apply(change);
  }
  return views;
}

describe("events of users as version 1 wrote them", () => {
  test("make the users of today", () => {
    const views = fold(LIFE);
    const user = views.entityByName("user", ACCOUNT, "ada")!;
    expect(user).toEqual({
      kind: "user",
      entityId: "AIDA1",
      accountId: ACCOUNT,
      name: "Ada",
      path: "/team/",
      createdAt: LIFE[0]!.occurredAt,
      modifiedAt: LIFE[0]!.occurredAt,
      revision: 5,
      sections: { inlinePolicies: JSON.parse('{"__proto__": "{}"}') },
    });
    expect(JSON.stringify(user.sections)).toBe('{"inlinePolicies":{"__proto__":"{}"}}');
    expect(fold([...LIFE, old(6, "user.deleted", USER)]).count("user")).toBe(0);
  });

  test("keep their place, origin and aggregate", () => {
    const { type, version, payload, ...place } = inTodaysForm(LIFE[1]!);
    const { type: _type, version: _version, payload: _payload, ...placeBefore } = LIFE[1]!;
    expect(place).toEqual(placeBefore);
    expect({ type, version, payload } as object).toEqual({
      type: "user.configured",
      version: 2,
      payload: { entityId: "AIDA1", accountId: ACCOUNT, sections: { inlinePolicies: { p: "{ }" } } },
    });
    // The log's own copy is as it was.
    expect(LIFE[1]!.type as string).toBe("userPolicy.put");
  });

  test("go on with events of today", () => {
    const payload = { entityId: "AIDA1", accountId: ACCOUNT, name: "Bob", path: "/" };
    const renamed = envelope(6, { type: "user.renamed", aggregateId: "AIDA1", org: ACCOUNT, payload });
    const views = fold([...LIFE, { ...renamed, version: 2 }]);
    expect(views.entityByName("user", ACCOUNT, "bob")).toMatchObject({ revision: 6, path: "/" });
  });
});

describe("other events", () => {
  test("of today are the same object", () => {
    const event = { ...LIFE[0]!, version: 2 };
    expect(inTodaysForm(event)).toBe(event);
    const bucket = envelope(1, { type: "bucket.deleted", aggregateId: "b", org: ACCOUNT, payload: {} as never });
    expect(inTodaysForm(bucket)).toBe(bucket);
  });

  test.each([
    ["a newer version", { ...LIFE[0]!, version: 3 }],
    ["a version that never was", { ...LIFE[0]!, version: 0 }],
    ["an unknown type", { ...LIFE[0]!, type: "user.promoted" as EventEnvelope["type"] }],
    ["a type that went with version 1", { ...LIFE[1]!, version: 2 }],
  ])("of %s are not known", (_case, event) => {
    expect(knownEvent({ ...event, id: 1 as EventId })).toBeUndefined();
  });
});
