/** Instances with volumes: where their volume is, one at a time, and gone before the next one comes. */
import { expect, test } from "bun:test";
import type { NodeRecord } from "#contracts";
import { ACCOUNT } from "#control-plane/events/testing";
import { drainBlockers } from "./plan-group.ts";
import { manifestOf, TestWorld } from "./testing/test-world.ts";

const stateful = (more: object = {}) =>
  manifestOf({ mounts: [{ volume: "data", path: "/data" }], ...more }, { volumes: [{ name: "data", size: "1Gi" }] });

function withVolume() {
  const world = new TestWorld();
  const nodes = ["a", "b", "c"].map((name) => world.addNode(name));
  const home = nodes[1]!;
  const { appId, envId } = world.addEnv();
  const volume = {
    volumeId: "vol_1",
    accountId: ACCOUNT,
    name: "data",
    sizeBytes: 1024 ** 3,
    filesystem: "ext4",
    backupEnabled: true,
    homeNodeId: home,
    state: "available",
  } as const;
  const attachment = {
    attachmentId: "vat_1",
    accountId: ACCOUNT,
    volumeId: "vol_1",
    appId,
    envId,
    processType: "web",
    mountPath: "/data",
    readOnly: false,
  } as const;
  world.append([
    { type: "volume.created", aggregateId: "vol_1", org: ACCOUNT, payload: volume },
    { type: "volumeAttachment.created", aggregateId: "vat_1", org: ACCOUNT, payload: attachment },
  ]);
  // Nobody has the volume beside somebody else, at any moment.
  world.onEvent = () => expect(world.live().length).toBeLessThanOrEqual(1);
  return { world, home, appId, envId };
}

const health = (world: TestWorld, nodeId: string, is: NodeRecord["health"]) =>
  world.run({ type: "node.observe", nodeId, health: is, reason: "of the test" });

test("an instance with a volume runs where the volume is", () => {
  const { world, home, appId, envId } = withVolume();
  world.deploy(envId, world.release(appId, stateful()));
  world.settle();
  expect(world.live()).toMatchObject([{ nodeId: home, mounts: [{ volumeId: "vol_1", mountPath: "/data" }] }]);
});

test("a deploy lets the old one end before the new one begins", () => {
  const { world, home, appId, envId } = withVolume();
  world.deploy(envId, world.release(appId, stateful()));
  world.settle();
  const [old] = world.live();
  const next = world.deploy(envId, world.release(appId, stateful({ command: ["serve", "anew"] }), "b"));
  world.now += 1_000;
  expect(world.schedule()).not.toContain("instance.allocated");
  expect(world.live()).toMatchObject([{ instanceId: old!.instanceId, desiredState: "draining" }]);
  world.settle();
  expect(world.live()).toMatchObject([{ nodeId: home, deployId: next, status: "ready" }]);
  expect(world.views.record("deploy", next)?.status).toBe("succeeded");
});

test("while its node is away it waits and says so, and runs nowhere else", () => {
  const { world, home, appId, envId } = withVolume();
  world.deploy(envId, world.release(appId, stateful()));
  world.settle();
  health(world, home, "offline");
  world.settle();
  expect(world.live().filter(({ nodeId }) => nodeId !== home)).toEqual([]);
  expect(world.views.record("env", envId)?.unschedulable.web).toMatchObject({ reason: "volume_home_node_offline" });
  health(world, home, "online");
  world.settle();
  expect(world.live()).toMatchObject([{ nodeId: home, status: "ready" }]);
  expect(world.views.record("env", envId)?.unschedulable).toEqual({});
});

test("a node that drains keeps it, and names it as what holds it up", () => {
  const { world, home, appId, envId } = withVolume();
  world.deploy(envId, world.release(appId, stateful()));
  world.settle();
  const [instance] = world.live();
  world.run({ type: "node.setIntent", nodeId: home, intent: "draining" });
  world.settle();
  expect(world.live()).toMatchObject([{ instanceId: instance!.instanceId, desiredState: "running" }]);
  expect(drainBlockers(world.views, home)).toMatchObject([{ instanceId: instance!.instanceId }]);
});

test("a volume that is not there, or not yet, is waited for", () => {
  const { world, appId, envId } = withVolume();
  const change = (state: "creating" | "available" | "error") =>
    world.append([
      { type: "volume.stateChanged", aggregateId: "vol_1", org: ACCOUNT, payload: { volumeId: "vol_1", state } },
    ]);
  change("error");
  world.deploy(envId, world.release(appId, stateful()));
  world.settle();
  expect(world.live()).toEqual([]);
  expect(world.views.record("env", envId)?.unschedulable.web).toBeDefined();
  change("available");
  world.settle();
  expect(world.live()).toHaveLength(1);
});
