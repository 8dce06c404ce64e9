/** Random histories of the whole platform, from seeds: what is promised to requests holds in each. */
import { expect, test } from "bun:test";
import { ACCOUNT } from "#control-plane/events/testing";
import { manifestOf } from "#control-plane/scheduler/testing";
import { deployShop, isLive, Platform } from "./platform.ts";

/** More with BIPLANE_SIMULATIONS; one alone with BIPLANE_SIMULATION_SEED. */
const RUNS = Number(process.env.BIPLANE_SIMULATIONS ?? 30);
const FIRST = Number(process.env.BIPLANE_SIMULATION_SEED ?? 1);
const TROUBLE_MS = 60_000;
const PEACE_MS = 60_000;

function history(seed: number): { readonly platform: Platform; readonly envId: string } {
  const platform = new Platform(seed);
  const { schedule, world } = platform;
  const { appId, envId } = deployShop(platform);
  schedule.pass(3_000);
  const digits = "abcdef";
  const acts = [
    () => {
      const digit = digits[schedule.between(0, 5)]!;
      if (!platform.controlPlaneUp) return;
      world.now = schedule.wallClock;
      world.deploy(envId, world.release(appId, manifestOf({ scaling: { min: 2, max: 6 } }), digit));
    },
    () =>
      platform.run({
        type: "env.scale",
        accountId: ACCOUNT,
        envId,
        scale: { web: schedule.between(1, 5) },
      } as never),
    () => platform.run({ type: "env.restart", accountId: ACCOUNT, envId } as never),
    () => platform.cut(schedule.pick(platform.agents)!),
    () => platform.cut(schedule.pick(platform.edges)!),
    () => platform.crash(schedule.between(10, 8_000)),
    () => schedule.jump(schedule.between(-3_000, 30_000)),
    () => {
      const { nodeId } = schedule.pick(platform.agents)!;
      platform.run({ type: "node.setIntent", nodeId, intent: "draining" });
      schedule.after(5_000, () => platform.run({ type: "node.setIntent", nodeId, intent: "active" }));
    },
  ];
  while (schedule.now < TROUBLE_MS) {
    schedule.pass(schedule.between(20, 3_000));
    schedule.pick(acts)!();
  }
  // Everybody comes back, and nobody does anything more.
  schedule.pass(10_000);
  for (const { nodeId } of platform.agents) platform.run({ type: "node.setIntent", nodeId, intent: "active" });
  schedule.pass(PEACE_MS);
  return { platform, envId };
}

test.each(Array.from({ length: RUNS }, (_, index) => FIRST + index))(
  "seed %d: no request is lost, and in the end everything is as wanted",
  (seed) => {
    const { platform, envId } = history(seed);
    expect(platform.violations).toEqual([]);
    expect(platform.served).toBeGreaterThan(1_000);
    const { views } = platform.world;
    const wanted = views.record("env", envId)!.scale.web ?? 2;
    const live = platform.world.instances(envId).filter(isLive);
    expect(live.map(({ status, desiredState }) => [status, desiredState])).toEqual(
      Array.from({ length: wanted }, () => ["ready", "running"]),
    );
    // What runs is what is known, and nothing else.
    const running = platform.agents.flatMap(({ programs }) => [...programs.keys()]).sort();
    expect(running).toEqual(live.map(({ instanceId }) => instanceId).sort());
    for (const deploy of views.records("deploy"))
      expect(["succeeded", "superseded", "failed"]).toContain(deploy.status);
  },
);

test("a seed decides everything that happens", () => {
  const [one, other] = [history(7).platform, history(7).platform];
  expect([other.served, other.unavailable]).toEqual([one.served, one.unavailable]);
  expect([...other.world.views.records("instance")]).toEqual([...one.world.views.records("instance")]);
});
