/** The event store in one SQLite file. */
import type { ControlPlaneId, EventEnvelope, EventId } from "#contracts";
import { type Random, randomUuid } from "#foundation/runtime";
import { type Database, migrate, openDatabase } from "#foundation/sql";
import { EVENT_COLUMNS, type EventRow, eventOfRow, eventValues } from "./event-row.ts";
import {
  type AggregateReference,
  type AppendBatch,
  type DocumentChange,
  type EventStore,
  type IdempotencyRecord,
  type QuarantinedEvent,
  READ_ROWS_MAX,
  type ViewCheckpoint,
  type ViewProgress,
  type ViewRow,
  type ViewRowChange,
} from "./event-store.ts";
import { deposedError, EventStoreError } from "./event-store-error.ts";
import { checkEventLog } from "./sqlite-log-check.ts";
import { EVENT_STORE_MIGRATIONS } from "./sqlite-schema.ts";

/** Expired idempotency records dropped per append: more than an append adds on average, few enough not to delay it. */
const EXPIRED_DROPPED_PER_APPEND = 64;

/**
 * Opens the store, migrates it and takes a new epoch.
 *
 * @param options.path the database file, or `:memory:`
 * @throws SqlError when the file is damaged or was made by a newer program
 */
export function openSqliteEventStore(options: { readonly path: string; readonly random: Random }): EventStore {
  const database = openDatabase({ path: options.path });
  try {
    migrate(database, EVENT_STORE_MIGRATIONS);
    const { control_plane_id, epoch } = takeEpoch(database, options.random);
    return new SqliteEventStore(database, control_plane_id as ControlPlaneId, epoch);
  } catch (error) {
    database.close();
    throw error;
  }
}

interface ControlPlaneRow {
  readonly control_plane_id: string;
  readonly epoch: number;
}

function takeEpoch(database: Database, random: Random): ControlPlaneRow {
  return database.transaction(() => {
    database
      .prepare("INSERT INTO control_plane (single, control_plane_id, epoch) VALUES (1, ?1, 0) ON CONFLICT DO NOTHING")
      .run(randomUuid(random));
    return database
      .prepare<ControlPlaneRow>("UPDATE control_plane SET epoch = epoch + 1 RETURNING control_plane_id, epoch")
      .get()!;
  });
}

/** Prepared once; see the schema for what each column means. */
function prepareStatements(database: Database) {
  return {
    head: database.prepare<{ head: number }>("SELECT coalesce(max(id), 0) AS head FROM events"),
    epoch: database.prepare<{ epoch: number }>("SELECT epoch FROM control_plane"),
    lastSequence: database.prepare<{ last: number }>(
      "SELECT coalesce(max(aggregate_sequence), 0) AS last FROM events WHERE aggregate_type = ?1 AND aggregate_id = ?2",
    ),
    insertEvent: database.prepare(
      `INSERT INTO events (${EVENT_COLUMNS}, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    read: database.prepare<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE id > ?1 ORDER BY id LIMIT ?2`),
    readAggregate: database.prepare<EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE aggregate_type = ?1 AND aggregate_id = ?2 AND aggregate_sequence > ?3
       ORDER BY aggregate_sequence LIMIT ?4`,
    ),
    putIdempotency: database.prepare(
      "INSERT OR REPLACE INTO idempotency (scope, fingerprint, answer, expires_at) VALUES (?1, ?2, ?3, ?4)",
    ),
    findIdempotency: database.prepare<{ fingerprint: string; answer: string; expires_at: number }>(
      "SELECT fingerprint, answer, expires_at FROM idempotency WHERE scope = ?1 AND expires_at > ?2",
    ),
    dropExpired: database.prepare(
      `DELETE FROM idempotency WHERE scope IN
       (SELECT scope FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ${EXPIRED_DROPPED_PER_APPEND})`,
    ),
    putRow: database.prepare("INSERT OR REPLACE INTO view_rows (view, key, row) VALUES (?1, ?2, ?3)"),
    dropRow: database.prepare("DELETE FROM view_rows WHERE view = ?1 AND key = ?2"),
    dropRows: database.prepare("DELETE FROM view_rows WHERE view = ?1"),
    rows: database.prepare<ViewRow>(
      "SELECT key, row FROM view_rows WHERE view = ?1 AND (?2 IS NULL OR key > ?2) ORDER BY key LIMIT ?3",
    ),
    moveCheckpoint: database.prepare("UPDATE view_checkpoints SET through = ?2 WHERE view = ?1"),
    putCheckpoint: database.prepare(
      "INSERT OR REPLACE INTO view_checkpoints (view, version, through) VALUES (?1, ?2, ?3)",
    ),
    checkpoints: database.prepare<{ view: string; version: number; through: number }>(
      "SELECT view, version, through FROM view_checkpoints ORDER BY view",
    ),
    putQuarantine: database.prepare(
      "INSERT OR REPLACE INTO view_quarantine (view, event_id, reason) VALUES (?1, ?2, ?3)",
    ),
    dropQuarantine: database.prepare("DELETE FROM view_quarantine WHERE view = ?1"),
    quarantine: database.prepare<{ view: string; event_id: number; reason: string }>(
      "SELECT view, event_id, reason FROM view_quarantine ORDER BY event_id, view",
    ),
    putDocument: database.prepare("INSERT OR REPLACE INTO documents (name, text) VALUES (?1, ?2)"),
    dropDocument: database.prepare("DELETE FROM documents WHERE name = ?1"),
    document: database.prepare<{ text: string }>("SELECT text FROM documents WHERE name = ?1"),
    documentNames: database.prepare<{ name: string }>(
      "SELECT name FROM documents WHERE name > ?1 AND substr(name, 1, length(?2)) = ?2 ORDER BY name LIMIT ?3",
    ),
    putNote: database.prepare("INSERT OR REPLACE INTO notes (name, value) VALUES (?1, ?2)"),
    note: database.prepare<{ value: string }>("SELECT value FROM notes WHERE name = ?1"),
  };
}

class SqliteEventStore implements EventStore {
  readonly controlPlaneId: ControlPlaneId;
  readonly epoch: number;
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepareStatements>;
  readonly #listeners = new Set<(head: EventId) => void>();
  readonly #deposed = new Set<(error: EventStoreError) => void>();

  constructor(database: Database, controlPlaneId: ControlPlaneId, epoch: number) {
    this.#database = database;
    this.controlPlaneId = controlPlaneId;
    this.epoch = epoch;
    this.#sql = prepareStatements(database);
  }

  async head(): Promise<EventId> {
    return this.#guard(() => this.#sql.head.get()!.head as EventId);
  }

  async lastSequences(aggregates: readonly AggregateReference[]): Promise<readonly number[]> {
    return this.#guard(() =>
      aggregates.map(({ aggregateType, aggregateId }) => this.#sql.lastSequence.get(aggregateType, aggregateId)!.last),
    );
  }

  async append(batch: AppendBatch): Promise<void> {
    this.#write(() => {
      for (const event of batch.events) this.#sql.insertEvent.run(...eventValues(event), this.epoch);
      for (const record of batch.idempotency) {
        this.#sql.putIdempotency.run(record.scope, record.fingerprint, record.answer, record.expiresAt);
      }
      const last = batch.events.at(-1);
      for (const { view, changes } of batch.views) {
        this.#changeRows(view, changes);
        if (last !== undefined) this.#sql.moveCheckpoint.run(view, last.id);
      }
      for (const change of batch.documents ?? []) this.#changeDocument(change);
      this.#sql.dropExpired.run(batch.now);
    });
    const last = batch.events.at(-1);
    if (last !== undefined) for (const listener of this.#listeners) listener(last.id);
  }

  async read(after: EventId, limit: number): Promise<readonly EventEnvelope[]> {
    return this.#guard(() => this.#sql.read.all(after, Math.min(limit, READ_ROWS_MAX)).map(eventOfRow));
  }

  async readAggregate(
    aggregate: AggregateReference,
    afterSequence: number,
    limit: number,
  ): Promise<readonly EventEnvelope[]> {
    const { aggregateType, aggregateId } = aggregate;
    const rows = Math.min(limit, READ_ROWS_MAX);
    return this.#guard(() =>
      this.#sql.readAggregate.all(aggregateType, aggregateId, afterSequence, rows).map(eventOfRow),
    );
  }

  async findIdempotency(scope: string, now: number): Promise<IdempotencyRecord | undefined> {
    const row = this.#guard(() => this.#sql.findIdempotency.get(scope, now));
    if (row === undefined) return undefined;
    return { scope, fingerprint: row.fingerprint, answer: row.answer, expiresAt: row.expires_at };
  }

  async viewCheckpoints(): Promise<readonly ViewCheckpoint[]> {
    return this.#guard(() => this.#sql.checkpoints.all().map((row) => ({ ...row, through: row.through as EventId })));
  }

  async viewRows(view: string, afterKey: string | null, limit: number): Promise<readonly ViewRow[]> {
    return this.#guard(() => this.#sql.rows.all(view, afterKey, Math.min(limit, READ_ROWS_MAX)));
  }

  async saveView(progress: ViewProgress): Promise<void> {
    const { view, version, through } = progress.checkpoint;
    this.#write(() => {
      if (progress.replace) {
        this.#sql.dropRows.run(view);
        this.#sql.dropQuarantine.run(view);
      }
      this.#changeRows(view, progress.changes);
      for (const one of progress.quarantined) this.#sql.putQuarantine.run(one.view, one.eventId, one.reason);
      this.#sql.putCheckpoint.run(view, version, through);
    });
  }

  async quarantined(): Promise<readonly QuarantinedEvent[]> {
    return this.#guard(() =>
      this.#sql.quarantine.all().map(({ view, event_id, reason }) => ({ view, eventId: event_id as EventId, reason })),
    );
  }

  async setNote(name: string, value: string): Promise<void> {
    this.#write(() => {
      this.#sql.putNote.run(name, value);
    });
  }

  async note(name: string): Promise<string | undefined> {
    return this.#guard(() => this.#sql.note.get(name)?.value);
  }

  async document(name: string): Promise<string | undefined> {
    return this.#guard(() => this.#sql.document.get(name)?.text);
  }

  async documentNames(prefix: string, afterName: string, limit: number): Promise<readonly string[]> {
    const rows = Math.min(limit, READ_ROWS_MAX);
    return this.#guard(() => this.#sql.documentNames.all(afterName, prefix, rows).map(({ name }) => name));
  }

  async putDocument(change: DocumentChange): Promise<void> {
    this.#write(() => this.#changeDocument(change));
  }

  onAppended(listener: (head: EventId) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onDeposed(listener: (error: EventStoreError) => void): void {
    this.#deposed.add(listener);
  }

  async check(): Promise<readonly string[]> {
    return this.#guard(() => [...this.#database.integrityCheck("full"), ...checkEventLog(this.#database)]);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#deposed.clear();
    this.#database.close();
  }

  #changeDocument({ name, text }: DocumentChange): void {
    if (text === null) this.#sql.dropDocument.run(name);
    else this.#sql.putDocument.run(name, text);
  }

  #changeRows(view: string, changes: readonly ViewRowChange[]): void {
    for (const { key, row } of changes) {
      if (row === null) this.#sql.dropRow.run(view, key);
      else this.#sql.putRow.run(view, key, row);
    }
  }

  /** One fenced transaction: the epoch is read under the write lock, so that nobody can take a higher one before the commit. */
  #write(body: () => void): void {
    this.#guard(() =>
      this.#database.transaction(() => {
        const current = this.#sql.epoch.get()!.epoch;
        if (current !== this.epoch) throw this.#deposedBy(current);
        body();
      }),
    );
  }

  #deposedBy(current: number): EventStoreError {
    const error = deposedError(current, this.epoch);
    for (const listener of this.#deposed) listener(error);
    this.#deposed.clear();
    return error;
  }

  #guard<Result>(body: () => Result): Result {
    try {
      return body();
    } catch (error) {
      throw storeError(error);
    }
  }
}

function storeError(error: unknown): EventStoreError {
  if (error instanceof EventStoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Closed") return new EventStoreError("Closed", "the event log was closed", { cause: error });
  const numbered = message.includes("misnumbered") || message.includes("UNIQUE constraint failed: events");
  if (numbered) return new EventStoreError("Misnumbered", message, { cause: error });
  if (message.includes("deposed")) return new EventStoreError("Deposed", message, { cause: error });
  return new EventStoreError("Unavailable", `the event log failed: ${message}`, { cause: error });
}
