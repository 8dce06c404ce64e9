/** Deletions of queues. */
import { ResourceDeletions } from "#data-plane/resources";
import type { QueuesEnvironment } from "./environment.ts";

export type QueueDeletions = ResourceDeletions<"queue">;

export function queueDeletions({
  catalog,
  control,
  engine,
  timers,
  logger,
}: Pick<QueuesEnvironment, "catalog" | "control" | "engine" | "timers" | "logger">): QueueDeletions {
  return new ResourceDeletions({ kind: "queue", engine, control, timers, logger, find: (id) => catalog.queueById(id) });
}
