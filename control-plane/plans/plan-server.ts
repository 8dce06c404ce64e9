/** Everything that serves agents and edges, put together. */
import type { AccountId, EventId, Region } from "#contracts";
import type { AnyEvent } from "#control-plane/events";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import type { NodeSecrets } from "./answer-node.ts";
import { Channels } from "./channels.ts";
import { type ConnectedAgent, type ConnectedEdge, ConnectedList } from "./connected.ts";
import { PlanDistributor } from "./distributor.ts";
import { createObjectAccess, type GiveObjectAccess, type ObjectAccessOptions } from "./object-access.ts";
import { acceptAgents, acceptEdges, type PlanSessionOptions } from "./sessions.ts";

export interface PlanServerOptions {
  readonly core: PlanSessionOptions["core"] &
    ObjectAccessOptions["core"] & {
      onCommitted(listener: (events: readonly AnyEvent[]) => void): () => void;
    };
  readonly secrets: NodeSecrets;
  readonly endpoint: () => Promise<string | undefined>;
  readonly whenApplied: (eventId: EventId) => Promise<void>;
  readonly region: Region;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface PlanServer {
  readonly agents: ConnectedList<ConnectedAgent>;
  readonly edges: ConnectedList<ConnectedEdge>;
  readonly channels: Channels;
  readonly objectAccess: GiveObjectAccess;
  /** @param via how the agents of this function are connected, for `status` */
  acceptAgent(via: string): ReturnType<typeof acceptAgents>;
  acceptEdge(via: string): ReturnType<typeof acceptEdges>;
  /** Of the scheduler: when each node was heard of last, and why one that is connected cannot run anything. */
  readonly liveness: {
    lastHeard(nodeId: string): number | undefined;
    degraded(nodeId: string): string | undefined;
  };
  close(): void;
}

export function createPlanServer(options: PlanServerOptions): PlanServer {
  const { core, clock, timers, random, logger, metrics } = options;
  const agents = new ConnectedList<ConnectedAgent>();
  const edges = new ConnectedList<ConnectedEdge>();
  const channels = new Channels({ timers, random: random.fork("channels") });
  const distributor = new PlanDistributor({ core, timers });
  const objectAccess = createObjectAccess({ ...options, random: random.fork("object-access") });
  const stop = core.onCommitted((events) => distributor.publish(events));
  const sessions: PlanSessionOptions = {
    core,
    distributor,
    channels,
    agents,
    edges,
    answers: {
      views: core.views,
      objectAccess,
      secrets: options.secrets,
      accountsOn: (nodeId: string): ReadonlySet<AccountId> => distributor.accountsOn(nodeId),
    },
    clock,
    timers,
    logger,
  };
  const gauge = metrics.gauge({
    name: "biplane_plan_streams_connected",
    help: "Agents and edges with an open stream of plans.",
    labels: ["kind"],
  });
  metrics.onCollect(() => {
    gauge.labels("agent").set(agents.size);
    gauge.labels("edge").set(edges.size);
  });
  return {
    agents,
    edges,
    channels,
    objectAccess,
    acceptAgent: (via) => acceptAgents(sessions, via),
    acceptEdge: (via) => acceptEdges(sessions, via),
    liveness: {
      lastHeard: (nodeId) => agents.get(nodeId)?.lastHeardAt,
      degraded: (nodeId) => agents.get(nodeId)?.degraded,
    },
    close() {
      stop();
      distributor.close();
    },
  };
}
