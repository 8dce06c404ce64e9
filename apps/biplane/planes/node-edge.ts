/** The edge, assembled. */
import { mkdirSync } from "node:fs";
import { hostname as machineName } from "node:os";
import { join } from "node:path";
import type { EdgeTransport } from "#contracts";
import { type Edge, type EdgeOptions, startEdge } from "#data-plane/edge";
import { type EdgeLink, openEdgeLink } from "#data-plane/plan-link";
import { randomUuid, systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";

export interface NodeEdgeOptions
  extends Pick<EdgeOptions, "hostname" | "httpPort" | "httpsPort" | "tlsPort" | "takeOver" | "accessLog"> {
  readonly directory: string;
  readonly version: string;
  readonly transport: EdgeTransport;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface NodeEdge {
  readonly edge: Edge;
  readonly link: EdgeLink;
  close(graceMs?: number): Promise<void>;
}

/** @throws the system's error when the HTTP port is taken */
export async function startNodeEdge(options: NodeEdgeOptions): Promise<NodeEdge> {
  const { directory, version, transport, logger, metrics } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let edge: Edge | undefined;
  const link = openEdgeLink({
    path: join(directory, "plan"),
    // Another one at each start: an edge that takes the place of another is beside it for a while.
    id: `edge-${randomUuid(systemRandom)}`,
    name: machineName(),
    version,
    transport,
    timers: systemTimers,
    random: systemRandom,
    logger: logger.child({ room: "plan-link" }),
    status: () =>
      edge?.status() ?? {
        state: "starting",
        startedAt: systemClock.now(),
        residentBytes: 0,
        routes: 0,
        connections: 0,
        quietThrough: 0 as never,
      },
  });
  try {
    const started = await startEdge({
      ...options,
      link,
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      logger: logger.child({ room: "edge" }),
      metrics,
    });
    edge = started;
    link.statusChanged();
    return {
      edge: started,
      link,
      async close(graceMs) {
        await started.close(graceMs);
        link.close();
      },
    };
  } catch (error) {
    link.close();
    throw error;
  }
}
