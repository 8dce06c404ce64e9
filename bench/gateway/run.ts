/**
 * `npm run bench -- gateway [--seconds 2] [--rounds 5]`: requests through a gateway that holds them against an OpenAPI document, beside HAProxy and nginx's plain `proxy_pass`, which
 * look at nothing, Fastify with the same checks, http-proxy, and the barest proxies that this runtime allows. Then what each adds at a fixed rate, against the upstream asked directly; what loading costs; memory.
 * What is not installed is left out, and named (`apt-get install nginx-light haproxy nghttp2-client`): nginx, which is the upstream as well where it is there, HAProxy, and the load for the fixed rate.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compileGateway } from "#control-plane/gateways";
import { openGatewayArtifact } from "#foundation/gateway-artifact";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import { installPeers } from "../harness/peers.ts";
import { freePort, measured, type ServerProcess, untilListening } from "../harness/server-process.ts";
import { median } from "../harness/statistics.ts";
import { h2loadPath, runSteadyLoad, type SteadyRequest } from "../harness/steady-load.ts";
import { nginxPath, startAnsweringNginx, startHttpProxy, startNginx, startUpstream } from "../proxy/servers.ts";
import { haproxyPath, startBare, startFastify, startHaproxy } from "./peers.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "2" }, rounds: { type: "string", default: "5" } },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const CONNECTIONS = 64;
const WARM_UP_REQUESTS = 30_000;
const STEADY_SECONDS = 5;
const ROOT = join(import.meta.dir, "../..");

/** @param middlewares one line of YAML */
const description = (upstream: number, middlewares: string): string => `openapi: 3.1.0
info: {title: Bench, version: "1"}
x-biplane-middlewares: ${middlewares}
paths:
  /{size}:
    get:
      x-biplane-dispatch: {name: http-upstream, config: {url: "http://127.0.0.1:${upstream}"}}
      parameters:
        - {name: size, in: path, required: true, schema: {type: integer, minimum: 1}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: X-Trace, in: header, schema: {type: string, pattern: "^[0-9]+$"}}
      responses: {"200": {description: ok}}
  /orders:
    post:
      x-biplane-dispatch: {name: http-upstream, config: {url: "http://127.0.0.1:${upstream}"}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [customer, lines]
              properties:
                customer: {type: string, minLength: 1}
                lines:
                  type: array
                  items:
                    type: object
                    additionalProperties: false
                    required: [sku, count]
                    properties: {sku: {type: string, pattern: "^[A-Z0-9-]+$"}, count: {type: integer, minimum: 1}, note: {type: string}}
      responses: {default: {description: ok}}
`;

function compiled(text: string): Uint8Array {
  const { artifact, diagnostics } = compileGateway({
    files: ["bench.yaml"],
    read: () => Buffer.from(text),
    allowPlaintext: true,
    provenance: { compiler: "bench" },
  });
  if (artifact === undefined) throw new Error(JSON.stringify(diagnostics));
  return artifact.bytes;
}

const folder = mkdtempSync(join(tmpdir(), "biplane-gateway-bench-"));

async function startGateway(name: string, text: string): Promise<ServerProcess> {
  const port = await freePort();
  const file = join(folder, `${name}.bca`);
  writeFileSync(file, compiled(text));
  const child = Bun.spawn(
    [
      process.execPath,
      join(ROOT, "apps/gateway/main.ts"),
      "--artifact",
      file,
      "--listen",
      `127.0.0.1:${port}`,
      "--admin-bind",
      "off",
    ],
    { stdout: "ignore", stderr: "inherit" },
  );
  await untilListening(port);
  return measured(name, child, port, () => undefined);
}

const FIELDS = ["User-Agent: bench/1.0", "Accept: */*", "Accept-Encoding: gzip", "X-Trace: 0123456789"];
const lines = Array.from({ length: 18 }, (_, i) => ({ sku: `SKU-${1000 + i}`, count: i + 1, note: "x".repeat(12) }));
const ORDER = JSON.stringify({ customer: "ann", lines });
const REQUESTS: Readonly<Record<string, SteadyRequest>> = {
  "get 200 B, three parameters": { path: "/200?limit=20", fields: FIELDS },
  [`post ${ORDER.length} B of JSON`]: {
    path: "/orders",
    fields: [...FIELDS, "Content-Type: application/json"],
    body: ORDER,
  },
};

function prepared({ path, fields, body }: SteadyRequest): PreparedRequest {
  const all = ["Host: shop.test", ...fields, ...(body === undefined ? [] : [`Content-Length: ${body.length}`])];
  return [
    Buffer.from(`${body === undefined ? "GET" : "POST"} ${path} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${body ?? ""}`),
  ];
}

async function compare(name: string, asked: SteadyRequest, servers: readonly ServerProcess[]): Promise<void> {
  const request = prepared(asked);
  const perCore = servers.map(() => [] as number[]);
  const p99 = servers.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (const [i, server] of servers.entries()) {
      const cpu = server.cpuSeconds();
      const limits = round < 0 ? { seconds: 20, requests: WARM_UP_REQUESTS } : { seconds };
      const result = await runLoad(server, CONNECTIONS, () => request, limits);
      if (result.failures.size > 0) throw new Error(`${server.name} answered ${JSON.stringify([...result.failures])}`);
      if (round < 0) continue;
      perCore[i]!.push(result.requests / (server.cpuSeconds() - cpu));
      p99[i]!.push(result.p99);
    }
  }
  console.log(`\n${name}, ${CONNECTIONS} connections`);
  for (const [i, server] of servers.entries()) {
    const ratios = perCore[i]!.map((value, round) => value / perCore.at(-1)![round]!);
    const ofLast = i === servers.length - 1 ? "" : `   ${median(ratios).toFixed(2)} of ${servers.at(-1)!.name}`;
    const whole = Math.round(median(perCore[i]!)).toLocaleString("en").padStart(7);
    const memory = (server.residentBytes() / 1e6).toFixed(0);
    console.log(
      `  ${server.name.padEnd(22)} ${whole} req/cpu-s  p99 ${median(p99[i]!).toFixed(1)} ms  ${memory} MB${ofLast}`,
    );
  }
}

/** What a thousand operations cost before the first request. */
function measureLoading(): void {
  const operations = Array.from(
    { length: 1_000 },
    (_, i) => `  /resource-${i}/{id}:
    get:
      x-biplane-dispatch: {name: mock}
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: limit, in: query, schema: {type: integer, maximum: 100}}
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}}`,
  );
  const text = `openapi: 3.1.0\ninfo: {title: Large, version: "1"}\npaths:\n${operations.join("\n")}\ncomponents: {schemas: {Thing: {type: object}}}\n`;
  const timed = (work: () => unknown): number => {
    const times = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      work();
      return performance.now() - begun;
    });
    return median(times);
  };
  console.log(`compile 1,000 operations        ${timed(() => compiled(text)).toFixed(0)} ms   target: 1,000`);
  const bytes = compiled(text);
  console.log(
    `verify and read their artifact  ${timed(() => openGatewayArtifact(bytes)).toFixed(0)} ms   (${bytes.length} B)`,
  );
}

/** Each server is asked as often as the gateway can answer in half of its time; the upstream alone says what is not the server's. */
async function measureAdded(name: string, request: SteadyRequest, servers: readonly ServerProcess[]): Promise<void> {
  const gateway = servers[1]!;
  const asked = prepared(request);
  const { requests, seconds: took } = await runLoad(gateway, CONNECTIONS, () => asked, { seconds });
  const perSecond = Math.floor(requests / took / 2);
  const results = servers.map((): { p50: number[]; p99: number[] } => ({ p50: [], p99: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, server] of servers.entries()) {
      const limits = { perSecond, seconds: STEADY_SECONDS, connections: CONNECTIONS };
      const { p50, p99 } = await runSteadyLoad(server, request, limits);
      results[i]!.p50.push(p50);
      results[i]!.p99.push(p99);
    }
  }
  console.log(`\n${name}, ${perSecond.toLocaleString("en")} requests/s, each connection at its own moments`);
  const [base] = results;
  for (const [i, server] of servers.entries()) {
    const { p50, p99 } = results[i]!;
    const added =
      i === 0
        ? ""
        : `   adds p50 ${(median(p50) - median(base!.p50)).toFixed(2)} ms, p99 ${(median(p99) - median(base!.p99)).toFixed(2)} ms`;
    console.log(
      `  ${server.name.padEnd(22)} p50 ${median(p50).toFixed(2)} ms  p99 ${median(p99).toFixed(2)} ms${added}`,
    );
  }
}

measureLoading();
installPeers("fastify");
if (haproxyPath === undefined) console.log("HAProxy is not installed: left out");
if (nginxPath === undefined) console.log("nginx is not installed: left out");
if (h2loadPath === undefined) console.log("h2load is not installed: nothing is measured at a fixed rate");
const upstream = nginxPath === undefined ? await startUpstream() : await startAnsweringNginx();
const servers = [
  await startGateway("gateway", description(upstream.port, "[]")),
  await startGateway(
    "gateway, 2 middlewares",
    description(
      upstream.port,
      "[{name: correlation-id}, {name: rate-limit, config: {quota: 1000000000, window: 3600}}]",
    ),
  ),
  await startBare("splice", upstream.port),
  await startBare("fetch", upstream.port),
  await startHttpProxy(upstream.port),
  await startFastify(upstream.port),
  ...(haproxyPath === undefined ? [] : [await startHaproxy(upstream.port)]),
  ...(nginxPath === undefined ? [] : [await startNginx(upstream.port)]),
];
console.log(`memory before the first request ${(servers[0]!.residentBytes() / 1e6).toFixed(0)} MB   target: 60`);
for (const [name, request] of Object.entries(REQUESTS)) await compare(name, request, servers);
// What cannot do as much would only be seen to be overloaded.
const able = servers.filter(({ name }) => name !== "http-proxy" && !name.startsWith("fastify"));
if (h2loadPath !== undefined)
  for (const [name, request] of Object.entries(REQUESTS)) await measureAdded(name, request, [upstream, ...able]);
for (const server of [...servers, upstream]) await server.stop();
rmSync(folder, { recursive: true, force: true });
