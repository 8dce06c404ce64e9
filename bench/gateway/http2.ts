/**
 * `scripts/bun bench/gateway/http2.ts [--seconds 2] [--rounds 5]`: requests per second of a core through a gateway that asks its upstream over HTTP/1.1 and over HTTP/2 without TLS (h2c). The
 * upstream is nginx, which has to be installed (`apt-get install nginx-light`).
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compileGateway } from "#control-plane/gateways";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import { freePort, measured, type ServerProcess, untilListening } from "../harness/server-process.ts";
import { median } from "../harness/statistics.ts";
import { startAnsweringNginx } from "../proxy/servers.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    connections: { type: "string", default: "64" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const connections = Number(values.connections);
const WARM_UP_REQUESTS = 30_000;
const ROOT = join(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "biplane-gateway-http2-"));

async function startGateway(name: string, upstream: number, version: string): Promise<ServerProcess> {
  const config = `{name: http-upstream, config: {url: "http://127.0.0.1:${upstream}", http_version: "${version}"}}`;
  const text = `openapi: 3.1.0
info: {title: Bench, version: "1"}
paths:
  /{size}:
    get:
      x-biplane-dispatch: ${config}
      parameters: [{name: size, in: path, required: true, schema: {type: integer, minimum: 1}}]
      responses: {"200": {description: ok}}
    post:
      x-biplane-dispatch: ${config}
      parameters: [{name: size, in: path, required: true, schema: {type: integer, minimum: 1}}]
      responses: {"200": {description: ok}}
`;
  const { artifact, diagnostics } = compileGateway({
    files: ["bench.yaml"],
    read: () => Buffer.from(text),
    allowPlaintext: true,
    provenance: { compiler: "bench" },
  });
  if (artifact === undefined) throw new Error(JSON.stringify(diagnostics));
  const file = join(folder, `${version}.bca`);
  writeFileSync(file, artifact.bytes);
  const port = await freePort();
  const program = [process.execPath, join(ROOT, "apps/gateway/main.ts"), "--artifact", file];
  const child = Bun.spawn([...program, "--listen", `127.0.0.1:${port}`, "--admin-bind", "off"], {
    stdout: "ignore",
    stderr: "inherit",
  });
  await untilListening(port);
  return measured(name, child, port, () => undefined);
}

const FIELDS = "Host: shop.test\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n";
const REQUESTS: Readonly<Record<string, PreparedRequest>> = {
  "GET, 200 B back": [Buffer.from(`GET /200 HTTP/1.1\r\n${FIELDS}\r\n`)],
  "POST of 1 KB, 200 B back": [
    Buffer.from(`POST /200 HTTP/1.1\r\n${FIELDS}Content-Length: 1024\r\n\r\n${"x".repeat(1024)}`),
  ],
};

const plain = await startAnsweringNginx();
const multiplexed = await startAnsweringNginx("http2");
const gateways = [
  await startGateway("HTTP/1.1 upstream", plain.port, "1.1"),
  await startGateway("h2c upstream", multiplexed.port, "2"),
];
for (const [name, request] of Object.entries(REQUESTS)) {
  const perCore = gateways.map(() => [] as number[]);
  const p99 = gateways.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (const [i, gateway] of gateways.entries()) {
      const cpu = gateway.cpuSeconds();
      const limits = round < 0 ? { seconds: 20, requests: WARM_UP_REQUESTS } : { seconds };
      const result = await runLoad(gateway, connections, () => request, limits);
      if (result.failures.size > 0) throw new Error(`${gateway.name}: ${JSON.stringify([...result.failures])}`);
      if (round < 0) continue;
      perCore[i]!.push(result.requests / (gateway.cpuSeconds() - cpu));
      p99[i]!.push(result.p99);
    }
  }
  console.log(`\n${name}, ${connections} connections`);
  const ratios = perCore[1]!.map((value, round) => value / perCore[0]![round]!);
  for (const [i, gateway] of gateways.entries()) {
    const whole = Math.round(median(perCore[i]!)).toLocaleString("en").padStart(7);
    console.log(`  ${gateway.name.padEnd(20)} ${whole} req/cpu-s  p99 ${median(p99[i]!).toFixed(1)} ms`);
  }
  console.log(`  h2c of HTTP/1.1: ${median(ratios).toFixed(2)}`);
}
for (const server of [...gateways, plain, multiplexed]) await server.stop();
rmSync(folder, { recursive: true, force: true });
