/** What agents and edges are told, and what they are not. */
import { describe, expect, test } from "bun:test";
import type { EventId, MessageToAgent, MessageToEdge } from "#contracts";
import { ACCOUNT } from "#control-plane/events/testing";
import { manifestOf, TestWorld } from "#control-plane/scheduler/testing";
import { createVirtualTime } from "#foundation/runtime";
import { edgeRoutesOf, nodePlanOf, PlanDistributor } from "./index.ts";

function deployed(count = 2) {
  const world = new TestWorld();
  const nodes = [world.addNode("one"), world.addNode("two")] as const;
  const { appId, envId } = world.addEnv();
  world.deploy(envId, world.release(appId, manifestOf({ scaling: { min: count, max: 4 } })));
  return { world, nodes, envId, appId };
}

const planOf = ({ views }: TestWorld, nodeId: string) => nodePlanOf(views, nodeId, 1 as EventId, () => false);

describe("the plan of a node", () => {
  test("has its own instances, one command each, and nothing of another node", () => {
    const { world, nodes } = deployed();
    world.settle();
    const plans = nodes.map((nodeId) => planOf(world, nodeId));
    const placed = world.live().map(({ instanceId, nodeId }) => `${nodeId} ${instanceId}`);
    const told = plans.flatMap(({ nodeId, instances }) => instances.map((one) => `${nodeId} ${one.instanceId}`));
    expect(told.sort()).toEqual(placed.sort());
    for (const { nodeId, instances } of plans) {
      expect(instances.length).toBe(1);
      for (const { workload } of instances) {
        expect(workload.processType).toBe("web");
        expect(workload.command).toEqual(["serve"]);
      }
      const other = nodes.find((one) => one !== nodeId)!;
      expect(JSON.stringify(planOf(world, nodeId))).not.toContain(other);
    }
  });

  test("names secrets by version and digest, and never what they say", () => {
    const { world, nodes, envId, appId } = deployed(1);
    const bundle = { bundleId: "sec_1", accountId: ACCOUNT, appId, envId };
    world.append([
      { type: "secretBundle.created", aggregateId: "sec_1", org: ACCOUNT, payload: bundle },
      {
        type: "secretBundle.versionSet",
        aggregateId: "sec_1",
        org: ACCOUNT,
        payload: { bundleId: "sec_1", versionId: "scv_1", dataHash: "ab".repeat(32), keys: ["KEY"], versionNumber: 1 },
      },
    ]);
    world.settle();
    const [assignment] = nodes.flatMap((nodeId) => planOf(world, nodeId).instances.filter(isRunning));
    expect(assignment?.workload.secrets).toEqual({ required: false, versionId: "scv_1", dataHash: "ab".repeat(32) });
    expect(JSON.stringify(assignment)).not.toContain("KEY");
  });

  test("has its volumes and the snapshots that are under way", () => {
    const { world, nodes } = deployed();
    const [home, other] = nodes;
    const volume = { volumeId: "vol_1", accountId: ACCOUNT, name: "data", sizeBytes: 2 ** 30, backupEnabled: true };
    const snapshot = { snapshotId: "snp_1", accountId: ACCOUNT, volumeId: "vol_1", nodeId: home, status: "queued" };
    const payload = { ...volume, homeNodeId: home, filesystem: "ext4", state: "creating" };
    world.append([
      { type: "volume.created", aggregateId: "vol_1", org: ACCOUNT, payload: payload as never },
      { type: "snapshot.created", aggregateId: "snp_1", org: ACCOUNT, payload: snapshot as never },
    ]);
    expect(planOf(world, home)).toMatchObject({
      volumes: [{ volumeId: "vol_1", state: "creating" }],
      snapshots: [{ snapshotId: "snp_1", volumeId: "vol_1" }],
    });
    expect(planOf(world, other)).toMatchObject({ volumes: [], snapshots: [] });
  });
});

const isRunning = ({ desiredState }: { readonly desiredState: string }): boolean => desiredState === "running";

describe("the routes of an edge", () => {
  test("lead to what is ready and stays, and say why where nothing is", () => {
    const { world, envId, appId } = deployed();
    const [route] = edgeRoutesOf(world.views, envId);
    expect(route).toMatchObject({ hostname: "web.shop.localhost", path: "/", proxyProtocol: "off", backends: [] });
    expect(route?.unavailable).toBe("starting");
    expect(route?.service).toEqual({ app: "shop", environment: "production", processType: "web", port: 8080 });
    world.settle();
    expect(edgeRoutesOf(world.views, envId)[0]?.backends.map(({ instanceId }) => instanceId)).toEqual(
      world.live().map(({ instanceId }) => instanceId),
    );
    const [first] = world.live();
    world.run({ type: "instance.restart", accountId: ACCOUNT, instanceId: first!.instanceId });
    expect(edgeRoutesOf(world.views, envId)[0]?.backends.map(({ instanceId }) => instanceId)).not.toContain(
      first!.instanceId,
    );
    world.run({ type: "env.scale", accountId: ACCOUNT, envId, scale: { web: 0 } });
    world.settle();
    expect(edgeRoutesOf(world.views, envId)[0]).toMatchObject({ backends: [], unavailable: "scaled_to_zero" });
    const { envId: empty } = world.run({ type: "env.create", accountId: ACCOUNT, appId, name: "empty" }) as {
      envId: string;
    };
    expect(edgeRoutesOf(world.views, empty)).toEqual([]);
  });
});

describe("the distributor", () => {
  function distributed() {
    const world = new TestWorld();
    const time = createVirtualTime(0);
    let head = 0 as EventId;
    const core = {
      views: world.views,
      get head() {
        return head;
      },
    };
    const distributor = new PlanDistributor({ core, timers: time.timers });
    world.onEvent = (event) => {
      head = event.id;
      distributor.publish([event]);
    };
    return { world, time, distributor };
  }

  test("tells each node of what is its own, once for what happens together, and no node of another's", () => {
    const { world, time, distributor } = distributed();
    const nodes = [world.addNode("one"), world.addNode("two")] as const;
    const heard = nodes.map(() => [] as MessageToAgent[]);
    nodes.forEach((nodeId, index) => {
      distributor.addAgent(nodeId, (message) => heard[index]!.push(message));
    });
    time.advance(10);
    for (const list of heard) list.length = 0;
    const { appId, envId } = world.addEnv();
    world.deploy(envId, world.release(appId, manifestOf({ scaling: { min: 1, max: 1 } })));
    world.schedule();
    time.advance(10);
    const [instance] = world.live();
    const told = nodes.indexOf(instance!.nodeId as (typeof nodes)[number]);
    expect(heard[told]!.length).toBe(1);
    expect(heard[1 - told]).toEqual([]);
    // What a node says itself is no news for it.
    world.report(instance!, "ready");
    time.advance(10);
    expect(heard[told]!.length).toBe(1);
    distributor.close();
  });

  test("a drained instance counts as quiet when every edge says so, and not before", () => {
    const { world, time, distributor } = distributed();
    const nodeId = world.addNode("one");
    const plans: MessageToAgent[] = [];
    distributor.addAgent(nodeId, (message) => plans.push(message));
    const configs: MessageToEdge[] = [];
    distributor.addEdge("a", (message) => configs.push(message));
    distributor.addEdge("b", () => undefined);
    const { appId, envId } = world.addEnv();
    world.deploy(envId, world.release(appId, manifestOf({ scaling: { min: 2, max: 4 } })));
    world.settle();
    time.advance(10);
    const [instance] = world.live();
    world.run({ type: "instance.restart", accountId: ACCOUNT, instanceId: instance!.instanceId });
    time.advance(10);
    const last = () => {
      const message = plans.findLast(({ type }) => type === "plan");
      if (message?.type !== "plan") throw new Error("there is a plan");
      return message.plan.instances.find(({ instanceId }) => instanceId === instance!.instanceId)!;
    };
    const config = configs.findLast(({ type }) => type === "plan");
    if (config?.type !== "plan") throw new Error("there is a configuration");
    expect(last()).toMatchObject({ desiredState: "draining", quiet: false });
    distributor.edgeQuiet("a", config.config.cursor);
    time.advance(10);
    expect(last().quiet).toBe(false);
    distributor.edgeQuiet("b", config.config.cursor);
    time.advance(10);
    expect(last().quiet).toBe(true);
    distributor.close();
  });
});
