/** The whole control plane over the log in PostgreSQL. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventId } from "#contracts";
import { createPostgresLog, type Differently, type PostgresLog } from "#control-plane/events/store/testing";
import { systemClock, systemRandom } from "#foundation/runtime";
import { openCutLine, startTestPostgres, type TestPostgres, whyNoPostgres } from "#foundation/sql/postgres/testing";
import { skipUnless } from "../../tests/support/skips.ts";
import { until } from "../../tests/support/until.ts";
import type { ControlPlane } from "./control-plane.ts";
import { openControlPlane } from "./open-control-plane.ts";
import { expectEverythingAgrees } from "./testing/random-commands.ts";
import { origin, parsePolicyLoosely, resultOf } from "./testing/test-control-plane.ts";

const missing = whyNoPostgres();
const server = missing === undefined ? await startTestPostgres() : undefined;
afterAll(() => server?.stop());

if (server === undefined) {
  skipUnless(false, missing!)("a control plane over PostgreSQL loses and doubles nothing", () => undefined);
} else {
  describe("a control plane over PostgreSQL", () => controlPlanes(server));
}

/** Control planes on machines of their own, over one log. */
async function withMachines(
  server: TestPostgres,
  body: (cloud: {
    /** Another machine, with the master key of the first. */
    start(way?: Differently): Promise<{ readonly controlPlane: ControlPlane; readonly deposed: readonly Error[] }>;
  }) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "biplane-machines-"));
  const log = await createPostgresLog(server);
  const running: ControlPlane[] = [];
  try {
    await body({
      async start(way) {
        const directory = join(root, String(running.length));
        if (running.length > 0) cpSync(join(root, "0", "master.key"), join(directory, "master.key"));
        const deposed: Error[] = [];
        const controlPlane = await openControlPlane({
          dataDirectory: directory,
          clock: systemClock,
          random: systemRandom,
          checkPolicy: parsePolicyLoosely,
          store: await log.open(way),
          onDeposed: (error) => deposed.push(error),
        });
        running.push(controlPlane);
        return { controlPlane, deposed };
      },
    });
  } finally {
    for (const controlPlane of running) await controlPlane.close();
    await log.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Names of accounts in the order of the log, whose numbers must be 1, 2, 3 … */
async function accountsInLog({ events, head }: ControlPlane): Promise<readonly string[]> {
  const names: string[] = [];
  let cursor = 0 as EventId;
  while (cursor < head) {
    for (const event of await events.read(cursor, 1_000)) {
      expect(event.id as number).toBe(cursor + 1);
      cursor = event.id;
      if (event.type === "account.created" && "name" in event.payload) names.push(String(event.payload.name));
    }
  }
  return names;
}

function controlPlanes(server: TestPostgres): void {
  test("whatever is commanded, everything agrees", async () => {
    const logs: PostgresLog[] = [];
    const createLog = async () => {
      const log = await createPostgresLog(server);
      logs.push(log);
      return () => log.open();
    };
    await expectEverythingAgrees(3, { createLog });
    for (const log of logs) await log.close();
  }, 60_000);

  test("who starts last decides; the one before is told, keeps nothing more, and its data is all there", () =>
    withMachines(server, async ({ start }) => {
      const first = await start();
      await first.controlPlane.ensureRoot();
      const busy = Array.from({ length: 40 }, async (_, index) => {
        const name = `first ${index}`;
        return (await first.controlPlane.execute({ type: "account.create", name }, origin())).ok ? [name] : [];
      });
      const second = await start();
      const kept = (await Promise.all(busy)).flat();
      await until("the first is told", () => first.deposed.length > 0);
      const refused = await first.controlPlane.execute({ type: "account.create", name: "too late" }, origin());
      expect(refused).toMatchObject({ ok: false, code: "Internal" });
      expect(first.deposed).toMatchObject([{ code: "Deposed" }]);
      expect(second.controlPlane.controlPlaneId).toBe(first.controlPlane.controlPlaneId);
      for (const name of kept) expect(second.controlPlane.views.accountByName(name)).toBeDefined();
      resultOf(await second.controlPlane.execute({ type: "account.create", name: "second" }, origin()));
      expect(await accountsInLog(second.controlPlane)).toEqual(["root", ...kept, "second"]);
      expect((await second.controlPlane.verify()).sound).toBe(true);
    }));

  test("commands over a line that is cut again and again are carried out once each, when they are sent again with their keys", () =>
    withMachines(server, async ({ start }) => {
      const line = await openCutLine(server.administrator.port);
      const { controlPlane } = await start({ address: { port: line.port } });
      await controlPlane.ensureRoot();
      const names = Array.from({ length: 60 }, (_, index) => `account ${index}`);
      for (const [index, name] of names.entries()) {
        const send = () => controlPlane.execute({ type: "account.create", name }, origin(name));
        const answer = send();
        if (index % 2 === 0) {
          // Anywhere on the way of the look for the key, of the append, and of their answers.
          if (index % 8 === 0) line.swallowAnswers();
          for (let turn = index % 7; turn > 0; turn--) await new Promise<void>((resolve) => setImmediate(resolve));
          line.cut();
        }
        const outcome = await answer;
        resultOf(outcome.ok ? outcome : await send());
      }
      expect(await accountsInLog(controlPlane)).toEqual(["root", ...names]);
      expect((await controlPlane.verify()).sound).toBe(true);
      await line.close();
    }));

  const own = skipUnless(
    server.process !== undefined,
    "a server named by BIPLANE_TEST_DATABASE_URL is not ours to kill",
  );
  own("a server that is killed under load comes back, and the control plane goes on by itself", () =>
    withMachines(server, async ({ start }) => {
      const { controlPlane, deposed } = await start();
      await controlPlane.ensureRoot();
      const names = Array.from({ length: 60 }, (_, index) => `account ${index}`);
      let isLost = false;
      const untilDone = async (name: string): Promise<void> => {
        while (!isLost && !(await controlPlane.execute({ type: "account.create", name }, origin(name))).ok);
      };
      const all = Promise.all(names.map(untilDone));
      await server.process!.kill();
      await server.process!.start().catch((error: unknown) => {
        // Without it they would ask for ever.
        isLost = true;
        throw error;
      });
      await all;
      expect((await accountsInLog(controlPlane)).toSorted()).toEqual(["root", ...names].toSorted());
      expect((await controlPlane.verify()).sound).toBe(true);
      expect(deposed).toEqual([]);
    }),
  );
}
