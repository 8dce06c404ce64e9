/** `app`: a gateway in front of an application of this cloud, deployed anew while it is asked. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { steadyLoad } from "../platform/steady-load.ts";
import { type Cloud, createCloud } from "../support/cloud.ts";
import { until } from "../support/until.ts";
import { compiled, refusalsOf, starting } from "./support/compiled-gateway.ts";

const started = starting();
const cloud: Cloud = createCloud();
const work = mkdtempSync(join(tmpdir(), "biplane-gateway-app-"));
let edgeUrl: string;
let apiUrl: string;
let org: string;

const cli = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await cloud.cli(...args);
  if (code !== 0) throw new Error(`biplane ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
};

function write(greeting: string): string {
  const folder = join(work, "shop");
  mkdirSync(folder, { recursive: true });
  cpSync(join(import.meta.dir, "../../examples/hello/server.js"), join(folder, "server.js"));
  writeFileSync(
    join(folder, "biplane.toml"),
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
  return folder;
}

/** @param config of `app`, in YAML's flow style, after `org` */
const description = (config: string, id = org): string => `openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /:
    get:
      x-biplane-dispatch: {name: app, config: {org: "${id}", ${config}}}
      responses: {"200": {description: ok}}
`;

const gateway = (config: string, edge: string | undefined = edgeUrl) =>
  started.gateway(compiled(description(config)), {
    secrets: { environment: edge === undefined ? {} : { BIPLANE_EDGE_URL: edge } },
  });

beforeAll(async () => {
  const up = await cloud.start("up", "--port", "0", "--api-port", "0", "--http-port", "0");
  edgeUrl = /applications\s+(http:\/\/[\d.]+:\d+)/.exec(up.output())![1]!;
  apiUrl = /control API\s+(http:\/\/[\d.]+:\d+)/.exec(up.output())![1]!;
  const [first] = JSON.parse(await cli("orgs", "list", "--json")) as readonly { readonly accountId: string }[];
  org = first!.accountId;
  await cli("deploy", write("first"));
}, 60_000);
afterEach(() => started.end());
afterAll(async () => {
  await cloud.dispose();
  rmSync(work, { recursive: true, force: true });
});

test("requests go to whatever is ready, and none is lost over a deploy, a scaling and a rollback", async () => {
  const { url } = await gateway("app: shop");
  const load = steadyLoad(`${url}/`, "shop.example", 50);
  await until("the first one answers", () => load.requests > 20);
  await cli("deploy", write("second"));
  await cli("scale", "web=3", "--app", "shop");
  await cli("rollback", "--app", "shop");
  await cli("deploy", write("third"));
  const { requests, failures, bodies } = await load.stop();
  expect(failures).toEqual([]);
  expect([...bodies.values()].reduce((sum, count) => sum + count, 0)).toBe(requests);
  const said = [...bodies.keys()].join();
  for (const greeting of ["first", "second", "third"]) expect(said).toContain(greeting);
}, 90_000);

test("what is not there, or is switched off, is said as the gateway says such things", async () => {
  const said = async (config: string) => {
    const { url } = await gateway(config);
    const answer = await fetch(`${url}/`);
    return [
      answer.status,
      ((await answer.json()) as { readonly code?: string }).code,
      answer.headers.get("biplane-edge"),
    ];
  };
  expect(await said("app: another")).toEqual([502, "upstream-unavailable", null]);
  expect(await said("app: shop, environment: staging")).toEqual([502, "upstream-unavailable", null]);
  expect(await said("app: shop, process: worker")).toEqual([502, "upstream-unavailable", null]);
  expect(await said("app: shop, port: 9090")).toEqual([502, "upstream-unavailable", null]);
  await cli("scale", "web=0", "--app", "shop");
  const { url } = await gateway("app: shop, port: 8080");
  await until("it is switched off", async () => (await fetch(`${url}/`)).status === 503);
  expect(await said("app: shop")).toEqual([503, "upstream-unavailable", null]);
}, 60_000);

test("an application that has got another name is found by that one", async () => {
  await cli("scale", "web=1", "--app", "shop");
  const { url } = await gateway("app: shop");
  await until("it answers", async () => (await fetch(`${url}/`)).status === 200, 60_000);
  const { apiToken } = JSON.parse(readFileSync(join(cloud.dataDirectory, "credentials.json"), "utf8"));
  const renamed = await fetch(`${apiUrl}/v1/orgs/${org}/apps/shop`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${apiToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "store" }),
  });
  expect(renamed.status).toBe(200);
  const { url: other } = await gateway("app: store");
  await until("it is found", async () => (await fetch(`${other}/`)).status === 200);
  await until("it is not found by the old name", async () => (await fetch(`${url}/`)).status === 502);
}, 90_000);

test("away from the cloud, nothing is served before the address of an edge is told", async () => {
  await expect(gateway("app: shop", "")).rejects.toThrow("edge has to be the address of an edge");
  await expect(started.gateway(compiled(description("app: shop")), { secrets: { environment: {} } })).rejects.toThrow(
    "/edge: the environment has no BIPLANE_EDGE_URL.",
  );
  const { url } = await gateway('app: shop, edge: "http://127.0.0.1:1"');
  expect((await fetch(`${url}/`)).status).toBe(502);
});

test("configurations that cannot be meant are refused by the compiler", () => {
  const refused = (config: string, id = "111122223333") => refusalsOf(description(config, id));
  expect(refused("app: shop")).toEqual([]);
  expect(refused("app: shop", "acme")).toEqual(["E1023"]);
  for (const config of [
    "process: web",
    "app: Shop",
    'app: "a.b"',
    "app: shop, port: 0",
    "app: shop, edge: shop",
    "app: shop, headers: {Host: a}",
  ]) {
    expect([config, refused(config)]).toEqual([config, ["E1023"]]);
  }
});
