import { describe, expect, test } from "bun:test";
import type { DataPlaneId } from "#contracts";
import { origin, resultOf, withControlPlane } from "./testing/test-control-plane.ts";

const enroll = (id: string, name = `name of ${id}`) =>
  ({ type: "dataPlane.enroll", dataPlaneId: id as DataPlaneId, name }) as const;
const forget = (id: string) => ({ type: "dataPlane.forget", dataPlaneId: id as DataPlaneId }) as const;

describe("the data plane of a cloud", () => {
  test("is the first that comes, across restarts; another one is told what it can do", () =>
    withControlPlane(async (run) => {
      resultOf(await run.controlPlane.execute(enroll("dp-1", "rack 1"), origin()));
      const { head } = run.controlPlane;
      const controlPlane = await run.reopen();
      expect(controlPlane.views.dataPlane()).toMatchObject({ dataPlaneId: "dp-1", name: "rack 1" });
      // Coming back is no event, under whatever name.
      resultOf(await controlPlane.execute(enroll("dp-1", "rack 2"), origin()));
      expect(controlPlane.head).toBe(head);
      const refused = await controlPlane.execute(enroll("dp-2"), origin());
      expect(refused).toMatchObject({ ok: false, code: "AnotherDataPlane" });
      expect(refused.ok ? "" : refused.message).toContain('"rack 1" (dp-1)');
      expect(refused.ok ? "" : refused.message).toContain("biplane nodes forget dp-1");
    }));

  test("is one, however many come at once", () =>
    withControlPlane(async ({ controlPlane }) => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => controlPlane.execute(enroll(`dp-${index}`), origin())),
      );
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
      expect([...controlPlane.views.records("dataPlane")]).toHaveLength(1);
    }));

  test("can be forgotten by its id, for the next one", () =>
    withControlPlane(async (run) => {
      const { controlPlane } = run;
      expect(await controlPlane.execute(forget("dp-1"), origin())).toMatchObject({ code: "NoSuchDataPlane" });
      resultOf(await controlPlane.execute(enroll("dp-1"), origin()));
      expect(await controlPlane.execute(forget("dp-2"), origin())).toMatchObject({ code: "NoSuchDataPlane" });
      resultOf(await controlPlane.execute(forget("dp-1"), origin()));
      resultOf(await controlPlane.execute(enroll("dp-2"), origin()));
      expect(await controlPlane.execute(enroll("dp-1"), origin())).toMatchObject({ code: "AnotherDataPlane" });
      expect(await controlPlane.verify()).toMatchObject({ sound: true });
    }));

  test.each(["", "x".repeat(513)])("has an id and a name of a sensible length, not %p", (text) =>
    withControlPlane(async ({ controlPlane }) => {
      expect(await controlPlane.execute(enroll(text, "n"), origin())).toMatchObject({ code: "ValidationFailed" });
      expect(await controlPlane.execute(enroll("dp-1", text), origin())).toMatchObject({ code: "ValidationFailed" });
    }),
  );
});
