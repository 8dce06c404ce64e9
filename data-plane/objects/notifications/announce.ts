/** What a write has to announce: decided before it, committed with it. */
import type { Catalog } from "#data-plane/link";
import type { CallContext } from "#data-plane/service";
import type { Announcement, DeletionAnnouncements } from "../engine/port.ts";
import type { ObjectEventName } from "../rules/notifications/event-names.ts";
import type { BucketView } from "../service/bucket-view.ts";
import { causeOfRequest, type EventCause } from "./event-cause.ts";
import { writeOrigin } from "./event-origin.ts";

const causeOf = (by: CallContext | EventCause): EventCause => ("caller" in by ? causeOfRequest(by) : by);

/**
 * The announcement for the rule of the bucket that an event concerns; undefined when it concerns none.
 * @param by the request, or the part of S3, that causes the event
 */
export function announcementOf(
  catalog: Catalog,
  view: BucketView,
  event: ObjectEventName,
  key: string,
  by: CallContext | EventCause,
): Announcement | undefined {
  const rule = view.notifications?.match(event, key);
  if (rule === undefined) return undefined;
  const { name: bucket, region, accountId } = view.record;
  const bucketOwner = catalog.account(accountId)?.canonicalUserId ?? accountId;
  const origin = writeOrigin({ ...causeOf(by), bucket, region, accountId, bucketOwner, configurationId: rule.id });
  return { destination: rule.destination, event, origin };
}

/** The same for a deletion, which shows only when it is done what it is. */
export function deletionAnnouncements(
  catalog: Catalog,
  view: BucketView,
  kind: "ObjectRemoved" | "LifecycleExpiration",
  key: string,
  by: CallContext | EventCause,
): DeletionAnnouncements | undefined {
  if (view.notifications === undefined) return undefined;
  const removed = announcementOf(catalog, view, `${kind}:Delete`, key, by);
  const marked = announcementOf(catalog, view, `${kind}:DeleteMarkerCreated`, key, by);
  return removed === undefined && marked === undefined ? undefined : { removed, marked };
}
