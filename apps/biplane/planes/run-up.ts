/** `biplane up`: everything in one process. They speak the same messages as over the network, only without one. */
import { join } from "node:path";
import {
  claimDataDirectory,
  credentialsPath,
  removeEndpoints,
  writeEndpoints,
  writeOperatorToken,
} from "#apps/biplane/state";
import { type ControlPlaneProgram, type DatabaseSetting, startControlPlane, untilToldToStop } from "#apps/control";
import type { Region } from "#contracts";
import { DataPlaneRefused, inProcessTransport } from "#data-plane/link";
import { inProcessAgentTransport, inProcessEdgeTransport } from "#data-plane/plan-link";
import { errorCode } from "#foundation/sql";
import {
  createLogger,
  createMetrics,
  type Logger,
  type LogLevel,
  type MetricsRegistry,
  observeProcess,
} from "#foundation/telemetry";
import { openAccessLog } from "./access-log.ts";
import { type DataPlane, type DataPlaneOptions, startDataPlane } from "./data-plane.ts";
import { startNodeAgent } from "./node-agent.ts";
import { type NodeEdgeOptions, startNodeEdge } from "./node-edge.ts";

export interface UpCommandOptions {
  readonly dataDirectory: string;
  readonly hostname: string;
  /** Of the AWS endpoint; 0 picks a free one. */
  readonly port: number;
  readonly apiPort: number;
  /** Of applications; undefined: 8080, or a free one when that is taken. */
  readonly httpPort?: number | undefined;
  readonly httpsPort?: number | undefined;
  readonly tlsPort?: number | undefined;
  /** Host names under which people reach the API. */
  readonly apiNames: readonly string[];
  readonly region: string;
  /** How often API gateways are asked to say how they do, seconds; default 30. */
  readonly gatewayHeartbeatSecs?: number | undefined;
  /** Tables with provisioned throughput are throttled. */
  readonly enforceThroughput: boolean;
  /** Calls on objects, items and messages are in the audit log too. */
  readonly auditDataEvents: boolean;
  readonly logLevel: LogLevel;
  /** A file that gets one JSON line for each request. */
  readonly accessLog?: string | undefined;
  /** The server that keeps the event log; without it, the log is in the data directory. */
  readonly database?: DatabaseSetting | undefined;
  readonly version: string;
  readonly print: (line: string) => void;
}

/**
 * Serves until SIGINT or SIGTERM, then stops cleanly.
 * @returns the exit code
 * @throws DataDirectoryInUse, DataPlaneRefused; EventStoreError Deposed when another control plane took over; PostgresError; the system's error when a port is taken
 */
export async function runUp(options: UpCommandOptions): Promise<number> {
  const begun = performance.now();
  const { dataDirectory, hostname, version, print } = options;
  const claim = claimDataDirectory(dataDirectory, "up");
  try {
    const logger = createLogger({ level: options.logLevel });
    const metrics = createMetrics();
    observeProcess(metrics);
    const region = options.region as Region;
    const control = await startControlPlane({
      dataDirectory,
      hostname,
      port: options.apiPort,
      names: options.apiNames,
      region,
      gatewayHeartbeatSecs: options.gatewayHeartbeatSecs,
      version,
      database: options.database,
      logger,
      metrics,
    });
    const dataPlane = await startOwnDataPlane(dataDirectory, {
      directory: join(dataDirectory, "node"),
      name: "up",
      version,
      hostname,
      port: options.port,
      region,
      enforceThroughput: options.enforceThroughput,
      auditDataEvents: options.auditDataEvents,
      transport: inProcessTransport(control.api.acceptDataPlane),
      logger,
      metrics,
      operatorToken: writeOperatorToken(dataDirectory),
      accessLog: openAccessLog(options.accessLog),
    });
    const platform = await startPlatform(options, control, { logger, metrics });
    writeEndpoints(dataDirectory, {
      role: "up",
      pid: process.pid,
      startedAt: Date.now(),
      version,
      awsEndpointUrl: dataPlane.url,
      apiUrl: control.api.url,
      httpUrl: platform.httpUrl,
    });
    print(`Biplane ${version}`);
    print(`  AWS endpoint  ${dataPlane.url}   objects (S3), queues (SQS), tables (DynamoDB), identity (IAM, STS)`);
    print(`  applications  ${platform.httpUrl}   what "biplane deploy" puts there, by host name`);
    print(`  control API   ${control.api.url}`);
    print(`  data          ${dataDirectory}${control.created ? "   (new)" : ""}`);
    print(`  credentials   ${credentialsPath(dataDirectory)}`);
    print("");
    print(`  in another terminal:   eval "$(npx biplane env)"`);
    print("");
    print(`ready in ${Math.round(performance.now() - begun)} ms; Ctrl-C stops it`);
    const deposed = await Promise.race([untilToldToStop(), control.deposed]);
    removeEndpoints(dataDirectory, "up", process.pid);
    await platform.close();
    await dataPlane.close();
    await control.close();
    if (deposed !== undefined) throw deposed;
    return 0;
  } finally {
    claim.release();
  }
}

/** Where applications are when nobody says otherwise. */
const HTTP_PORT = 8080;
const HTTPS_PORT = 8443;

interface Platform {
  readonly httpUrl: string;
  close(): Promise<void>;
}

/** The edge and the agent, in this process; they speak with the control plane by the same messages as over the network. */
async function startPlatform(
  options: UpCommandOptions,
  { api }: ControlPlaneProgram,
  surroundings: { readonly logger: Logger; readonly metrics: MetricsRegistry },
): Promise<Platform> {
  const { dataDirectory, version, hostname } = options;
  const common = { version, ...surroundings };
  const { edge, close: closeEdge } = await startEdgeSomewhere({
    ...common,
    directory: join(dataDirectory, "edge"),
    transport: inProcessEdgeTransport(api.plans.acceptEdge("in process")),
    hostname,
    httpPort: options.httpPort ?? HTTP_PORT,
    httpsPort: options.httpsPort ?? HTTPS_PORT,
    tlsPort: options.tlsPort,
    takeOver: false,
    mayMove: options.httpPort === undefined,
  });
  const node = startNodeAgent({
    ...common,
    directory: join(dataDirectory, "agent"),
    transport: inProcessAgentTransport(api.plans.acceptAgent("in process"), (channelId, secret) =>
      api.plans.channels.dial(channelId, secret),
    ),
    hostAddress: "127.0.0.1",
  });
  return {
    httpUrl: edge.httpUrl,
    async close() {
      // Whoever ends the cloud on their own machine does not expect programs of it to run on.
      await node.close({ stopInstances: true });
      await closeEdge(1_000);
    },
  };
}

/** The usual port is many programs' usual port: when somebody has it, and nobody insists, another one does. */
async function startEdgeSomewhere({ mayMove, ...options }: NodeEdgeOptions & { readonly mayMove: boolean }) {
  try {
    return await startNodeEdge(options);
  } catch (error) {
    if (!mayMove || errorCode(error) !== "EADDRINUSE") throw error;
    return startNodeEdge({ ...options, httpPort: 0, httpsPort: 0 });
  }
}

/** As `startDataPlane`; a refusal also says where the control plane is to be found that it names a command for: it stops with this one. */
async function startOwnDataPlane(dataDirectory: string, options: DataPlaneOptions): Promise<DataPlane> {
  try {
    return await startDataPlane(options);
  } catch (error) {
    if (!(error instanceof DataPlaneRefused)) throw error;
    const alone = `The control plane of this cloud runs alone with "biplane control --data ${dataDirectory}"`;
    throw new DataPlaneRefused(`${error.message}. ${alone}`, { cause: error });
  }
}
