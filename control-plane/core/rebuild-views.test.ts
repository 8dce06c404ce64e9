import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { EventId } from "#contracts";
import { CATALOG_VIEWS } from "#control-plane/events";
import { openDatabase } from "#foundation/sql";
import { RebuildUnderWay } from "./control-plane.ts";
import { createBucket, origin, REGION, resultOf, withControlPlane } from "./testing/test-control-plane.ts";

describe("rebuild() and verify()", () => {
  test("prove equality, find a wrong row, and repair it", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      for (let index = 0; index < 20; index++) {
        resultOf(await run.controlPlane.execute(createBucket(accountId, `b-${index}`), origin()));
      }
      const reports = await run.controlPlane.rebuild();
      expect(reports.map(({ view, equal }) => [view, equal])).toEqual(CATALOG_VIEWS.map(({ name }) => [name, true]));
      await run.controlPlane.close();
      const shell = openDatabase({ path: join(run.directory, "events.sqlite") });
      shell.exec(
        "DELETE FROM view_rows WHERE key = 'b-7'; UPDATE view_rows SET row = replace(row, 'us-east-1', 'us-west-2') WHERE key = 'b-8'",
      );
      shell.close();
      await run.reopen();
      expect(run.controlPlane.views.bucket("b-7")).toBeUndefined();
      const verification = await run.controlPlane.verify();
      expect(verification.sound).toBe(false);
      const differences = verification.views.flatMap(({ view, differences }) =>
        differences.map(({ key }) => [view, key]),
      );
      expect(differences.sort()).toEqual([
        ["buckets", "b-7"],
        ["buckets", "b-8"],
      ]);
      const ends: string[] = [];
      const request = { resume: null, wants: ["bucket"] as const };
      run.controlPlane.feed.subscribe(request, { deliver: () => undefined, ended: (reason) => ends.push(reason) });
      const [report] = await run.controlPlane.rebuild(["buckets"]);
      expect(report).toMatchObject({ view: "buckets", equal: false, rows: 20, events: 22 });
      expect(ends).toEqual(["rebuilt"]);
      expect(run.controlPlane.views.bucket("b-7")?.name).toBe("b-7");
      expect((await run.controlPlane.verify()).sound).toBe(true);
      await run.reopen();
      expect(run.controlPlane.views.bucket("b-8")?.region).toBe(REGION);
      // Who was told the wrong rows must not resume, not even from the latest event.
      const kinds: string[] = [];
      const resume = { controlPlaneId: run.controlPlane.controlPlaneId, cursor: run.controlPlane.head };
      const consumer = {
        deliver: (message: { type: string }) => void kinds.push(message.type),
        ended: () => undefined,
      };
      run.controlPlane.feed.subscribe({ resume, wants: ["bucket"] }, consumer);
      expect(kinds).toEqual(["snapshot"]);
    }));

  test("say how far they are, and do not run beside each other", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      // More than one stretch of the log.
      const commands = Array.from({ length: 1_200 }, (_, index) => createBucket(accountId, `b-${index}`));
      await Promise.all(commands.map((command) => controlPlane.execute(command, origin())));
      expect(controlPlane.rebuildProgress()).toBeUndefined();
      const done = controlPlane.rebuild();
      const seen: number[] = [];
      let running = true;
      void done.then(() => {
        running = false;
      });
      await expect(controlPlane.rebuild(["buckets"])).rejects.toThrow(RebuildUnderWay);
      while (running) {
        const progress = controlPlane.rebuildProgress();
        if (progress !== undefined) {
          expect(progress.views).toBe(CATALOG_VIEWS.length);
          seen.push(progress.folded + progress.compared);
        }
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      expect(new Set(seen).size).toBeGreaterThan(2);
      expect(seen).toEqual(seen.toSorted((left, right) => left - right));
      expect((await done).every(({ equal }) => equal)).toBe(true);
      expect(controlPlane.rebuildProgress()).toBeUndefined();
      expect(await controlPlane.rebuild(["buckets"])).toMatchObject([{ view: "buckets", equal: true }]);
    }));

  test("an event that does not fit is quarantined for its view, and the others go on", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      resultOf(await run.controlPlane.execute(createBucket(accountId, "good"), origin()));
      await run.controlPlane.close();
      const shell = openDatabase({ path: join(run.directory, "events.sqlite") });
      // A bucket that never was is configured, by an event of this version; and a newer program has written something unknown.
      shell.exec(`
        INSERT INTO events SELECT 4, 'bucket', 'ghost', 1, 'bucket.configured', 1, occurred_at, actor, org, request_id, correlation_id, NULL, epoch,
          '{"bucketId":"ghost","name":"ghost","section":"acl","value":{}}' FROM events WHERE id = 3;
        INSERT INTO events SELECT 5, 'comet', 'q', 1, 'comet.created', 1, occurred_at, actor, org, request_id, correlation_id, NULL, epoch, '{}' FROM events WHERE id = 3;`);
      shell.close();
      await run.reopen();
      const quarantined = await run.controlPlane.quarantined();
      expect(quarantined.filter(({ eventId }) => eventId === (4 as EventId)).map(({ view }) => view)).toEqual([
        "buckets",
      ]);
      expect(quarantined.filter(({ eventId }) => eventId === (5 as EventId))).toHaveLength(CATALOG_VIEWS.length);
      expect(resultOf(await run.controlPlane.execute(createBucket(accountId, "next"), origin())).eventId).toBe(
        6 as EventId,
      );
      expect((await run.controlPlane.verify()).sound).toBe(false);
      expect((await run.controlPlane.verify()).views.every((view) => view.equal)).toBe(true);
      await run.reopen();
      expect([...run.controlPlane.views.records("bucket")]).toHaveLength(2);
    }));

  test("refuses the name of a view that is not", () =>
    withControlPlane(async ({ controlPlane }) => {
      await expect(controlPlane.rebuild(["nothing"])).rejects.toThrow('there is no view "nothing"');
    }));
});
