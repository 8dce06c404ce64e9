/** The loop with a real control plane, its link, and gateways that are played; in virtual time. */
import { describe, expect, test } from "bun:test";
import type { GatewayDeploymentRecord, RolloutStrategy } from "#contracts";
import { seededRandom } from "#control-plane/core/testing";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { currentDeployment } from "../fleet/index.ts";
import { type FleetWorld, settled, withFleet } from "../link/testing/fleet-world.ts";
import { digestOf, HEALTH } from "../link/testing/messages.ts";
import { createRollouts, type Rollouts, type RolloutsOptions } from "./rollouts.ts";

const [OLD, NEW] = [digestOf("a"), digestOf("b")];

const NOTHING = [
  [0, 0],
  [0, 0],
] as const;

interface Scene {
  readonly world: FleetWorld;
  readonly projectId: string;
  readonly accountId: FleetWorld["accountId"];
  current(): GatewayDeploymentRecord;
  /** Runs the loop. @param core what it is given in the place of the control plane */
  start(core?: Partial<RolloutsOptions["core"]>): Rollouts;
  /** Lets time pass until it is so. */
  wait(condition: () => boolean): Promise<void>;
  /** Both gateways say what they serve, and again as time passes. */
  say(digests: readonly string[], totals?: readonly (readonly [requests: number, errors: number])[]): void;
  readonly strategy: RolloutStrategy;
}

/** Two gateways that serve the old artifact, of which the first is in a group; the new one is built. */
const scene = (body: (scene: Scene) => Promise<void>): Promise<void> =>
  withFleet(async (world) => {
    const { core, time, accountId, does } = world;
    const projectId = await world.project("shop");
    const { key } = await world.key(projectId);
    const { groupId } = (await does({ type: "gatewayGroup.create", accountId, projectId, name: "canary" })).result;
    const gateways = [await world.join(key, projectId, "one"), await world.join(key, projectId, "two")];
    await does({ type: "gateway.update", accountId, gatewayId: gateways[0]!.id, groupId });
    const running: Rollouts[] = [];
    let seconds = 5;
    let said = (): void => undefined;
    const given: Scene = {
      world,
      projectId,
      accountId,
      current: () => currentDeployment(core.views, projectId)!,
      start(instead = {}) {
        const { views, gatewayPresence } = core;
        const rollouts = createRollouts({
          core: {
            views,
            gatewayPresence,
            decideAlone: (actor, decide) => core.decideAlone(actor, decide),
            onCommitted: (listener) => core.onCommitted(listener),
            ...instead,
          },
          clock: time.clock,
          timers: time.timers,
          random: seededRandom("rollouts"),
          logger: silentLogger,
          metrics: createMetrics(),
        });
        running.push(rollouts);
        return rollouts;
      },
      wait: (condition) => {
        let steps = 0;
        return settled(() => {
          time.advance(500);
          // Commits happen in real time: gateways must not be silent for too long meanwhile.
          if (++steps % 40 === 0) said();
          return condition();
        });
      },
      say(digests, totals = NOTHING) {
        said = () => {
          seconds += 30;
          for (const [index, digest] of digests.entries()) {
            const [requests_total, errors_total] = totals[index]!;
            const health = { ...HEALTH, requests_total, errors_total };
            gateways[index]!.heartbeat(digest, { uptime_secs: seconds, health });
          }
        };
        said();
      },
      strategy: {
        stages: [
          { groups: [groupId], bakeSeconds: 10 },
          { percent: 100, bakeSeconds: 10 },
        ],
        errorRateMax: 0.1,
        automaticRollback: true,
      },
    };
    const first = given.start();
    await world.deploy(projectId, OLD);
    given.say([OLD, OLD]);
    await given.wait(() => given.current().status === "completed");
    await first.close();
    try {
      await body(given);
    } finally {
      for (const one of running) await one.close();
    }
  });

const begin = async ({ world, projectId, accountId, strategy }: Scene): Promise<void> => {
  const artifactId = await world.artifact(projectId, NEW);
  await world.does({ type: "gatewayDeployment.start", accountId, projectId, artifactId, strategy });
};

describe("the loop of rollouts", () => {
  test("goes from stage to stage, and completes what was under way when it was started", () =>
    scene(async (given) => {
      await begin(given);
      given.start();
      given.say(
        [NEW, OLD],
        [
          [100, 0],
          [100, 0],
        ],
      );
      given.say(
        [NEW, OLD],
        [
          [200, 0],
          [200, 0],
        ],
      );
      await given.wait(() => given.current().stage === 1);
      given.say(
        [NEW, NEW],
        [
          [300, 0],
          [300, 0],
        ],
      );
      given.say(
        [NEW, NEW],
        [
          [400, 0],
          [400, 0],
        ],
      );
      await given.wait(() => given.current().status === "completed");
    }));

  test("goes back, by a generation above all others, and completes that", () =>
    scene(async (given) => {
      given.start();
      await begin(given);
      const { generation, baseline } = given.current();
      given.say(
        [NEW, OLD],
        [
          [100, 0],
          [100, 0],
        ],
      );
      given.say(
        [NEW, OLD],
        [
          [200, 90],
          [200, 0],
        ],
      );
      await given.wait(() => given.current().deploymentKind === "rollback");
      expect(given.current()).toMatchObject({ artifactId: baseline!.artifactId, status: "rolling" });
      expect(given.current().generation).toBeGreaterThan(generation);
      given.say([OLD, OLD]);
      await given.wait(() => given.current().status === "completed");
    }));

  test("does not take a rollout on that a person has halted while it was decided", () =>
    scene(async (given) => {
      const { core, does } = given.world;
      let decisions = 0;
      given.start({
        async decideAlone(actor, decide) {
          const { accountId } = given;
          await does({ type: "gatewayDeployment.halt", accountId, deploymentId: given.current().deploymentId });
          const last = await core.decideAlone(actor, decide);
          decisions++;
          return last;
        },
      });
      await begin(given);
      given.say(
        [NEW, OLD],
        [
          [100, 0],
          [100, 0],
        ],
      );
      given.say(
        [NEW, OLD],
        [
          [200, 0],
          [200, 0],
        ],
      );
      await given.wait(() => decisions === 1);
      expect(given.current()).toMatchObject({ status: "halted", stage: 0 });
    }));

  test("decides again what could not be written", () =>
    scene(async (given) => {
      let failures = 0;
      given.start({
        decideAlone(actor, decide) {
          if (failures++ === 0) return Promise.reject(new Error("the disk is full"));
          return given.world.core.decideAlone(actor, decide);
        },
      });
      await begin(given);
      given.say(
        [NEW, OLD],
        [
          [100, 0],
          [100, 0],
        ],
      );
      given.say(
        [NEW, OLD],
        [
          [200, 0],
          [200, 0],
        ],
      );
      await given.wait(() => given.current().stage === 1);
      expect(failures).toBeGreaterThan(1);
    }));

  test("rests while nothing is under way", () =>
    scene(async (given) => {
      const timers = given.world.time.pendingTimers();
      const rollouts = given.start();
      expect(given.world.time.pendingTimers()).toBe(timers);
      await begin(given);
      expect(given.world.time.pendingTimers()).toBe(timers + 1);
      await rollouts.close();
      expect(given.world.time.pendingTimers()).toBe(timers);
    }));
});
