/** Two control planes as processes on one PostgreSQL, behind one address that gateways dial. */
import { afterAll, expect } from "bun:test";
import { cpSync, mkdirSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { postgresUrl, startTestPostgres, type TestPostgres, whyNoPostgres } from "#foundation/sql/postgres/testing";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";
import { descriptionSaying } from "./support/artifacts.ts";
import { createFleet, type FleetGatewayProcess, type FleetOfProcesses } from "./support/fleet.ts";
import { type Load, startLoad } from "./support/load.ts";

const missing = whyNoPostgres();
const server = missing === undefined ? await startTestPostgres() : undefined;
const databaseTest = skipUnless(server !== undefined, missing ?? "");

const fleets: FleetOfProcesses[] = [];
let balancer: Balancer | undefined;
let load: Load | undefined;
afterAll(async () => {
  await load?.stop();
  await balancer?.close();
  for (const fleet of fleets) await fleet.dispose();
  await server?.stop();
});

interface Balancer {
  readonly url: string;
  /** Ports, the one that is tried first at the beginning. */
  readonly backends: number[];
  close(): Promise<void>;
}

/** Connections go to the first backend that takes them. */
async function startBalancer(): Promise<Balancer> {
  const backends: number[] = [];
  const open = new Set<Socket>();
  const forward = (client: Socket, index: number): void => {
    const port = backends[index];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const there = connect(port, "127.0.0.1");
    let isThere = false;
    open.add(there);
    there.on("connect", () => {
      isThere = true;
      client.pipe(there);
      there.pipe(client);
    });
    there.on("error", () => (isThere ? client.destroy() : forward(client, index + 1)));
    there.on("close", () => {
      open.delete(there);
      if (isThere) client.destroy();
    });
    client.on("close", () => there.destroy());
  };
  const listener = createServer((client) => {
    open.add(client);
    client.on("error", () => {});
    client.on("close", () => open.delete(client));
    forward(client, 0);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as { port: number }).port}`,
    backends,
    close() {
      for (const socket of open) socket.destroy();
      return new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

const portOf = ({ apiUrl }: FleetOfProcesses): number => Number(new URL(apiUrl).port);

databaseTest(
  "R8, R34: two control planes at once lose and double nothing; gateways come to the one that decides, and to what it wants, whichever is killed",
  async () => {
    const { owner, runtime } = server as TestPostgres;
    const database = ["--database", postgresUrl(runtime)];
    const first = createFleet({ controlOptions: [...database, "--database-owner", postgresUrl(owner)] });
    const second = createFleet({ controlOptions: database });
    fleets.push(first, second);
    balancer = await startBalancer();
    const { url, backends } = balancer;

    await first.startControl();
    backends.push(portOf(first));
    const projectId = await first.project("shop");
    const { key } = await first.key(projectId, "edges");
    const gateways = await Promise.all(
      ["one", "two", "three"].map((name) => first.startGateway(name, { projectId, key, controlPlane: () => url })),
    );
    const allSay = async (text: string) =>
      (await Promise.all(gateways.map((one: FleetGatewayProcess) => one.says()))).every((said) => said === text);
    await first.deploySaying(projectId, "by the first");
    await until("all serve what the first has deployed", () => allSay("by the first"));
    const known = (await first.gateways(projectId)).map(({ id }) => id).sort();
    load = startLoad(
      gateways.map((one) => `${one.url}/version`),
      1,
      2,
    );

    // Another machine with the same keys. Both are there while it starts, and both are asked for things.
    mkdirSync(join(second.dataDirectory, "control"), { mode: 0o700, recursive: true });
    for (const file of ["control/master.key", "control/tokens.json", "credentials.json"]) {
      cpSync(join(first.dataDirectory, file), join(second.dataDirectory, file));
    }
    let isStarting = true;
    const asked = (async () => {
      const answered: string[] = [];
      for (let index = 0; isStarting && index < 40; index++) {
        const files = [{ path: "api.yaml", content: descriptionSaying(`asked ${index}`) }];
        const name = `asked ${index}`;
        const made = await first
          .call<{ readonly spec: { readonly id: string } }>("POST", `/v1/projects/${projectId}/specs`, { name, files })
          .catch(() => undefined);
        if (made === undefined) break;
        answered.push(made.spec.id);
      }
      return answered;
    })();
    await second.startControl();
    backends.unshift(portOf(second));
    expect(await first.controlExited()).toBe(5);
    isStarting = false;

    // What the first has answered is there, once; it has no more to say.
    const { items } = await second.call<{ readonly items: readonly { readonly id: string }[] }>(
      "GET",
      `/v1/projects/${projectId}/specs?limit=200`,
    );
    const ids = items.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of await asked) expect(ids).toContain(id);

    await second.deploySaying(projectId, "by the second");
    await until("all serve what the second has deployed", () => allSay("by the second"));
    await until("all are connected to the second", async () => {
      const shown = await second.gateways(projectId);
      return shown.every(({ status, drift }) => status === "online" && drift === false);
    });
    expect((await second.gateways(projectId)).map(({ id }) => id).sort()).toEqual(known);

    // The second is killed; the first is started where it was, and nothing but its address has changed for anybody.
    await second.killControl();
    await first.startControl();
    await first.deploySaying(projectId, "by the first again");
    await until("all serve what the first has deployed again", () => allSay("by the first again"), 60_000);
    expect((await first.gateways(projectId)).map(({ id }) => id).sort()).toEqual(known);
    const { failures, answered } = await load.stop();
    load = undefined;
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    const verified = await first.cli("admin", "verify");
    expect(verified.stdout + verified.stderr).not.toMatch(/wrong|damaged|differs/i);
    expect(verified.code).toBe(0);
  },
  120_000,
);
