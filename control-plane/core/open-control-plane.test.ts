import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { BucketId, Command, EventId, Region } from "#contracts";
import { systemClock, systemRandom } from "#foundation/runtime";
import { openDatabase } from "#foundation/sql";
import { openControlPlane } from "./open-control-plane.ts";
import { createBucket, origin, REGION, resultOf, withControlPlane } from "./testing/test-control-plane.ts";

const START = 0 as EventId;

describe("execute()", () => {
  test("answers with the event, and the views have its effect at once", () =>
    withControlPlane(async ({ controlPlane, time }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const outcome = resultOf(await controlPlane.execute(createBucket(accountId, "photos"), origin()));
      expect(outcome.eventId).toBe(3 as EventId);
      expect(controlPlane.views.bucket("photos")).toEqual({
        kind: "bucket",
        bucketId: outcome.result.bucketId,
        name: "photos",
        accountId,
        region: REGION,
        createdAt: time.clock.now(),
        objectLockEnabled: false,
        sections: {},
      });
      const [event] = await controlPlane.events.read(2 as EventId, 10);
      expect(event).toMatchObject({
        aggregateType: "bucket",
        aggregateSequence: 1,
        org: accountId,
        actor: "system:test",
      });
    }));

  test("commands of one batch see each other: of many that want one name, one gets it", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () =>
          controlPlane.execute(createBucket(accountId, "wanted", "eu-west-1" as Region), origin()),
        ),
      );
      expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
      const refused = outcomes.filter((outcome) => !outcome.ok).map((outcome) => !outcome.ok && outcome.code);
      expect(new Set(refused)).toEqual(new Set(["BucketAlreadyOwnedByYou"]));
      expect(controlPlane.head).toBe(3 as EventId);
    }));

  test("hundreds at once are numbered without gaps, in the order of the calls", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const outcomes = await Promise.all(
        Array.from({ length: 600 }, (_, index) =>
          controlPlane.execute(createBucket(accountId, `b-${index}`), origin()),
        ),
      );
      expect(outcomes.map((outcome) => resultOf(outcome).eventId as number)).toEqual(
        Array.from({ length: 600 }, (_, index) => index + 3),
      );
      expect((await controlPlane.verify()).sound).toBe(true);
    }));

  test("a command that fails inside leaves its neighbours alone", () =>
    withControlPlane(
      async ({ controlPlane }) => {
        const { accountId } = await controlPlane.ensureRoot();
        const inlinePolicies = { p: "defect" };
        const [before, broken, after] = await Promise.all([
          controlPlane.execute(createBucket(accountId, "before"), origin()),
          controlPlane.execute({ type: "user.create", accountId, name: "ada", sections: { inlinePolicies } }, origin()),
          controlPlane.execute(createBucket(accountId, "after"), origin()),
        ]);
        expect(before.ok && after.ok).toBe(true);
        expect(broken).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
        expect((await controlPlane.verify()).sound).toBe(true);
      },
      {
        checkPolicy: () => {
          throw new Error("no");
        },
      },
    ));

  test("after close() everything is refused, and nothing throws", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const accepted = controlPlane.execute(createBucket(accountId, "last"), origin());
      await controlPlane.close();
      expect((await accepted).ok).toBe(true);
      expect(await controlPlane.execute(createBucket(accountId, "late"), origin())).toMatchObject({ code: "Internal" });
    }));

  test("a control plane that was taken over says so and refuses from then on", async () => {
    const deposed: Error[] = [];
    await withControlPlane(
      async ({ controlPlane, directory }) => {
        const { accountId } = await controlPlane.ensureRoot();
        const other = openDatabase({ path: join(directory, "events.sqlite") });
        other.exec("UPDATE control_plane SET epoch = epoch + 1");
        other.close();
        for (const name of ["one", "two"]) {
          const outcome = await controlPlane.execute(createBucket(accountId, name), origin());
          expect(outcome).toMatchObject({ ok: false, code: "Internal" });
        }
        expect(controlPlane.views.bucket("one")).toBeUndefined();
        expect(controlPlane.head).toBe(2 as EventId);
      },
      { onDeposed: (error) => deposed.push(error) },
    );
    expect(deposed).toMatchObject([{ code: "Deposed" }]);
  });

  test("a data directory that is in use does not open a second time", () =>
    withControlPlane(async (run) => {
      const options = { clock: systemClock, random: systemRandom };
      const second = openControlPlane({ dataDirectory: run.directory, ...options });
      await expect(second).rejects.toMatchObject({ code: "Locked" });
      expect((await run.controlPlane.ensureRoot()).created).toBe(true);
    }));
});

describe("events.tail()", () => {
  test("yields what was and what comes, once and in order, until the signal", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const stop = new AbortController();
      const seen: number[] = [];
      const reading = (async () => {
        for await (const events of controlPlane.events.tail(START, stop.signal)) {
          seen.push(...events.map((event) => event.id as number));
          if (seen.length >= 102) stop.abort();
        }
      })();
      for (let index = 0; index < 100; index++) {
        resultOf(await controlPlane.execute(createBucket(accountId, `b-${index}`), origin()));
      }
      await reading;
      expect(seen).toEqual(Array.from({ length: 102 }, (_, index) => index + 1));
    }));

  test("ends at once when aborted while waiting", () =>
    withControlPlane(async ({ controlPlane }) => {
      const stop = new AbortController();
      const tail = controlPlane.events.tail(START, stop.signal);
      const next = tail.next();
      stop.abort();
      expect(await next).toEqual({ done: true, value: undefined });
    }));
});

test("a bucket's id is a new one for each incarnation, and the old one is refused", () =>
  withControlPlane(async ({ controlPlane }) => {
    const { accountId } = await controlPlane.ensureRoot();
    const first = resultOf(await controlPlane.execute(createBucket(accountId, "again"), origin())).result.bucketId;
    resultOf(await controlPlane.execute({ type: "bucket.delete", bucketId: first, name: "again" }, origin()));
    const second = resultOf(await controlPlane.execute(createBucket(accountId, "again"), origin())).result.bucketId;
    expect(second).not.toBe(first);
    const stale: readonly Command[] = [
      { type: "bucket.delete", bucketId: first, name: "again" },
      { type: "bucket.configure", bucketId: first, name: "again", section: "acl", value: {} },
      { type: "bucket.delete", bucketId: second, name: "other" },
      { type: "bucket.delete", bucketId: "x" as BucketId, name: "again" },
    ];
    for (const command of stale) {
      expect(await controlPlane.execute(command, origin())).toMatchObject({ ok: false, code: "NoSuchBucket" });
    }
    expect(controlPlane.views.bucket("again")?.bucketId).toBe(second);
  }));
