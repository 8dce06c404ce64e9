import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EventId, Region } from "#contracts";
import { createBucket, origin, resultOf, withControlPlane } from "./testing/test-control-plane.ts";

describe("idempotency", () => {
  test("the same key gives the first answer, secret included, also after a restart, for 24 hours", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      const command = { type: "accessKey.create", accountId, owner: { type: "root" } } as const;
      const first = await run.controlPlane.execute(command, origin("k"));
      expect(first.ok).toBe(true);
      expect(await run.controlPlane.execute(command, origin("k"))).toEqual(first);
      await run.reopen();
      expect(await run.controlPlane.execute({ ...command }, origin("k"))).toEqual(first);
      expect(run.controlPlane.head).toBe(3 as EventId);
      run.time.advance(24 * 3600 * 1000);
      expect(await run.controlPlane.execute(command, origin("k"))).toMatchObject({ ok: false, code: "LimitExceeded" });
    }));

  test("the same key with another command is refused; another actor's key is another key", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      resultOf(await controlPlane.execute(createBucket(accountId, "one"), origin("k")));
      const other = createBucket(accountId, "two");
      expect(await controlPlane.execute(other, origin("k"))).toMatchObject({ ok: false, code: "IdempotencyKeyReused" });
      expect((await controlPlane.execute(other, origin("k", "system:other"))).ok).toBe(true);
    }));

  test("a refusal is an answer too", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const owner = { type: "user", userName: "ada" } as const;
      const command = { type: "accessKey.create", accountId, owner } as const;
      const first = await controlPlane.execute(command, origin("k"));
      expect(first).toMatchObject({ ok: false, code: "NoSuchEntity" });
      resultOf(await controlPlane.execute({ type: "user.create", accountId, name: "ada", sections: {} }, origin()));
      expect(await controlPlane.execute(command, origin("k"))).toEqual(first);
      expect((await controlPlane.execute(command, origin("k2"))).ok).toBe(true);
    }));

  test("repetitions within one batch are one command", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const command = createBucket(accountId, "once", "eu-west-1" as Region);
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => controlPlane.execute(command, origin("k"))));
      expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
      expect(outcomes[0]!.ok).toBe(true);
      expect(controlPlane.head).toBe(3 as EventId);
    }));

  test("answers are sealed on disk", () =>
    withControlPlane(async ({ controlPlane, directory }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const command = { type: "accessKey.create", accountId, owner: { type: "root" } } as const;
      const { result } = resultOf(await controlPlane.execute(command, origin("k")));
      const log = readFileSync(join(directory, "events.sqlite-wal"));
      expect(log.includes(result.accessKeyId)).toBe(true);
      expect(log.includes(result.secretAccessKey)).toBe(false);
    }));
});
