/** The data plane, assembled: link, engines, services, front door, server. */
import { join } from "node:path";
import type { ChangeStreamTransport, DataPlaneStatus, Region } from "#contracts";
import { CHANGES_OF_CALLER, createFrontDoor, createOperationMetrics, type EndpointNames } from "#data-plane/front-door";
import { createAccessKeyUses, createIamService } from "#data-plane/iam";
import { type Link, openLink } from "#data-plane/link";
import { createObjectsBrowserAccess, createObjectsService } from "#data-plane/objects";
import { createQueueDestination, createQueuesService } from "#data-plane/queues";
import { createStsService } from "#data-plane/sts";
import { createTablesServices } from "#data-plane/tables";
import { type HttpServer, serveHttp } from "#foundation/http";
import { newHostId } from "#foundation/ids";
import { createTokenBuckets } from "#foundation/rate-limit";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { ENGINE_DIRECTORIES, openEngines } from "./engines.ts";
import { openMessageKey } from "./message-key.ts";
import { type OperatorEndpoint, operatorAnswers } from "./operator-endpoint.ts";
import { REGIONS } from "./regions.ts";

export interface DataPlaneOptions {
  /** Holds `link/` and a folder for each engine. */
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly hostname: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly region: Region;
  /** Tables with provisioned throughput are throttled. */
  readonly enforceThroughput: boolean;
  /** Calls on objects, items and messages are in the audit log too. */
  readonly auditDataEvents: boolean;
  readonly transport: ChangeStreamTransport;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Opens the parts of the operator's endpoint that are not for everybody on this machine. */
  readonly operatorToken: string;
  readonly accessLog?: Parameters<typeof serveHttp>[0]["accessLog"];
}

export interface DataPlane {
  readonly url: string;
  readonly link: Link;
  /** Lets running requests end, then closes everything in the order in which it depends on each other. */
  close(): Promise<void>;
}

/** Browsers and most resolvers send every name under `localhost` to this machine. */
const ENDPOINT_NAMES: EndpointNames = { baseDomains: ["s3.localhost", "localhost"] };

/** How long running requests may take to end when the data plane stops. */
const CLOSE_GRACE_MS = 5_000;

/**
 * Starts the data plane. It answers as soon as it has a catalog: from its own disk, or else with the control plane's first snapshot.
 * @throws DataPlaneRefused when it has none and the control plane has another data plane
 */
export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const { logger, metrics } = options;
  const startedAt = systemClock.now();
  let server: HttpServer | undefined;
  let state: DataPlaneStatus["state"] = "starting";

  const link = openLink({
    directory: join(options.directory, "link"),
    dataPlaneName: options.name,
    version: options.version,
    transport: options.transport,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    logger: logger.child({ room: "link" }),
    metrics,
    status: () => ({
      state,
      endpoint: server?.url ?? "",
      startedAt,
      residentBytes: process.memoryUsage.rss(),
    }),
  });
  const { catalog, control } = link;
  const messageKey = openMessageKey(join(options.directory, ENGINE_DIRECTORIES.queues));
  const engines = await openEngines({
    directory: options.directory,
    logger,
    bucketNameOf: (bucketId) => [...catalog.buckets()].find((bucket) => bucket.bucketId === bucketId)?.name,
  });
  const surroundings = {
    catalog,
    control,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    metrics,
  };
  const queuesEnvironment = {
    ...surroundings,
    engine: engines.queues,
    logger: logger.child({ room: "queues" }),
    messageKey,
  };
  const objectsEnvironment = {
    ...surroundings,
    engine: engines.objects,
    logger: logger.child({ room: "objects" }),
    eventDestinations: [createQueueDestination(queuesEnvironment)],
  };
  try {
    await link.whenReady();
  } catch (error) {
    link.close();
    await engines.close();
    throw error;
  }
  const queues = createQueuesService(queuesEnvironment);
  const objects = createObjectsService(objectsEnvironment);
  const [tables, tableStreams] = await createTablesServices({
    ...surroundings,
    engine: engines.tables,
    throttling: options.enforceThroughput,
    logger: logger.child({ room: "tables" }),
  });
  const uses = createAccessKeyUses({
    directory: join(options.directory, "iam"),
    catalog,
    timers: systemTimers,
    logger: logger.child({ room: "iam" }),
  });
  const iam = await createIamService({ ...surroundings, uses });
  const sts = await createStsService(surroundings);
  const operator: OperatorEndpoint = {
    link,
    engines,
    queues,
    objectsDirectory: join(options.directory, ENGINE_DIRECTORIES.objects),
    audit: engines.audit,
    metrics,
    token: options.operatorToken,
    names: ENDPOINT_NAMES,
    state: () => state,
  };
  const door = await createFrontDoor({
    services: [objects, queues, tables, tableStreams, iam, sts],
    catalog,
    defaultRegion: options.region,
    regions: new Set([...REGIONS, options.region]),
    names: ENDPOINT_NAMES,
    hostId: newHostId(systemRandom),
    clock: systemClock,
    logger: logger.child({ room: "front-door" }),
    metrics: createOperationMetrics(metrics),
    audit: engines.audit,
    auditDataEvents: options.auditDataEvents,
    changes: createTokenBuckets({ clock: systemClock, ...CHANGES_OF_CALLER }),
    // Set by the tests; see `tests/support/cloud.ts`.
    checksConditionKeys: process.env.BIPLANE_CHECKS_CONDITION_KEYS === "1",
    browser: createObjectsBrowserAccess(objectsEnvironment),
    onKeyUse: uses.record,
  });
  server = await serveHttp({
    name: "aws",
    hostname: options.hostname,
    port: options.port,
    requestIdHeader: null,
    logger: logger.child({ room: "http" }),
    metrics,
    ...(options.accessLog === undefined ? {} : { accessLog: options.accessLog }),
    handler: (request) => operatorAnswers(request, operator) ?? door(request),
  });
  state = "ready";
  link.reportStatus();

  const { url } = server;
  return {
    url,
    link,
    async close() {
      state = "draining";
      link.reportStatus();
      queues.drain();
      engines.audit.drain();
      await server?.close(CLOSE_GRACE_MS);
      // Objects first: their events still go to queues.
      await objects.close();
      await Promise.all([queues.close(), tables.close(), tableStreams.close(), iam.close(), sts.close(), uses.close()]);
      link.close();
      await engines.close();
    },
  };
}
