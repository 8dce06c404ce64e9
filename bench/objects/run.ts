/**
 * `npm run bench -- objects [--seconds 3] [--rounds 3] [--only biplane]`: small and large puts and gets, and listings, on Biplane and its peers in turn.
 *
 * All servers run on this machine, one at a time, beside the load; a server's own CPU seconds tell what a core of it would do.
 */
import { parseArgs } from "node:util";
import { type LoadResult, runLoad } from "../harness/http-load.ts";
import { installPeers } from "../harness/peers.ts";
import { prepare } from "../harness/signed-requests.ts";
import { median } from "../harness/statistics.ts";
import { type S3Server, startBiplane, startFauxqs, startS3rver } from "./servers.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

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
  /** Least and most of the rounds: how much the machine was disturbed. */
  readonly perCoreRange: readonly [number, number];
  readonly unit: string;
  readonly p50: number;
  readonly p99: number;
}

/** Why a round does not count: what is refused quickly must not pass for fast. */
function refusalOf(result: LoadResult | Error): string | undefined {
  if (result instanceof Error) return result.message;
  if (result.failures.size === 0) return undefined;
  return `it answers ${[...result.failures].map(([status, times]) => `${status} (${times} times)`).join(", ")}`;
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
    const rates: number[] = [];
    const perCore: number[] = [];
    const p50: number[] = [];
    const p99: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const cpu = server.cpuSeconds();
      const result = await runLoad(server, connections, (turn) => requests[turn % requests.length]!, {
        seconds,
      }).catch((error: Error) => error);
      const refusal = refusalOf(result);
      if (result instanceof Error || refusal !== undefined) {
        console.log(`${server.name} cannot ${scenario}: ${refusal}`);
        return;
      }
      const amount = bytes === 0 ? result.requests : (result.requests * bytes) / 1e6;
      rates.push(amount / result.seconds);
      perCore.push(amount / (server.cpuSeconds() - cpu));
      p50.push(result.p50);
      p99.push(result.p99);
    }
    figures.push({
      server: server.name,
      scenario,
      rate: median(rates),
      perCore: median(perCore),
      perCoreRange: [Math.min(...perCore), Math.max(...perCore)],
      unit: bytes === 0 ? "req" : "MB",
      p50: median(p50),
      p99: median(p99),
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
  }).catch((error: Error) => console.log(`${server.name} does not stand the warm-up: ${error.message}`));
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

installPeers("s3rver");

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
      `  ${row.server.padEnd(8)} ${format(row.rate).padStart(8)} ${row.unit}/s ${format(row.perCore).padStart(8)} ${row.unit}/cpu-s (${row.perCoreRange.map(format).join(" to ")})   p50 ${row.p50.toFixed(1)} ms  p99 ${row.p99.toFixed(1)} ms${ratio}`,
    );
  }
}
