import { expect, test } from "bun:test";
import type { EventId } from "#contracts";
import { TestWorld } from "#control-plane/scheduler/testing";
import { createVirtualTime } from "#foundation/runtime";
import { createLogger, createMetrics } from "#foundation/telemetry";
import { watchFindings } from "./index.ts";

test("what is stuck is counted by kind, logged once, and forgotten when it has passed", async () => {
  const world = new TestWorld();
  world.addNode("one");
  const { appId, envId } = world.addEnv();
  world.deploy(envId, world.release(appId));
  const metrics = createMetrics();
  const lines: string[] = [];
  const watch = watchFindings({
    core: {
      views: world.views,
      quarantined: async () => [{ view: "env", eventId: 7 as EventId, reason: "no such field" }],
    },
    clock: { now: () => world.now, monotonicMs: () => world.now },
    timers: createVirtualTime(world.now).timers,
    metrics,
    logger: createLogger({ sink: { write: (line: string) => lines.push(line), flush: () => {} } }),
  });
  const count = (kind: string) =>
    Number(new RegExp(`^biplane_findings\\{kind="${kind}"\\} (\\d+)$`, "m").exec(metrics.expose())?.[1]);
  expect(count("deploy_without_progress")).toBe(0);
  world.now += 12 * 60_000;
  await watch.look();
  await watch.look();
  expect(count("deploy_without_progress")).toBe(1);
  expect(count("poison_event")).toBe(1);
  expect(metrics.expose()).toContain('biplane_nodes{health="online"} 1');
  expect(lines.filter((line) => line.includes("deploy_without_progress"))).toHaveLength(1);
  world.settle();
  await watch.look();
  expect(count("deploy_without_progress")).toBe(0);
  watch.close();
});
