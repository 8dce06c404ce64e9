import { expect, test } from "bun:test";
import { join } from "node:path";
import type { EventEnvelope, EventId } from "#contracts";
import { openSqliteEventStore } from "#control-plane/events";
import { origin, resultOf, seededRandom, withControlPlane } from "./testing/test-control-plane.ts";

test("a log and views as the first version wrote them are taken over, keys of users included", () =>
  withControlPlane(async (run) => {
    const { accountId } = await run.controlPlane.ensureRoot();
    await run.controlPlane.close();

    const user = { accountId, userName: "Ada" };
    const store = openSqliteEventStore({ path: join(run.directory, "events.sqlite"), random: seededRandom("store") });
    const [first] = await store.read(0 as EventId, 1);
    const old = (id: number, type: string, aggregateSequence: number, payload: object) =>
      ({
        ...first,
        id,
        type,
        payload,
        aggregateType: "user",
        aggregateId: "AIDA1",
        aggregateSequence,
        version: 1,
      }) as unknown as EventEnvelope;
    const row = { kind: "user", ...user, userId: "AIDA1", path: "/", inlinePolicies: { p: "{}" }, createdAt: 0 };
    const key = { accessKeyId: "AKIA1", accountId, owner: { type: "user", userName: "Ada" }, sealedSecret: "v1.x.y" };
    await store.append({
      events: [
        old(3, "user.created", 1, { ...user, userId: "AIDA1", path: "/" }),
        old(4, "userPolicy.put", 2, { ...user, policyName: "p", document: "{}" }),
        { ...old(5, "accessKey.created", 1, key), aggregateType: "accessKey", aggregateId: "AKIA1" },
      ],
      idempotency: [],
      views: [],
      now: 0,
    });
    await store.saveView({
      checkpoint: { view: "users", version: 1, through: 5 as EventId },
      changes: [{ key: `${accountId}/Ada`, row: JSON.stringify(row) }],
      quarantined: [],
      replace: true,
    });
    await store.close();

    const controlPlane = await run.reopen();
    expect(controlPlane.views.count("user")).toBe(1);
    expect(controlPlane.views.entityByName("user", accountId, "ada")).toMatchObject({
      entityId: "AIDA1",
      name: "Ada",
      revision: 2,
      sections: { inlinePolicies: { p: "{}" } },
    });
    const rename = { type: "user.rename", accountId, entityId: "AIDA1", name: "Lovelace" } as const;
    resultOf(await controlPlane.execute(rename, origin()));
    expect(controlPlane.views.accessKey("AKIA1")?.owner).toEqual({ type: "user", userName: "Lovelace" });
    const verification = await controlPlane.verify();
    expect(verification.views.flatMap(({ differences, quarantined }) => [...differences, ...quarantined])).toEqual([]);
    expect(verification.sound).toBe(true);
  }));
