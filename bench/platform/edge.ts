/** The edge beside nginx, in front of the same upstream: requests of small JSON over kept connections, for a second of a core. */
import { join } from "node:path";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import { measured, type ServerProcess } from "../harness/server-process.ts";
import { median } from "../harness/statistics.ts";
import { nginxPath, startNginx, startUpstream } from "../proxy/servers.ts";
import { figure } from "./figure.ts";

const CONNECTIONS = 64;
const SECONDS = 3;
const ROUNDS = 3;
const WARM_UP_REQUESTS = 30_000;
const REQUEST: PreparedRequest = [
  Buffer.from("GET /200 HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\r\n"),
];

export async function measureEdge(): Promise<void> {
  const upstream = await startUpstream();
  const servers: ServerProcess[] = [await startEdgeProcess(upstream.port)];
  if (nginxPath === undefined)
    console.log("edge: nginx was not measured: it is not installed (apt-get install nginx-light)");
  else servers.push(await startNginx(upstream.port));
  const perCore = new Map<string, number>();
  for (const server of servers) {
    const figures: number[] = [];
    const p99: number[] = [];
    await load(server, { seconds: 20, requests: WARM_UP_REQUESTS });
    for (let round = 0; round < ROUNDS; round++) {
      const before = server.cpuSeconds();
      const result = await load(server, { seconds: SECONDS });
      figures.push(result.requests / (server.cpuSeconds() - before));
      p99.push(result.p99);
    }
    perCore.set(server.name, median(figures));
    figure(`edge: ${server.name}, requests per second of a core`, median(figures), "/s", {});
    figure(`edge: ${server.name}, p99 of ${CONNECTIONS} connections at full load`, median(p99), "ms", {});
  }
  const [ours, peer] = [perCore.get("biplane edge"), perCore.get("nginx")];
  if (ours !== undefined && peer !== undefined) figure("edge: ours is of nginx", ours / peer, "×", {});
  for (const server of [...servers, upstream]) await server.stop();
}

async function load(server: ServerProcess, limits: Parameters<typeof runLoad>[3]) {
  const result = await runLoad(server, CONNECTIONS, () => REQUEST, limits);
  if (result.failures.size > 0) throw new Error(`${server.name} answered ${JSON.stringify([...result.failures])}`);
  return result;
}

async function startEdgeProcess(upstream: number): Promise<ServerProcess> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "edge-front.ts"), String(upstream)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  return measured("biplane edge", child, Number(new TextDecoder().decode(value)), () => undefined);
}
