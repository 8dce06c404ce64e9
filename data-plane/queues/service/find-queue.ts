/** From what a request names to the queue. */
import type { CallContext } from "#data-plane/service";
import { queueDoesNotExist } from "../errors.ts";
import { parseQueueArn, parseQueueUrl, type QueuePlace } from "../rules/queue-address.ts";
import type { QueuesEnvironment } from "./environment.ts";
import { type QueueView, viewOf } from "./queue-view.ts";

type CatalogOnly = Pick<QueuesEnvironment, "catalog">;

/**
 * The queue of a URL, in the region that the request was signed for. Without a URL, the path of the request names it, as in the older query API.
 *
 * @throws AwsError QueueDoesNotExist
 */
export function queueOfUrl({ catalog }: CatalogOnly, url: string | undefined, context: CallContext): QueueView {
  const place = parseQueueUrl(url === undefined || url === "" ? context.request.path : url);
  const record = place === undefined ? undefined : catalog.queue(place.accountId, context.region, place.name);
  if (record === undefined) throw queueDoesNotExist();
  return viewOf(record);
}

export function queueOfPlace(
  { catalog }: CatalogOnly,
  { accountId, name }: QueuePlace,
  context: Pick<CallContext, "region">,
): QueueView | undefined {
  const record = catalog.queue(accountId, context.region, name);
  return record === undefined ? undefined : viewOf(record);
}

/** The queue that an ARN names; undefined where there is none. */
export function queueOfArn({ catalog }: CatalogOnly, arn: string): QueueView | undefined {
  const place = parseQueueArn(arn);
  const record = place === undefined ? undefined : catalog.queue(place.accountId, place.region, place.name);
  return record === undefined ? undefined : viewOf(record);
}
