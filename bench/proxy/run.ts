/**
 * `npm run bench -- proxy [--seconds 3] [--rounds 3] [--only biplane,nginx]`: what our proxy and its peers do with a second of a core.
 *
 * All of them run at once beside the same upstream and are loaded in turn, so that what disturbs the machine disturbs all alike; the CPU seconds are those of the
 * proxy's own process, as the system counts them. nginx is left out where it is not installed (`apt-get install nginx-light`).
 */
import { parseArgs } from "node:util";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import { installPeers } from "../harness/peers.ts";
import type { ServerProcess } from "../harness/server-process.ts";
import { median } from "../harness/statistics.ts";
import { nginxPath, startHttpProxy, startNginx, startOurs, startUpstream } from "./servers.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const only = values.only?.split(",");

const CONNECTIONS = 64;
/** By number, not by time: on a busy machine the compilers would else still be at work in what is measured. */
const WARM_UP_REQUESTS = 30_000;

const fields =
  "Host: shop.test\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nX-Trace: 0123456789\r\n";
const get = (bytes: number): PreparedRequest => [Buffer.from(`GET /${bytes} HTTP/1.1\r\n${fields}\r\n`)];
const post = (bytes: number): PreparedRequest => [
  Buffer.from(
    `POST /orders HTTP/1.1\r\n${fields}Content-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`,
  ),
];

const scenarios: readonly { readonly name: string; readonly request: PreparedRequest; readonly connections: number }[] =
  [
    { name: "get 200 B", request: get(200), connections: CONNECTIONS },
    { name: "post 1 KB", request: post(1024), connections: CONNECTIONS },
    { name: "get 64 KB", request: get(65_536), connections: CONNECTIONS },
    { name: "get 1 MB", request: get(1_048_576), connections: 8 },
    { name: "post 1 MB", request: post(1_048_576), connections: 8 },
  ];

const upstream = await startUpstream();
const wanted = (name: string): boolean => only === undefined || only.includes(name);
if (wanted("http-proxy")) installPeers("http-proxy");
const proxies: ServerProcess[] = [];
if (wanted("biplane")) proxies.push(await startOurs(upstream.port));
if (wanted("nginx") && nginxPath !== undefined) proxies.push(await startNginx(upstream.port));
if (wanted("http-proxy")) proxies.push(await startHttpProxy(upstream.port));

for (const { name, request, connections } of scenarios) {
  const figures = new Map<string, { perCore: number[]; rate: number[]; p99: number[] }>();
  const warmUp = name.endsWith("MB") ? 300 : WARM_UP_REQUESTS;
  for (let round = -1; round < rounds; round++) {
    for (const proxy of proxies) {
      const cpu = proxy.cpuSeconds();
      const limits = round < 0 ? { seconds: 20, requests: warmUp } : { seconds };
      const result = await runLoad(proxy, connections, () => request, limits);
      if (result.failures.size > 0) throw new Error(`${proxy.name} answered ${JSON.stringify([...result.failures])}`);
      if (round < 0) continue;
      const figure = figures.get(proxy.name) ?? { perCore: [], rate: [], p99: [] };
      figure.perCore.push(result.requests / (proxy.cpuSeconds() - cpu));
      figure.rate.push(result.requests / result.seconds);
      figure.p99.push(result.p99);
      figures.set(proxy.name, figure);
    }
  }
  console.log(`\n${name}, ${connections} connections`);
  const ours = figures.get("biplane");
  for (const { name: proxy, residentBytes } of proxies) {
    const { perCore, rate, p99 } = figures.get(proxy)!;
    const ratio =
      ours === undefined || proxy === "biplane"
        ? ""
        : `   ours is ${(median(ours.perCore) / median(perCore)).toFixed(2)} of it`;
    console.log(
      `  ${proxy.padEnd(10)} ${whole(median(perCore))} req/cpu-s (${whole(Math.min(...perCore))} to ${whole(Math.max(...perCore))})  ${whole(median(rate))} req/s  p99 ${median(p99).toFixed(1)} ms  ${(residentBytes() / 1e6).toFixed(0)} MB${ratio}`,
    );
  }
}
for (const server of [...proxies, upstream]) await server.stop();

function whole(value: number): string {
  return Math.round(value).toLocaleString("en").padStart(7);
}
