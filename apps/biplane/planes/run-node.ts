/** `biplane node`: a data plane by itself, joined to a control plane elsewhere. */
import { join } from "node:path";
import { claimDataDirectory, removeEndpoints, writeEndpoints, writeOperatorToken } from "#apps/biplane/state";
import { untilToldToStop } from "#apps/control";
import type { Region } from "#contracts";
import { webSocketTransport } from "#data-plane/link";
import { createLogger, createMetrics, type LogLevel, observeProcess } from "#foundation/telemetry";
import { openAccessLog } from "./access-log.ts";
import { startDataPlane } from "./data-plane.ts";
import { rememberedJoinToken } from "./join-token.ts";

export interface NodeCommandOptions {
  readonly dataDirectory: string;
  readonly hostname: string;
  readonly port: number;
  /** `http://host:4580` */
  readonly controlPlaneUrl: string;
  /** Undefined: the one in the data directory's credentials, or the one this node joined with before. */
  readonly joinToken?: string | undefined;
  readonly name: string;
  readonly region: string;
  /** Tables with provisioned throughput are throttled. */
  readonly enforceThroughput: boolean;
  /** Calls on objects, items and messages are in the audit log too. */
  readonly auditDataEvents: boolean;
  readonly logLevel: LogLevel;
  readonly accessLog?: string | undefined;
  readonly version: string;
  readonly print: (line: string) => void;
}

/**
 * Serves until SIGINT or SIGTERM, then stops cleanly. Needs the control plane only for its very first start.
 * @returns the exit code
 * @throws JoinTokenMissing, DataDirectoryInUse, DataPlaneRefused; the system's error when the port is taken
 */
export async function runNode(options: NodeCommandOptions): Promise<number> {
  const begun = performance.now();
  const { dataDirectory, version, print } = options;
  const claim = claimDataDirectory(dataDirectory, "node");
  try {
    const metrics = createMetrics();
    observeProcess(metrics);
    const directory = join(dataDirectory, "node");
    const dataPlane = await startDataPlane({
      directory,
      name: options.name,
      version,
      hostname: options.hostname,
      port: options.port,
      region: options.region as Region,
      enforceThroughput: options.enforceThroughput,
      auditDataEvents: options.auditDataEvents,
      transport: webSocketTransport({
        controlPlaneUrl: options.controlPlaneUrl,
        joinToken: rememberedJoinToken(dataDirectory, directory, options.joinToken),
      }),
      logger: createLogger({ level: options.logLevel }),
      metrics,
      operatorToken: writeOperatorToken(dataDirectory),
      accessLog: openAccessLog(options.accessLog),
    });
    writeEndpoints(dataDirectory, {
      role: "node",
      pid: process.pid,
      startedAt: Date.now(),
      version,
      awsEndpointUrl: dataPlane.url,
    });
    const { connected } = dataPlane.link.state;
    print(`Biplane ${version}, data plane ${options.name}`);
    print(`  AWS endpoint   ${dataPlane.url}   objects (S3), queues (SQS), tables (DynamoDB), identity (IAM, STS)`);
    print(
      `  control plane  ${options.controlPlaneUrl}${connected ? "" : "   (not reachable now: serving from the catalog on disk)"}`,
    );
    print(`  data           ${dataDirectory}`);
    print(`ready in ${Math.round(performance.now() - begun)} ms`);
    await untilToldToStop();
    removeEndpoints(dataDirectory, "node", process.pid);
    await dataPlane.close();
    return 0;
  } finally {
    claim.release();
  }
}
