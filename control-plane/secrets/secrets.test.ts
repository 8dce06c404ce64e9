import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { AccountId, Command } from "#contracts";
import type { ControlPlane } from "#control-plane/core";
import { origin, withControlPlane } from "#control-plane/core/testing";
import { canonicalSecrets, encodeValue, parseSecretsFile, SECRETS_HEADER, secretsHash } from "./index.ts";

const file = (...lines: string[]): string => [SECRETS_HEADER, ...lines].join("\n");

describe("the file", () => {
  test("has one form for one content", () => {
    const one = parseSecretsFile(file("B=2", "# why", "", "A=1"));
    const other = parseSecretsFile(`${file("A=1", "B=2").replaceAll("\n", "\r\n")}\r\n`);
    if (!one.ok || !other.ok) throw new Error("both are valid");
    expect(canonicalSecrets(one.values)).toBe(`${SECRETS_HEADER}\nA=1\nB=2\n`);
    expect(canonicalSecrets(other.values)).toBe(canonicalSecrets(one.values));
  });

  test.each([
    ["no header", "A=1", "line 1"],
    ["no equals sign", file("A"), "line 2: NAME=value"],
    ["a small letter", file("a=1"), "line 2: a name has capital letters"],
    ["a name twice", file("A=1", "B=2", "A=3"), "line 4: the name stands there twice"],
    ["a lone carriage return", file("A=1\rB=2"), "line 2: a carriage return"],
    ["a NUL", file("A=\0"), "line 2: a NUL"],
    ["no base64", file("A=base64:!!"), "line 2: what follows base64:"],
    ["a long value", file(`A=${"x".repeat(8_193)}`), "line 2: a value has 8192 bytes"],
    ["a long name", file(`${"A".repeat(129)}=x`), "line 2: a name has 128"],
    ["many names", file(...Array.from({ length: 257 }, (_, index) => `A${index}=x`)), "256 names"],
    [
      "a long file",
      file(...Array.from({ length: 40 }, (_, index) => `A${index}=${"x".repeat(8_000)}`)),
      "262144 bytes",
    ],
  ])("refuses %s, says the line, and never the value", (_what, text, problem) => {
    const parsed = parseSecretsFile(text);
    if (parsed.ok) throw new Error("it must be refused");
    expect(parsed.problem).toContain(problem);
    expect(parsed.problem).not.toContain("xxxx");
  });

  test("holds any value", () => {
    const value = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("base64:", "a\nb", "\r", " x "));
    fc.assert(
      fc.property(
        value.filter((text) => text.isWellFormed()),
        (text) => {
          const encoded = encodeValue(text);
          const parsed = parseSecretsFile(canonicalSecrets(new Map([["A", encoded]])));
          if (!parsed.ok) throw new Error(parsed.problem);
          const read = parsed.values.get("A")!;
          const back = read.startsWith("base64:") ? Buffer.from(read.slice(7), "base64").toString("utf8") : read;
          expect(back).toBe(text);
        },
      ),
    );
  });
});

const NODE = "nod_000000000000000000000001";

async function made(controlPlane: ControlPlane) {
  const { accountId } = await controlPlane.ensureRoot();
  const run = async (command: Record<string, unknown>): Promise<Record<string, string>> => {
    const outcome = await controlPlane.execute(command as unknown as Command, origin());
    if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.message}`);
    return outcome.result as Record<string, string>;
  };
  const { appId } = await run({ type: "app.create", accountId, name: "shop" });
  const { envId } = await run({ type: "env.create", accountId, appId, name: "production" });
  return { accountId, envId: envId!, appId: appId!, run };
}

/** An instance that is bound to the current version. */
async function allocate(
  controlPlane: ControlPlane,
  ids: { accountId: AccountId; appId: string; envId: string },
  versionId: string,
): Promise<void> {
  await controlPlane.decideAlone("test", () => [
    {
      type: "instance.allocated",
      aggregateId: "ins_1",
      org: ids.accountId,
      payload: {
        instanceId: "ins_1",
        ...ids,
        processType: "web",
        nodeId: NODE,
        releaseId: "rel_1",
        deployId: "dep_1",
        secretsVersionId: versionId,
        specHash: "h",
        memoryBytes: 1,
        cpuMillis: 1,
        diskBytes: 1,
        mounts: [],
        desiredState: "running",
        status: "pending",
        restarts: 0,
      },
    },
  ]);
}

describe("versions", () => {
  test("are opened for the node of an instance that is bound to them, and for nobody else", () =>
    withControlPlane(async ({ controlPlane, reopen }) => {
      const { accountId, envId, appId, run } = await made(controlPlane);
      const { versionId } = await run({ type: "secrets.set", accountId, envId, data: file("KEY=value") });
      await allocate(controlPlane, { accountId, appId, envId }, versionId!);
      const again = await reopen();
      expect(await again.secrets.openFor("ins_1", NODE)).toEqual({
        ok: true,
        ask: "secrets",
        versionId: versionId!,
        data: `${SECRETS_HEADER}\nKEY=value\n`,
      });
      expect(await again.secrets.openFor("ins_1", "nod_other")).toMatchObject({ ok: false, code: "not_yours" });
      expect(await again.secrets.openFor("ins_2", NODE)).toMatchObject({ ok: false, code: "not_yours" });
      await again.execute(
        { type: "instance.report", nodeId: NODE, instanceId: "ins_1", status: "failed", restarts: 0 },
        origin(),
      );
      expect(await again.secrets.openFor("ins_1", NODE)).toMatchObject({ ok: false, code: "not_yours" });
    }));

  test("single ones are changed, also by many at once; the same content is no new version", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId, envId, run } = await made(controlPlane);
      const names = Array.from({ length: 8 }, (_, index) => `K${index}`);
      await Promise.all(names.map((name) => run({ type: "secrets.patch", accountId, envId, values: { [name]: "v" } })));
      const bundle = () => [...controlPlane.views.records("secretBundle")][0]!;
      expect(bundle().keys).toEqual(names);
      const { versionId } = bundle();
      await run({ type: "secrets.patch", accountId, envId, values: { K0: "v" } });
      expect(bundle().versionId).toBe(versionId!);
      await run({ type: "secrets.patch", accountId, envId, values: { K0: null } });
      expect(bundle().keys).toEqual(names.slice(1));
      await expect(run({ type: "secrets.patch", accountId, envId, values: { "not-a-name": "v" } })).rejects.toThrow(
        "ValidationFailed",
      );
    }));

  test("open after the master key was rotated, and after everything was locked anew, with the old key gone", () =>
    withControlPlane(async ({ controlPlane, reopen, directory }) => {
      const { accountId, envId, appId, run } = await made(controlPlane);
      const { versionId } = await run({ type: "secrets.set", accountId, envId, data: file("KEY=value") });
      await allocate(controlPlane, { accountId, appId, envId }, versionId!);
      const first = controlPlane.secrets.keys()[0]!.keyId;
      const active = controlPlane.secrets.rotate();
      expect(await controlPlane.secrets.openFor("ins_1", NODE)).toMatchObject({ ok: true });
      expect(await controlPlane.secrets.rewrap()).toMatchObject({ keyId: active, versions: 1, failed: [] });
      expect(await controlPlane.secrets.rewrap()).toMatchObject({ versions: 0 });
      const path = join(directory, "secret-keys.json");
      const ring = JSON.parse(readFileSync(path, "utf8"));
      delete ring.keys[first];
      await Bun.write(path, JSON.stringify(ring));
      const again = await reopen();
      expect(await again.secrets.openFor("ins_1", NODE)).toMatchObject({ ok: true });
    }));

  test("without the master key nothing opens, and nothing else stops", () =>
    withControlPlane(async ({ controlPlane, reopen, directory }) => {
      const { accountId, envId, appId, run } = await made(controlPlane);
      const { versionId } = await run({ type: "secrets.set", accountId, envId, data: file("KEY=value") });
      await allocate(controlPlane, { accountId, appId, envId }, versionId!);
      rmSync(join(directory, "secret-keys.json"));
      const again = await reopen();
      expect(await again.secrets.openFor("ins_1", NODE)).toMatchObject({ ok: false, code: "master_key_unavailable" });
      const patch = { type: "secrets.patch", accountId, envId, values: { A: "1" } } as const;
      expect(await again.execute(patch, origin())).toMatchObject({ ok: false, code: "MasterKeyUnavailable" });
      expect(await again.execute({ type: "secrets.set", accountId, envId, data: file("A=1") }, origin())).toMatchObject(
        { ok: true },
      );
    }));

  test("that nothing uses are thrown away after a day", () =>
    withControlPlane(async ({ controlPlane, time }) => {
      const { accountId, envId, run } = await made(controlPlane);
      await run({ type: "secrets.set", accountId, envId, data: file("A=1") });
      await run({ type: "secrets.set", accountId, envId, data: file("A=2") });
      expect(await controlPlane.secrets.sweep()).toBe(0);
      time.advance(25 * 3_600_000);
      expect(await controlPlane.secrets.sweep()).toBe(1);
      expect(await controlPlane.secrets.sweep()).toBe(0);
    }));

  test("are in no file of the control plane, whatever is done with them", () =>
    withControlPlane(async ({ controlPlane, reopen, directory }) => {
      const { accountId, envId, run } = await made(controlPlane);
      const canary = "CANARY-7f3a9b51-value";
      await run({ type: "secrets.set", accountId, envId, data: file(`KEY=${canary}`) });
      await controlPlane.execute(
        { type: "secrets.patch", accountId, envId, values: { OTHER: canary } },
        origin("an-idempotency-key"),
      );
      await controlPlane.execute(
        { type: "secrets.set", accountId, envId, data: `bad\nKEY=${canary}` },
        origin("another-key"),
      );
      await reopen();
      for (const name of readdirSync(directory)) {
        expect(readFileSync(join(directory, name)).includes(canary), name).toBe(false);
      }
    }));
});

test("digests are SHA-256 of the canonical file", () => {
  expect(secretsHash(`${SECRETS_HEADER}\nA=1\n`)).toBe(
    new Bun.CryptoHasher("sha256").update(`${SECRETS_HEADER}\nA=1\n`).digest("hex"),
  );
});
