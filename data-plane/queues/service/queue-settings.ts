/** What the engine is told of a queue. */
import type { QueueRecord } from "#contracts";
import type { QueueSettings } from "../engine/port.ts";
import type { QueuesEnvironment } from "./environment.ts";
import { queueOfArn } from "./find-queue.ts";
import type { QueueView } from "./queue-view.ts";

const SECOND_MS = 1000;

/** What a queue is known by as long as it exists: a deleted one's name cannot be taken at once. */
export const engineNameOf = ({ accountId, region, name }: Pick<QueueRecord, "accountId" | "region" | "name">): string =>
  `${region}/${accountId}/${name}`;

/** A dead-letter queue that does not exist (any more) takes nothing: messages then stay in the queue, as on AWS. */
export function settingsOf(environment: Pick<QueuesEnvironment, "catalog">, view: QueueView): QueueSettings {
  const { record, fifo, redrive } = view;
  const target = redrive === undefined ? undefined : queueOfArn(environment, redrive.deadLetterTargetArn);
  return {
    queueId: record.resourceId,
    name: engineNameOf(record),
    fifo,
    visibilityMs: view.number("VisibilityTimeout") * SECOND_MS,
    delayMs: view.number("DelaySeconds") * SECOND_MS,
    retentionMs: view.number("MessageRetentionPeriod") * SECOND_MS,
    ...(fifo
      ? { deduplicationScope: view.attribute("DeduplicationScope") === "messageGroup" ? "messageGroup" : "queue" }
      : {}),
    ...(redrive === undefined || target === undefined
      ? {}
      : { redrive: { deadLetterQueueId: target.record.resourceId, maxReceiveCount: redrive.maxReceiveCount } }),
  };
}
