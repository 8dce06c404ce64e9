import { expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { createLogger, memorySink } from "#foundation/telemetry";
import { configProblems, testExchange, testHost } from "../../testing/index.ts";
import { middlewareOf, through, upstreamAnswer } from "./testing/through.ts";

async function observed(config: JsonObject, durations: readonly number[]) {
  const sink = memorySink();
  const host = { ...testHost(), log: createLogger({ sink, now: () => 0 }) };
  const middleware = await middlewareOf("observability", config, host);
  for (const durationMs of durations) {
    const exchange = testExchange({
      method: "POST",
      target: "/orders?token=abc",
      headers: { A: "1", B: "2" },
      body: "four",
    });
    await through(middleware, exchange, () => upstreamAnswer("x", { Server: "a" }));
    middleware.onEnd!(exchange, { status: 200, complete: true, durationMs, bytesIn: 4, bytesOut: 1 });
  }
  return { metrics: host.metrics.expose(), lines: sink.lines.map((line) => JSON.parse(line)) };
}

test("requests that take longer than they should are counted and logged, and no others", async () => {
  const { metrics, lines } = await observed({ latency_slo_ms: 100 }, [99, 100, 100.5, 2_000]);
  expect(metrics).toContain('biplane_gateway_slo_violations_total{method="POST",path="/orders"} 2\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    level: "warn",
    msg: "a request took longer than it should",
    requestId: "test-request",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    method: "POST",
    path: "/orders",
    clientIp: "203.0.113.7",
    status: 200,
    complete: true,
    durationMs: 2_000,
    bytesIn: 4,
    bytesOut: 1,
    sloMs: 100,
  });
});

test("durations of an operation are told apart by tenths of milliseconds", async () => {
  const { metrics, lines } = await observed({ emit_latency_histogram: true }, [0.05, 0.2, 3]);
  const labels = 'method="POST",path="/orders"';
  const name = "biplane_gateway_operation_duration_seconds";
  expect(metrics).toContain(`${name}_bucket{${labels},le="0.0001"} 1\n`);
  expect(metrics).toContain(`${name}_bucket{${labels},le="0.00025"} 2\n`);
  expect(metrics).toContain(`${name}_bucket{${labels},le="0.005"} 3\n`);
  expect(metrics).toContain(`${name}_count{${labels}} 3\n`);
  expect(lines).toEqual([]);
});

test("requests and responses are logged when asked for, without what was in them", async () => {
  const { lines } = await observed({ detailed_request_logs: true, detailed_response_logs: true }, [5]);
  expect(lines.map(({ msg, headers, bodyBytes, status }) => ({ msg, headers, bodyBytes, status }))).toEqual([
    { msg: "request", headers: 2, bodyBytes: 4, status: undefined },
    { msg: "response", headers: 1, bodyBytes: undefined, status: 200 },
  ]);
  expect(JSON.stringify(lines)).not.toContain("abc");
});

test("nothing is done when nothing is asked for", async () => {
  const { metrics, lines } = await observed({}, [60_000]);
  expect(metrics).toBe("");
  expect(lines).toEqual([]);
});

test("configurations that make no sense are refused", () => {
  expect(configProblems("observability", { latency_slo_ms: 0 })).toHaveLength(1);
  expect(configProblems("observability", { trace: true })).toHaveLength(1);
});
