import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AccountId, EventId } from "#contracts";
import { open } from "#foundation/crypto";
import { origin, resultOf, withControlPlane } from "./testing/test-control-plane.ts";

describe("ensureRoot()", () => {
  test("makes the first account and its key once, and reports them ever after", () =>
    withControlPlane(async (run) => {
      const [first, second] = await Promise.all([run.controlPlane.ensureRoot(), run.controlPlane.ensureRoot()]);
      expect(first.created).toBe(true);
      expect({ ...second, created: true }).toEqual(first);
      expect(first.accountId).toMatch(/^\d{12}$/);
      expect(first.accessKey?.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
      expect(first.accessKey?.secretAccessKey).toHaveLength(40);
      expect(run.controlPlane.head).toBe(2 as EventId);
      const again = await (await run.reopen()).ensureRoot();
      expect(again).toEqual({ ...first, created: false });
      expect(run.controlPlane.head).toBe(2 as EventId);
    }));

  test("takes the name and id it is given", () =>
    withControlPlane(async ({ controlPlane }) => {
      const accountId = "000000000001" as AccountId;
      const root = await controlPlane.ensureRoot({ name: "main", accountId });
      expect(root.accountId).toBe(accountId);
      expect(controlPlane.views.accountByName("MAIN")?.accountId).toBe(accountId);
    }));

  test("keeps the secret sealed on disk, with a key file for the owner alone", () =>
    withControlPlane(async ({ controlPlane, directory }) => {
      const { accessKey } = await controlPlane.ensureRoot();
      const secret = accessKey!.secretAccessKey;
      for (const file of ["events.sqlite", "events.sqlite-wal"]) {
        expect(readFileSync(join(directory, file)).includes(secret)).toBe(false);
      }
      expect(statSync(join(directory, "master.key")).mode & 0o777).toBe(0o600);
      const { sealedSecret } = controlPlane.views.accessKey(accessKey!.accessKeyId)!;
      expect(open(controlPlane.sealingKey, sealedSecret, accessKey!.accessKeyId)).toBe(secret);
    }));

  test("makes no second key when the root user has removed the first", () =>
    withControlPlane(async (run) => {
      const { accountId, accessKey } = await run.controlPlane.ensureRoot();
      const { accessKeyId } = accessKey!;
      resultOf(await run.controlPlane.execute({ type: "accessKey.delete", accountId, accessKeyId }, origin()));
      expect(await run.controlPlane.ensureRoot()).toEqual({ accountId, accessKey: undefined, created: false });
    }));
});

describe("the master key", () => {
  test("is needed: without it, with another one, or open to others, the log does not open", () =>
    withControlPlane(async (run) => {
      await run.controlPlane.ensureRoot();
      const file = join(run.directory, "master.key");
      const key = readFileSync(file, "utf8");
      chmodSync(file, 0o644);
      await expect(run.reopen()).rejects.toMatchObject({ code: "KeyFileTooOpen" });
      rmSync(file);
      await expect(run.reopen()).rejects.toMatchObject({ code: "KeyFileMissing" });
      expect(existsSync(file)).toBe(false);
      await Bun.write(file, `${Buffer.alloc(32, 7).toString("base64")}\n`);
      chmodSync(file, 0o600);
      await expect(run.reopen()).rejects.toMatchObject({ code: "CannotOpen" });
      await Bun.write(file, key);
      chmodSync(file, 0o600);
      await run.reopen();
    }));
});
