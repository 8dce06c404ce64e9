/**
 * `npm run bench -- http1 [--seconds 2] [--rounds 5] [--part serve|proxy]`: what the server and the client of `foundation/http1` do with a second of a core, beside
 * `foundation/http`, `node:http` under Bun, the engine of `foundation/proxy`, and nginx.
 *
 * All of them are loaded in turn, round by round, and a ratio is made within each round, so that what disturbs the machine disturbs all alike. nginx is left out, and
 * named, where it is not installed (`apt-get install nginx-light`).
 */
import { parseArgs } from "node:util";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import type { ServerProcess } from "../harness/server-process.ts";
import { median } from "../harness/statistics.ts";
import { nginxPath, startNginx, startOurs, startUpstream } from "../proxy/servers.ts";
import { startProgram, startStaticNginx } from "./servers.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    part: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const CONNECTIONS = 64;
const WARM_UP_REQUESTS = 30_000;

const fields =
  "Host: shop.test\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nX-Trace: 0123456789\r\n";
const get = (bytes: number): PreparedRequest => [Buffer.from(`GET /${bytes} HTTP/1.1\r\n${fields}\r\n`)];
const post = (bytes: number): PreparedRequest => [
  Buffer.from(
    `POST /orders HTTP/1.1\r\n${fields}Content-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`,
  ),
];

interface Scenario {
  readonly name: string;
  readonly request: PreparedRequest;
  readonly connections: number;
}

/** The first one is what the others are compared with. */
async function compare(servers: readonly ServerProcess[], { name, request, connections }: Scenario): Promise<void> {
  const perCore = servers.map(() => [] as number[]);
  const p99 = servers.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (const [i, server] of servers.entries()) {
      const cpu = server.cpuSeconds();
      const limits = round < 0 ? { seconds: 20, requests: name.endsWith("MB") ? 300 : WARM_UP_REQUESTS } : { seconds };
      const result = await runLoad(server, connections, () => request, limits);
      if (result.failures.size > 0) throw new Error(`${server.name} answered ${JSON.stringify([...result.failures])}`);
      if (round < 0) continue;
      perCore[i]!.push(result.requests / (server.cpuSeconds() - cpu));
      p99[i]!.push(result.p99);
    }
  }
  console.log(`\n${name}, ${connections} connections`);
  for (const [i, server] of servers.entries()) {
    const ratios = perCore[i]!.map((_value, round) => perCore[0]![round]! / perCore[i]![round]!);
    const compared =
      i === 0
        ? ""
        : `   http1 is ${median(ratios).toFixed(2)} of it (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
    console.log(
      `  ${server.name.padEnd(17)} ${whole(median(perCore[i]!))} req/cpu-s  p99 ${median(p99[i]!).toFixed(1)} ms  ${(server.residentBytes() / 1e6).toFixed(0)} MB${compared}`,
    );
  }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en").padStart(7);
}

if (nginxPath === undefined) console.log("nginx is not installed: left out");
if (values.part !== "proxy") {
  const servers = [
    await startProgram("http1", "serve-http1.ts"),
    await startProgram("foundation/http", "serve-http.ts"),
    await startProgram("node:http in Bun", "serve-node-http.ts"),
    ...(nginxPath === undefined ? [] : [await startStaticNginx()]),
  ];
  await compare(servers, { name: "a static answer of 200 B", request: get(200), connections: CONNECTIONS });
  for (const server of servers) await server.stop();
}
if (values.part !== "serve") {
  const upstream = await startUpstream();
  const servers = [
    await startProgram("http1", "front.ts", String(upstream.port)),
    { ...(await startOurs(upstream.port)), name: "foundation/proxy" },
    ...(nginxPath === undefined ? [] : [await startNginx(upstream.port)]),
  ];
  const scenarios: readonly Scenario[] = [
    { name: "proxied: get 200 B", request: get(200), connections: CONNECTIONS },
    { name: "proxied: post 1 KB", request: post(1024), connections: CONNECTIONS },
    { name: "proxied: get 64 KB", request: get(65_536), connections: CONNECTIONS },
    { name: "proxied: get 1 MB", request: get(1_048_576), connections: 8 },
    { name: "proxied: post 1 MB", request: post(1_048_576), connections: 8 },
  ];
  for (const scenario of scenarios) await compare(servers, scenario);
  for (const server of [...servers, upstream]) await server.stop();
}
