/** Events before they have a place in the log. */
import type { AccountId, AggregateType, EventEnvelope, EventId, EventPayloads, EventType } from "#contracts";

/** What a command decides to have happened. */
export type NewEvent = {
  readonly [Type in EventType]: {
    readonly type: Type;
    /** Id of the aggregate: account id, user id, access key id, bucket id, data plane id, resource id. */
    readonly aggregateId: string;
    /** The account that owns the aggregate. */
    readonly org: AccountId;
    readonly payload: EventPayloads[Type];
  };
}[EventType];

/** Where an event came from. */
export interface EventOrigin {
  readonly occurredAt: number;
  readonly actor: string;
  readonly requestId: string;
  readonly correlationId: string;
  readonly causationId: EventId | null;
}

/** The aggregate that each type of event belongs to, and the version of its payload that this program writes and reads. */
export const EVENT_TYPES: {
  readonly [Type in EventType]: { readonly aggregate: AggregateType; readonly version: number };
} = {
  "account.created": { aggregate: "account", version: 1 },
  "user.created": { aggregate: "user", version: 1 },
  "user.deleted": { aggregate: "user", version: 1 },
  "userPolicy.put": { aggregate: "user", version: 1 },
  "userPolicy.deleted": { aggregate: "user", version: 1 },
  "accessKey.created": { aggregate: "accessKey", version: 1 },
  "accessKey.updated": { aggregate: "accessKey", version: 1 },
  "accessKey.deleted": { aggregate: "accessKey", version: 1 },
  "bucket.created": { aggregate: "bucket", version: 1 },
  "bucket.configured": { aggregate: "bucket", version: 1 },
  "bucket.deleted": { aggregate: "bucket", version: 1 },
  "dataPlane.enrolled": { aggregate: "dataPlane", version: 1 },
  "dataPlane.forgotten": { aggregate: "dataPlane", version: 1 },
  "queue.created": { aggregate: "queue", version: 1 },
  "queue.configured": { aggregate: "queue", version: 1 },
  "queue.deleted": { aggregate: "queue", version: 1 },
  "table.created": { aggregate: "table", version: 1 },
  "table.configured": { aggregate: "table", version: 1 },
  "table.deleted": { aggregate: "table", version: 1 },
};

/** An envelope whose `type` decides its payload. */
export type AnyEvent = { readonly [Type in EventType]: EventEnvelope<Type> }[EventType];

/**
 * The event as the union that can be told apart by `type`, or undefined when this program does not know its type or its payload's version (it was written by
 * a newer one).
 */
export function knownEvent(event: EventEnvelope): AnyEvent | undefined {
  const known = Object.hasOwn(EVENT_TYPES, event.type) ? EVENT_TYPES[event.type] : undefined;
  return known !== undefined && event.version >= 1 && event.version <= known.version ? (event as AnyEvent) : undefined;
}
