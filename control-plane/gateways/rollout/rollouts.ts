/**
 * The loop that carries rollouts on: looks at those that are under way, and writes down what comes of it.
 *
 * Each decision is made alone in its batch, by the handlers that people's commands go through: nothing happens between what it reads and what it writes, so that a rollout that a person has just halted
 * reaches no further gateway, and a control plane that was deposed decides nothing.
 */
import type { AnyEvent, CatalogReader, CommandHandler, OwnedEvent } from "#control-plane/events";
import {
  createFleetHandlers,
  currentDeployment,
  type FleetDependencies,
  type GatewayPresence,
} from "#control-plane/gateways/fleet";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { type RolloutCommand, RolloutWatch } from "./rollout-watch.ts";
import { DEFAULT_ROLLOUT_SETTINGS, type RolloutSettings } from "./settings.ts";

export interface RolloutsOptions {
  readonly core: {
    readonly views: CatalogReader;
    readonly gatewayPresence: GatewayPresence;
    decideAlone(
      actor: string,
      decide: (views: CatalogReader, now: number) => readonly OwnedEvent[],
    ): Promise<number | undefined>;
    onCommitted(listener: (events: readonly AnyEvent[]) => void): () => void;
  };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly settings?: Partial<RolloutSettings>;
}

export interface Rollouts {
  close(): Promise<void>;
}

const ACTOR = "system:rollouts";

export function createRollouts(options: RolloutsOptions): Rollouts {
  const { core, clock, timers, logger } = options;
  const { views, gatewayPresence: presence } = core;
  const settings = { ...DEFAULT_ROLLOUT_SETTINGS, ...options.settings };
  const upSince = clock.monotonicMs();
  const handle = createHandle(options.random.fork("deployment-id"), clock, presence);
  /** Deployments that are under way, by project. */
  const watches = new Map<string, { readonly deploymentId: string; readonly watch: RolloutWatch }>();
  const decisions = options.metrics.counter({
    name: "biplane_gateway_rollout_decisions_total",
    help: "What rollouts of gateways have decided by themselves.",
    labels: ["decision"],
  });
  let tick: TimerHandle | undefined;
  let running: Promise<void> | undefined;
  let closed = false;

  /** Follows the current deployment of a project while it is under way, also while it is halted: whoever resumes it begins a stage, and what gateways said until then is known. */
  const follow = (projectId: string): void => {
    const current = currentDeployment(views, projectId);
    const isUnderWay = current?.status === "rolling" || current?.status === "halted";
    if (!isUnderWay) watches.delete(projectId);
    else if (watches.get(projectId)?.deploymentId !== current.deploymentId) {
      const watch = new RolloutWatch(settings, upSince);
      for (const gateway of presence.online(projectId)) watch.heard(gateway);
      watches.set(projectId, { deploymentId: current.deploymentId, watch });
    }
    if (watches.size === 0) tick?.cancel();
    if (watches.size === 0) tick = undefined;
    else if (!closed) tick ??= timers.every(settings.tickMs, run);
  };

  const lookAt = async (projectId: string): Promise<void> => {
    const followed = watches.get(projectId);
    if (followed === undefined) return;
    const now = { monotonic: clock.monotonicMs(), wall: clock.now() };
    const look = (committed: CatalogReader): RolloutCommand | undefined => {
      const current = currentDeployment(committed, projectId);
      if (current?.deploymentId !== followed.deploymentId) return undefined;
      return followed.watch.look(current, committed, presence, now);
    };
    // Nearly always there is nothing to decide, and no batch is begun for it.
    if (look(views) === undefined) return;
    let decided: RolloutCommand | undefined;
    await core.decideAlone(ACTOR, (committed) => {
      decided = look(committed);
      return decided === undefined ? [] : handle(decided, committed);
    });
    if (decided === undefined) return;
    decisions.labels(decided.type.slice("gatewayDeployment.".length)).inc();
    const { deploymentId } = followed;
    const reason = "reason" in decided ? { reason: decided.reason } : {};
    logger.info("a rollout was decided about", { projectId, deploymentId, decision: decided.type, ...reason });
  };

  const pass = async (): Promise<void> => {
    for (const projectId of [...watches.keys()]) {
      if (closed) return;
      await lookAt(projectId);
    }
  };

  function run(): void {
    if (closed || running !== undefined) return;
    running = pass()
      .catch((error: unknown) => logger.error("a decision about a rollout could not be written", { error }))
      .finally(() => {
        running = undefined;
      });
  }

  const stopEvents = core.onCommitted((events) => {
    for (const { type, aggregateId } of events) {
      if (!type.startsWith("gatewayDeployment.")) continue;
      const projectId = views.record("gatewayDeployment", aggregateId)?.projectId;
      if (projectId !== undefined) follow(projectId);
    }
  });
  const stopPresence = presence.onChange((gatewayId) => {
    const gateway = presence.of(gatewayId);
    if (gateway !== undefined) watches.get(gateway.projectId)?.watch.heard(gateway);
  });
  for (const projectId of projectsUnderWay(views)) follow(projectId);

  return {
    async close() {
      closed = true;
      stopEvents();
      stopPresence();
      tick?.cancel();
      await running;
    },
  };
}

function projectsUnderWay(views: CatalogReader): ReadonlySet<string> {
  const projects = new Set<string>();
  for (const { projectId, status } of views.records("gatewayDeployment")) {
    if (status === "rolling" || status === "halted") projects.add(projectId);
  }
  return projects;
}

/** Decides a command as the core would. What is refused is looked at again with the next tick. */
function createHandle(random: Random, clock: Clock, presence: GatewayPresence) {
  const handlers = createFleetHandlers({
    newId: (prefix) => prefix + Buffer.from(random.bytes(12)).toString("hex"),
    newKey: () => {
      throw new Error("rollouts make no keys");
    },
    isOnline: (gatewayId) => presence.of(gatewayId)?.online === true,
    now: () => clock.now(),
  } satisfies FleetDependencies);
  return (command: RolloutCommand, views: CatalogReader): readonly OwnedEvent[] => {
    const handler = handlers[command.type] as unknown as CommandHandler<RolloutCommand["type"]>;
    const decision = handler(command as never, views);
    return decision.ok ? decision.events : [];
  };
}
