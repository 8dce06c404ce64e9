import { describe, expect, test } from "bun:test";
import { CatalogViews } from "#control-plane/events";
import { ACCOUNT } from "#control-plane/events/testing";
import { TestWorld } from "#control-plane/scheduler/testing";
import { findStuck } from "./index.ts";

const MINUTE = 60_000;

const stuckIn = (world: TestWorld, now = world.now) => findStuck(world.views, [], now);

function deployed() {
  const world = new TestWorld();
  const nodeId = world.addNode("one");
  const { appId, envId } = world.addEnv();
  const deployId = world.deploy(envId, world.release(appId));
  return { world, nodeId, appId, envId, deployId };
}

test("nothing is stuck where everything moves", () => {
  const { world } = deployed();
  expect(stuckIn(world)).toEqual([]);
  world.settle();
  expect(stuckIn(world, world.now + 60 * MINUTE)).toEqual([]);
});

describe("what does not pass is found, and its remedy ends it", () => {
  /** Appends the events of all remedies; what they were about is found no more. */
  function remedied(world: TestWorld): readonly string[] {
    const found = stuckIn(world);
    for (const { remedy } of found) {
      if (remedy?.type !== "events") throw new Error("it must have events");
      world.append(remedy.events.map((event) => ({ ...event })));
    }
    const left = stuckIn(world).map(({ id }) => id);
    expect(found.map(({ id }) => id).filter((id) => left.includes(id))).toEqual([]);
    return found.map(({ kind }) => kind);
  }

  test("a deploy, when no scheduler runs", () => {
    const { world, deployId } = deployed();
    world.now += 10 * MINUTE;
    expect(stuckIn(world)).toEqual([]);
    world.now += 2 * MINUTE;
    expect(remedied(world)).toEqual(["deploy_without_progress"]);
    expect(world.views.record("deploy", deployId)).toMatchObject({ status: "failed", failedReason: "rollout_timeout" });
  });

  test("an instance that its node does not take up, and one that does not end", () => {
    const { world } = deployed();
    world.schedule();
    world.now += 3 * MINUTE;
    expect(remedied(world)).toEqual(["instance_pending_too_long"]);
    world.settle();
    const [running] = world.live();
    world.run({ type: "instance.restart", accountId: ACCOUNT, instanceId: running!.instanceId });
    world.schedule();
    world.obey();
    const { drainGraceSeconds: grace } = world.views.record("instance", running!.instanceId)!;
    expect(stuckIn(world)).toEqual([]);
    world.now += (grace ?? 30) * 1_000 + 2 * MINUTE;
    const kinds = stuckIn(world).map(({ kind }) => kind);
    expect(kinds.every((kind) => kind === "instance_drains_too_long")).toBe(true);
  });

  test("an exec session that nobody connects", () => {
    const { world, envId } = deployed();
    world.settle();
    const [instance] = world.live();
    world.run({
      type: "execSession.grant",
      accountId: ACCOUNT,
      envId,
      instanceId: instance!.instanceId,
      command: ["sh"],
      tty: false,
    });
    world.now += 30_000;
    expect(stuckIn(world)).toEqual([]);
    world.now += 10 * MINUTE;
    expect(remedied(world)).toEqual(["exec_session_never_ended"]);
  });

  test("a volume, a snapshot and a restore that no node carries out", () => {
    const { world, nodeId } = deployed();
    world.settle();
    const names = { accountId: ACCOUNT, volumeId: "vol_1" };
    const volume = {
      ...names,
      name: "data",
      sizeBytes: 1,
      backupEnabled: true,
      homeNodeId: nodeId,
      filesystem: "ext4",
    };
    world.append([
      {
        type: "volume.created",
        aggregateId: "vol_1",
        org: ACCOUNT,
        payload: { ...volume, state: "creating" } as never,
      },
    ]);
    world.now += 11 * MINUTE;
    expect(remedied(world)).toEqual(["volume_without_progress"]);
    const snapshot = { ...names, snapshotId: "snp_1", nodeId, status: "running" };
    const job = {
      accountId: ACCOUNT,
      restoreId: "rst_1",
      snapshotId: "snp_1",
      sourceVolumeId: "vol_1",
      newVolumeId: "vol_2",
      nodeId,
      status: "queued",
    };
    const second = { ...volume, volumeId: "vol_2", name: "restored", state: "creating", restoredFrom: "snp_1" };
    world.append([
      { type: "snapshot.created", aggregateId: "snp_1", org: ACCOUNT, payload: snapshot as never },
      { type: "volume.created", aggregateId: "vol_2", org: ACCOUNT, payload: second as never },
      { type: "restoreJob.created", aggregateId: "rst_1", org: ACCOUNT, payload: job as never },
    ]);
    world.now += 30 * MINUTE;
    expect(stuckIn(world)).toEqual([]);
    world.now += 31 * MINUTE;
    expect(remedied(world)).toEqual(["restore_without_progress", "snapshot_without_progress"]);
    expect(world.views.record("volume", "vol_2")?.state).toBe("error");
  });
});

describe("what only people can set right comes with advice", () => {
  test("a node that is gone, a process that fits nowhere", () => {
    const world = new TestWorld();
    const nodeId = world.addNode("one", { memoryBytes: 1024 ** 2 });
    const { appId, envId } = world.addEnv();
    world.deploy(envId, world.release(appId));
    world.schedule();
    world.run({ type: "node.observe", nodeId, health: "offline", reason: "not heard of for 60 s" });
    world.now += 11 * MINUTE;
    world.schedule();
    expect(stuckIn(world, world.now + 11 * MINUTE)).toMatchObject([
      { kind: "node_offline", object: nodeId, advice: expect.stringContaining("biplane nodes remove one") },
      { kind: "process_unschedulable", object: `${envId}/web`, advice: "biplane why --app shop --env production" },
    ]);
  });

  test("an instance with a volume is not counted as ended behind its node's back", () => {
    const { world } = deployed();
    world.schedule();
    const [instance] = world.live();
    const views = new CatalogViews();
    const mounts = [{ volumeId: "vol_1", mountPath: "/data", readOnly: false }];
    for (const record of [{ ...instance!, mounts }]) {
      views.apply({ change: "upsert", key: record.instanceId as never, record });
    }
    const [found] = findStuck(views, [], world.now + 5 * MINUTE);
    expect(found).toMatchObject({ kind: "instance_pending_too_long" });
    expect(found?.remedy).toBeUndefined();
    expect(found?.advice).toContain("only its node may say");
  });

  test("a backup that is old, or was not good", () => {
    const { world } = deployed();
    world.settle();
    const record = (passed: boolean) =>
      world.run({ type: "drill.record", backup: "b", passed, detail: "a row differs", events: 1 });
    record(true);
    expect(stuckIn(world, world.now + 35 * 60 * MINUTE)).toEqual([]);
    expect(stuckIn(world, world.now + 37 * 60 * MINUTE)).toMatchObject([{ kind: "backup_stale" }]);
    world.now += 1;
    record(false);
    expect(stuckIn(world)).toMatchObject([
      { kind: "backup_stale", explanation: expect.stringContaining("a row differs") },
    ]);
  });
});

test("an event that a view could not take is to be folded anew", () => {
  const world = new TestWorld();
  const poison = { view: "apps", eventId: 7, reason: "there is no such app" } as never;
  expect(findStuck(world.views, [poison], world.now)).toMatchObject([
    { id: "poison_event:apps/7", remedy: { type: "rebuild", view: "apps" } },
  ]);
});
