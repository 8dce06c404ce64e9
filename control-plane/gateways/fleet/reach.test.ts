import { expect, test } from "bun:test";
import { currentDeployment, reaches } from "./index.ts";
import { FleetWorld, ORG } from "./testing/fleet-world.ts";

const AT = { accountId: ORG } as const;

/** Ten gateways, and a rollout to a tenth of them that begins. @returns those that it reaches */
function reachedOf(online: (index: number) => boolean): readonly number[] {
  const world = new FleetWorld();
  const projectId = world.project();
  const artifactId = world.artifact(projectId, "a");
  const ids = Array.from({ length: 10 }, (_, index) => world.gateway(projectId, `edge-${index}`));
  world.isOnline = (gatewayId) => online(ids.indexOf(gatewayId));
  const stages = [
    { percent: 10, bakeSeconds: 0 },
    { percent: 100, bakeSeconds: 0 },
  ];
  const strategy = { stages, automaticRollback: false };
  world.done({ type: "gatewayDeployment.start", ...AT, projectId, artifactId, strategy });
  const current = currentDeployment(world.views, projectId)!;
  const reached = [...world.views.records("gateway")].filter((gateway) => reaches(current, gateway));
  return reached.map(({ gatewayId }) => ids.indexOf(gatewayId));
}

test("a tenth is a tenth of the gateways that are connected", () => {
  for (let only = 0; only < 10; only++) {
    const reached = reachedOf((index) => index === only);
    // Some that are away may be drawn with it, and are told when they are back.
    expect(reached).toContain(only);
  }
  expect(reachedOf(() => true)).toHaveLength(1);
});

test("a tenth is a tenth of all gateways where none is connected", () => {
  expect(reachedOf(() => false)).toHaveLength(1);
});
