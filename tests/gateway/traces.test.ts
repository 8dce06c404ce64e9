/** Traces of requests, as a collector of OpenTelemetry gets them from a real gateway. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server, Subprocess } from "bun";
import { compileGateway } from "#control-plane/gateways";
import { until } from "../support/until.ts";
import { startGatewayProcess } from "./support/gateway-process.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, string>> }[];
  readonly events: readonly { readonly name: string; readonly timeUnixNano: string }[];
  readonly status: { readonly code?: number };
}

const folder = mkdtempSync(join(tmpdir(), "biplane-gateway-traces-"));
const running: Subprocess[] = [];
let upstream: Server<undefined>;
let collector: Server<undefined>;
const seenUpstream: (string | null)[] = [];
const deliveries: { readonly path: string; readonly key: string | null; readonly body: string }[] = [];

beforeAll(() => {
  upstream = Bun.serve({
    port: 0,
    fetch(request) {
      seenUpstream.push(request.headers.get("traceparent"));
      return new Response("ok", { status: request.url.endsWith("/bad") ? 503 : 200 });
    },
  });
  collector = Bun.serve({
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      deliveries.push({ path: pathname, key: request.headers.get("x-key"), body: await request.text() });
      return Response.json({});
    },
  });
  const description = `openapi: 3.1.0
info: {title: Things, version: "1"}
x-biplane-dispatch: {name: http-upstream, config: {url: "http://127.0.0.1:${upstream.port}"}}
paths:
  /things/{id}:
    get:
      operationId: getThing
      x-biplane-dispatch: {name: http-upstream, config: {url: "http://127.0.0.1:${upstream.port}"}}
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok}}
`.replace(/^x-biplane-dispatch.*\n/m, "");
  const { artifact, diagnostics } = compileGateway({
    files: ["api.yaml"],
    read: () => Buffer.from(description),
    allowPlaintext: true,
    provenance: { compiler: "test" },
  });
  if (artifact === undefined) throw new Error(JSON.stringify(diagnostics));
  writeFileSync(join(folder, "a.bca"), artifact.bytes);
});
afterEach(async () => {
  const children = running.splice(0);
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
  deliveries.length = 0;
  seenUpstream.length = 0;
});
afterAll(async () => {
  await Promise.all([upstream.stop(true), collector.stop(true)]);
  rmSync(folder, { recursive: true });
});

const start = (...options: readonly string[]) =>
  startGatewayProcess(
    ["--artifact", join(folder, "a.bca"), "--otlp-endpoint", `http://127.0.0.1:${collector.port}`, ...options],
    { OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20secret", OTEL_SERVICE_NAME: "shop" },
    running,
  );

const spans = (): readonly Span[] =>
  deliveries.flatMap(({ body }) => {
    const { resourceSpans } = JSON.parse(body);
    return resourceSpans[0].scopeSpans[0].spans as Span[];
  });

const attributesOf = ({ attributes }: Span): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]!]));

describe("traces", () => {
  test("tell of each request, within the trace of its client, and are the parent of what is upstream", async () => {
    const gateway = await start();
    const client = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await fetch(`${gateway.url}/things/4711`, { headers: { traceparent: client } });
    await fetch(`${gateway.url}/things/bad`);
    // What waits is sent when the gateway ends.
    gateway.child.kill("SIGTERM");
    expect(await gateway.child.exited).toBe(0);
    await until("the spans are there", () => spans().length === 2);
    expect(deliveries.map(({ path, key }) => [path, key])).toEqual(deliveries.map(() => ["/v1/traces", "a secret"]));
    const [first, second] = spans() as [Span, Span];
    expect(first).toMatchObject({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      parentSpanId: "b7ad6b7169203331",
      name: "GET /things/{id}",
      kind: 2,
      status: {},
    });
    expect(attributesOf(first)).toMatchObject({
      "http.request.method": "GET",
      "http.route": "/things/{id}",
      "http.response.status_code": "200",
      "url.path": "/things/4711",
      "biplane.operation": "getThing",
      "http.response.body.size": "2",
    });
    const times = [first.startTimeUnixNano, ...first.events.map((event) => event.timeUnixNano), first.endTimeUnixNano];
    expect(times.map(BigInt)).toEqual(times.map(BigInt).toSorted((a, b) => (a < b ? -1 : 1)));
    expect(first.events.map(({ name }) => name)).toEqual(["dispatched", "answered"]);
    expect(seenUpstream[0]).toBe(`00-${first.traceId}-${first.spanId}-01`);
    expect(second.parentSpanId).toBeUndefined();
    expect(second.status).toEqual({ code: 2 });
    expect(seenUpstream[1]).toBe(`00-${second.traceId}-${second.spanId}-01`);
    const { resourceSpans } = JSON.parse(deliveries[0]!.body);
    expect(JSON.stringify(resourceSpans[0].resource)).toContain('"service.name","value":{"stringValue":"shop"}');
  });

  test("that begin here are recorded as often as was said; what a client has decided stands", async () => {
    const gateway = await start("--trace-sampling", "0");
    await fetch(`${gateway.url}/things/unsampled`);
    await fetch(`${gateway.url}/things/no`, {
      headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" },
    });
    await fetch(`${gateway.url}/things/yes`, {
      headers: { traceparent: "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    });
    gateway.child.kill("SIGTERM");
    await gateway.child.exited;
    await until("the span is there", () => spans().length > 0);
    expect(spans().map(({ traceId }) => traceId)).toEqual(["1af7651916cd43dd8448eb211c80319c"]);
    expect(seenUpstream.map((parent) => parent?.slice(-2))).toEqual(["00", "00", "01"]);
  });

  test("options that nothing can be made of are refused", async () => {
    for (const [options, said] of [
      [["--trace-sampling", "2"], "--trace-sampling must be a number from 0 to 1"],
      [["--otlp-endpoint", "collector:4318"], "--otlp-endpoint must be an address"],
    ] as const) {
      const refused = await start(...options).catch((error: Error) => error.message);
      expect(refused).toContain(said);
    }
  });
});
