import { describe, expect, test } from "bun:test";
import type { AccountId, CommandOutcome, Region, ResourceCommand, ResourceId, ResourceSections } from "#contracts";
import { CatalogViews, type CommandOf, catalogChangesOf } from "#control-plane/events";
import { ACCOUNT, completed } from "#control-plane/events/testing";
import { createResourceHandlers } from "./resource-handlers.ts";
import { RESOURCE_RULES, RESOURCE_SECTION_BYTES_MAX } from "./resource-rules.ts";

const REGION = "us-east-1" as Region;
const SCHEMA: ResourceSections["table"] = { keySchema: [{ attribute: "id", role: "HASH" }] };

/** Views with one account, and a way to decide and fold. */
function world() {
  const views = new CatalogViews();
  views.apply({
    change: "upsert",
    key: ACCOUNT,
    record: { kind: "account", accountId: ACCOUNT, name: "main", canonicalUserId: "c", createdAt: 0 },
  });
  let ids = 0;
  const handlers = createResourceHandlers({ newResourceId: () => `id-${++ids}` as ResourceId });
  const decide = (command: ResourceCommand) => {
    const decision = handlers[command.type](command as CommandOf<typeof command.type> as never, views);
    if (decision.ok) {
      for (const event of decision.events) {
        for (const change of catalogChangesOf(completed(event), (kind, key) => views.record(kind, key))) {
          views.apply(change);
        }
      }
    }
    return decision;
  };
  const create = (name: string, sections: ResourceSections["queue"] = {}) =>
    decide({ type: "queue.create", accountId: ACCOUNT, region: REGION, name, sections });
  return { views, decide, create };
}

const codeOf = (decision: { readonly ok: boolean } | CommandOutcome): string =>
  "code" in decision ? decision.code : "ok";

describe("regional resources", () => {
  test("live, change and die; each incarnation has an identity of its own", () => {
    const { views, decide, create } = world();
    expect(create("jobs", { tags: { a: "1" } })).toMatchObject({ ok: true, result: { resourceId: "id-1" } });
    expect(codeOf(create("jobs"))).toBe("ResourceAlreadyExists");
    const reference = { resourceId: "id-1" as ResourceId, accountId: ACCOUNT, region: REGION, name: "jobs" };
    const set = (sections: object, ifRevision?: number) =>
      decide({ type: "queue.configure", ...reference, sections, ...(ifRevision === undefined ? {} : { ifRevision }) });
    expect(set({ attributes: { DelaySeconds: "5" } }, 1)).toMatchObject({ ok: true, events: [{}] });
    expect(codeOf(set({ attributes: {} }, 1))).toBe("RevisionMismatch");
    expect(set({ attributes: { DelaySeconds: "5" }, tags: { a: "1" } })).toMatchObject({ ok: true, events: [] });
    expect(set({ tags: null })).toMatchObject({ ok: true });
    expect(views.resource("queue", ACCOUNT, REGION, "jobs")).toMatchObject({
      revision: 3,
      sections: { attributes: { DelaySeconds: "5" } },
    });
    expect(codeOf(decide({ type: "queue.delete", ...reference, resourceId: "other" as ResourceId }))).toBe(
      "NoSuchResource",
    );
    expect(codeOf(decide({ type: "queue.delete", ...reference }))).toBe("ok");
    expect(codeOf(set({ tags: {} }))).toBe("NoSuchResource");
    expect(views.resourceCount("queue", ACCOUNT, REGION)).toBe(0);
    expect(create("jobs")).toMatchObject({ ok: true, result: { resourceId: "id-2" } });
  });

  test("kinds, regions and accounts are apart", () => {
    const { decide, create } = world();
    expect(codeOf(create("jobs"))).toBe("ok");
    const table = { type: "table.create", accountId: ACCOUNT, name: "jobs", sections: SCHEMA } as const;
    expect(codeOf(decide({ ...table, region: REGION }))).toBe("ok");
    expect(codeOf(decide({ ...table, region: "eu-west-1" as Region }))).toBe("ok");
    expect(codeOf(decide({ ...table, region: REGION }))).toBe("ResourceAlreadyExists");
    expect(codeOf(decide({ ...table, region: REGION, accountId: "999999999999" as AccountId }))).toBe("NoSuchAccount");
  });

  test("what must not be is refused, in words", () => {
    const { decide, create } = world();
    const message = (decision: object) => ("message" in decision ? decision.message : decision);
    const table = { type: "table.create", accountId: ACCOUNT, region: REGION, name: "orders" } as const;
    expect(message(create("with space"))).toContain("A queue name has 1 to 80");
    expect(message(create("a".repeat(76) + ".fifo"))).toContain("A queue name has 1 to 80");
    expect(message(decide({ ...table, name: "ab", sections: SCHEMA }))).toContain("A table name has 3 to 255");
    expect(message(decide({ ...table, region: "nowhere" as Region, sections: SCHEMA }))).toContain("region");
    expect(message(decide({ ...table, sections: {} }))).toBe("A table has a key schema");
    expect(message(create("jobs", { colour: "red" } as object))).toBe("A queue has no section colour");
    expect(message(create("jobs", { tags: { a: "x".repeat(RESOURCE_SECTION_BYTES_MAX) } }))).toContain("larger than");
    const made = decide({ ...table, sections: SCHEMA });
    const resourceId = made.ok && "resourceId" in made.result ? made.result.resourceId : ("" as ResourceId);
    const configure = { ...table, type: "table.configure", resourceId, sections: SCHEMA } as const;
    expect(message(decide(configure))).toBe("The section keySchema of a table never changes");
  });

  test("a region of an account holds so many and no more", () => {
    const { views, create } = world();
    const { perRegionMax } = RESOURCE_RULES.queue;
    for (let index = 0; index < perRegionMax; index++) {
      const name = `q${index}`;
      views.apply({
        change: "upsert",
        key: `${ACCOUNT}/${REGION}/${name}`,
        record: {
          kind: "queue",
          resourceId: name as ResourceId,
          accountId: ACCOUNT,
          region: REGION,
          name,
          createdAt: 0,
          modifiedAt: 0,
          revision: 1,
          sections: {},
        },
      });
    }
    expect(codeOf(create("one-more"))).toBe("LimitExceeded");
  });
});
