/**
 * `scripts/bun tests/soak/store-processes.ts [--minutes 10] [--seed 1]`: three real processes that are killed, paused, stopped, started again and cut off, while
 * sixteen clients move money and append to lists. What they saw must be strictly serializable, and nothing that was acknowledged may be lost.
 *
 * Cutting off takes namespaces of the network (Linux, root): where they are not to be had, it says so and does without.
 *
 * Prints how long clients went without an acknowledged commit after each fault. Exits with 1 when a promise was broken.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { randomBelow } from "#foundation/runtime";
import { SeededRandom } from "#foundation/runtime/simulation";
import { ListAppend } from "../store/list-append.ts";
import { Namespaces } from "../store/namespaces.ts";
import { ProcessCluster } from "../store/processes.ts";
import { Workload } from "../store/workload.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, seed: { type: "string", default: "1" } },
});
/** What a fault does to clients begins within so many milliseconds. */
const OUTAGE_MS_MAX = 8_000;
const NAMES = ["n1", "n2", "n3"];

// Within a network of its own it may make as many as it likes.
const INSIDE = "BIPLANE_SOAK_INSIDE";
if (process.env[INSIDE] === undefined && spawnSync("unshare", ["--net", "true"]).status === 0) {
  const again = ["--net", process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync("unshare", again, { stdio: "inherit", env: { ...process.env, [INSIDE]: "1" } });
  process.exit(status ?? 1);
}
const network = process.env[INSIDE] === undefined ? undefined : new Namespaces(NAMES);
if (network === undefined) console.log("no namespaces of the network here: nobody is cut off");

const random = SeededRandom.fromSeed(Number(values.seed));
const endsAt = performance.now() + Number(values.minutes) * 60_000;
const cluster = await ProcessCluster.start(NAMES, network);
const { clients } = cluster;
const workload = new Workload(clients, { clients: 8, accounts: 50, pauseMsMax: 20, idempotentShare: 0.5 });
const lists = new ListAppend(clients, { clients: 8, lists: 20, pauseMsMax: 100 });
const outages = new Map<string, number[]>();

const FAULTS: Readonly<Record<string, (name: string) => Promise<void>>> = {
  kill: async (name) => {
    await cluster.kill(name);
    await Bun.sleep(randomBelow(random, 3_000));
    cluster.startNode(name);
  },
  stop: async (name) => {
    await cluster.stop(name);
    await Bun.sleep(randomBelow(random, 3_000));
    cluster.startNode(name);
  },
  pause: async (name) => {
    cluster.signal(name, "SIGSTOP");
    await Bun.sleep(500 + randomBelow(random, 4_000));
    cluster.signal(name, "SIGCONT");
  },
  ...(network !== undefined && {
    separate: async (name: string) => {
      network.separate(name);
      await Bun.sleep(500 + randomBelow(random, 6_000));
      network.heal(name);
    },
    "cut off": async (name: string) => {
      network.cutOff(name);
      await Bun.sleep(500 + randomBelow(random, 6_000));
      network.heal(name);
    },
  }),
};

try {
  await cluster.until(({ phase, nodes }) => phase === "running" && nodes.length === 3);
  await workload.prepare();
  workload.start();
  lists.start();
  while (performance.now() < endsAt) {
    await Bun.sleep(1_000 + randomBelow(random, 4_000));
    const name = NAMES[randomBelow(random, NAMES.length)]!;
    const fault = Object.keys(FAULTS)[randomBelow(random, Object.keys(FAULTS).length)]!;
    const measured = untilCommitted(workload.tally.committed, performance.now());
    await FAULTS[fault]!(name);
    outages.set(fault, [...(outages.get(fault) ?? []), await measured]);
  }
  await Promise.all([workload.stop(), lists.stop()]);
  const { epoch } = await cluster.until(({ phase }) => phase === "running");
  await workload.judge();
  await lists.judge();
  console.log("nothing was lost, and all was strictly serializable", {
    ...workload.tally,
    lists: lists.history.length,
    epochs: Number(epoch),
  });
} catch (error) {
  process.exitCode = 1;
  console.error(error);
  for (const name of NAMES) console.error(name, cluster.logOf(name).slice(-4_000));
} finally {
  for (const [fault, times] of outages) console.log(fault.padEnd(8), describe(times));
  await cluster.close();
  network?.close();
}

/** Milliseconds of the longest time without an acknowledged commit, from the fault until commits have come again and enough time has passed for any outage. */
async function untilCommitted(before: number, began: number): Promise<number> {
  let [last, lastAt, longest] = [before, began, 0];
  for (;;) {
    await Bun.sleep(2);
    const now = performance.now();
    const hasMore = workload.tally.committed > last;
    longest = Math.max(longest, now - lastAt);
    if (hasMore) [last, lastAt] = [workload.tally.committed, now];
    if (hasMore && now - began > OUTAGE_MS_MAX) return longest;
  }
}

function describe(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string =>
    `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!)} ms`;
  return `${sorted.length} times; without a commit: median ${at(0.5)}, 90th ${at(0.9)}, longest ${at(1)}`;
}
