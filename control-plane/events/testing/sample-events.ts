/** Events for tests. */
import type { AccountId, BucketId, EventEnvelope, EventId, Region } from "#contracts";
import type { AnyEvent, EventOrigin, NewEvent } from "../new-event.ts";

export const ACCOUNT = "111122223333" as AccountId;

export const ORIGIN: EventOrigin = {
  occurredAt: 1_700_000_000_000,
  actor: "system:test",
  requestId: "request-1",
  correlationId: "request-1",
  causationId: null,
};

/** A bucket's creation as a new event. */
export function bucketCreated(name: string, bucketId: string = `id-of-${name}`): NewEvent {
  return {
    type: "bucket.created",
    aggregateId: bucketId,
    org: ACCOUNT,
    payload: {
      bucketId: bucketId as BucketId,
      name,
      accountId: ACCOUNT,
      region: "us-east-1" as Region,
      objectLockEnabled: false,
      sections: {},
    },
  };
}

/** A change of one section as a new event. */
export function bucketConfigured(name: string, value: unknown, bucketId: string = `id-of-${name}`): NewEvent {
  return {
    type: "bucket.configured",
    aggregateId: bucketId,
    org: ACCOUNT,
    payload: { bucketId: bucketId as BucketId, name, section: "tagging", value },
  };
}

/** A bucket's deletion as a new event. */
export function bucketDeleted(name: string, bucketId: string = `id-of-${name}`): NewEvent {
  return {
    type: "bucket.deleted",
    aggregateId: bucketId,
    org: ACCOUNT,
    payload: { bucketId: bucketId as BucketId, name },
  };
}

/** A numbered event. */
export function envelope(id: number, event: NewEvent, aggregateSequence = 1): EventEnvelope {
  const numbered = { ...ORIGIN, ...event, id: id as EventId, aggregateType: "bucket", aggregateSequence, version: 1 };
  return numbered as AnyEvent;
}
