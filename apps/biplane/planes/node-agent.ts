/** The agent, assembled: identity, link, runtimes. */
import { mkdirSync } from "node:fs";
import { arch, hostname as machineName } from "node:os";
import { join } from "node:path";
import type { AgentTransport, NodeDescription } from "#contracts";
import { type Agent, measureCapacity, openNodeIdentity, startAgent } from "#data-plane/agent";
import { openContainerRuntime, openProcessRuntime } from "#data-plane/agent/runtimes";
import { DirectoryVolumes } from "#data-plane/agent/volumes";
import { type AgentLink, openAgentLink } from "#data-plane/plan-link";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { instanceCommand } from "./instance-command.ts";

export interface NodeAgentOptions {
  readonly directory: string;
  /** Default: the machine's. */
  readonly name?: string | undefined;
  readonly version: string;
  readonly transport: AgentTransport;
  readonly hostAddress: string;
  /** Bytes of memory for instances; default: what the machine has, less a reserve. */
  readonly memoryBytes?: number | undefined;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface NodeAgent {
  readonly nodeId: string;
  readonly agent: Agent;
  readonly link: AgentLink;
  close(options: { readonly stopInstances: boolean }): Promise<void>;
}

/** Names of nodes are parts of texts that people type. */
const nodeName = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 63) || "node";

/** @throws SqlError Locked when another agent has the directory */
export function startNodeAgent(options: NodeAgentOptions): NodeAgent {
  const { directory, version, logger } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { nodeId, nodeKey } = openNodeIdentity(directory, systemRandom);
  const command = instanceCommand();
  const how = command === undefined ? {} : { command };
  const runtimes = [
    openProcessRuntime({ stateDirectory: join(directory, "processes"), ...how }),
    openContainerRuntime({ stateDirectory: join(directory, "containers"), ...how }),
  ];
  const describe = (isolation: NodeDescription["isolation"], degraded: string | undefined): NodeDescription => {
    const measured = measureCapacity(directory);
    const { memoryBytes = measured.memoryBytes } = options;
    return {
      labels: {},
      allocatable: { ...measured, memoryBytes },
      isolation,
      architecture: arch(),
      ...(degraded === undefined ? {} : { degraded }),
    };
  };
  let agent: Agent | undefined;
  const starting = { state: "starting", startedAt: systemClock.now(), residentBytes: 0, usedMemoryBytes: 0 } as const;
  const link = openAgentLink({
    path: join(directory, "plan"),
    id: nodeId,
    name: nodeName(options.name ?? machineName()),
    version,
    nodeKey,
    // What runtimes can do is found out by doing, which takes a moment: until then nothing is offered.
    node: describe([], "its runtimes are being tried"),
    transport: options.transport,
    timers: systemTimers,
    random: systemRandom,
    logger: logger.child({ room: "plan-link" }),
    status: () => agent?.status() ?? { ...starting, instances: { desired: 0, running: 0, ready: 0 } },
  });
  const volumes = new DirectoryVolumes({
    directory,
    link,
    inUse: (volumeId) => agent?.uses(volumeId) ?? true,
    timers: systemTimers,
    random: systemRandom.fork("backups"),
    logger: logger.child({ room: "volumes" }),
  });
  const started = startAgent({
    directory,
    nodeId,
    link,
    runtimes,
    volumes,
    hostAddress: options.hostAddress,
    describe,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    logger: logger.child({ room: "agent" }),
    metrics: options.metrics,
  });
  agent = started;
  return {
    nodeId,
    agent: started,
    link,
    async close(how) {
      await started.close(how);
      link.close();
      for (const runtime of runtimes) runtime.close();
    },
  };
}
