/** Events before they have a place in the log. */
import type { AccountId, EventEnvelope, EventId, EventPayloads, EventType } from "#contracts";
import { definitionOf } from "./catalog/catalog-keys.ts";
import { inTodaysForm } from "./older-events.ts";

/** What a command decides to have happened. */
export type NewEvent = {
  readonly [Type in EventType]: {
    readonly type: Type;
    /** Id of the aggregate: account id, access key id, bucket id, id of an entity, a resource, a data plane … */
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

/** An event that knows its own cause better than the command that it came from does. */
export type OwnedEvent = NewEvent & Partial<Pick<EventOrigin, "correlationId" | "causationId">>;

/** An envelope whose `type` decides its payload. */
export type AnyEvent = { readonly [Type in EventType]: EventEnvelope<Type> }[EventType];

/**
 * The event as the union that can be told apart by `type`, in today's form; undefined when this program does not know its type or its payload's version (it was
 * written by a newer one).
 */
export function knownEvent(event: EventEnvelope): AnyEvent | undefined {
  const current = inTodaysForm(event);
  const version = definitionOf(current.type)?.definition.version;
  const known = version !== undefined && current.version >= 1 && current.version <= version;
  return known ? (current as AnyEvent) : undefined;
}
