/** The control plane, assembled: core, tokens, API server, and the credentials file that it leaves behind. */
import { join } from "node:path";
import { type Credentials, readCredentials, writeCredentials } from "#apps/biplane/state";
import type { NodeAnswer, Region } from "#contracts";
import { type ApiServer, openTokens, serveApi } from "#control-plane/api";
import { type ControlPlane, openControlPlane } from "#control-plane/core";
import { createRollouts } from "#control-plane/gateways/rollout";
import { watchFindings } from "#control-plane/operations";
import type { NodeSecrets } from "#control-plane/plans";
import { createScheduler } from "#control-plane/scheduler";
import { KeyUnavailable, snapshotContext } from "#control-plane/secrets";
import { type AuditLog, openAuditLog } from "#foundation/audit";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createHealth, type HealthRegistry, type Logger, type MetricsRegistry } from "#foundation/telemetry";
import { type DatabaseSetting, openEventLog } from "./event-log.ts";

export interface ControlPlaneProgramOptions {
  /** The cloud's data directory; the control plane's own files are under `control/`. */
  readonly dataDirectory: string;
  readonly hostname: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Host names under which people reach the API, besides addresses, localhost and the machine's own. */
  readonly names: readonly string[];
  /** The region that `biplane env` gives to clients. */
  readonly region: Region;
  readonly version: string;
  /** How often API gateways are asked to say how they do, seconds; default 30. */
  readonly gatewayHeartbeatSecs?: number | undefined;
  /** The server that keeps the event log; without it, the log is in the data directory. */
  readonly database?: DatabaseSetting | undefined;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface ControlPlaneProgram {
  readonly core: ControlPlane;
  readonly api: ApiServer;
  readonly credentials: Credentials;
  /** True when this start has made the cloud. */
  readonly created: boolean;
  /** Resolves when another control plane has taken over the log: nothing can be decided here any more, so stop. */
  readonly deposed: Promise<Error>;
  close(): Promise<void>;
}

/** How long running requests may take to end when the control plane stops. */
const CLOSE_GRACE_MS = 3_000;

/**
 * Starts the control plane and serves its API. At the first start it makes the first account with its root key; the credentials file is written again when it
 * is missing or does not say what is the case.
 *
 * @throws SqlError Corrupt when the log of a cloud that was made before is missing; PostgresError; the system's error when the port is taken
 */
export async function startControlPlane(options: ControlPlaneProgramOptions): Promise<ControlPlaneProgram> {
  const { dataDirectory, logger, metrics, version } = options;
  const directory = join(dataDirectory, "control");
  const store = await openEventLog(dataDirectory, directory, options.database);
  const { promise: deposed, resolve: onDeposed } = Promise.withResolvers<Error>();
  const core = await openControlPlane({
    dataDirectory: directory,
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    logger: logger.child({ room: "control-plane" }),
    metrics,
    version,
    onDeposed,
    ...(store === undefined ? {} : { store }),
  });
  let audit: AuditLog | undefined;
  try {
    audit = await openAuditLog({
      path: join(directory, "audit.sqlite"),
      plane: "control",
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      // Decisions are committed in this thread too, and are as rare.
      hosting: "inline",
      logger: logger.child({ room: "audit" }),
    });
    const root = await core.ensureRoot();
    const known = readCredentials(dataDirectory);
    const tokens = openTokens({ path: join(directory, "tokens.json"), random: systemRandom, known });
    const credentials: Credentials = {
      accessKeyId: root.accessKey?.accessKeyId ?? "",
      secretAccessKey: root.accessKey?.secretAccessKey ?? "",
      accountId: root.accountId,
      region: options.region,
      ...tokens.plain,
    };
    if (JSON.stringify(known) !== JSON.stringify(credentials)) writeCredentials(dataDirectory, credentials);
    const api = await serveApi({
      core,
      tokens,
      audit,
      hostname: options.hostname,
      port: options.port,
      names: options.names,
      version,
      clock: systemClock,
      timers: systemTimers,
      logger: logger.child({ room: "api" }),
      metrics,
      health: healthOf(audit),
      secrets: nodeSecrets(core, audit, metrics),
      region: options.region,
      gatewayHeartbeatSecs: options.gatewayHeartbeatSecs,
    });
    const scheduler = createScheduler({
      core,
      liveness: api.plans.liveness,
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom.fork("scheduler"),
      logger: logger.child({ room: "scheduler" }),
      metrics,
    });
    const rollouts = createRollouts({
      core,
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom.fork("rollouts"),
      logger: logger.child({ room: "gateways" }),
      metrics,
    });
    const findings = watchFindings({
      core,
      clock: systemClock,
      timers: systemTimers,
      logger: logger.child({ room: "operations" }),
      metrics,
    });
    const sweep = systemTimers.every(SWEEP_MS, () => {
      core.secrets.sweep().catch((error: unknown) => logger.warn("old secrets could not be thrown away", { error }));
    });
    const opened = audit;
    return {
      core,
      api,
      credentials,
      created: root.created,
      deposed,
      async close() {
        sweep.cancel();
        findings.close();
        await rollouts.close();
        await scheduler.close();
        await api.close(CLOSE_GRACE_MS);
        await core.close();
        await opened.close();
      },
    };
  } catch (error) {
    await core.close();
    await audit?.close();
    throw error;
  }
}

/** Old versions are looked for this often. */
const SWEEP_MS = 3_600_000;

/** Secrets are opened for nodes when that is on record, and not before. */
function nodeSecrets({ secrets, views }: ControlPlane, audit: AuditLog, metrics: MetricsRegistry): NodeSecrets {
  const openings = metrics.counter({
    name: "biplane_secret_openings_total",
    help: "Secrets and keys of snapshots that nodes asked for, by what became of it.",
    labels: ["outcome"],
  });
  const [given, refused] = [openings.labels("given"), openings.labels("refused")];
  const recorded = async (
    nodeId: string,
    resource: string,
    purpose: string,
    open: () => Promise<NodeAnswer>,
  ): Promise<NodeAnswer> => {
    const answer = await open();
    (answer.ok ? given : refused).inc();
    const account = views.record("instance", resource)?.accountId ?? views.record("snapshot", resource)?.accountId;
    await audit.append({
      category: "action",
      actor: { type: "node", id: nodeId },
      action: purpose,
      resource,
      ...(account === undefined ? {} : { resourceAccount: account }),
      decision: answer.ok ? "allowed" : "denied",
      reason: answer.ok ? "It is bound to what this node runs." : `${answer.code}: ${answer.message}`,
      requestId: "node-ask",
    });
    return answer;
  };
  return {
    open: (instanceId, nodeId) =>
      recorded(nodeId, instanceId, "secrets.open", () => secrets.openFor(instanceId, nodeId)),
    snapshotKey: (snapshotId, nodeId) =>
      recorded(nodeId, snapshotId, "snapshots.openKey", async () => {
        const snapshot = views.record("snapshot", snapshotId);
        const restores = Array.from(views.records("restoreJob")).some(
          (job) => job.snapshotId === snapshotId && job.nodeId === nodeId,
        );
        if (snapshot?.wrappedKey === undefined || (snapshot.nodeId !== nodeId && !restores)) {
          return { ok: false, code: "not_yours", message: "this node has nothing to do with the snapshot" };
        }
        try {
          const key = secrets.openSnapshotKey(snapshot.wrappedKey, snapshotContext(snapshot));
          return { ok: true, ask: "snapshotKey", key: Buffer.from(key).toString("base64") };
        } catch (error) {
          if (!(error instanceof KeyUnavailable)) throw error;
          return { ok: false, code: error.code, message: error.message };
        }
      }),
  };
}

/** What cannot be put on record is not decided: then this control plane is ready for nothing but looking. */
function healthOf(audit: AuditLog): HealthRegistry {
  const health = createHealth();
  health.add("readiness", "audit", () => audit.health());
  return health;
}
