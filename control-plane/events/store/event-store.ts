/**
 * The port behind which the event log, the views and the idempotency records are kept. SQLite and PostgreSQL implement it; every implementation passes
 * `conformance.ts`.
 *
 * One process at a time appends: whoever opens the store takes a new, higher epoch, and an append of a lower epoch is refused from then on.
 */
import type { AggregateType, ControlPlaneId, EventEnvelope, EventId } from "#contracts";
import type { EventStoreError } from "./event-store-error.ts";

/** Names an aggregate. */
export interface AggregateReference {
  readonly aggregateType: AggregateType;
  readonly aggregateId: string;
}

/** What is remembered of a command that carried an idempotency key. */
export interface IdempotencyRecord {
  /** Who asked and with which key; see `idempotency.ts` of the core. */
  readonly scope: string;
  /** Digest of the command, to refuse another command under the same key. */
  readonly fingerprint: string;
  /** The outcome, sealed: it may hold a secret. */
  readonly answer: string;
  readonly expiresAt: number;
}

/** One row of a view: JSON text, or null where the row goes away. */
export interface ViewRowChange {
  readonly key: string;
  readonly row: string | null;
}

/** Changes of one view, in the order in which they apply. */
export interface ViewUpdate {
  readonly view: string;
  readonly changes: readonly ViewRowChange[];
}

/** How far a view has come. */
export interface ViewCheckpoint {
  readonly view: string;
  /** Version of the fold that made its rows. */
  readonly version: number;
  /** All events up to and including this one are in its rows (or in quarantine). */
  readonly through: EventId;
}

/** An event that a view could not take. */
export interface QuarantinedEvent {
  readonly view: string;
  readonly eventId: EventId;
  readonly reason: string;
}

/** A document, or null where it goes away. */
export interface DocumentChange {
  readonly name: string;
  readonly text: string | null;
}

/** What one append writes, all or nothing. */
export interface AppendBatch {
  /** Numbered `head + 1 …` without gaps, aggregate sequences likewise. May be empty. */
  readonly events: readonly EventEnvelope[];
  readonly idempotency: readonly IdempotencyRecord[];
  /** Every view named here moves its checkpoint to the last event of the batch; views that are not named stay behind. */
  readonly views: readonly ViewUpdate[];
  /** Texts beside the log that belong to its events and are no part of them, such as sealed secrets; the last change of each name counts. */
  readonly documents?: readonly DocumentChange[];
  /** Idempotency records that expired before this moment may be dropped, some at each append. */
  readonly now: number;
}

/** What catching a view up writes, all or nothing. */
export interface ViewProgress {
  readonly checkpoint: ViewCheckpoint;
  readonly changes: readonly ViewRowChange[];
  readonly quarantined: readonly QuarantinedEvent[];
  /** Drop all rows and quarantine records of the view first: it is built anew. */
  readonly replace: boolean;
}

/** A row of a view. */
export interface ViewRow {
  readonly key: string;
  readonly row: string;
}

/** Most rows or events that one read returns. */
export const READ_ROWS_MAX = 1_000;

export interface EventStore {
  /** Chosen when the log was made; never changes. */
  readonly controlPlaneId: ControlPlaneId;
  /** The epoch this opener took: higher than that of every earlier one. */
  readonly epoch: number;

  /** Id of the last event; 0 in an empty log. */
  head(): Promise<EventId>;
  /** The last sequence of each aggregate, 0 for one without events, in the order asked. */
  lastSequences(aggregates: readonly AggregateReference[]): Promise<readonly number[]>;
  /**
   * Appends durably. @throws EventStoreError Deposed when another opener has taken a higher epoch, Misnumbered when ids or sequences do not continue the
   * log, Unavailable when the storage failed (the batch may or may not have been kept: read `head` again)
   */
  append(batch: AppendBatch): Promise<void>;
  /** Events after the cursor, in order, without gaps; at most `limit`, and at most `READ_ROWS_MAX`. */
  read(after: EventId, limit: number): Promise<readonly EventEnvelope[]>;
  /** Events of one aggregate in order of their sequence, at most `limit`. */
  readAggregate(aggregate: AggregateReference, afterSequence: number, limit: number): Promise<readonly EventEnvelope[]>;
  /** The record of this scope, unless it has expired. */
  findIdempotency(scope: string, now: number): Promise<IdempotencyRecord | undefined>;

  viewCheckpoints(): Promise<readonly ViewCheckpoint[]>;
  /** Rows in ascending order of key (bytes of UTF-8), after `afterKey` (null: from the first), at most `limit`. */
  viewRows(view: string, afterKey: string | null, limit: number): Promise<readonly ViewRow[]>;
  /** Moves a view on its own, for catching up and rebuilding. @throws EventStoreError Deposed, Unavailable */
  saveView(progress: ViewProgress): Promise<void>;
  quarantined(): Promise<readonly QuarantinedEvent[]>;

  /** Small texts that belong to the log. @throws EventStoreError Deposed, Unavailable */
  setNote(name: string, value: string): Promise<void>;
  note(name: string): Promise<string | undefined>;

  /** A document, see `AppendBatch`. */
  document(name: string): Promise<string | undefined>;
  /** Names that begin with a prefix, in ascending order (bytes of UTF-8), after `afterName`, at most `limit`. */
  documentNames(prefix: string, afterName: string, limit: number): Promise<readonly string[]>;
  /** Changes a document alone. @throws EventStoreError Deposed, Unavailable */
  putDocument(change: DocumentChange): Promise<void>;

  /**
   * Tells that events may have been appended, once per batch. A hint: a reader that cannot afford to miss one reads by cursor. Returns the function that
   * ends the subscription.
   */
  onAppended(listener: (head: EventId) => void): () => void;
  /**
   * Tells once that this opener has the log no more (`Deposed`), as soon as this is noticed: at the latest when a write is refused, where openers may be on different machines
   * within about a second.
   */
  onDeposed(listener: (error: EventStoreError) => void): void;
  /** What is wrong with the stored log: gaps, broken sequences, epochs that go down, damaged files. Empty when nothing is. Takes time. */
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
}
