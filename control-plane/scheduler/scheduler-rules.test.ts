import { describe, expect, test } from "bun:test";
import type { DeployRecord, InstanceRecord } from "#contracts";
import { ACCOUNT } from "#control-plane/events/testing";
import { drainBlockers } from "./plan-group.ts";
import { manifestOf, TestWorld } from "./testing/test-world.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

function deployed(process: object = {}, nodes = 1) {
  const world = new TestWorld();
  const ids = Array.from({ length: nodes }, (_, index) => world.addNode(`n${index}`));
  const { appId, envId } = world.addEnv();
  const releaseId = world.release(appId, manifestOf(process));
  const deployId = world.deploy(envId, releaseId);
  return { world, nodes: ids, appId, envId, releaseId, deployId };
}

const statusOf = (world: TestWorld, deployId: string): DeployRecord => world.views.record("deploy", deployId)!;
const digests = (instances: readonly InstanceRecord[]) => new Set(instances.map(({ specHash }) => specHash));

describe("a deploy", () => {
  test("begins, makes what its manifest says, and succeeds when all of it is ready", () => {
    const { world, envId, deployId } = deployed({ scaling: { min: 2, max: 3 } });
    expect(world.schedule()).toEqual(["instance.allocated", "instance.allocated", "deploy.statusChanged"]);
    expect(statusOf(world, deployId).status).toBe("rolling");
    world.obey();
    expect(world.schedule()).toEqual(["deploy.statusChanged"]);
    expect(statusOf(world, deployId)).toMatchObject({ status: "succeeded", message: "web 2/2" });
    expect(world.live(envId)).toHaveLength(2);
    // Nothing more to do, ever.
    world.now += 10_000_000;
    expect(world.schedule()).toEqual([]);
  });

  test("of something else never has fewer ready than before, and never more than one beyond", () => {
    const { world, appId, envId } = deployed({ scaling: { min: 3, max: 3 } });
    world.settle();
    const old = digests(world.live());
    world.onEvent = () => {
      const live = world.live(envId);
      const serving = live.filter(({ status, desiredState }) => status === "ready" && desiredState === "running");
      expect(serving.length).toBeGreaterThanOrEqual(3);
      expect(live.filter(({ desiredState }) => desiredState === "running").length).toBeLessThanOrEqual(4);
    };
    const next = world.deploy(envId, world.release(appId, manifestOf({ scaling: { min: 3, max: 3 } }), "b"));
    world.settle();
    expect(statusOf(world, next).status).toBe("succeeded");
    expect(world.live()).toHaveLength(3);
    for (const hash of digests(world.live())) expect(old.has(hash)).toBe(false);
  });

  test("of the same content changes nothing and says so", () => {
    const { world, appId, envId } = deployed();
    world.settle();
    const before = world.live();
    const again = world.deploy(envId, world.release(appId));
    world.settle();
    expect(statusOf(world, again)).toMatchObject({ status: "succeeded" });
    expect(statusOf(world, again).message).toContain("nothing had to change");
    expect(world.live()).toEqual(before);
  });

  test("back to an earlier release makes new instances, also while the old ones are draining", () => {
    const { world, appId, envId, releaseId } = deployed();
    world.settle();
    world.deploy(envId, world.release(appId, manifestOf(), "b"));
    world.schedule();
    for (const one of world.live().filter(({ status }) => status === "pending")) world.report(one, "ready");
    world.schedule();
    const draining = world.live().filter(({ desiredState }) => desiredState === "draining");
    expect(draining).toHaveLength(1);
    const back = world.deploy(envId, releaseId);
    world.schedule();
    expect(world.live().some((one) => one.status === "pending" && one.specHash === draining[0]!.specHash)).toBe(true);
    world.settle();
    expect(statusOf(world, back).status).toBe("succeeded");
  });

  test("supersedes the one before it", () => {
    const { world, appId, envId, deployId } = deployed();
    world.schedule();
    world.deploy(envId, world.release(appId, manifestOf(), "b"));
    expect(statusOf(world, deployId).status).toBe("superseded");
  });

  test("fails when instances fail again and again, and leaves the old ones serving", () => {
    const { world, appId, envId } = deployed();
    world.settle();
    const [old] = world.live();
    const bad = world.deploy(envId, world.release(appId, manifestOf(), "b"));
    for (let second = 0; second < 200 && statusOf(world, bad).status !== "failed"; second++) {
      world.schedule();
      for (const one of world.live()) {
        if (one.status === "pending") world.report(one, "failed", { reason: "exited", exitCode: 3 });
      }
      world.now += 1_000;
    }
    expect(statusOf(world, bad)).toMatchObject({ status: "failed", failedReason: "crash_loop" });
    expect(statusOf(world, bad).message).toContain("exit code 3");
    expect(world.live()).toMatchObject([{ instanceId: old!.instanceId, desiredState: "running", status: "ready" }]);
    expect(world.views.record("env", envId)!.unschedulable.web?.reason).toBe("crash_loop");
    // Tried again, but less and less often.
    const failed = () => world.instances().filter(({ status }) => status === "failed").length;
    const before = failed();
    for (let second = 0; second < 120; second++) {
      world.now += 1_000;
      world.schedule();
      for (const one of world.live()) if (one.status === "pending") world.report(one, "failed", { reason: "exited" });
    }
    expect(failed() - before).toBeLessThanOrEqual(2);
    // A new deploy starts afresh.
    const good = world.deploy(envId, world.release(appId, manifestOf(), "c"));
    world.settle();
    expect(statusOf(world, good).status).toBe("succeeded");
  });

  test("fails with the first instance that its node gives up, and a new try begins at once", () => {
    const { world, envId, appId, deployId } = deployed();
    world.schedule();
    const detail = "5 restarts within 5 minutes; last: start_failed";
    world.report(world.live()[0]!, "failed", { reason: "crash_loop_backoff", detail });
    world.schedule();
    expect(statusOf(world, deployId)).toMatchObject({ status: "failed", failedReason: "crash_loop" });
    expect(statusOf(world, deployId).message).toContain(detail);
    world.now += 100;
    const again = world.deploy(envId, world.release(appId, manifestOf()));
    world.settle();
    expect(statusOf(world, again).status).toBe("succeeded");
  });

  test("fails when an instance is not ready in time", () => {
    const { world, deployId } = deployed();
    world.schedule();
    world.report(world.live()[0]!, "starting");
    world.now += 121_000;
    world.schedule();
    expect(statusOf(world, deployId)).toMatchObject({ status: "failed", failedReason: "startup_timeout" });
  });

  test("that fits nowhere fails after ten minutes and says why", () => {
    const world = new TestWorld();
    world.addNode("small", { memoryBytes: 70 * MIB });
    const { appId, envId } = world.addEnv();
    const deployId = world.deploy(envId, world.release(appId));
    world.schedule();
    expect(world.views.record("env", envId)!.unschedulable.web?.reason).toBe("no_capacity_memory");
    expect(statusOf(world, deployId).message).toContain("no_capacity_memory");
    world.now += 601_000;
    world.schedule();
    expect(statusOf(world, deployId)).toMatchObject({ status: "failed", failedReason: "unschedulable" });
    // A node that has room is noticed without being asked.
    world.addNode("large");
    world.schedule();
    expect(world.live()).toHaveLength(1);
    expect(world.views.record("env", envId)!.unschedulable).toEqual({});
  });
});

describe("scaling", () => {
  test("to zero and back", () => {
    const { world, envId } = deployed({ scaling: { min: 2, max: 2 } });
    world.settle();
    world.run({ type: "env.scale", accountId: ACCOUNT, envId, scale: { web: 0 } });
    world.settle();
    expect(world.live()).toEqual([]);
    world.run({ type: "env.scale", accountId: ACCOUNT, envId, scale: { web: 3 } });
    world.settle();
    expect(world.live()).toHaveLength(3);
  });

  test("down takes those that are not ready first", () => {
    const { world, envId } = deployed({ scaling: { min: 2, max: 2 } });
    world.schedule();
    const [first, second] = world.live();
    world.report(second!, "ready");
    world.run({ type: "env.scale", accountId: ACCOUNT, envId, scale: { web: 1 } });
    world.schedule();
    expect(world.views.record("instance", first!.instanceId)!.desiredState).toBe("draining");
  });

  test("an environment that is deleted is emptied, and what has ended is forgotten", () => {
    const { world, envId } = deployed({ scaling: { min: 2, max: 2 } });
    world.settle();
    world.run({ type: "env.delete", accountId: ACCOUNT, envId });
    world.settle();
    expect(world.instances()).toEqual([]);
  });
});

describe("nodes", () => {
  test("a group is spread", () => {
    const { world, nodes } = deployed({ scaling: { min: 4, max: 4 } }, 4);
    world.schedule();
    expect(new Set(world.live().map(({ nodeId }) => nodeId))).toEqual(new Set(nodes));
  });

  test("one that drains is emptied without a gap; what cannot move is named", () => {
    const { world, nodes } = deployed({ scaling: { min: 2, max: 2 } }, 2);
    world.settle();
    world.onEvent = () => {
      const serving = world
        .live()
        .filter(({ status, desiredState }) => status === "ready" && desiredState === "running");
      expect(serving.length).toBeGreaterThanOrEqual(2);
    };
    world.run({ type: "node.setIntent", nodeId: nodes[0]!, intent: "draining" });
    expect(drainBlockers(world.views, nodes[0]!)).toHaveLength(1);
    world.settle();
    expect(world.live().map(({ nodeId }) => nodeId)).toEqual([nodes[1]!, nodes[1]!]);
    expect(drainBlockers(world.views, nodes[0]!)).toEqual([]);
  });

  test("what was on one that is lost runs elsewhere", () => {
    const { world, nodes } = deployed({ scaling: { min: 2, max: 2 } }, 2);
    world.settle();
    world.run({ type: "node.observe", nodeId: nodes[0]!, health: "offline", reason: "not heard of" });
    world.schedule();
    const lost = world.instances().find(({ nodeId }) => nodeId === nodes[0]);
    expect(lost).toMatchObject({ status: "failed", reason: "node_lost", desiredState: "stopped" });
    world.settle();
    expect(world.live().map(({ nodeId }) => nodeId)).toEqual([nodes[1]!, nodes[1]!]);
  });

  test("none, none with the isolation", () => {
    const world = new TestWorld();
    const { appId, envId } = world.addEnv();
    world.deploy(envId, world.release(appId, manifestOf(), "a", "image"));
    world.schedule();
    const reason = () => world.views.record("env", envId)!.unschedulable.web?.reason;
    expect(reason()).toBe("no_nodes_active");
    world.addNode("n");
    world.schedule();
    expect(reason()).toBe("no_node_with_isolation");
    world.addNode("c", { isolation: ["process", "container"] });
    world.schedule();
    expect(reason()).toBeUndefined();
  });

  test("processors are never refused, only preferred", () => {
    const world = new TestWorld();
    const [busy, idle] = [world.addNode("a", { cpuCores: 1 }), world.addNode("b", { cpuCores: 8 })];
    const { appId, envId } = world.addEnv();
    const manifest = manifestOf({ resources: { memory: "64Mi", cpu: 8 }, scaling: { min: 6, max: 6 } });
    world.deploy(envId, world.release(appId, manifest));
    world.schedule();
    expect(world.live()).toHaveLength(6);
    const on = (nodeId: string) => world.live().filter((one) => one.nodeId === nodeId).length;
    expect(on(idle)).toBeGreaterThanOrEqual(on(busy));
  });
});

test("where there is no room for one more, an old one goes first, and the deploy says so", () => {
  const world = new TestWorld();
  world.addNode("n", { memoryBytes: 100 * MIB });
  const { appId, envId } = world.addEnv();
  world.deploy(envId, world.release(appId));
  world.settle();
  const deployId = world.deploy(envId, world.release(appId, manifestOf(), "b"));
  world.schedule();
  expect(world.live()).toMatchObject([{ desiredState: "draining" }]);
  expect(statusOf(world, deployId).message).toContain("taken away first");
  world.settle();
  expect(statusOf(world, deployId).status).toBe("succeeded");
  expect(world.views.record("env", envId)!.unschedulable).toEqual({});
});

test("a quota holds, is told apart from room, and is tried again", () => {
  const { world, envId } = deployed({ scaling: { min: 1, max: 5 } });
  world.settle();
  world.run({ type: "env.scale", accountId: ACCOUNT, envId, scale: { web: 3 } });
  world.run({ type: "quota.set", accountId: ACCOUNT, limits: { max_instances: 2 } });
  world.schedule();
  expect(world.live()).toHaveLength(2);
  expect(world.views.record("env", envId)!.unschedulable.web?.reason).toBe("org_quota_exceeded");
  expect(() => world.run({ type: "env.scale", accountId: ACCOUNT, envId, scale: { web: 4 } })).toThrow("QuotaExceeded");
  world.run({ type: "quota.set", accountId: ACCOUNT, limits: { max_instances: null } });
  world.settle();
  expect(world.live()).toHaveLength(3);
});

test("a program that ends by itself and is not to be started again is done", () => {
  const { world, deployId } = deployed({ restart: { policy: "never" } });
  world.schedule();
  world.report(world.live()[0]!, "stopped", { exitCode: 0, reason: "exited" });
  world.now += 1_000;
  expect(world.schedule()).toEqual(["deploy.statusChanged"]);
  expect(statusOf(world, deployId).status).toBe("succeeded");
  world.now += 10_000_000;
  expect(world.schedule()).toEqual([]);
});

test("ended instances are forgotten after a while, but for the newest", () => {
  const { world, envId } = deployed();
  world.settle();
  for (let round = 0; round < 8; round++) {
    world.run({ type: "env.restart", accountId: ACCOUNT, envId });
    world.settle();
  }
  expect(world.instances().length).toBe(9);
  world.now += 3_600_000;
  world.schedule();
  expect(world.instances().length).toBe(6);
});

test("the memory of a node is never promised twice, whatever is deployed at once", () => {
  const world = new TestWorld();
  const nodes = [world.addNode("a", { memoryBytes: GIB }), world.addNode("b", { memoryBytes: GIB })];
  for (const name of ["one", "two", "three"]) {
    const { appId, envId } = world.addEnv(name);
    const manifest = { ...manifestOf({ scaling: { min: 20, max: 20 } }), app: { name } };
    world.deploy(envId, world.release(appId, manifest));
  }
  world.settle();
  for (const nodeId of nodes) {
    const used = world.live().filter((one) => one.nodeId === nodeId).length * 80 * MIB;
    expect(used).toBeLessThanOrEqual(GIB);
    expect(used).toBeGreaterThan(GIB - 80 * MIB);
  }
});
