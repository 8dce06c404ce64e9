/** The middlewares in a gateway that listens, between a client and an upstream. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { parseTemplate } from "#foundation/api-description";
import { type GatewayPlan, type JsonObject, type PluginUse, sealGatewayArtifact } from "#foundation/gateway-artifact";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { type Gateway, startGateway } from "../../running/gateway.ts";
import { compiledConfig } from "./testing/through.ts";

type Uses = readonly (readonly [name: string, config: JsonObject])[];

let upstream: ReturnType<typeof Bun.serve>;
let asked: { readonly method: string; readonly url: URL; readonly headers: Headers; readonly text: string }[];
let respond: (request: Request) => Response | Promise<Response>;
let gateway: Gateway | undefined;

beforeEach(() => {
  asked = [];
  respond = () => new Response("from upstream");
  upstream = Bun.serve({
    port: 0,
    async fetch(request) {
      const text = await request.text();
      asked.push({ method: request.method, url: new URL(request.url), headers: request.headers, text });
      return respond(request);
    },
  });
});

afterEach(async () => {
  await gateway?.close(0);
  gateway = undefined;
  await upstream.stop(true);
});

/** An artifact with some operations, all with the same middlewares. */
function artifact(uses: Uses, title = "Things"): Uint8Array {
  const url = `http://127.0.0.1:${upstream.port}`;
  const plugins: PluginUse[] = [
    { kind: "dispatcher", name: "http-upstream", config: compiledConfig("http-upstream", { url }) },
    ...uses.map(([name, config]) => ({ kind: "middleware", name, config: compiledConfig(name, config) }) as const),
  ];
  const parsed = parseTemplate("/things/{id}");
  if (!("template" in parsed)) throw new Error(parsed.problem);
  const operations = ["GET", "POST"].map((method) => ({
    id: `${method} /things/{id}`,
    api: 0,
    method,
    path: "/things/{id}",
    template: parsed.template,
    deprecated: false,
    parameters: [],
    responses: [],
    middlewares: uses.map((_, index) => index + 1),
    dispatch: 0,
  }));
  const api = { file: "api.yaml", format: "openapi", formatVersion: "3.1.0", title, version: "1" } as const;
  const plan: GatewayPlan = { version: 1, apis: [api], operations, plugins, schemas: [] };
  return sealGatewayArtifact({ plan, specs: new Map(), provenance: { compiler: "test" } }).bytes;
}

async function start(uses: Uses): Promise<Gateway> {
  gateway = await startGateway(artifact(uses), {
    port: 0,
    secrets: { environment: {} },
    log: silentLogger,
    metrics: createMetrics(),
    runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
  });
  return gateway;
}

const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${gateway!.port}${path}`, init);

test("what the cache gives is what the upstream gave, octet for octet, however it came", async () => {
  await start([["cache", {}]]);
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256));
  for (const [path, stream] of [
    ["/things/whole", false],
    ["/things/pieces", true],
  ] as const) {
    asked = [];
    respond = () => {
      const pieces = async function* () {
        for (let at = 0; at < body.length; at += 50_000) yield body.subarray(at, at + 50_000);
      };
      return new Response(stream ? pieces() : body, { headers: { ETag: '"v1"', "Content-Type": "image/x" } });
    };
    const outcomes: (string | null)[] = [];
    for (let i = 0; i < 3; i++) {
      const response = await call(path);
      outcomes.push(response.headers.get("x-cache"));
      expect(response.headers.get("content-type")).toBe("image/x");
      expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    }
    expect(outcomes).toEqual(["MISS", "HIT", "HIT"]);
    const known = await call(path, { headers: { "If-None-Match": '"v1"' } });
    expect([known.status, await known.text()]).toEqual([304, ""]);
    const head = await call(path, { method: "HEAD" });
    expect([head.status, head.headers.get("x-cache")]).toEqual([200, "HIT"]);
    expect(asked).toHaveLength(1);
  }
});

test("many who ask for the same at once cost the upstream one request", async () => {
  await start([["cache", {}]]);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  respond = async () => {
    await released;
    return new Response("shared");
  };
  const calls = Array.from({ length: 20 }, () => call("/things/1").then((response) => response.text()));
  // By now they wait; whoever comes later is answered from what is kept.
  await call("/things/1", { method: "OPTIONS" });
  release();
  expect(new Set(await Promise.all(calls))).toEqual(new Set(["shared"]));
  expect(asked).toHaveLength(1);
});

test("quotas and what is kept outlive a reload", async () => {
  const uses: Uses = [
    ["rate-limit", { quota: 3, window: 60, policy_name: "calls" }],
    ["cache", {}],
  ];
  const running = await start(uses);
  expect((await call("/things/1")).headers.get("ratelimit")).toStartWith('"calls";r=2;');
  await running.use(artifact(uses, "Other things"));
  const second = await call("/things/1");
  expect(second.headers.get("ratelimit")).toStartWith('"calls";r=1;');
  expect(second.headers.get("ratelimit-policy")).toBe('"calls";q=3;w=60');
  expect(second.headers.get("x-cache")).toBe("HIT");
  await call("/things/1");
  const refused = await call("/things/1");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(asked).toHaveLength(1);
});

test("a page of another origin may ask, is answered, and can read refusals too", async () => {
  await start([
    ["cors", { allowed_origins: ["https://app.example.com"], allowed_methods: ["POST"] }],
    ["rate-limit", { quota: 1, window: 60 }],
  ]);
  const origin = { Origin: "https://app.example.com" };
  const preflight = await call("/things/1", {
    method: "OPTIONS",
    headers: { ...origin, "Access-Control-Request-Method": "POST" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-methods")).toBe("POST");
  for (const status of [200, 429]) {
    const response = await call("/things/1", { method: "POST", headers: origin });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  }
  expect(asked).toHaveLength(1);
});

test("a request is changed on its way, with its body and the length of it", async () => {
  await start([
    ["correlation-id", {}],
    [
      "request-transformer",
      {
        headers: { add: { "X-Thing": "$path.id" }, remove: ["X-Secret"] },
        querystring: { rename: { q: "search" } },
        path: { replace: { pattern: "^/things/([^/]+)$", replacement: "/v2/$1" } },
        body: { add: { "/from": "$client_ip" } },
      },
    ],
    ["response-transformer", { body: { remove: ["/internal"] }, status: { "200": 202 } }],
  ]);
  respond = () => Response.json({ internal: 1, id: 2 });
  const response = await call("/things/a%20b?q=1&x=2", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Secret": "s" },
    body: '{"n":12345678901234567890}',
  });
  const [{ url, headers, text }] = asked as [(typeof asked)[number]];
  expect(url.pathname + url.search).toBe("/v2/a%20b?search=1&x=2");
  expect(text).toBe('{"n":12345678901234567890,"from":"127.0.0.1"}');
  expect(headers.get("content-length")).toBe(String(text.length));
  expect(headers.get("x-thing")).toBe("a b");
  expect(headers.has("x-secret")).toBe(false);
  expect(headers.get("x-correlation-id")).toBe(response.headers.get("x-correlation-id"));
  expect([response.status, await response.text()]).toEqual([202, '{"id":2}']);
});

test("a body that is too large is refused, announced or not", async () => {
  await start([["request-size-limit", { max_bytes: 1_000 }]]);
  const announced = await call("/things/1", { method: "POST", body: "x".repeat(1_001) });
  expect(announced.status).toBe(413);
  expect(await postInChunks("x".repeat(1_001))).toStartWith("HTTP/1.1 413 ");
  expect(await postInChunks("x".repeat(1_000))).toStartWith("HTTP/1.1 200 ");
});

/** What is answered. The second chunk comes after the upstream was asked, when it can be. */
function postInChunks(body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const half = body.slice(0, 500);
  const rest = body.slice(500);
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  let received = "";
  const socket = connect(gateway!.port, "127.0.0.1", () => {
    socket.write(`POST /things/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(half)}`, () => {
      socket.write(`${chunk(rest)}0\r\n\r\n`);
    });
  });
  socket.on("data", (data) => {
    received += data.toString();
    if (!received.includes("\r\n")) return;
    socket.destroy();
    resolve(received);
  });
  socket.on("error", reject);
  return promise;
}

test("the log server is told of it, also of what is refused", async () => {
  const { promise: told, resolve } = Promise.withResolvers<JsonObject>();
  const logs = Bun.serve({
    port: 0,
    async fetch(request) {
      resolve((await request.json()) as JsonObject);
      return new Response();
    },
  });
  try {
    await start([
      ["http-log", { endpoint: `http://127.0.0.1:${logs.port}/`, batch_max: 1, include_headers: true }],
      ["redirect", { rules: [{ path: "/things/old", target: "/things/new", status_code: 308 }] }],
    ]);
    await call("/things/old?secret", { redirect: "manual", headers: { "X-One": "1", "X-Request-Id": "abc" } });
    const entry = (await told) as unknown as {
      readonly request_headers: Record<string, string>;
      readonly response_headers: Record<string, string>;
    };
    expect(entry).toMatchObject({ request_id: "abc", status: 308, complete: true, method: "GET", path: "/things/old" });
    expect(entry.request_headers["x-one"]).toBe("1");
    expect(entry.response_headers).toEqual({ location: "/things/new?secret" });
    expect(asked).toHaveLength(0);
  } finally {
    await logs.stop(true);
  }
});
