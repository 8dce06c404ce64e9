/** The service as the front door gets it. */
import type { Service } from "#data-plane/service";
import { createAccessLogs } from "../access-logs/access-logs.ts";
import { startLifecycleWorker } from "../lifecycle/lifecycle-worker.ts";
import { startEventDelivery } from "../notifications/event-delivery.ts";
import { bucketHandlers } from "../operations/buckets/index.ts";
import { multipartHandlers } from "../operations/multipart/index.ts";
import { objectHandlers } from "../operations/objects/index.ts";
import { objectsPermissions } from "../permissions.ts";
import { createToolbox, defineOperations, type Toolbox } from "./define.ts";
import type { ObjectsEnvironment } from "./environment.ts";
import { settleClosedBuckets } from "./settle-closed-buckets.ts";
import { watchVanishedBuckets } from "./watch-vanished-buckets.ts";

const handlersOf = (tools: Toolbox) => ({
  ...bucketHandlers(tools),
  ...objectHandlers(tools),
  ...multipartHandlers(tools),
});

/** Operations of S3 that this service carries out. */
export type ObjectsOperationName = keyof ReturnType<typeof handlersOf>;

/**
 * The S3 service on an engine.
 *
 * @example
 * const objects = createObjectsService({ engine, catalog, control, clock, timers, random, logger, metrics });
 * const door = await createFrontDoor({ services: [objects], … });
 */
export function createObjectsService(environment: ObjectsEnvironment): Service {
  const tools = createToolbox(environment);
  const lifecycle = startLifecycleWorker(environment);
  const accessLogs = createAccessLogs(environment);
  const delivery = startEventDelivery(environment);
  const endWatch = watchVanishedBuckets(environment);
  const stopped = new AbortController();
  const settled = settleInterrupted(environment, stopped.signal);
  const operations = defineOperations(tools, handlersOf(tools));
  return {
    name: "s3",
    operations: accessLogs.watch(operations),
    permissions: objectsPermissions(operations.keys()),
    requestAnswered: accessLogs.requestAnswered,
    async close() {
      stopped.abort();
      endWatch();
      await Promise.all([lifecycle.close(), settled, accessLogs.close(), delivery.close()]);
    },
  };
}

/** Never rejects: a bucket that cannot be settled stays closed, and the log says so. */
async function settleInterrupted(environment: ObjectsEnvironment, signal: AbortSignal): Promise<void> {
  const { engine, logger } = environment;
  const closedBuckets = engine.closedBuckets?.bind(engine);
  if (closedBuckets === undefined) return;
  try {
    await settleClosedBuckets(environment, { closedBuckets }, signal);
  } catch (error) {
    logger.error("interrupted deletions of buckets cannot be settled", { error });
  }
}
