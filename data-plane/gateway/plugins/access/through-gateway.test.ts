/** Who may come in, in a gateway that listens, between a client and an upstream. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { parseTemplate } from "#foundation/api-description";
import { type GatewayPlan, type JsonObject, type PluginUse, sealGatewayArtifact } from "#foundation/gateway-artifact";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { type Gateway, startGateway } from "../../running/gateway.ts";
import { compiledConfig } from "../traffic/testing/through.ts";
import { rsa, signedToken } from "./testing/tokens.ts";

let upstream: ReturnType<typeof Bun.serve>;
let asked: { readonly url: URL; readonly headers: Headers }[];
let gateway: Gateway | undefined;

beforeEach(() => {
  asked = [];
  upstream = Bun.serve({
    port: 0,
    fetch(request) {
      asked.push({ url: new URL(request.url), headers: request.headers });
      return new Response("from upstream");
    },
  });
});

afterEach(async () => {
  await gateway?.close(0);
  gateway = undefined;
  await upstream.stop(true);
});

/** A gateway with one operation, which has these middlewares. */
async function start(uses: readonly (readonly [name: string, config: JsonObject])[]) {
  const url = `http://127.0.0.1:${upstream.port}`;
  const plugins: PluginUse[] = [
    { kind: "dispatcher", name: "http-upstream", config: compiledConfig("http-upstream", { url }) },
    ...uses.map(([name, config]) => ({ kind: "middleware", name, config: compiledConfig(name, config) }) as const),
  ];
  const parsed = parseTemplate("/things");
  if (!("template" in parsed)) throw new Error(parsed.problem);
  const plan: GatewayPlan = {
    version: 1,
    apis: [{ file: "api.yaml", format: "openapi", formatVersion: "3.1.0", title: "Things", version: "1" }],
    operations: [
      {
        id: "GET /things",
        api: 0,
        method: "GET",
        path: "/things",
        template: parsed.template,
        deprecated: false,
        parameters: [],
        responses: [],
        middlewares: uses.map((_, index) => index + 1),
        dispatch: 0,
      },
    ],
    plugins,
    schemas: [],
  };
  const { bytes } = sealGatewayArtifact({ plan, specs: new Map(), provenance: { compiler: "test" } });
  gateway = await startGateway(bytes, {
    port: 0,
    secrets: { environment: { KEY: "the key" } },
    log: silentLogger,
    metrics: createMetrics(),
    runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
  });
  const { port } = gateway;
  return (query = "", headers: Readonly<Record<string, string>> = {}) =>
    fetch(`http://127.0.0.1:${port}/things${query}`, { headers });
}

const keys = [{ key: "env://KEY", id: "ann", scopes: [], groups: [] }];

test("who is verified is told to the upstream; what a client says of itself is not, and neither is its key", async () => {
  const upstream_headers = { consumer: "X-Consumer", groups: "X-Groups" };
  const call = await start([
    ["apikey-auth", { keys, key_location: "query", upstream_headers }],
    ["acl", { allow_consumers: ["ann"] }],
  ]);
  const spoofed = { "x-consumer": "root", "X-Groups": "admin", "x-kept": "1" };
  expect((await call("?a=1&api_key=the%20key", spoofed)).status).toBe(200);
  expect(asked).toHaveLength(1);
  const [{ url, headers }] = asked as [(typeof asked)[0]];
  expect(url.search).toBe("?a=1");
  expect([headers.get("x-consumer"), headers.get("x-groups"), headers.get("x-kept")]).toEqual(["ann", null, "1"]);
});

test("fields that say who somebody is open no door", async () => {
  const call = await start([
    ["apikey-auth", { keys }],
    ["acl", { allow: ["admin"] }],
    ["cel", { expression: "'admin' in request.groups" }],
  ]);
  const spoofed = { "x-auth-consumer": "ann", "x-auth-consumer-groups": "admin", "x-auth-claims": '{"admin":true}' };
  expect((await call("", spoofed)).status).toBe(401);
  const refused = await call("", { ...spoofed, "x-api-key": "the key" });
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([403, "acl-denied"]);
  expect(asked).toEqual([]);
});

test("a token opens the door as often as it is shown, on connections that are used again", async () => {
  const public_key_pem = rsa.publicKey.export({ format: "pem", type: "spki" }).toString();
  const call = await start([
    ["jwt-auth", { public_key_pem, groups_claim: "groups", strip_credentials: true }],
    ["acl", { allow: ["staff"] }],
  ]);
  const exp = Math.floor(systemClock.now() / 1000) + 600;
  const token = (groups: string) => ({ authorization: `Bearer ${signedToken({ sub: groups, groups, exp })}` });
  const [staff, guest] = [token("staff"), token("guest")];
  for (let again = 0; again < 3; again++) {
    expect([(await call("", staff)).status, (await call("", guest)).status]).toEqual([200, 403]);
  }
  expect(asked.map(({ headers }) => headers.get("authorization"))).toEqual([null, null, null]);
});
