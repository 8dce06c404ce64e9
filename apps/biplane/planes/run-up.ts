/** `biplane up`: both planes in one process. They speak the same messages as over the network, only without one. */
import { join } from "node:path";
import {
  claimDataDirectory,
  credentialsPath,
  removeEndpoints,
  writeEndpoints,
  writeOperatorToken,
} from "#apps/biplane/state";
import { type DatabaseSetting, startControlPlane, untilToldToStop } from "#apps/control";
import type { Region } from "#contracts";
import { DataPlaneRefused, inProcessTransport } from "#data-plane/link";
import { createLogger, createMetrics, type LogLevel, observeProcess } from "#foundation/telemetry";
import { openAccessLog } from "./access-log.ts";
import { type DataPlane, type DataPlaneOptions, startDataPlane } from "./data-plane.ts";

export interface UpCommandOptions {
  readonly dataDirectory: string;
  readonly hostname: string;
  /** Of the AWS endpoint; 0 picks a free one. */
  readonly port: number;
  readonly apiPort: number;
  /** Host names under which people reach the API. */
  readonly apiNames: readonly string[];
  readonly region: string;
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
    writeEndpoints(dataDirectory, {
      role: "up",
      pid: process.pid,
      startedAt: Date.now(),
      version,
      awsEndpointUrl: dataPlane.url,
      apiUrl: control.api.url,
    });
    print(`Biplane ${version}`);
    print(`  AWS endpoint  ${dataPlane.url}   objects (S3), queues (SQS), tables (DynamoDB), identity (IAM, STS)`);
    print(`  control API   ${control.api.url}`);
    print(`  data          ${dataDirectory}${control.created ? "   (new)" : ""}`);
    print(`  credentials   ${credentialsPath(dataDirectory)}`);
    print("");
    print(`  in another terminal:   eval "$(npx biplane env)"`);
    print("");
    print(`ready in ${Math.round(performance.now() - begun)} ms; Ctrl-C stops it`);
    const deposed = await Promise.race([untilToldToStop(), control.deposed]);
    removeEndpoints(dataDirectory, "up", process.pid);
    await dataPlane.close();
    await control.close();
    if (deposed !== undefined) throw deposed;
    return 0;
  } finally {
    claim.release();
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
