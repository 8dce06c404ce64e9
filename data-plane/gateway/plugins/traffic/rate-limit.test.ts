import { describe, expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { configProblems, type TestRequest, testExchange, testHost, textOf } from "../../testing/index.ts";
import type { Middleware } from "../plugin.ts";
import { middlewareOf, through } from "./testing/through.ts";

const TEN_A_MINUTE = { quota: 10, window: 60 };
const alice: GatewayExchange["identity"] = { consumer: "alice", by: "jwt-auth", groups: [], scopes: [], claims: {} };

async function statusOf(middleware: Middleware, request: TestRequest = {}): Promise<number> {
  return (await through(middleware, testExchange(request))).status;
}

test("every response says what the quota is, how much of it is left and when there is more", async () => {
  const host = testHost();
  const middleware = await middlewareOf("rate-limit", { quota: 2, window: 60, policy_name: "calls" }, host);
  const first = await through(middleware, testExchange());
  expect([...first.headers]).toEqual([
    ["RateLimit-Policy", '"calls";q=2;w=60'],
    ["RateLimit", '"calls";r=1;t=60'],
  ]);
  host.time.advance(20_500);
  const second = await through(middleware, testExchange());
  expect(second.headers.get("ratelimit")).toBe('"calls";r=0;t=40');
  expect(textOf(second)).toBe("from upstream");
});

test("who asks too often is refused, told when to come again, and allowed then", async () => {
  const host = testHost();
  const middleware = await middlewareOf("rate-limit", { quota: 1, window: 60 }, host);
  expect(await statusOf(middleware)).toBe(200);
  host.time.advance(10_100);
  const refused = await through(middleware, testExchange(), () => {
    throw new Error("it went on");
  });
  expect(refused.status).toBe(429);
  expect(Object.fromEntries(refused.headers)).toEqual({
    "Content-Type": "application/problem+json",
    "Retry-After": "50",
    "RateLimit-Policy": '"default";q=1;w=60',
    RateLimit: '"default";r=0;t=50',
  });
  expect(JSON.parse(textOf(refused))).toEqual({
    type: "urn:biplane:error:rate-limit-exceeded",
    title: "Too many requests",
    status: 429,
    detail: "1 request is allowed in 60 s.",
    code: "rate-limit-exceeded",
    "violated-policies": ["default"],
  });
  host.time.advance(50_000);
  expect(await statusOf(middleware)).toBe(200);
});

test("two policies on one exchange each say their own", async () => {
  const host = testHost();
  const outer = await middlewareOf("rate-limit", { ...TEN_A_MINUTE, policy_name: "minute" }, host);
  const inner = await middlewareOf("rate-limit", { quota: 100, window: 3600, policy_name: "hour" }, host);
  const exchange = testExchange();
  await outer.onRequest?.(exchange);
  const answer = await through(inner, exchange);
  await outer.onResponse?.(exchange, answer);
  expect(answer.headers.get("ratelimit")).toBe('"hour";r=99;t=3600, "minute";r=9;t=60');
  expect(answer.headers.get("ratelimit-policy")).toBe('"hour";q=100;w=3600, "minute";q=10;w=60');
});

describe("requests are counted apart", () => {
  const cases: readonly (readonly [string, JsonObject, TestRequest, TestRequest, boolean])[] = [
    ["by address", {}, { clientAddress: "192.0.2.1" }, { clientAddress: "192.0.2.2" }, true],
    ["not within a network of IPv6", {}, { clientAddress: "2001:db8::1" }, { clientAddress: "2001:db8::2" }, false],
    [
      "by header field",
      { partition_key: "header:X-Key" },
      { headers: { "x-key": "a" } },
      { headers: { "X-KEY": "b" } },
      true,
    ],
    [
      "not by address when there is the header field",
      { partition_key: "header:X-Key" },
      { headers: { "x-key": "a" }, clientAddress: "192.0.2.1" },
      { headers: { "x-key": "a" }, clientAddress: "192.0.2.2" },
      false,
    ],
    [
      "by address when the header field is not there",
      { partition_key: "header:X-Key" },
      { clientAddress: "192.0.2.1" },
      { clientAddress: "192.0.2.2" },
      true,
    ],
    [
      "from an address whose name somebody else sends as his",
      { partition_key: "header:X-Key" },
      { clientAddress: "192.0.2.1" },
      { headers: { "x-key": "192.0.2.1" }, clientAddress: "192.0.2.2" },
      true,
    ],
    [
      "by long names",
      { partition_key: "header:k" },
      { headers: { k: `${"x".repeat(99)}a` } },
      { headers: { k: `${"x".repeat(99)}b` } },
      true,
    ],
    ["by context", { partition_key: "context:tier" }, { context: { tier: "a" } }, { context: { tier: "b" } }, true],
    [
      "by identity",
      { partition_key: "identity" },
      { identity: alice },
      { identity: { ...alice, consumer: "bob" } },
      true,
    ],
    [
      "not by what somebody says of himself",
      { partition_key: "identity" },
      { headers: { "x-auth-consumer": "a" } },
      { headers: { "x-auth-consumer": "b" } },
      false,
    ],
    [
      "not at all with a word",
      { partition_key: "everybody" },
      { clientAddress: "192.0.2.1" },
      { clientAddress: "192.0.2.2" },
      false,
    ],
    ["not by operation", {}, { target: "/a" }, { target: "/b" }, false],
    ["by operation when so configured", { scope: "operation" }, { target: "/a" }, { target: "/b" }, true],
    [
      "behind a proxy that is trusted",
      { trusted_proxies: ["10.0.0.0/8"] },
      { clientAddress: "10.1.2.3", headers: { "X-Forwarded-For": "192.0.2.1" } },
      { clientAddress: "10.1.2.3", headers: { "X-Forwarded-For": "192.0.2.2" } },
      true,
    ],
    [
      "not by what is invented in front of a trusted proxy",
      { trusted_proxies: ["10.0.0.0/8"] },
      { clientAddress: "10.1.2.3", headers: { "X-Forwarded-For": "198.51.100.1, 192.0.2.1" } },
      { clientAddress: "10.1.2.3", headers: { "X-Forwarded-For": "198.51.100.2, 192.0.2.1" } },
      false,
    ],
    [
      "not behind any other",
      { trusted_proxies: ["10.0.0.0/8"] },
      { clientAddress: "192.0.2.9", headers: { "X-Forwarded-For": "192.0.2.1" } },
      { clientAddress: "192.0.2.9", headers: { "X-Forwarded-For": "192.0.2.2" } },
      false,
    ],
  ];
  test.each(cases)("%s", async (_, config, one, other, isApart) => {
    const middleware = await middlewareOf("rate-limit", { quota: 1, window: 60, ...config });
    expect(await statusOf(middleware, one)).toBe(200);
    expect(await statusOf(middleware, one)).toBe(429);
    expect(await statusOf(middleware, other)).toBe(isApart ? 200 : 429);
  });
});

test("what is counted outlives a reload with the same policy, and not one with another quota", async () => {
  const host = testHost();
  const config = { quota: 1, window: 60, policy_name: "calls" };
  expect(await statusOf(await middlewareOf("rate-limit", config, host))).toBe(200);
  expect(await statusOf(await middlewareOf("rate-limit", config, host))).toBe(429);
  expect(await statusOf(await middlewareOf("rate-limit", { ...config, policy_name: "others" }, host))).toBe(200);
  expect(await statusOf(await middlewareOf("rate-limit", { ...config, quota: 2 }, host))).toBe(200);
});

test.each([
  [{}],
  [{ quota: 1 }],
  [{ quota: 0, window: 1 }],
  [{ quota: 1, window: 0.5 }],
  [{ quota: 1, window: 1, partition_key: "cookie:a" }],
  [{ quota: 1, window: 1, partition_key: "header:" }],
  [{ quota: 1, window: 1, policy_name: 'a"b' }],
  [{ quota: 1, window: 1, trusted_proxies: ["example.com"] }],
  [{ quota: 1, window: 1, trusted_proxies: ["10.0.0.0/33"] }],
  [{ quota: 1, window: 1, trusted_proxies: ["2001:db8::/129"] }],
  [{ quota: 1, window: 1, trusted_proxies: ["10.0.0.0/8/8"] }],
  [{ quota: 1, window: 1, limit: 1 }],
])("the configuration %j is refused", (config) => {
  expect(configProblems("rate-limit", config).length).toBeGreaterThan(0);
});
