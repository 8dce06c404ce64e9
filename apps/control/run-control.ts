/** `biplane control`: the control plane alone, until it is told to stop. */
import { claimDataDirectory, removeEndpoints, writeEndpoints } from "#apps/biplane/state";
import type { Region } from "#contracts";
import { createLogger, createMetrics, type LogLevel, observeProcess } from "#foundation/telemetry";
import { startControlPlane } from "./control-plane.ts";
import type { DatabaseSetting } from "./event-log.ts";
import { untilToldToStop } from "./stop-signals.ts";

export interface ControlCommandOptions {
  readonly dataDirectory: string;
  readonly hostname: string;
  readonly apiPort: number;
  /** Host names under which people reach the API. */
  readonly apiNames: readonly string[];
  readonly region: string;
  /** How often API gateways are asked to say how they do, seconds; default 30. */
  readonly gatewayHeartbeatSecs?: number | undefined;
  /** The server that keeps the event log; without it, the log is in the data directory. */
  readonly database?: DatabaseSetting | undefined;
  readonly logLevel: LogLevel;
  readonly version: string;
  /** Where the lines for people go. */
  readonly print: (line: string) => void;
}

/**
 * Serves until SIGINT or SIGTERM, then stops cleanly.
 * @returns the exit code
 * @throws DataDirectoryInUse; EventStoreError Deposed when another control plane took over; PostgresError; the system's error when the port is taken
 */
export async function runControl(options: ControlCommandOptions): Promise<number> {
  const begun = performance.now();
  const { dataDirectory, version, print } = options;
  const claim = claimDataDirectory(dataDirectory, "control");
  try {
    const metrics = createMetrics();
    observeProcess(metrics);
    const program = await startControlPlane({
      dataDirectory,
      hostname: options.hostname,
      port: options.apiPort,
      names: options.apiNames,
      region: options.region as Region,
      gatewayHeartbeatSecs: options.gatewayHeartbeatSecs,
      version,
      database: options.database,
      logger: createLogger({ level: options.logLevel }),
      metrics,
    });
    writeEndpoints(dataDirectory, {
      role: "control",
      pid: process.pid,
      startedAt: Date.now(),
      version,
      apiUrl: program.api.url,
    });
    print(`Biplane ${version}, control plane`);
    print(`  control API   ${program.api.url}`);
    print(`  data          ${dataDirectory}${program.created ? "   (new)" : ""}`);
    print(`  join with     biplane node --control-plane ${program.api.url} --data ${dataDirectory}`);
    print(`ready in ${Math.round(performance.now() - begun)} ms`);
    const deposed = await Promise.race([untilToldToStop(), program.deposed]);
    removeEndpoints(dataDirectory, "control", process.pid);
    await program.close();
    if (deposed !== undefined) throw deposed;
    return 0;
  } finally {
    claim.release();
  }
}
