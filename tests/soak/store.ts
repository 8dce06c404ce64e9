/**
 * `scripts/bun tests/soak/store.ts [--seeds 1000] [--seed 1] [--minutes 0]`: simulates whole stores, a cluster a seed, while everything around them fails.
 *
 * With `--minutes` it goes on with further seeds until the time is over. A seed that fails is printed with what was injected, and the exit code is 1.
 */
import { parseArgs } from "node:util";
import { simulate } from "#foundation/runtime/simulation";
import { type Effort, type StoreTally, storeSimulation } from "../store/scenarios.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string" },
  },
});
const first = Number(values.seed);
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const count = minutes === undefined ? Number(values.seeds) : Number.POSITIVE_INFINITY;
/** Most seeds are short ones, which begin and end more clusters in the same time; every fortieth one is long, with more clients. */
const SHORT = { clients: 2, faultyMs: 4_000, healingMs: 1_500 };
const LONG = { clients: 3, faultyMs: 10_000, healingMs: 5_000 };
const effortOf = (seed: number): Effort => (seed % 40 === 39 ? LONG : SHORT);

const tally: StoreTally = { committed: 0, unknown: 0, refused: 0, epochs: 0 };
const faults = new Map<string, number>();
const probes = new Map<string, number>();
const began = performance.now();
let [seeds, steps, virtualMs] = [0, 0, 0];
for (let seed = first; seed < first + count; seed++) {
  if (minutes !== undefined && performance.now() - began > minutes * 60_000) break;
  const result = simulate(storeSimulation(seed, effortOf(seed), tally));
  seeds++;
  steps += result.steps;
  virtualMs += result.virtualMs;
  for (const [name, times] of result.faults) faults.set(name, (faults.get(name) ?? 0) + times);
  for (const [name, times] of result.probes) probes.set(name, (probes.get(name) ?? 0) + times);
  if (result.failure !== undefined) {
    console.error(`seed ${seed}: ${result.failure.message}`);
    console.error(`  swizzles: ${result.swizzles.join(", ")}`);
    console.error(`  injected: ${[...result.faults].map((one) => one.join(" ")).join(", ")}`);
    console.error(result.failure.stack);
    process.exitCode = 1;
    break;
  }
  if (seeds % 100 === 0) report();
}
report();
console.log("faults", Object.fromEntries(faults));
console.log("places reached", Object.fromEntries(probes));

function report(): void {
  const seconds = (performance.now() - began) / 1000;
  const hours = (virtualMs / 3_600_000).toFixed(2);
  const injected = [...faults.values()].reduce((sum, times) => sum + times, 0);
  console.log(
    `${seeds} seeds (${(seeds / seconds).toFixed(2)}/s), ${hours} h of virtual time, ${steps} steps, ${injected} faults`,
    tally,
  );
}
