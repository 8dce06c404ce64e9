/** New events with an envelope around them, so that a test can fold what a handler decided. */
import type { AccountId, EventId } from "#contracts";
import { type AnyEvent, definitionOf, type NewEvent } from "#control-plane/events";

export const ACCOUNT = "111122223333" as AccountId;

export function completed(event: NewEvent): AnyEvent {
  return {
    id: 1 as EventId,
    aggregateType: definitionOf(event.type)!.kind,
    aggregateSequence: 1,
    version: 1,
    occurredAt: 1_700_000_000_000,
    actor: "test",
    requestId: "r",
    correlationId: "r",
    causationId: null,
    ...event,
  } as AnyEvent;
}
