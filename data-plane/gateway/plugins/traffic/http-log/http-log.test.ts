import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { createVirtualTime } from "#foundation/runtime";
import { until } from "../../../../../tests/support/until.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { configProblems, type TestRequest, testExchange, testHost } from "../../../testing/index.ts";
import type { Middleware } from "../../plugin.ts";
import { middlewareOf, through, upstreamAnswer } from "../testing/through.ts";

const START = Date.UTC(2026, 0, 1);
const OUTCOME = { status: 201, complete: true, durationMs: 12.5, bytesIn: 3, bytesOut: 7 };

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
}

let server: ReturnType<typeof Bun.serve>;
let received: Received[];
/** Statuses to answer with, 200 when there is none left. */
let statuses: number[];
let host: ReturnType<typeof testHost>;

beforeEach(() => {
  received = [];
  statuses = [];
  host = testHost(createVirtualTime(START));
  server = Bun.serve({
    port: 0,
    async fetch(request) {
      const { method, url, headers } = request;
      received.push({ method, url, headers, text: await request.text() });
      return new Response("thanks", { status: statuses.shift() ?? 200 });
    },
  });
});

afterEach(async () => {
  host.pool.close();
  await server.stop(true);
});

const logging = (config: JsonObject = {}): Promise<Middleware> =>
  middlewareOf("http-log", { endpoint: `http://127.0.0.1:${server.port}/in?key=1`, ...config }, host);

async function pass(middleware: Middleware, request: TestRequest = {}, change?: (exchange: GatewayExchange) => void) {
  const exchange = testExchange(request);
  await through(middleware, exchange, () => {
    change?.(exchange);
    return upstreamAnswer("x", { "Set-Cookie": "session=secret", Server: "origin" });
  });
  middleware.onEnd!(exchange, OUTCOME);
}

const deliveries = (count: number) => until(`there are ${count} deliveries`, () => received.length >= count);
const outcomes = (outcome: "sent" | "lost") =>
  host.metrics
    .counter({ name: "biplane_gateway_http_log_entries_total", help: "", labels: ["outcome"] })
    .labels(outcome).value;

test("entries are sent together after a while, with what was asked and what became of it", async () => {
  const middleware = await logging({ custom_fields: { stage: "test" }, headers: { Authorization: "Bearer t" } });
  await pass(middleware, { method: "POST", target: "/a/b?token=secret" }, ({ request }) => {
    request.method = "PUT";
    request.path = "/rewritten";
  });
  await pass(middleware, {
    target: "/c",
    identity: { consumer: "alice", by: "x", groups: [], scopes: [], claims: {} },
  });
  expect(host.time.pendingTimers()).toBe(1);
  host.time.advance(1_000);
  await deliveries(1);
  const [{ method, url, headers, text }] = received as [Received];
  expect(method).toBe("POST");
  expect(new URL(url).pathname + new URL(url).search).toBe("/in?key=1");
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("authorization")).toBe("Bearer t");
  const common = {
    stage: "test",
    request_id: "test-request",
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    client_ip: "203.0.113.7",
    host: "gateway.test",
    status: 201,
    complete: true,
    duration_ms: 12.5,
    timestamp: "2025-12-31T23:59:59.987Z",
  };
  expect(JSON.parse(text)).toEqual([
    { ...common, method: "POST", path: "/a/b", operation: "POST /a/b" },
    { ...common, method: "GET", path: "/c", operation: "GET /c", consumer: "alice" },
  ]);
  expect(text).not.toContain("secret");
  await until("they are counted", () => outcomes("sent") === 2);
});

test("fields and sizes are told when asked for, but no secrets", async () => {
  const middleware = await logging({ include_headers: true, include_body: true, batch_max: 1 });
  await pass(middleware, {
    headers: { Authorization: "Bearer secret", Accept: "a", accept: "b", "X-Api-Key": "secret" },
  });
  await deliveries(1);
  const entry = JSON.parse(received[0]!.text);
  expect(entry.request_headers).toEqual({ authorization: "[redacted]", accept: "a, b", "x-api-key": "[redacted]" });
  expect(entry.response_headers).toEqual({ "set-cookie": "[redacted]", server: "origin" });
  expect([entry.request_size, entry.response_size]).toEqual([3, 7]);
});

test("a full batch does not wait, and what comes while one is sent goes with the next", async () => {
  const middleware = await logging({ batch_max: 2 });
  for (const target of ["/1", "/2", "/3"]) await pass(middleware, { target });
  await deliveries(2);
  const paths = received.map(({ text }) => JSON.parse(text).map((entry: { path: string }) => entry.path));
  expect(paths).toEqual([["/1", "/2"], ["/3"]]);
});

test("entries may stand on lines of their own", async () => {
  const middleware = await logging({ content_type: "application/x-ndjson", batch_max: 2, method: "PUT" });
  await pass(middleware, { target: "/1" });
  await pass(middleware, { target: "/2" });
  await deliveries(1);
  expect(received[0]!.method).toBe("PUT");
  const lines = received[0]!.text.split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.map((line) => JSON.parse(line).path)).toEqual(["/1", "/2"]);
});

describe("when the log server does not take it", () => {
  test("it is tried again", async () => {
    statuses = [503, 429];
    await pass(await logging({ batch_max: 1 }));
    for (const [attempt, delay] of [
      [1, 1_000],
      [2, 2_000],
    ] as const) {
      await deliveries(attempt);
      await until("it is to be tried again", () => host.time.pendingTimers() === 1);
      host.time.advance(delay);
    }
    await until("it is taken", () => outcomes("sent") === 1);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ text }) => text)).size).toBe(1);
  });

  test("it is lost after four times, and the next one is sent", async () => {
    statuses = [500, 500, 500, 500];
    const middleware = await logging({ batch_max: 1 });
    await pass(middleware, { target: "/lost" });
    await pass(middleware, { target: "/next" });
    for (const delay of [1_000, 2_000, 4_000]) {
      await until("it is to be tried again", () => host.time.pendingTimers() === 1);
      host.time.advance(delay);
    }
    await until("the next is taken", () => outcomes("sent") === 1);
    expect(outcomes("lost")).toBe(1);
    expect(received).toHaveLength(5);
  });

  test("and says that it never will, it is not asked again", async () => {
    statuses = [400];
    await pass(await logging({ batch_max: 1 }));
    await until("it is lost", () => outcomes("lost") === 1);
    expect(received).toHaveLength(1);
    expect(host.time.pendingTimers()).toBe(0);
  });

  test("no more than may wait does, and requests do not notice", async () => {
    const middleware = await middlewareOf(
      "http-log",
      { endpoint: "http://127.0.0.1:1/", queue_max: 32, batch_max: 10_000 },
      host,
    );
    for (let i = 0; i < 1_000; i++) await pass(middleware);
    expect(outcomes("lost")).toBeGreaterThanOrEqual(1_000 - 32);
    expect(outcomes("lost")).toBeLessThan(1_000);
  });
});

test("what waits when the configuration is not used any more is sent still", async () => {
  const middleware = await logging();
  await pass(middleware);
  middleware.close!();
  await deliveries(1);
  expect(host.time.pendingTimers()).toBe(0);
});

test.each([
  [{}],
  [{ endpoint: "logs.example.com" }],
  [{ endpoint: "https://user:password@logs.example.com/" }],
  [{ endpoint: "https://logs.example.com/", method: "GET" }],
  [{ endpoint: "https://logs.example.com/", timeout_ms: 1 }],
  [{ endpoint: "https://logs.example.com/", headers: { "Content-Length": "1" } }],
  [{ endpoint: "https://logs.example.com/", custom_fields: { a: 1 } }],
])("the configuration %j is refused", (config) => {
  expect(configProblems("http-log", config as JsonObject).length).toBeGreaterThan(0);
});
