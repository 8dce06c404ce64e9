/** A gateway becomes one of a fleet: the link to the control plane, and what is told of it here. */
import { hostname as machineName } from "node:os";
import type { Gateway } from "#data-plane/gateway";
import { type FleetReport, measureHealth, openFleetLink } from "#data-plane/gateway/fleet";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { type FleetSettings, keyOf } from "./fleet-options.ts";
import { instanceIdOfPlace, openStateDirectory } from "./state-directory.ts";

export interface FleetMember {
  /** As `/health` of the admin port shows it. */
  describe(): Readonly<Record<string, unknown>>;
  /** Ends the link, and lets another process have the directory. */
  close(): Promise<void>;
}

export interface JoiningGateway {
  readonly gateway: Gateway;
  readonly listen: { readonly hostname: string; readonly port: number };
  readonly version: string;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
}

/**
 * Puts the artifact that was kept last into the gateway and dials the control plane, for as long as the gateway runs.
 *
 * @throws GatewayUsage for a state directory that cannot be used
 */
export async function joinFleet(settings: FleetSettings, joining: JoiningGateway): Promise<FleetMember> {
  const { gateway, listen, version, log, metrics } = joining;
  const { controlPlaneUrl, projectId, apiKey, apiKeyFile, name, group, ca, stateDirectory } = settings;
  const startedAt = performance.now();
  const hostname = machineName();
  const state = stateDirectory === undefined ? undefined : openStateDirectory(stateDirectory);
  if (isInTheClear(controlPlaneUrl))
    log.warn("the API key travels unencrypted to the control plane; give it an https: address");
  const health = measureHealth({
    numbers: gateway.numbers,
    timers: systemTimers,
    now: () => performance.now(),
    memoryBytes: () => process.memoryUsage.rss(),
  });
  const link = await openFleetLink({
    controlPlaneUrl,
    projectId,
    apiKey,
    ...(apiKeyFile === undefined ? {} : { readApiKey: () => keyOf(apiKeyFile) }),
    ...(name === undefined ? {} : { name }),
    ...(group === undefined ? {} : { group }),
    instanceId: state?.instanceId ?? instanceIdOfPlace([projectId, hostname, name ?? "", listen.hostname], listen.port),
    version,
    hostname,
    gateway,
    health: () => health.read(),
    uptimeSecs: () => Math.floor((performance.now() - startedAt) / 1000),
    ...(state === undefined ? {} : { keptPath: state.keptPath }),
    ...(ca === undefined ? {} : { ca }),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom.fork("fleet"),
    log,
  });
  observe(metrics, () => link.report(), gateway);
  return {
    describe: () => described(link.report(), gateway.artifact?.digest),
    async close() {
      await link.close();
      health.close();
      state?.release();
    },
  };
}

function isInTheClear(controlPlaneUrl: string): boolean {
  const { protocol, hostname } = new URL(controlPlaneUrl);
  const isHere = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  return !isHere && (protocol === "http:" || protocol === "ws:");
}

/** Undefined while nobody has said what is desired. */
function hasDrifted({ desired }: FleetReport, served: string | undefined): boolean | undefined {
  return desired === undefined ? undefined : desired.digest !== served;
}

function described(report: FleetReport, served: string | undefined): Readonly<Record<string, unknown>> {
  const { phase, dataPlaneId, desired, lastRefusal, lastFailure } = report;
  return {
    link: phase,
    data_plane_id: dataPlaneId,
    desired,
    served,
    drift: hasDrifted(report, served),
    last_failure: lastFailure,
    ...(lastRefusal === undefined
      ? {}
      : { last_refusal: { ...lastRefusal, at_ms: undefined, at: new Date(lastRefusal.at_ms).toISOString() } }),
  };
}

function observe(metrics: MetricsRegistry, report: () => FleetReport, gateway: Gateway): void {
  const gauge = (name: string, help: string) => metrics.gauge({ name: `biplane_gateway_fleet_${name}`, help }).labels();
  const connected = gauge("connected", "1 while this gateway is registered with its control plane.");
  const stopped = gauge("stopped", "1 once the control plane lets this gateway in no more.");
  const generation = gauge("desired_generation", "The generation that the control plane wants served.");
  const drift = gauge("drift", "1 while something else is served than the control plane wants.");
  const refused = gauge("refused", "1 while the desired artifact could not be fetched, verified or used.");
  metrics.onCollect(() => {
    const told = report();
    connected.set(told.phase === "registered" ? 1 : 0);
    stopped.set(told.phase === "stopped" ? 1 : 0);
    generation.set(told.desired?.generation ?? 0);
    drift.set(hasDrifted(told, gateway.artifact?.digest) === true ? 1 : 0);
    refused.set(told.lastRefusal === undefined ? 0 : 1);
  });
}
