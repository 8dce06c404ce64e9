/** What the platform promises: under load through the edge, nothing that an operator or a developer does loses a request. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { LOOK_WITH_PROGRAM_EVERY_MS, until } from "../support/until.ts";
import { type SteadyLoad, steadyLoad } from "./steady-load.ts";

const RATE = 100;
/** How long the control plane stays away; `tests/soak/without-control-plane.ts` asks for ten minutes. */
const AWAY_SECONDS = Number(process.env.BIPLANE_AWAY_SECONDS ?? 5);
const cloud: Cloud = createCloud();
const work = mkdtempSync(join(tmpdir(), "biplane-zero-"));
const app = join(work, "shop");
let control: CloudProcess;
let agents: Record<"one" | "two", CloudProcess>;
let edge: CloudProcess;
let load: SteadyLoad;
let apiUrl: string;
let edgePort: number;

const cli = async (...args: string[]) => {
  const answer = await cloud.cli(...args);
  if (answer.code !== 0)
    throw new Error(`biplane ${args.join(" ")} ended with ${answer.code}: ${answer.stdout}${answer.stderr}`);
  return answer.stdout;
};

const portIn = (output: string, label: string): number =>
  Number(new RegExp(`${label}\\s+http://[\\d.]+:(\\d+)`).exec(output)![1]);

const startAgent = (name: string) =>
  cloud.start(
    "agent",
    "--data",
    join(cloud.dataDirectory, name),
    "--name",
    name,
    "--control-plane",
    apiUrl,
    "--join-token",
    joinToken(),
    "--memory",
    "2Gi",
  );
const startEdge = (port: number) =>
  cloud.start("edge", "--http-port", String(port), "--control-plane", apiUrl, "--join-token", joinToken());

function joinToken(): string {
  const credentials = JSON.parse(readFileSync(join(cloud.dataDirectory, "credentials.json"), "utf8"));
  return credentials.joinToken;
}

function write(greeting: string): void {
  mkdirSync(app, { recursive: true });
  cpSync(join(import.meta.dir, "../../examples/hello/server.js"), join(app, "server.js"));
  writeFileSync(
    join(app, "biplane.toml"),
    `schema_version = "v1"
app = { name = "shop" }
[processes.web]
command = [${JSON.stringify(process.execPath)}, "server.js"]
vars = { GREETING = ${JSON.stringify(greeting)} }
ports = [{ internal = 8080 }]
resources = { memory = "128Mi" }
scaling = { min = 2, max = 4 }
health = { type = "http", port = 8080, path = "/healthz", interval_seconds = 1 }
`,
  );
}

interface Shown {
  readonly processes: readonly { readonly ready: number; readonly desired: number; readonly live: number }[];
}
const ps = async (): Promise<Shown> => JSON.parse(await cli("ps", "--app", "shop", "--json")) as Shown;
const settled = () =>
  until(
    "everything is as wanted",
    async () => {
      const { processes } = await ps();
      return processes.every(({ ready, desired, live }) => ready === desired && live === desired);
    },
    60_000,
    LOOK_WITH_PROGRAM_EVERY_MS,
  );

/** Nothing has been lost so far. */
const expectNoLoss = () => expect(load.failures).toEqual([]);

beforeAll(async () => {
  control = await cloud.start("control", "--api-port", "0");
  apiUrl = `http://127.0.0.1:${portIn(control.output(), "control API")}`;
  await cloud.start("node", "--port", "0", "--control-plane", apiUrl);
  agents = { one: await startAgent("one"), two: await startAgent("two") };
  edge = await startEdge(0);
  edgePort = portIn(edge.output(), "applications");
  write("first");
  await cli("deploy", app);
  load = steadyLoad(`http://127.0.0.1:${edgePort}/`, "web.shop.localhost", RATE);
}, 60_000);

afterAll(async () => {
  await cloud.dispose();
  rmSync(work, { recursive: true, force: true });
});

test("a deploy, another one, a rollback", async () => {
  write("second");
  await cli("deploy", app);
  write("third");
  await cli("deploy", app);
  await cli("rollback", "--app", "shop");
  await settled();
  expectNoLoss();
}, 90_000);

test("scaling up and down, and a restart of everything", async () => {
  await cli("scale", "web=4", "--app", "shop");
  await cli("scale", "web=1", "--app", "shop");
  await cli("scale", "web=2", "--app", "shop");
  await cli("restart", "--app", "shop");
  await settled();
  expectNoLoss();
}, 90_000);

test("logs and exec", async () => {
  expect(await cli("logs", "--app", "shop", "--tail", "20")).toContain("listening on port");
  expect(await cli("exec", "--app", "shop", "--no-tty", "--", "sh", "-c", "echo $BIPLANE_APP")).toBe("shop\n");
  expectNoLoss();
}, 30_000);

test("agents that are killed and started again take their instances over", async () => {
  const before = JSON.parse(await cli("instances", "list", "--app", "shop", "--json")) as {
    id: string;
    status: string;
  }[];
  const ready = before.filter(({ status }) => status === "ready").map(({ id }) => id);
  await agents.one.kill();
  agents.one = await startAgent("one");
  await agents.two.stop();
  agents.two = await startAgent("two");
  await settled();
  const after = JSON.parse(await cli("instances", "list", "--app", "shop", "--json")) as {
    id: string;
    status: string;
    restarts: number;
  }[];
  expect(
    after
      .filter(({ status }) => status === "ready")
      .map(({ id }) => id)
      .sort(),
  ).toEqual(ready.sort());
  expectNoLoss();
}, 60_000);

test("an edge is replaced by another one", async () => {
  const next = await startEdge(edgePort);
  await edge.stop();
  edge = next;
  expectNoLoss();
}, 60_000);

test("a node is drained, and takes instances again", async () => {
  await cli("nodes", "drain", "one");
  await until(
    "the node is empty",
    async () => {
      const instances = JSON.parse(await cli("instances", "list", "--app", "shop", "--json")) as {
        node: string;
        status: string;
      }[];
      return instances.filter(({ status }) => status === "ready").every(({ node }) => node === "two");
    },
    60_000,
    LOOK_WITH_PROGRAM_EVERY_MS,
  );
  await settled();
  await cli("nodes", "activate", "one");
  expectNoLoss();
}, 90_000);

test(
  "the control plane is away: instances run, the edge serves, both are restarted, and everything goes on afterwards",
  async () => {
    await control.kill();
    const before = load.requests;
    await agents.two.kill();
    agents.two = await startAgent("two");
    const next = await startEdge(edgePort);
    await edge.stop();
    edge = next;
    await until(
      "it has been away for long enough",
      () => load.requests > before + AWAY_SECONDS * RATE,
      (AWAY_SECONDS + 30) * 1_000,
    );
    expectNoLoss();
    control = await cloud.start("control", "--api-port", new URL(apiUrl).port);
    write("fourth");
    await cli("deploy", app);
    await settled();
    expectNoLoss();
  },
  (AWAY_SECONDS + 120) * 1_000,
);

test("in the end nothing was lost, and each release has served", async () => {
  const { requests, failures, bodies } = await load.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(500);
  expect([...bodies.keys()].sort()).toEqual(["first\n", "fourth\n", "second\n", "third\n"]);
});

test("another environment: to nothing and back", async () => {
  await cli("deploy", app, "--env", "staging");
  const fetchStaging = async () => {
    const answer = await fetch(`http://127.0.0.1:${edgePort}/`, { headers: { host: "web.staging.shop.localhost" } });
    return [answer.status, await answer.text()] as const;
  };
  expect(await fetchStaging()).toEqual([200, "fourth\n"]);
  await cli("scale", "web=0", "--app", "shop", "--env", "staging");
  const [status, problem] = await fetchStaging();
  expect(status).toBe(503);
  expect(problem).toContain("SCALED_TO_ZERO");
  await cli("scale", "web=2", "--app", "shop", "--env", "staging");
  expect(await fetchStaging()).toEqual([200, "fourth\n"]);
}, 60_000);
