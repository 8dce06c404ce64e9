/** An event of the outbox as the message that its destination gets. */
import type { EventSource } from "#data-plane/service";
import type { OutboxEvent } from "../engine/port.ts";
import type { ObjectEventName } from "../rules/notifications/event-names.ts";
import { eventRecord } from "../rules/notifications/event-record.ts";
import { readOrigin } from "./event-origin.ts";

export interface EventMessage {
  readonly body: string;
  readonly source: EventSource;
}

/** @returns undefined when what is kept of the event makes no sense, which no retry will change */
export function messageOf(event: OutboxEvent): EventMessage | undefined {
  const origin = readOrigin(event.origin);
  if (origin === undefined) return undefined;
  const { bucket, region, accountId, ...cause } = origin;
  const record = eventRecord({
    ...cause,
    bucket,
    region,
    // The announcement was made from one of these names.
    name: event.event as ObjectEventName,
    time: event.time,
    key: event.key,
    size: event.size,
    etag: event.etag,
    versionId: event.versionId,
    sequence: event.id,
  });
  return {
    body: JSON.stringify({ Records: [record] }),
    source: { bucketArn: `arn:aws:s3:::${bucket}`, accountId, region },
  };
}
