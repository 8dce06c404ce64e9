/** Answers of an upstream that does what it wants, behind a description that says what it does. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { compileGateway } from "#control-plane/gateways";
import { type Gateway, startGateway } from "#data-plane/gateway";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";

const MODES = ["off", "report", "enforce"] as const;
const gateways = new Map<string, Gateway>();
const metrics = new Map(MODES.map((mode) => [mode, createMetrics()]));
const said: { readonly mode: string; readonly text: string }[] = [];
let upstream: ReturnType<typeof Bun.serve>;
let nowhere: string;

const description = (mode: string, url: string): string => `openapi: 3.1.0
info: {title: A, version: "1"}
x-biplane-response-validation: ${JSON.stringify(mode)}
paths:
  /thing:
    get:
      x-biplane-middlewares: [{name: cors, config: {allowed_origins: ["https://app.example"]}}]
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      responses:
        "200":
          description: ok
          headers: {X-Count: {required: true, schema: {type: integer}}}
          content:
            application/json:
              schema: {type: object, required: [name], properties: {name: {type: string}, secret: {type: string, writeOnly: true}}}
            text/event-stream: {schema: {type: string, maxLength: 1}}
            application/octet-stream: {}
        4XX: {description: no}
  /open:
    get:
      x-biplane-response-validation: off
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}", path: /thing}}
      responses: {"204": {description: none}}
  /away:
    get:
      x-biplane-dispatch: {name: http-upstream, config: {url: "${nowhere}"}}
      responses: {"204": {description: none}}
`;

const LONG = 64 * 1024;

beforeAll(async () => {
  upstream = Bun.serve({
    port: 0,
    fetch(request) {
      const { searchParams } = new URL(request.url);
      const type = searchParams.get("type") ?? "application/json";
      const headers: Record<string, string> = { "Content-Type": type };
      if (searchParams.get("count") !== null) headers["X-Count"] = searchParams.get("count")!;
      const text = searchParams.get("body") ?? "";
      const body = searchParams.has("long") ? `{"name":"${"x".repeat(LONG)}"}` : text;
      // In chunks, so that its length is not known.
      const stream = new ReadableStream({
        start(controller) {
          for (let i = 0; i < body.length; i += 1024) controller.enqueue(Buffer.from(body.slice(i, i + 1024)));
          controller.close();
        },
      });
      const status = Number(searchParams.get("status") ?? 200);
      return new Response(status === 204 ? null : stream, { status, headers });
    },
  });
  const closed = Bun.serve({ port: 0, fetch: () => new Response() });
  nowhere = `http://127.0.0.1:${closed.port}`;
  await closed.stop(true);
  for (const mode of MODES) {
    const { artifact, diagnostics } = compileGateway({
      files: ["a.yaml"],
      read: () => Buffer.from(description(mode, `http://127.0.0.1:${upstream.port}`)),
      provenance: { compiler: "test" },
      allowPlaintext: true,
    });
    if (artifact === undefined) throw new Error(JSON.stringify(diagnostics));
    const log = {
      ...silentLogger,
      warn: (message: string, more?: object) => said.push({ mode, text: JSON.stringify([message, more]) }),
    };
    const options = { hostname: "127.0.0.1", port: 0, secrets: { environment: {} }, metrics: metrics.get(mode)!, log };
    const runtime = { clock: systemClock, timers: systemTimers, random: systemRandom };
    gateways.set(
      mode,
      await startGateway(artifact.bytes, { ...options, runtime, limits: { maxAnswerBytes: 16 * 1024 } }),
    );
  }
});

afterAll(async () => {
  await Promise.all([...gateways.values()].map((gateway) => gateway.close(0)));
  await upstream?.stop(true);
});

async function get(mode: string, query: string, path = "/thing"): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${gateways.get(mode)!.port}${path}?${query}`);
  return { status: response.status, text: await response.text() };
}

const json = (value: unknown): string => `count=1&body=${encodeURIComponent(JSON.stringify(value))}`;

describe.each(MODES)("%s", (mode) => {
  test("lets through what fits, streams, downloads, and what nobody speaks of", async () => {
    for (const [query, status] of [
      [json({ name: "a" }), 200],
      ["count=1&type=text/event-stream&body=data:%20x%0a%0a", 200],
      ["count=1&type=application/octet-stream&body=x", 200],
      ["status=404&type=text/html&body=no", 404],
    ] as const) {
      expect(await get(mode, query)).toMatchObject({ status });
    }
    expect((await get(mode, "status=500", "/open")).status).toBe(500);
    expect(JSON.parse((await get(mode, "", "/away")).text)).toMatchObject({ code: "upstream-unavailable" });
    expect(said.filter((one) => one.mode === mode)).toEqual([]);
  });

  test.each([
    ["status", "status=500&body=x", 500],
    ["header", "count=many&body=%7B%7D", 200],
    ["header", "body=%7B%7D", 200],
    ["content-type", "count=1&type=text/html&body=x", 200],
    ["body", json({ name: 7, hidden: "s3cret" }), 200],
    ["body", "count=1&body=s3cret", 200],
    ["body", json({}), 200],
  ] as const)("what does not fit: %s (%s)", async (place, query, status) => {
    const before = said.length;
    const { status: seen, text } = await get(mode, query);
    expect(seen).toBe(mode === "enforce" ? 502 : status);
    if (mode === "enforce") expect(JSON.parse(text)).toMatchObject({ code: "response-invalid" });
    else expect(text).toBe(new URLSearchParams(query).get("body")!);
    expect(said.length - before).toBe(mode === "off" ? 0 : 1);
    expect(JSON.stringify(said)).not.toContain("s3cret");
    const counted = metrics.get(mode)!.expose();
    const line = `biplane_gateway_response_validation_failures_total{method="GET",path="/thing",in="${place}"}`;
    expect(counted.includes(line)).toBe(mode !== "off");
  });

  test("what is too large to be looked into costs nobody an answer unless that is enforced", async () => {
    const { status, text } = await get(mode, "count=1&long=1");
    if (mode === "enforce") expect(JSON.parse(text)).toMatchObject({ status: 502, code: "upstream-invalid" });
    else expect([status, JSON.parse(text).name.length]).toEqual([200, LONG]);
  });
});

test("what the gateway answers itself is not held against the description", async () => {
  const response = await fetch(`http://127.0.0.1:${gateways.get("enforce")!.port}/away`, { method: "OPTIONS" });
  expect(response.status).toBe(204);
  const preflight = await fetch(`http://127.0.0.1:${gateways.get("enforce")!.port}/thing`, {
    method: "OPTIONS",
    headers: { Origin: "https://app.example", "Access-Control-Request-Method": "GET" },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
    204,
    "https://app.example",
  ]);
});

test("a mode that there is not is an error, not none", () => {
  const { diagnostics } = compileGateway({
    files: ["a.yaml"],
    read: () => Buffer.from(description("strict", "https://up.example")),
    provenance: { compiler: "test" },
  });
  expect(diagnostics.map(({ code }) => code)).toContain("E1014");
});
