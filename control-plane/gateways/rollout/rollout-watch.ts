/** One rollout as this control plane has seen it: memory that begins anew with every stage, and with every start of the control plane, which then lets the stage bake anew. */
import type { GatewayCommand, GatewayDeploymentRecord, GatewayRecord } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";
import { type GatewayPresence, type PresentGateway, reaches } from "#control-plane/gateways/fleet";
import { isAwaiting, judgeStage, type SeenGateway, type SeenStage, type StageVerdict } from "./judge-stage.ts";
import { GatewayMeter, NOTHING_ANSWERED } from "./meter.ts";
import type { RolloutSettings } from "./settings.ts";

export type RolloutCommand = Extract<GatewayCommand, { readonly type: `gatewayDeployment.${string}` }>;

export interface Instant {
  /** Milliseconds of a clock that only rises. */
  readonly monotonic: number;
  /** Epoch milliseconds. */
  readonly wall: number;
}

export class RolloutWatch {
  readonly #meter = new GatewayMeter();
  readonly #served = new Set<string>();
  /** Of gateways that are connected. */
  readonly #onlineSince = new Map<string, number>();
  /** Of gateways that were connected in this rollout. */
  readonly #onlineAt = new Map<string, number>();
  /** Whom the stage reaches, by gateway and group: it says so a hundred times, and each costs a hash. */
  readonly #reached = new Map<string, boolean>();
  #stage = "";
  #begunAt = 0;
  #bakesSince: number | undefined;

  /** @param upSince since when this control plane hears of gateways, monotonic */
  constructor(
    readonly settings: RolloutSettings,
    readonly upSince: number,
  ) {}

  /** A gateway has said something. */
  heard(gateway: PresentGateway): void {
    this.#meter.heard(gateway);
  }

  /** What is to be decided about the current deployment of its project, if anything. */
  look(
    deployment: GatewayDeploymentRecord,
    views: CatalogReader,
    presence: GatewayPresence,
    now: Instant,
  ): RolloutCommand | undefined {
    if (deployment.status !== "rolling") return undefined;
    return commandOf(this.#judge(deployment, views, presence, now), deployment);
  }

  #judge(deployment: GatewayDeploymentRecord, views: CatalogReader, presence: GatewayPresence, now: Instant) {
    const { monotonic } = now;
    const stage = `${deployment.stage} ${deployment.stageStartedAt}`;
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#begunAt = monotonic;
      this.#bakesSince = undefined;
      this.#served.clear();
      this.#reached.clear();
      this.#meter.restart();
    }
    const gateways = views
      .inGroup("gateway", groups.ofProject(deployment.projectId))
      .map((gateway) => this.#see(deployment, gateway, presence.of(gateway.gatewayId), now));
    const reached = gateways.filter((gateway) => gateway.reached);
    const isSettled = reached.every(({ online, serves }) => !online || serves);
    const isPatient = monotonic - this.#begunAt < this.settings.settleMs;
    if (isSettled && !(isPatient && isAwaiting(reached))) this.#bakesSince ??= monotonic;
    const seen: SeenStage = { gateways, begunAt: this.#begunAt, bakesSince: this.#bakesSince, now: monotonic };
    return judgeStage(deployment, seen, this.settings);
  }

  #see(
    deployment: GatewayDeploymentRecord,
    gateway: GatewayRecord,
    present: PresentGateway | undefined,
    { monotonic, wall }: Instant,
  ): SeenGateway {
    const { gatewayId, name = gatewayId } = gateway;
    const online = present?.online === true;
    if (online) {
      this.#onlineAt.set(gatewayId, monotonic);
      if (!this.#onlineSince.has(gatewayId)) this.#onlineSince.set(gatewayId, monotonic);
    } else this.#onlineSince.delete(gatewayId);
    const serves = online && present.servedDigest === deployment.digest;
    if (serves) this.#served.add(gatewayId);
    const { refusal } = present ?? {};
    const before = deployment.baseline?.digest;
    return {
      gatewayId,
      name,
      reached: this.#isReached(deployment, gateway),
      online,
      onlineSince: this.#onlineSince.get(gatewayId) ?? monotonic,
      awaited: !online && monotonic - this.#seenAt(gatewayId, present, { monotonic, wall }) < this.settings.awayMs,
      serves,
      hasServed: this.#served.has(gatewayId),
      ...(online && refusal?.generation === deployment.generation ? { refusal } : {}),
      answered: this.#meter.answered(gatewayId, deployment.digest),
      answeredBefore:
        before === undefined || before === deployment.digest
          ? NOTHING_ANSWERED
          : this.#meter.answered(gatewayId, before),
    };
  }

  #isReached(deployment: GatewayDeploymentRecord, gateway: GatewayRecord): boolean {
    const key = `${gateway.gatewayId} ${gateway.groupId}`;
    let reached = this.#reached.get(key);
    if (reached === undefined) {
      reached = reaches(deployment, gateway);
      this.#reached.set(key, reached);
    }
    return reached;
  }

  /** When it was connected last, as far as that is known; of those that nobody has heard of since the start, the start. */
  #seenAt(gatewayId: string, present: PresentGateway | undefined, { monotonic, wall }: Instant): number {
    const seen = this.#onlineAt.get(gatewayId);
    if (seen !== undefined) return seen;
    if (present === undefined) return this.upSince;
    // A wall clock may have gone back; nothing was seen later than the watch began.
    return Math.min(this.#begunAt, monotonic - (wall - present.lastSeenAt));
  }
}

function commandOf(
  verdict: StageVerdict,
  { accountId, projectId, deploymentId, stage }: GatewayDeploymentRecord,
): RolloutCommand | undefined {
  switch (verdict.type) {
    case "wait":
      return undefined;
    case "complete":
      return { type: "gatewayDeployment.complete", accountId, deploymentId };
    case "halt":
      return { type: "gatewayDeployment.halt", accountId, deploymentId, reason: verdict.reason };
    case "rollback":
      return { type: "gatewayDeployment.rollback", accountId, projectId, deploymentId, reason: verdict.reason };
    case "advance":
      return { type: "gatewayDeployment.advance", accountId, deploymentId, stage };
  }
}
