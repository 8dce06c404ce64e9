/** Rollouts over many gateways that come, go, refuse and fail, with a control plane that is killed between a decision and its events. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { GatewayDeploymentRecord, RolloutStrategy } from "#contracts";
import { createGatewayPresence, currentDeployment, desiredOf } from "../fleet/index.ts";
import { FleetWorld, ORG } from "../fleet/testing/fleet-world.ts";
import { RolloutWatch } from "./rollout-watch.ts";
import { DEFAULT_ROLLOUT_SETTINGS } from "./settings.ts";

type Nature = "good" | "failing" | "refused";

interface Scene {
  readonly seed: number;
  readonly gateways: number;
  readonly nature: Nature;
  readonly percents: readonly number[];
  readonly canary: boolean;
  readonly bakeSeconds: number;
  readonly automaticRollback: boolean;
  /** One gateway is away all the time, and another one joins in the middle. */
  readonly changes: boolean;
}

const scene: fc.Arbitrary<Scene> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
  gateways: fc.integer({ min: 3, max: 25 }),
  nature: fc.constantFrom<Nature>("good", "failing", "refused"),
  percents: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 3 }),
  canary: fc.boolean(),
  bakeSeconds: fc.integer({ min: 0, max: 90 }),
  automaticRollback: fc.boolean(),
  changes: fc.boolean(),
});

/** A gateway that follows what it is told, as `fleet-machine` does. */
interface Played {
  readonly gatewayId: string;
  online: boolean;
  backAt: number;
  startedAt: number;
  served: { readonly digest: string; readonly generation: number } | undefined;
  refusal: { readonly digest: string; readonly generation: number } | undefined;
  requests: number;
  errors: number;
  heartbeatAt: number;
}

const HEARTBEAT_MS = 30_000;

class Stage {
  readonly world = new FleetWorld();
  readonly project = this.world.project();
  readonly old = this.world.artifact(this.project, "old");
  readonly new = this.world.artifact(this.project, "new");
  readonly played: Played[] = [];
  readonly #told = new Map<number, string>();
  readonly #generations = new Map<string, number>();
  #presence = createGatewayPresence();
  #watches = new Map<string, RolloutWatch>();
  #upSince = 0;
  #monotonic = 0;
  readonly #keyId = this.world.key(this.project, "edges").keyId;
  #random: number;

  constructor(readonly scene: Scene) {
    this.#random = scene.seed;
    this.world.isOnline = (gatewayId) => this.#presence.of(gatewayId)?.online === true;
    for (let index = 0; index < scene.gateways; index++) this.join(index);
  }

  join(index: number): void {
    this.played.push({
      gatewayId: this.world.gateway(this.project, `edge-${index}`, this.#keyId),
      online: false,
      backAt: 0,
      startedAt: this.#monotonic,
      served: undefined,
      refusal: undefined,
      requests: 0,
      errors: 0,
      heartbeatAt: 0,
    });
  }

  /** Takes the last gateway away. */
  lose(): void {
    const gateway = this.played.at(-1)!;
    gateway.online = false;
    gateway.backAt = Number.POSITIVE_INFINITY;
    this.#presence.disconnected(gateway.gatewayId, this.world.now);
  }

  /** Everybody comes back, and time passes without trouble. */
  calm(): void {
    for (const gateway of this.played) gateway.backAt = Math.min(gateway.backAt, this.#monotonic);
    for (let second = 0; second < 200; second++) this.tick(0);
  }

  get current(): GatewayDeploymentRecord {
    return currentDeployment(this.world.views, this.project)!;
  }

  digest(artifactId: string): string {
    return this.world.views.record("gatewayArtifact", artifactId)!.digest;
  }

  chance(probability: number): boolean {
    this.#random = (this.#random * 48_271) % 2_147_483_647;
    return this.#random / 2_147_483_647 < probability;
  }

  /** A second. @param trouble how likely things go wrong */
  tick(trouble: number): void {
    this.#monotonic += 1_000;
    this.world.now += this.chance(trouble) ? -5_000 : 1_000;
    for (const gateway of this.played) this.#play(gateway, trouble);
    const { current } = this;
    let watch = this.#watches.get(current.deploymentId);
    if (watch === undefined) {
      watch = new RolloutWatch(DEFAULT_ROLLOUT_SETTINGS, this.#upSince);
      this.#watches.set(current.deploymentId, watch);
    }
    const now = { monotonic: this.#monotonic, wall: this.world.now };
    const command = watch.look(current, this.world.views, this.#presence, now);
    // Killed before the decision is written: whoever is started next knows nothing of it.
    if (command !== undefined && this.chance(trouble * 20)) this.#killControlPlane();
    else if (command !== undefined) this.world.done(command);
    if (this.chance(trouble / 5)) this.#killControlPlane();
  }

  #killControlPlane(): void {
    this.#presence = createGatewayPresence();
    this.#watches = new Map();
    this.#upSince = this.#monotonic;
    for (const gateway of this.played) {
      gateway.online = false;
      gateway.backAt = Math.max(gateway.backAt, this.#monotonic + (this.chance(0.5) ? 1_000 : 40_000));
    }
  }

  #play(gateway: Played, trouble: number): void {
    const { gatewayId } = gateway;
    if (!gateway.online) {
      if (this.#monotonic < gateway.backAt) return;
      gateway.online = true;
      gateway.heartbeatAt = this.#monotonic;
      const { served = null } = gateway;
      this.#presence.connected(
        { gatewayId, projectId: this.project, servedDigest: served?.digest ?? null },
        this.world.now,
      );
    } else if (this.chance(trouble)) {
      gateway.online = false;
      gateway.backAt = this.#monotonic + 20_000;
      this.#presence.disconnected(gatewayId, this.world.now);
      if (this.chance(0.5)) Object.assign(gateway, { requests: 0, errors: 0, startedAt: this.#monotonic });
      return;
    }
    const isBad = gateway.served?.digest === this.digest(this.new) && this.scene.nature === "failing";
    gateway.requests += 10;
    gateway.errors += isBad ? 5 : 0;
    const desired = desiredOf(this.world.views, this.world.views.record("gateway", gatewayId)!);
    if (desired !== undefined) this.#tell(gateway, desired.generation, desired.digest);
    if (this.#monotonic < gateway.heartbeatAt) return;
    gateway.heartbeatAt = this.#monotonic + HEARTBEAT_MS;
    this.#sayHow(gateway);
  }

  #tell(gateway: Played, generation: number, digest: string): void {
    expect(this.#told.get(generation) ?? digest).toBe(digest);
    this.#told.set(generation, digest);
    expect(generation).toBeGreaterThanOrEqual(this.#generations.get(gateway.gatewayId) ?? 0);
    this.#generations.set(gateway.gatewayId, generation);
    if (gateway.served?.generation === generation || gateway.refusal?.generation === generation) return;
    // It takes a while to fetch it.
    if (!this.chance(0.3)) return;
    if (this.scene.nature === "refused" && digest === this.digest(this.new)) gateway.refusal = { generation, digest };
    else Object.assign(gateway, { served: { generation, digest }, refusal: undefined });
    this.#sayHow(gateway);
  }

  #sayHow(gateway: Played): void {
    const { gatewayId, refusal, served, requests, errors } = gateway;
    const health = {
      requests_total: requests,
      errors_total: errors,
      p50_ms: 1,
      p99_ms: 1,
      memory_bytes: 1,
      event_loop_lag_ms: 0,
    };
    const uptimeSeconds = (this.#monotonic - gateway.startedAt) / 1_000;
    const heard = { servedDigest: served?.digest ?? null, health, uptimeSeconds };
    const why = refusal && { ...refusal, stage: "apply" as const, reason: "it cannot be used", at_ms: 0 };
    this.#presence.heard(gatewayId, { ...heard, ...(why === undefined ? {} : { refusal: why }) }, this.world.now);
    for (const watch of this.#watches.values()) watch.heard(this.#presence.of(gatewayId)!);
  }

  /** Ticks until nothing is under way. */
  run(trouble: number): void {
    for (let second = 0; second < 5_000; second++) {
      this.tick(trouble);
      if (this.current.status !== "rolling") return;
    }
    throw new Error(`a rollout has no end: ${JSON.stringify(this.current)}`);
  }

  servesEverywhere(artifactId: string): boolean {
    return this.played.every(({ served }) => served?.digest === this.digest(artifactId));
  }

  /** Gateways that are to serve the new artifact. */
  reached(): ReadonlySet<string> {
    const wanted = this.played.filter(({ gatewayId }) => {
      const gateway = this.world.views.record("gateway", gatewayId)!;
      return desiredOf(this.world.views, gateway)?.artifact_id === this.new;
    });
    return new Set(wanted.map(({ gatewayId }) => gatewayId));
  }
}

/** @returns the deployment of the new artifact */
function deploy(stage: Stage): string {
  const { world, project, scene } = stage;
  const at = { accountId: ORG, projectId: project } as const;
  world.done({ type: "gatewayDeployment.start", ...at, artifactId: stage.old });
  stage.run(0);
  expect(stage.current.status).toBe("completed");
  expect(stage.servesEverywhere(stage.old)).toBe(true);
  if (scene.changes) stage.lose();
  const { groupId } = world.done({ type: "gatewayGroup.create", ...at, name: "canary" });
  world.done({ type: "gateway.update", accountId: ORG, gatewayId: stage.played[0]!.gatewayId, groupId });
  const { bakeSeconds, automaticRollback, percents, canary } = scene;
  const strategy: RolloutStrategy = {
    stages: [
      ...(canary ? [{ groups: [groupId], bakeSeconds }] : []),
      ...percents.toSorted((left, right) => left - right).map((percent) => ({ percent, bakeSeconds })),
      { percent: 100, bakeSeconds },
    ],
    errorRateMax: 0.1,
    automaticRollback,
  };
  const start = { type: "gatewayDeployment.start", ...at, artifactId: stage.new, strategy } as const;
  const { deploymentId } = world.done(start);
  for (let second = 0; second < 20 && stage.current.status === "rolling"; second++) stage.tick(0);
  if (scene.changes) stage.join(scene.gateways);
  return deploymentId;
}

test("rollouts end with everybody on the artifact, or go back, or halt where they are", () => {
  fc.assert(
    fc.property(scene, (given) => {
      const stage = new Stage(given);
      const deploymentId = deploy(stage);
      if (stage.current.status === "rolling") stage.run(0.001);
      // What is under way now is the way back, if there is one.
      if (stage.current.status === "rolling") stage.run(0.001);
      const first = stage.world.views.record("gatewayDeployment", deploymentId)!;
      if (given.nature === "good") {
        expect(first.status).toBe("completed");
        stage.calm();
        expect(stage.servesEverywhere(stage.new)).toBe(true);
        return;
      }
      expect(first.status).toBe(given.automaticRollback ? "rolled_back" : "halted");
      if (given.automaticRollback) {
        expect(stage.current).toMatchObject({ artifactId: stage.old, status: "completed" });
        stage.calm();
        expect(stage.servesEverywhere(stage.old)).toBe(true);
        return;
      }
      const reached = stage.reached();
      for (let second = 0; second < 300; second++) stage.tick(0.001);
      expect(stage.reached()).toEqual(reached);
      expect(first.stage).toBe(0);
    }),
    { numRuns: 40 },
  );
}, 60_000);
