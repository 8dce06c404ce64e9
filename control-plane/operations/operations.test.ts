import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId } from "#contracts";
import type { ControlPlane } from "#control-plane/core";
import { origin, type TestControlPlane, withControlPlane } from "#control-plane/core/testing";
import { systemRandom } from "#foundation/runtime";
import { inspectAggregate, makeBackup, remediate, restoreBackup, verifyBackup } from "./index.ts";

async function madeApp(core: ControlPlane): Promise<{ readonly accountId: AccountId; readonly appId: string }> {
  const { accountId } = await core.ensureRoot();
  const made = await core.execute({ type: "app.create", accountId, name: "shop" }, origin());
  if (!made.ok) throw new Error(made.message);
  return { accountId, appId: made.result.appId };
}

test("an aggregate is shown event by event, with what each left", () =>
  withControlPlane(async ({ controlPlane: core }) => {
    const { accountId, appId } = await madeApp(core);
    await core.execute({ type: "app.update", accountId, appId, name: "store" }, origin());
    const shown = () => inspectAggregate(core.events, { aggregateType: "app", aggregateId: appId });
    expect((await shown()).map(({ event, state }) => [event.type, (state as { name?: string } | null)?.name])).toEqual([
      ["app.created", "shop"],
      ["app.updated", "store"],
    ]);
    expect((await shown()).at(-1)!.state).toEqual(core.views.record("app", appId)!);
    await core.execute({ type: "app.delete", accountId, appId }, origin());
    expect((await shown()).at(-1)).toMatchObject({ event: { type: "app.deleted" }, state: null });
    expect(await inspectAggregate(core.events, { aggregateType: "app", aggregateId: "app_none" })).toEqual([]);
  }));

test("a remedy is an event in the log with its actor; what has passed meanwhile is not touched", () =>
  withControlPlane(async ({ controlPlane: core, time }) => {
    const { accountId } = await core.ensureRoot();
    const volumeId = "vol_000000000000000000000001";
    const payload = { volumeId, accountId, name: "data", sizeBytes: 1, backupEnabled: true, homeNodeId: "nod_1" };
    await core.decideAlone("system:test", () => [
      {
        type: "volume.created",
        aggregateId: volumeId,
        org: accountId,
        payload: { ...payload, filesystem: "ext4", state: "creating" } as never,
      },
    ]);
    const fix = () => remediate(core, `volume_without_progress:${volumeId}`, "token:root", time.clock.now());
    expect(await fix()).toEqual({ applied: false, why: "gone" });
    await time.advance(11 * 60_000);
    expect(await fix()).toMatchObject({ applied: true, finding: { kind: "volume_without_progress" } });
    expect(core.views.record("volume", volumeId)?.state).toBe("error");
    const [last] = (await inspectAggregate(core.events, { aggregateType: "volume", aggregateId: volumeId })).slice(-1);
    expect(last?.event).toMatchObject({ type: "volume.stateChanged", actor: "token:root" });
    expect(await fix()).toEqual({ applied: false, why: "gone" });
  }));

/** A backup that was made while the control plane runs. */
const withBackup = (
  body: (parts: TestControlPlane & { readonly target: string; readonly scratch: string }) => Promise<void>,
  withKeys = false,
) =>
  withControlPlane(async (world) => {
    const scratch = mkdtempSync(join(tmpdir(), "biplane-backup-"));
    try {
      await madeApp(world.controlPlane);
      const target = join(scratch, "backup");
      makeBackup(world.directory, target, { withKeys, version: "0", now: 0 });
      await body({ ...world, target, scratch });
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });

test("a backup is proved by restoring it, and the restored control plane is what it was", () =>
  withBackup(async ({ controlPlane, target, scratch, reopen }) => {
    const { head, views } = controlPlane;
    expect(await verifyBackup(target, systemRandom)).toMatchObject({ sound: true, events: head, problems: [] });
    const apps = [...views.records("app")];
    // What happens after the backup is not in it.
    await controlPlane.execute({ type: "app.create", accountId: apps[0]!.accountId, name: "later" }, origin());
    const restored = join(scratch, "control");
    restoreBackup(target, restored, undefined);
    const again = await reopen({ dataDirectory: restored });
    expect([...again.views.records("app")]).toEqual(apps);
    expect((await again.verify()).sound).toBe(true);
  }, true));

test("contents that gateways need are proved as well: what is missing or was changed is named", () =>
  withControlPlane(async ({ controlPlane: core, directory }) => {
    const { accountId } = await core.ensureRoot();
    const made = await core.execute({ type: "project.create", accountId, name: "web" }, origin());
    if (!made.ok) throw new Error(made.message);
    const contents = [Buffer.from("openapi: 3.1.0"), Buffer.from("another file")];
    const { digests, release } = await core.gatewayBlobs.put(contents);
    const files = contents.map(({ length }, index) => ({
      path: `${index}.yaml`,
      digest: digests[index]!,
      sizeBytes: length,
    }));
    const { projectId } = made.result;
    const spec = { type: "gatewaySpec.create", accountId, projectId, name: "api", files, descriptions: ["0.yaml"] };
    expect((await core.execute(spec as never, origin())).ok).toBe(true);
    release();
    const scratch = mkdtempSync(join(tmpdir(), "biplane-backup-"));
    try {
      const target = join(scratch, "backup");
      makeBackup(directory, target, { withKeys: false, version: "0", now: 0 });
      expect(await verifyBackup(target, systemRandom)).toMatchObject({ sound: true, problems: [] });
      // As if they had never been written: the manifest says that the file is what it was.
      const changed = async (sql: string): Promise<readonly string[]> => {
        const path = join(target, "events.sqlite");
        const before = readFileSync(path);
        const database = new Database(path);
        database.run(sql);
        database.close();
        const manifest = join(target, "backup.json");
        const text = readFileSync(manifest, "utf8");
        const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
        const after = readFileSync(path);
        writeFileSync(
          manifest,
          text.replace(digestOf(before), digestOf(after)).replace(`${before.length}`, `${after.length}`),
        );
        try {
          return (await verifyBackup(target, systemRandom)).problems;
        } finally {
          writeFileSync(path, before);
          writeFileSync(manifest, text);
        }
      };
      const nameOf = (digest: string) => `gateway-blob/${digest.slice("sha256:".length)}`;
      expect(await changed(`DELETE FROM documents WHERE name = '${nameOf(digests[0]!)}'`)).toEqual([
        `the contents ${digests[0]} of a gateway are missing`,
      ]);
      const damaged = Buffer.from("another fil!").toString("base64");
      expect(
        await changed(`UPDATE documents SET text = '${damaged}' WHERE name = '${nameOf(digests[1]!)}/00000'`),
      ).toEqual([`${digests[1]} is damaged`]);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }));

test("keys stay out of a backup unless they are asked for, and the right ones are needed to restore it", () =>
  withBackup(async ({ directory, target, scratch }) => {
    for (const name of ["master.key", "secret-keys.json"]) expect(existsSync(join(target, name))).toBe(false);
    const restored = join(scratch, "control");
    expect(() => restoreBackup(target, restored, undefined)).toThrow(/master\.key is not in the backup/);
    const wrong = join(scratch, "keys");
    cpSync(directory, wrong, { recursive: true });
    writeFileSync(join(wrong, "master.key"), "another");
    expect(() => restoreBackup(target, restored, wrong)).toThrow(/another key/);
    expect(existsSync(join(restored, "events.sqlite"))).toBe(false);
    restoreBackup(target, restored, directory);
    expect(readFileSync(join(restored, "master.key"))).toEqual(readFileSync(join(directory, "master.key")));
    expect(() => restoreBackup(target, restored, directory)).toThrow(/has a control plane already/);
    expect(() => makeBackup(directory, target, { withKeys: false, version: "0", now: 0 })).toThrow(/not empty/);
  }));

test("a backup that was changed, or is none, is refused", () =>
  withBackup(async ({ target, scratch, directory }) => {
    appendFileSync(join(target, "events.sqlite"), "x");
    await expect(verifyBackup(target, systemRandom)).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
    expect(() => restoreBackup(target, join(scratch, "control"), directory)).toThrow(/digest differs/);
    rmSync(join(target, "events.sqlite"));
    await expect(verifyBackup(target, systemRandom)).rejects.toThrow(/missing/);
    for (const text of ["", "{}", "[]", "null", '{"format":"biplane-control-backup-v1","files":[{"name":"../x"}]}']) {
      writeFileSync(join(target, "backup.json"), text);
      await expect(verifyBackup(target, systemRandom)).rejects.toThrow();
    }
    await expect(verifyBackup(scratch, systemRandom)).rejects.toMatchObject({ code: "NO_BACKUP" });
    expect(() => makeBackup(scratch, join(scratch, "other"), { withKeys: false, version: "0", now: 0 })).toThrow(
      /PostgreSQL/,
    );
  }));
