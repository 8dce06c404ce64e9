/** An edge on real sockets whose configurations are given by hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId, EdgeConfig, EdgeRoute, EventId } from "#contracts";
import type { EdgeLink } from "#data-plane/plan-link";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, type MetricsRegistry, silentLogger } from "#foundation/telemetry";
import { type Edge, type EdgeOptions, startEdge } from "../edge.ts";

/** A link that is never connected: what it has was on disk, or is handed to it. */
export class HandLink implements EdgeLink {
  plan: EdgeConfig | undefined;
  readonly connected = false;
  readonly lastFailure = undefined;
  /** Cursors that the edge has said it stands at. */
  readonly appliedCursors: EventId[] = [];
  #listener: ((config: EdgeConfig) => void) | undefined;

  constructor(plan?: EdgeConfig) {
    this.plan = plan;
  }

  give(config: EdgeConfig): void {
    this.plan = config;
    this.#listener?.(config);
  }

  onPlan(listener: (config: EdgeConfig) => void): void {
    this.#listener = listener;
  }

  applied(cursor: EventId): void {
    this.appliedCursors.push(cursor);
  }

  statusChanged(): void {}
  close(): void {}
}

export const configOf = (cursor: number, ...routes: readonly EdgeRoute[]): EdgeConfig => ({
  configVersion: 1,
  cursor: cursor as EventId,
  routes,
});

/** An HTTP route of the host to ports of this machine; `more` says what else it is. */
export function routeTo(hostname: string, ports: readonly number[], more: Partial<EdgeRoute> = {}): EdgeRoute {
  const name = `${hostname}${more.path ?? ""}`;
  return {
    routeId: `rte_${name}`,
    accountId: "111122223333" as AccountId,
    envId: `env_${name}`,
    protocol: "http",
    hostname,
    proxyProtocol: "off",
    backends: ports.map((port) => ({ instanceId: `ins_${port}`, host: "127.0.0.1", port })),
    ...more,
  };
}

export interface TestEdge extends AsyncDisposable {
  readonly edge: Edge;
  readonly link: HandLink;
  readonly metrics: MetricsRegistry;
  readonly port: number;
  readonly directory: string;
}

export async function startTestEdge(
  config?: EdgeConfig,
  options: Partial<
    Pick<EdgeOptions, "httpsPort" | "tlsPort" | "directory" | "accessLog" | "httpPort" | "takeOver">
  > = {},
): Promise<TestEdge> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "biplane-edge-"));
  const link = new HandLink(config);
  const metrics = createMetrics();
  const edge = await startEdge({
    directory,
    hostname: "127.0.0.1",
    httpPort: 0,
    takeOver: false,
    link,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    logger: silentLogger,
    metrics,
    ...options,
  });
  return {
    edge,
    link,
    metrics,
    directory,
    port: Number(new URL(edge.httpUrl).port),
    async [Symbol.asyncDispose]() {
      await edge.close(0);
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}
