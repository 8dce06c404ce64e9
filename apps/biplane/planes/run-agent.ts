/** `biplane agent` and `biplane edge`: parts of the platform by themselves, joined to a control plane elsewhere. */
import { join } from "node:path";
import { claimDataDirectory, removeEndpoints, writeEndpoints } from "#apps/biplane/state";
import { untilToldToStop } from "#apps/control";
import { webSocketAgentTransport, webSocketEdgeTransport } from "#data-plane/plan-link";
import { createLogger, createMetrics, type LogLevel, observeProcess } from "#foundation/telemetry";
import { openAccessLog } from "./access-log.ts";
import { rememberedJoinToken } from "./join-token.ts";
import { startNodeAgent } from "./node-agent.ts";
import { startNodeEdge } from "./node-edge.ts";

interface JoiningOptions {
  readonly dataDirectory: string;
  /** `http://host:4580` */
  readonly controlPlaneUrl: string;
  /** Undefined: the one in the data directory's credentials, or the one it joined with before. */
  readonly joinToken?: string | undefined;
  readonly hostname: string;
  readonly logLevel: LogLevel;
  readonly version: string;
  readonly print: (line: string) => void;
}

export interface AgentCommandOptions extends JoiningOptions {
  readonly name?: string | undefined;
  readonly memoryBytes?: number | undefined;
  /** Stop everything when it stops; otherwise instances run on, and the next agent takes them over. */
  readonly stopInstances: boolean;
}

export interface EdgeCommandOptions extends JoiningOptions {
  readonly httpPort: number;
  readonly httpsPort?: number | undefined;
  readonly tlsPort?: number | undefined;
  readonly accessLog?: string | undefined;
}

/**
 * Serves until SIGINT or SIGTERM. Needs the control plane only for its very first start.
 * @returns the exit code
 * @throws JoinTokenMissing, DataDirectoryInUse
 */
export async function runAgent(options: AgentCommandOptions): Promise<number> {
  const { dataDirectory, version, print } = options;
  const claim = claimDataDirectory(dataDirectory, "agent");
  try {
    const metrics = createMetrics();
    observeProcess(metrics);
    const directory = join(dataDirectory, "agent");
    const node = startNodeAgent({
      directory,
      name: options.name,
      version,
      transport: webSocketAgentTransport(joining(options, directory)),
      hostAddress: options.hostname,
      memoryBytes: options.memoryBytes,
      logger: createLogger({ level: options.logLevel }),
      metrics,
    });
    await node.agent.ready;
    writeEndpoints(dataDirectory, { role: "agent", pid: process.pid, startedAt: Date.now(), version });
    print(`Biplane ${version}, agent`);
    print(`  node           ${node.nodeId}`);
    print(`  control plane  ${options.controlPlaneUrl}`);
    print(`  data           ${dataDirectory}`);
    print("ready");
    await untilToldToStop();
    removeEndpoints(dataDirectory, "agent", process.pid);
    await node.close({ stopInstances: options.stopInstances });
    return 0;
  } finally {
    claim.release();
  }
}

/** As {@link runAgent}. A second one may be started before the first is stopped: it takes over its ports. */
export async function runEdge(options: EdgeCommandOptions): Promise<number> {
  const { dataDirectory, version, print } = options;
  const metrics = createMetrics();
  observeProcess(metrics);
  const directory = join(dataDirectory, "edge");
  const { edge, close } = await startNodeEdge({
    directory,
    version,
    transport: webSocketEdgeTransport(joining(options, directory)),
    hostname: options.hostname,
    httpPort: options.httpPort,
    httpsPort: options.httpsPort,
    tlsPort: options.tlsPort,
    takeOver: true,
    logger: createLogger({ level: options.logLevel }),
    metrics,
    accessLog: openAccessLog(options.accessLog),
  });
  writeEndpoints(dataDirectory, {
    role: "edge",
    pid: process.pid,
    startedAt: Date.now(),
    version,
    httpUrl: edge.httpUrl,
  });
  print(`Biplane ${version}, edge`);
  print(`  applications   ${edge.httpUrl}`);
  print(`  control plane  ${options.controlPlaneUrl}`);
  print(`  data           ${dataDirectory}`);
  print("ready");
  await untilToldToStop();
  removeEndpoints(dataDirectory, "edge", process.pid);
  await close();
  return 0;
}

const joining = ({ dataDirectory, controlPlaneUrl, joinToken }: JoiningOptions, directory: string) => ({
  controlPlaneUrl,
  joinToken: rememberedJoinToken(dataDirectory, directory, joinToken),
});
