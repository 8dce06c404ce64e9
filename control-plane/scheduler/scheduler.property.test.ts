/** Random histories: nodes fail, instances do what they like, people deploy, scale, drain; what must hold after every event does. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { ACCOUNT } from "#control-plane/events/testing";
import { hasEnded } from "#control-plane/nodes";
import { manifestOf, TestWorld } from "./testing/test-world.ts";
import { World } from "./world.ts";

const MIB = 1024 ** 2;
const NODES = ["a", "b", "c"];
const OVERHEAD = 16 * MIB;

type Step =
  | { readonly do: "deploy"; readonly env: number; readonly digit: string }
  | { readonly do: "scale"; readonly env: number; readonly count: number }
  | { readonly do: "restart"; readonly env: number }
  | {
      readonly do: "report";
      readonly pick: number;
      readonly status: "starting" | "ready" | "unready" | "failed" | "stopped";
    }
  | { readonly do: "obey" }
  | { readonly do: "node"; readonly node: number; readonly health: "online" | "offline" | "degraded" }
  | { readonly do: "intent"; readonly node: number; readonly intent: "active" | "draining" | "disabled" }
  | { readonly do: "quota"; readonly instances: number | null }
  | { readonly do: "wait"; readonly seconds: number };

const index = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("deploy" as const), env: index, digit: fc.constantFrom("a", "b", "c") }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("scale" as const), env: index, count: fc.nat({ max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), env: index }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("report" as const),
      pick: fc.nat({ max: 50 }),
      status: fc.constantFrom(
        "starting" as const,
        "ready" as const,
        "unready" as const,
        "failed" as const,
        "stopped" as const,
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("obey" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("node" as const),
      node: index,
      health: fc.constantFrom("online" as const, "offline" as const, "degraded" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("intent" as const),
      node: index,
      intent: fc.constantFrom("active" as const, "draining" as const, "disabled" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("quota" as const), instances: fc.constantFrom(null, 0, 3, 8) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), seconds: fc.nat({ max: 120 }) }) },
);

/** What must hold after every event. */
function check(world: TestWorld): void {
  const used = new Map<string, number>();
  for (const { nodeId, memoryBytes, mounts } of world.live()) {
    used.set(nodeId, (used.get(nodeId) ?? 0) + memoryBytes + OVERHEAD);
    expect(mounts).toEqual([]);
  }
  for (const node of world.views.records("node")) {
    expect(used.get(node.nodeId) ?? 0).toBeLessThanOrEqual(node.allocatable.memoryBytes);
    expect(world.world.usageOf(node.nodeId).memoryBytes).toBe(used.get(node.nodeId) ?? 0);
  }
  // Nothing is allocated over and over: no more are to run than are wanted, and a surge.
  for (const env of world.views.records("env")) {
    if (env.desired.web === undefined) continue;
    const wanted = Math.max(env.scale.web ?? 2, 6);
    const toRun = world.live(env.envId).filter(({ desiredState }) => desiredState === "running").length;
    expect(toRun).toBeLessThanOrEqual(wanted + 2);
  }
}

function play(steps: readonly Step[]): void {
  const world = new TestWorld();
  const nodes = NODES.map((name) => world.addNode(name, { memoryBytes: 500 * MIB }));
  const envs = ["one", "two", "three"].map((name) => ({ name, ...world.addEnv(name) }));
  world.onEvent = () => check(world);
  const attempt = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      // Refusals are answers; anything else is not.
      if (
        !(error instanceof Error) ||
        !/^(ValidationFailed|QuotaExceeded|NoSuchResource|ResourceInUse)/.test(error.message)
      )
        throw error;
    }
  };
  for (const one of steps) {
    attempt(() => {
      switch (one.do) {
        case "deploy": {
          const { appId, envId, name } = envs[one.env]!;
          const manifest = { ...manifestOf({ scaling: { min: 2, max: 9 } }), app: { name } };
          world.deploy(envId, world.release(appId, manifest, one.digit));
          break;
        }
        case "scale":
          world.run({ type: "env.scale", accountId: ACCOUNT, envId: envs[one.env]!.envId, scale: { web: one.count } });
          break;
        case "restart":
          world.run({ type: "env.restart", accountId: ACCOUNT, envId: envs[one.env]!.envId });
          break;
        case "report": {
          const live = world.live();
          const instance = live[one.pick % Math.max(1, live.length)];
          if (instance !== undefined)
            world.report(instance, one.status, one.status === "failed" ? { reason: "exited" } : {});
          break;
        }
        case "obey":
          world.obey();
          break;
        case "node":
          world.run({ type: "node.observe", nodeId: nodes[one.node]!, health: one.health });
          break;
        case "intent":
          world.run({ type: "node.setIntent", nodeId: nodes[one.node]!, intent: one.intent });
          break;
        case "quota":
          world.run({ type: "quota.set", accountId: ACCOUNT, limits: { max_instances: one.instances } });
          break;
        case "wait":
          world.now += one.seconds * 1_000;
      }
    });
    world.schedule();
  }
  // What is kept up to date is what is worked out anew.
  const anew = new World(world.views, world.settings);
  for (const nodeId of nodes) expect(world.world.usageOf(nodeId)).toEqual(anew.usageOf(nodeId));
  // Once the faults end, everything becomes as wanted.
  for (const nodeId of nodes) {
    attempt(() => world.run({ type: "node.observe", nodeId, health: "online" }));
    attempt(() => world.run({ type: "node.setIntent", nodeId, intent: "active" }));
  }
  world.run({ type: "quota.set", accountId: ACCOUNT, limits: { max_instances: null } });
  for (const { envId } of envs) {
    attempt(() => world.run({ type: "env.scale", accountId: ACCOUNT, envId, scale: { web: 1 } }));
  }
  world.now += 3_600_000;
  world.settle();
  for (const { envId } of envs) {
    const env = world.views.record("env", envId)!;
    if (env.desired.web === undefined) continue;
    const live = world.live(envId).filter((one) => !hasEnded(one));
    expect(live).toHaveLength(1);
    expect(live[0]).toMatchObject({ status: "ready", desiredState: "running" });
    expect(env.unschedulable).toEqual({});
    for (const deploy of world.views.records("deploy")) expect(deploy.finishedAt).toBeNumber();
  }
}

test("whatever happens, what must hold does, and in the end everything is as wanted", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => play(steps)),
    {
      numRuns: Number(process.env.RUNS ?? 60),
    },
  );
});
