/** What a decision of the scheduler costs with 1,000 nodes and 100,000 instances. It has no peer that could be started beside it: the targets are printed instead. */

import { ACCOUNT } from "#control-plane/events/testing";
import { decideGroups, groupKey, manifestOf, TestWorld } from "#control-plane/scheduler/testing";
import { figure } from "./figure.ts";

const NODES = 1_000;
const ENVS = 2_000;
/** Of each environment. */
const INSTANCES = 50;
const MIB = 1024 ** 2;

export function measureScheduler(): void {
  // A decision of a control plane ends with 500 events; here everything is one, so that what is measured is deciding.
  const world = new TestWorld({ eventsMax: Number.MAX_SAFE_INTEGER });
  // One org has it all, which is the worst: what an org uses is counted anew for each decision.
  const limits = {
    apps: ENVS,
    envs: ENVS,
    routes: ENVS,
    hostnames: ENVS,
    max_instances: 2 * ENVS * INSTANCES,
    total_memory_bytes: Number.MAX_SAFE_INTEGER,
    total_cpu_millis: Number.MAX_SAFE_INTEGER,
  };
  world.run({ type: "quota.set", accountId: ACCOUNT, limits });
  for (let node = 0; node < NODES; node++) {
    world.addNode(`n${node}`, { memoryBytes: 16_384 * MIB, cpuCores: 16, diskBytes: 1024 ** 4 });
  }
  const envs = Array.from({ length: ENVS }, (_, index) => {
    const { appId, envId } = world.addEnv(`app-${index}`);
    world.deploy(envId, world.release(appId, manifest(`app-${index}`)));
    return { appId, envId };
  });

  let begun = performance.now();
  const placed = decide(world);
  const placing = performance.now() - begun;
  figure("scheduler: placements, an empty fleet filled", (placed.length / placing) * 1_000, "/s", {
    atLeast: 5_000,
  });
  world.append(placed);
  world.obey();
  const live = world.live().length;
  if (live !== ENVS * INSTANCES) throw new Error(`${live} instances are there, and not ${ENVS * INSTANCES}`);

  for (let warm = 0; warm < 3; warm++) pass(world);
  const unchanged = pass(world);
  figure("scheduler: a pass over all 2,000 unchanged groups", unchanged, "ms", { atMost: 50 });

  const { appId, envId } = envs[ENVS / 2]!;
  world.deploy(envId, world.release(appId, manifest(`app-${ENVS / 2}`, "--new"), "b"));
  const keys = [groupKey(envId, "web")];
  begun = performance.now();
  const rolled = decide(world, keys);
  figure("scheduler: a step of one deploy among 100,000 instances", performance.now() - begun, "ms", {});
  world.append(rolled);

  const lost = [...world.views.records("node")][7]!.nodeId;
  world.run({ type: "node.observe", nodeId: lost, health: "offline", reason: "no heartbeat" });
  begun = performance.now();
  const moved = decide(world);
  figure(`scheduler: ${moved.length} events for a node that is lost`, performance.now() - begun, "ms", {});
}

function manifest(name: string, option = "--old"): object {
  return manifestOf({ command: ["serve", option], scaling: { min: INSTANCES } }, { app: { name } });
}

let ids = 0;

/** Decides about what has changed, or about the groups named. */
function decide(world: TestWorld, keys = [...world.world.dirty]) {
  world.world.dirty.clear();
  const { events } = decideGroups({
    views: world.views,
    world: world.world,
    settings: world.settings,
    now: world.now,
    newInstanceId: () => `ins_${(++ids).toString(16).padStart(24, "0")}`,
    keys,
  });
  return events;
}

/** Milliseconds of a look at everything, of which nothing comes. */
function pass(world: TestWorld): number {
  world.world.everyGroup();
  const begun = performance.now();
  const events = decide(world);
  const took = performance.now() - begun;
  if (events.length > 0) throw new Error(`an unchanged world gave ${events.length} events`);
  return took;
}
