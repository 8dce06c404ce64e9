/**
 * `npm run bench -- store [--seconds 4] [--only embedded|cluster]`: the store beside its peers, 64 clients, values of 200 bytes, every write synced.
 *
 * In one process: beside LMDB and SQLite used directly. As three processes on this machine: beside three of etcd (`apt install etcd-server`). Clients of
 * clusters are in the process that measures; CPU is that of the servers.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installPeers } from "../harness/peers.ts";
import { closedLoop } from "./closed-loop.ts";
import { type Contender, cluster, embedded, etcd, lmdb, sqlite } from "./contenders.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" }, only: { type: "string" } } });
const seconds = Number(values.seconds);
const CLIENTS = 64;
const KEYS = 10_000;
/** Another one each time: SQLite writes nothing where nothing changes. */
const newValue = (client: number, turn: number): string => `${client}/${turn}/`.padEnd(200, "v");
const keyOf = (n: number): string => `key/${String(n % KEYS).padStart(6, "0")}`;

/** Requests a second of the first contender, by what was done: the others are compared with it. */
type Reference = Map<string, number>;

installPeers("etcd3");
if (values.only !== "cluster") {
  console.log(`\nin one process, ${CLIENTS} clients, the process that asks included`);
  await compare([embedded, lmdb, sqlite]);
}
if (values.only !== "embedded") {
  console.log(`\nthree nodes on this machine, ${CLIENTS} clients`);
  const peers = Bun.which("etcd") === null ? [] : [etcd];
  if (peers.length === 0) console.log("etcd is not installed: apt install etcd-server");
  await compare([cluster, ...peers]);
}

async function compare(makers: readonly ((directory: string) => Promise<Contender>)[]): Promise<void> {
  const reference: Reference = new Map();
  for (const make of makers) {
    const directory = mkdtempSync(join(tmpdir(), "bench-store-"));
    const contender = await make(directory);
    try {
      console.log(contender.name);
      // All keys there are, written by all clients; compilers have warmed up by then.
      let next = 0;
      await Promise.all(
        Array.from({ length: CLIENTS }, async () => {
          while (next < KEYS) await contender.put(keyOf(next++), newValue(0, next));
        }),
      );
      const spread = (client: number, turn: number): string => keyOf(client * 7919 + turn * 104_729);
      await measure(contender, reference, "put", (client, turn) =>
        contender.put(spread(client, turn), newValue(client, turn)),
      );
      await measure(contender, reference, "get", (client, turn) => contender.get(spread(client, turn)));
      await measure(contender, reference, "range of 100", (client, turn) => contender.range(spread(client, turn)));
    } finally {
      await contender.close();
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

async function measure(
  contender: Contender,
  reference: Reference,
  what: string,
  run: (client: number, turn: number) => unknown,
): Promise<void> {
  const cpu = contender.cpuSeconds?.() ?? cpuOfThis();
  const { perSecond, p50Ms, p99Ms } = await closedLoop(CLIENTS, seconds, run);
  const used = (contender.cpuSeconds?.() ?? cpuOfThis()) - cpu;
  const first = reference.get(what) ?? perSecond;
  reference.set(what, first);
  const times = `${p50Ms.toFixed(2).padStart(8)} ms ${p99Ms.toFixed(2).padStart(8)} ms`;
  const perCpu = Math.round((perSecond * seconds) / used);
  console.log(
    `  ${what.padEnd(14)} ${String(Math.round(perSecond)).padStart(9)}/s  p50, p99 ${times}  ${String(perCpu).padStart(8)} per CPU second  ours is ${(first / perSecond).toFixed(2)} ×`,
  );
}

function cpuOfThis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
