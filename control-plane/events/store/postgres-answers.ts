/** What PostgreSQL answers, in our terms. Pure. */
import type { EventEnvelope, EventId } from "#contracts";
import { PostgresError } from "#foundation/sql/postgres";
import { type EventRow, eventOfRow } from "./event-row.ts";
import { EventStoreError } from "./event-store-error.ts";
import type { LogState } from "./log-watch.ts";
import { DEPOSED, MISNUMBERED } from "./postgres-schema.ts";

/** `bigint` as the client gives it. */
export type Whole = string;

/** An event as the client gives it. */
export type PostgresEventRow = Omit<EventRow, "id" | "aggregate_sequence" | "occurred_at" | "causation_id"> & {
  readonly id: Whole;
  readonly aggregate_sequence: Whole;
  readonly occurred_at: Whole;
  readonly causation_id: Whole | null;
};

export function eventOf(row: PostgresEventRow): EventEnvelope {
  return eventOfRow({
    ...row,
    id: Number(row.id),
    aggregate_sequence: Number(row.aggregate_sequence),
    occurred_at: Number(row.occurred_at),
    causation_id: row.causation_id === null ? null : Number(row.causation_id),
  });
}

/** What is told on the channel: `<epoch> <head>`. Undefined for what says neither. */
export function stateOfHint(said: string): LogState | undefined {
  const [, epoch, head] = /^(\d{1,15}) (\d{1,15})$/.exec(said) ?? [];
  return head === undefined ? undefined : { epoch: Number(epoch), head: Number(head) as EventId };
}

/** Whatever a client throws, as the port says it. */
export function storeError(error: unknown): EventStoreError {
  if (error instanceof EventStoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof PostgresError) {
    const { code, sqlState, constraint } = error;
    if (code === "Closed") return new EventStoreError("Closed", "the event log was closed", { cause: error });
    // A number or a sequence that is there already, or none at all.
    const numbered = sqlState === MISNUMBERED || constraint?.startsWith("events_") === true;
    if (numbered) return new EventStoreError("Misnumbered", message, { cause: error });
    if (sqlState === DEPOSED) return new EventStoreError("Deposed", message, { cause: error });
  }
  return new EventStoreError("Unavailable", `the event log failed: ${message}`, { cause: error });
}
