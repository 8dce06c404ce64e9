/** An event as a row. */
import type { AccountId, AggregateType, EventEnvelope, EventId, EventPayloads, EventType } from "#contracts";
import type { SqlValue } from "#foundation/sql";

export interface EventRow {
  readonly id: number;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly aggregate_sequence: number;
  readonly type: string;
  readonly version: number;
  readonly occurred_at: number;
  readonly actor: string;
  readonly org: string;
  readonly request_id: string;
  readonly correlation_id: string;
  readonly causation_id: number | null;
  readonly payload: string;
}

export const EVENT_COLUMNS =
  "id, aggregate_type, aggregate_id, aggregate_sequence, type, version, occurred_at, actor, org, request_id, correlation_id, causation_id, payload";

/** The values of `EVENT_COLUMNS`. */
export function eventValues(event: EventEnvelope): readonly SqlValue[] {
  return [
    event.id,
    event.aggregateType,
    event.aggregateId,
    event.aggregateSequence,
    event.type,
    event.version,
    event.occurredAt,
    event.actor,
    event.org,
    event.requestId,
    event.correlationId,
    event.causationId,
    JSON.stringify(event.payload),
  ];
}

/** The envelope that a row holds. Only this program's appender writes rows, so their types hold; a newer program's event types pass through unjudged. */
export function eventOfRow(row: EventRow): EventEnvelope {
  return {
    id: row.id as EventId,
    aggregateType: row.aggregate_type as AggregateType,
    aggregateId: row.aggregate_id,
    aggregateSequence: row.aggregate_sequence,
    type: row.type as EventType,
    version: row.version,
    occurredAt: row.occurred_at,
    actor: row.actor,
    org: row.org as AccountId,
    requestId: row.request_id,
    correlationId: row.correlation_id,
    causationId: row.causation_id as EventId | null,
    payload: JSON.parse(row.payload) as EventPayloads[EventType],
  };
}
