import { afterAll, expect } from "bun:test";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { postgresUrl, startTestPostgres, type TestPostgres, whyNoPostgres } from "#foundation/sql/postgres/testing";
import { type Cloud, createCloud } from "../../tests/support/cloud.ts";
import { skipUnless } from "../../tests/support/skips.ts";

const missing = whyNoPostgres();
const server = missing === undefined ? await startTestPostgres() : undefined;
afterAll(() => server?.stop());
const databaseTest = skipUnless(server !== undefined, missing ?? "");

const PORTS = ["--port", "0", "--api-port", "0"] as const;

/** Starts what must not start. */
async function refusalOf(cloud: Cloud, ...database: readonly string[]): Promise<{ code: number; said: string }> {
  const { code, stderr, stdout } = await cloud.cli("up", "--data", cloud.dataDirectory, ...PORTS, ...database);
  return { code, said: stdout + stderr };
}

databaseTest(
  "a cloud keeps its log in a database: made by the owner, found again, taken over, never in two places",
  async () => {
    const { owner, runtime } = server as TestPostgres;
    const url = postgresUrl(runtime);
    const clouds = [createCloud(), createCloud()] as const;
    const [first, second] = clouds;
    try {
      const early = await refusalOf(first, "--database", url);
      expect(early.code).toBe(1);
      expect(early.said).toContain("start once with --database-owner");
      const wrong = url.replace(encodeURIComponent(runtime.password), "hunter2").replace("postgres://", "postgre://");
      const usage = await refusalOf(first, "--database", wrong);
      expect(usage.code).toBe(2);
      expect(usage.said).toContain("postgres://USER:PASSWORD@HOST");
      expect(usage.said).not.toContain("hunter2");
      expect((await refusalOf(first, "--database-owner", url)).code).toBe(2);

      const up = await first.start("up", ...PORTS, "--database", url, "--database-owner", postgresUrl(owner));
      expect((await first.cli("accounts", "create", "team")).code).toBe(0);
      expect(await up.stop()).toBe(0);
      expect(existsSync(join(first.dataDirectory, "control", "events.sqlite"))).toBe(false);

      const forgotten = await refusalOf(first);
      expect(forgotten.code).toBe(1);
      expect(forgotten.said).toContain("start it with --database");
      await Bun.write(join(second.dataDirectory, "control", "events.sqlite"), "");
      expect((await refusalOf(second, "--database", url)).said).toContain("not in a database");
      rmSync(join(second.dataDirectory, "control"), { recursive: true });

      // Another machine, with the keys of the first.
      const before = await first.start("control", "--api-port", "0", "--database", url);
      mkdirSync(join(second.dataDirectory, "control"), { mode: 0o700 });
      for (const file of ["control/master.key", "control/tokens.json", "credentials.json"]) {
        cpSync(join(first.dataDirectory, file), join(second.dataDirectory, file));
      }
      const after = await second.start("control", "--api-port", "0", "--database", url);
      expect(await before.exited).toBe(5);
      expect(before.output()).toMatch(/Epoch \d+ has taken over this event log from epoch \d+/);
      expect((await second.cli("accounts", "list")).stdout).toContain("team");
      expect(await after.stop()).toBe(0);

      for (const { password } of [owner, runtime]) {
        for (const process_ of [up, before, after]) expect(process_.output()).not.toContain(password);
      }
    } finally {
      for (const cloud of clouds) await cloud.dispose();
    }
  },
);
