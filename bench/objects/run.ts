/**
 * `npm run bench -- objects [--seconds N]`: small and large puts and gets, and listings, on Biplane and its peers in turn.
 *
 * All servers run on this machine, one at a time, beside the load; a server's own CPU seconds tell what a core of it would do.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runLoad } from "../harness/http-load.ts";
import { prepare } from "../harness/signed-requests.ts";
import { type S3Server, startBiplane, startFauxqs, startS3rver } from "./servers.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const { values } = parseArgs({ options: { seconds: { type: "string", default: "6" }, only: { type: "string" } } });
const seconds = Number(values.seconds);

const small = new Uint8Array(4 * KIB).map((_, index) => index & 0xff);
const large = new Uint8Array(64 * MIB).map((_, index) => (index * 31) & 0xff);
const KEYS = 1_000;
const WARM_UP_REQUESTS = 40_000;

interface Figure {
  readonly server: string;
  readonly scenario: string;
  /** Requests per second, or MB per second. */
  readonly rate: number;
  /** The same per CPU second of the server. */
  readonly perCore: number;
  readonly unit: string;
  readonly p50: number;
  readonly p99: number;
}

async function measure(server: S3Server): Promise<Figure[]> {
  const figures: Figure[] = [];
  const sign = (shape: Parameters<typeof prepare>[0]) => prepare(shape, server, server.credential);
  const run = async (
    scenario: string,
    connections: number,
    requests: readonly ReturnType<typeof prepare>[],
    bytes: number,
  ) => {
    const cpu = server.cpuSeconds();
    const result = await runLoad(server, connections, (turn) => requests[turn % requests.length]!, {
      seconds,
    }).catch((error: Error) => error);
    if (result instanceof Error) {
      console.log(`${server.name} cannot ${scenario}: ${result.message}`);
      return;
    }
    if (result.failures.size > 0) {
      const statuses = [...result.failures].map(([status, times]) => `${times} times ${status}`);
      console.log(`${server.name} cannot ${scenario}: it answers ${statuses.join(", ")}`);
      return;
    }
    const used = server.cpuSeconds() - cpu;
    const amount = bytes === 0 ? result.requests : (result.requests * bytes) / 1e6;
    figures.push({
      server: server.name,
      scenario,
      rate: amount / result.seconds,
      perCore: amount / used,
      unit: bytes === 0 ? "req" : "MB",
      p50: result.p50,
      p99: result.p99,
    });
  };
  await runLoad(server, 1, () => sign({ method: "PUT", path: "/bench-bucket" }), { seconds: 10, requests: 1 });
  const key = (index: number) => `/bench-bucket/small/${String(index % KEYS).padStart(6, "0")}`;
  const puts = Array.from({ length: KEYS }, (_, index) => sign({ method: "PUT", path: key(index), body: small }));
  const gets = Array.from({ length: KEYS }, (_, index) => sign({ method: "GET", path: key(index) }));
  // By number, not by time: on a busy machine the compilers would else still be at work in what is measured.
  await runLoad(server, 64, (turn) => (turn % 2 === 0 ? puts : gets)[(turn >> 1) % KEYS]!, {
    seconds: 30,
    requests: WARM_UP_REQUESTS,
  });
  await run("put 4 KB, 64 connections", 64, puts, 0);
  await run("get 4 KB, 64 connections", 64, gets, 0);
  await run(
    "list 1,000 keys, 8 connections",
    8,
    [sign({ method: "GET", path: "/bench-bucket", query: "list-type=2&prefix=small%2F" })],
    0,
  );
  await run(
    "put 64 MB, 4 connections",
    4,
    Array.from({ length: 4 }, (_, index) =>
      sign({ method: "PUT", path: `/bench-bucket/large-${index}`, body: large, unsignedPayload: true }),
    ),
    large.length,
  );
  await run(
    "get 64 MB, 4 connections",
    4,
    Array.from({ length: 4 }, (_, index) => sign({ method: "GET", path: `/bench-bucket/large-${index}` })),
    large.length,
  );
  return figures;
}

const peers = join(import.meta.dir, "../peers");
if (!existsSync(join(peers, "node_modules"))) {
  console.log("installing the peers …");
  const install = Bun.spawnSync(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: peers,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (install.exitCode !== 0) process.exit(1);
}

const starters = [startBiplane, startS3rver, startFauxqs].filter(
  (start) => values.only === undefined || start.name.toLowerCase().includes(values.only),
);
const figures: Figure[] = [];
for (const start of starters) {
  const server = await start();
  console.log(`${server.name}: ${server.note}`);
  figures.push(...(await measure(server)));
  await server.stop();
}

const format = (value: number) => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1));
for (const scenario of new Set(figures.map((figure) => figure.scenario))) {
  console.log(`\n${scenario}`);
  const rows = figures.filter((figure) => figure.scenario === scenario);
  const ours = rows.find((row) => row.server === "biplane");
  for (const row of rows) {
    const ratio =
      ours === undefined || row === ours
        ? ""
        : `   biplane is ${(ours.rate / row.rate).toFixed(2)} ×, per core ${(ours.perCore / row.perCore).toFixed(2)} ×`;
    console.log(
      `  ${row.server.padEnd(8)} ${format(row.rate).padStart(8)} ${row.unit}/s ${format(row.perCore).padStart(8)} ${row.unit}/cpu-s   p50 ${row.p50.toFixed(1)} ms  p99 ${row.p99.toFixed(1)} ms${ratio}`,
    );
  }
}
