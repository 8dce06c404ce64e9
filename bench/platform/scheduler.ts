/**
 * What decisions of the scheduler cost with 1,000 nodes and 100,000 instances, with the settings that ship. It has no peer that could be started beside it: the targets are
 * printed instead. What is measured is deciding; that decisions also reach the log is in `placements.ts`.
 */

import { ACCOUNT } from "#control-plane/events/testing";
import { decideGroups, groupKey, manifestOf, TestWorld } from "#control-plane/scheduler/testing";
import { median } from "../harness/statistics.ts";
import { figure } from "./figure.ts";

const NODES = 1_000;
const ENVS = 1_998;
/** Of each environment. */
const INSTANCES = 50;
/** Of one more environment: as many as a process may have. */
const LARGE = 100;
const TOTAL = ENVS * INSTANCES + LARGE;
const ROUNDS = 15;
const MIB = 1024 ** 2;

export function measureScheduler(): void {
  const world = new TestWorld();
  // One org has it all, which is the worst: whatever is counted of an org is counted of everything.
  const limits = {
    apps: 2 * ENVS,
    envs: 2 * ENVS,
    routes: 2 * ENVS,
    hostnames: 2 * ENVS,
    max_instances: 2 * TOTAL,
    total_memory_bytes: Number.MAX_SAFE_INTEGER,
    total_cpu_millis: Number.MAX_SAFE_INTEGER,
  };
  world.run({ type: "quota.set", accountId: ACCOUNT, limits });
  for (let node = 0; node < NODES; node++) {
    world.addNode(`n${node}`, { memoryBytes: 16_384 * MIB, cpuCores: 16, diskBytes: 1024 ** 4 });
  }
  const envOf = (name: string, count: number) => {
    const { appId, envId } = world.addEnv(name);
    world.deploy(envId, world.release(appId, manifest(name, count)));
    return { name, count, appId, envId };
  };
  const envs = Array.from({ length: ENVS }, (_, index) => envOf(`app-${index}`, INSTANCES));

  const small = carryOut(world);
  figure(
    "scheduler: placements, an empty fleet filled, deciding alone",
    (small.events / small.decidingMs) * 1_000,
    "/s",
    {
      atLeast: 5_000,
    },
  );
  figure("scheduler: the longest of those decisions (500 events)", small.longestMs, "ms", {});
  const large = envOf("large", LARGE);
  const alone = carryOut(world);
  figure(`scheduler: placements, ${LARGE} of one group`, (alone.events / alone.decidingMs) * 1_000, "/s", {
    atLeast: 5_000,
  });
  world.obey();
  // Everything has become ready: what comes of that is not a pass over an unchanged world.
  carryOut(world);
  const live = world.live().length;
  if (live !== TOTAL) throw new Error(`${live} instances are there, and not ${TOTAL}`);

  const unchanged = repeated(() => pass(world));
  figure(`scheduler: a pass over ${TOTAL} instances, all unchanged, median`, median(unchanged), "ms", { atMost: 50 });
  figure(`scheduler: the slowest of ${ROUNDS} such passes`, Math.max(...unchanged), "ms", {});

  // Decided again and again and never carried out, so that each time the same is decided.
  const stepOf = ({ name, count, appId, envId }: ReturnType<typeof envOf>, digit: string): void => {
    world.deploy(envId, world.release(appId, manifest(name, count, "--new"), digit));
    const times = repeated(() => timed(() => decide(world, [groupKey(envId, "web")])).ms);
    const { events } = decide(world, [groupKey(envId, "web")]);
    figure(`scheduler: a deploy of ${count} instances, its first ${events.length} events`, median(times), "ms", {});
  };
  stepOf(envs[ENVS / 2]!, "b");
  stepOf(large, "c");
  carryOut(world);

  const lost = [...world.views.records("node")][7]!.nodeId;
  world.run({ type: "node.observe", nodeId: lost, health: "offline", reason: "no heartbeat" });
  const dirty = [...world.world.dirty];
  const times = repeated(() => timed(() => decide(world, dirty)).ms);
  const { events } = decide(world, dirty);
  figure(`scheduler: a lost node, ${events.length} events`, median(times), "ms", {});
}

function manifest(name: string, count: number, option = "--old"): object {
  return manifestOf({ command: ["serve", option], scaling: { min: count } }, { app: { name } });
}

let ids = 0;

/** Decides about these groups. */
function decide(world: TestWorld, keys: readonly string[]) {
  return decideGroups({
    views: world.views,
    world: world.world,
    settings: world.settings,
    now: world.now,
    newInstanceId: () => `ins_${(++ids).toString(16).padStart(24, "0")}`,
    keys,
  });
}

/** Decision after decision about what has changed, each with the last one's events in the views, until nothing is left. */
function carryOut(world: TestWorld): {
  readonly events: number;
  readonly decidingMs: number;
  readonly longestMs: number;
} {
  let events = 0;
  let decidingMs = 0;
  let longestMs = 0;
  let keys = [...world.world.dirty];
  while (keys.length > 0) {
    world.world.dirty.clear();
    const { value, ms } = timed(() => decide(world, keys));
    events += value.events.length;
    decidingMs += ms;
    longestMs = Math.max(longestMs, ms);
    world.append(value.events);
    keys = [...new Set([...world.world.dirty, ...value.left])];
  }
  return { events, decidingMs, longestMs };
}

/** Milliseconds of a look at everything, of which nothing comes: as it happens every `fullPassMs`. */
function pass(world: TestWorld): number {
  world.world.dirty.clear();
  const { value, ms } = timed(() => {
    world.world.everyGroup();
    return decide(world, [...world.world.dirty]);
  });
  world.world.dirty.clear();
  if (value.events.length > 0) throw new Error(`an unchanged world gave ${value.events.length} events`);
  return ms;
}

function repeated(measure: () => number): readonly number[] {
  for (let warm = 0; warm < 3; warm++) measure();
  return Array.from({ length: ROUNDS }, measure);
}

function timed<Value>(work: () => Value): { readonly value: Value; readonly ms: number } {
  const begun = performance.now();
  const value = work();
  return { value, ms: performance.now() - begun };
}
