/** The event store in PostgreSQL, for control planes that are to outlive their machine. */
import type { ControlPlaneId, EventEnvelope, EventId } from "#contracts";
import { randomUuid } from "#foundation/runtime";
import { arrayLiteral, type PostgresClient, PostgresError } from "#foundation/sql/postgres";
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
} from "./event-store.ts";
import { deposedError, type EventStoreError, lostEventsError } from "./event-store-error.ts";
import { FINDINGS_MAX, LOG_CHECKS } from "./log-checks.ts";
import { type LogState, LogWatch } from "./log-watch.ts";
import { eventOf, type PostgresEventRow, stateOfHint, storeError, type Whole } from "./postgres-answers.ts";
import { channelOf, openLogClient, type PostgresLogOptions, requireSuitableLog, takeEpoch } from "./postgres-log.ts";
import { appendStatement, changeRows, FENCE, READS } from "./postgres-statements.ts";

/** Reads at a time, besides the one session that writes. */
const READING_SESSIONS = 2;

/** A check reads the whole log: half an hour is some 10⁹ events. */
const CHECK_MS = 30 * 60_000;

/** How long the server may take to end a session that was given up; it notices within the statement that runs. */
const ENDING_MS = 5_000;

/**
 * Opens the store and takes a new epoch. The schema must be there: see `preparePostgresLog`.
 *
 * @throws SqlError SchemaTooNew, MigrationChanged, MigrationsPending; PostgresError when the server cannot be reached, refuses, or is not fit to keep a log
 */
export async function openPostgresEventStore(options: PostgresLogOptions): Promise<EventStore> {
  // By its name the server can be asked to end what is left of this store's sessions, and of nobody else's.
  const writerName = `biplane-log-${randomUuid(options.random)}`;
  const writer = openLogClient(options, { name: writerName, sessions: 1 });
  try {
    await requireSuitableLog(writer, options);
    const taken = await takeEpoch(writer, options.random, channelOf(options));
    const [end] = await writer.read<{ head: string }>(READS.head);
    return new PostgresEventStore(options, { writer, writerName, ...taken, head: Number(end!.head) as EventId });
  } catch (error) {
    await writer.close();
    throw error;
  }
}

interface Opened {
  readonly writer: PostgresClient;
  readonly writerName: string;
  readonly controlPlaneId: ControlPlaneId;
  readonly epoch: number;
  readonly head: EventId;
}

class PostgresEventStore implements EventStore {
  readonly controlPlaneId: ControlPlaneId;
  readonly epoch: number;
  readonly #options: PostgresLogOptions;
  readonly #writer: PostgresClient;
  readonly #writerName: string;
  readonly #reader: PostgresClient;
  readonly #channel: string;
  readonly #watch: LogWatch;
  /** The last event that was known to be in the log. */
  #known: EventId;
  /** Set when a write was not answered: what became of it is settled before anything else is asked. */
  #unsettled = false;
  #settling: Promise<void> | undefined;

  constructor(options: PostgresLogOptions, { writer, writerName, controlPlaneId, epoch, head }: Opened) {
    this.controlPlaneId = controlPlaneId;
    this.epoch = epoch;
    this.#options = options;
    this.#writer = writer;
    this.#writerName = writerName;
    this.#reader = openLogClient(options, { name: "biplane-read", sessions: READING_SESSIONS });
    this.#channel = channelOf(options);
    this.#known = head;
    this.#watch = new LogWatch({
      state: { epoch, head },
      look: () => this.#state(),
      listen: () =>
        this.#reader.listen(this.#channel, (said) => {
          const state = stateOfHint(said);
          if (state !== undefined) this.#watch.told(state);
        }),
      timers: options.timers,
    });
  }

  async head(): Promise<EventId> {
    return (await this.#state()).head;
  }

  async lastSequences(aggregates: readonly AggregateReference[]): Promise<readonly number[]> {
    if (aggregates.length === 0) return [];
    const types = arrayLiteral(aggregates.map(({ aggregateType }) => aggregateType));
    const ids = arrayLiteral(aggregates.map(({ aggregateId }) => aggregateId));
    const rows = await this.#read<{ last: Whole }>(READS.lastSequences, [types, ids]);
    return rows.map(({ last }) => Number(last));
  }

  async append(batch: AppendBatch): Promise<void> {
    const { sql, parameters } = appendStatement(batch, this.epoch, this.#channel);
    await this.#write(async () => (await this.#writer.query(sql, parameters)).length > 0);
    const last = batch.events.at(-1);
    if (last === undefined) return;
    this.#known = last.id;
    this.#watch.told({ epoch: this.epoch, head: last.id });
  }

  async read(after: EventId, limit: number): Promise<readonly EventEnvelope[]> {
    return (await this.#read<PostgresEventRow>(READS.read, [after, atMost(limit)])).map(eventOf);
  }

  async readAggregate(
    { aggregateType, aggregateId }: AggregateReference,
    afterSequence: number,
    limit: number,
  ): Promise<readonly EventEnvelope[]> {
    const parameters = [aggregateType, aggregateId, afterSequence, atMost(limit)];
    return (await this.#read<PostgresEventRow>(READS.readAggregate, parameters)).map(eventOf);
  }

  async findIdempotency(scope: string, now: number): Promise<IdempotencyRecord | undefined> {
    type Row = { readonly fingerprint: string; readonly answer: string; readonly expires_at: Whole };
    const [row] = await this.#read<Row>(READS.idempotency, [scope, now]);
    if (row === undefined) return undefined;
    return { scope, fingerprint: row.fingerprint, answer: row.answer, expiresAt: Number(row.expires_at) };
  }

  async viewCheckpoints(): Promise<readonly ViewCheckpoint[]> {
    const rows = await this.#read<{ view: string; version: number; through: Whole }>(READS.checkpoints);
    return rows.map(({ view, version, through }) => ({ view, version, through: Number(through) as EventId }));
  }

  async viewRows(view: string, afterKey: string | null, limit: number): Promise<readonly ViewRow[]> {
    const rows = await (afterKey === null
      ? this.#read<ViewRow>(READS.firstViewRows, [view, atMost(limit)])
      : this.#read<ViewRow>(READS.viewRowsAfter, [view, afterKey, atMost(limit)]));
    return rows.map(({ key, row }) => ({ key, row }));
  }

  async saveView({ checkpoint, changes, quarantined, replace }: ViewProgress): Promise<void> {
    const { view, version, through } = checkpoint;
    await this.#write(() =>
      this.#writer.transaction(async (transaction) => {
        if ((await transaction.query(FENCE, [this.epoch])).length === 0) return false;
        if (replace) {
          await transaction.query("DELETE FROM view_rows WHERE view = $1", [view]);
          await transaction.query("DELETE FROM view_quarantine WHERE view = $1", [view]);
        }
        for (let first = 0; first < changes.length; first += READ_ROWS_MAX) {
          for (const { sql, parameters } of changeRows(view, changes.slice(first, first + READ_ROWS_MAX))) {
            await transaction.query(sql, parameters);
          }
        }
        for (const { view: of, eventId, reason } of quarantined) {
          await transaction.query(
            `INSERT INTO view_quarantine (view, event_id, reason) VALUES ($1, $2, $3)
             ON CONFLICT (view, event_id) DO UPDATE SET reason = excluded.reason`,
            [of, eventId, reason],
          );
        }
        await transaction.query(
          `INSERT INTO view_checkpoints (view, version, through) VALUES ($1, $2, $3)
           ON CONFLICT (view) DO UPDATE SET version = excluded.version, through = excluded.through`,
          [view, version, through],
        );
        return true;
      }),
    );
  }

  async quarantined(): Promise<readonly QuarantinedEvent[]> {
    const rows = await this.#read<{ view: string; event_id: Whole; reason: string }>(READS.quarantine);
    return rows.map(({ view, event_id, reason }) => ({ view, eventId: Number(event_id) as EventId, reason }));
  }

  async setNote(name: string, value: string): Promise<void> {
    const sql = `WITH fence AS MATERIALIZED (${FENCE})
      INSERT INTO notes (name, value) SELECT $2, $3 FROM fence
      ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING name`;
    await this.#write(async () => (await this.#writer.query(sql, [this.epoch, name, value])).length > 0);
  }

  async note(name: string): Promise<string | undefined> {
    return (await this.#read<{ value: string }>(READS.note, [name]))[0]?.value;
  }

  async document(name: string): Promise<string | undefined> {
    return (await this.#read<{ text: string }>(READS.document, [name]))[0]?.text;
  }

  async documentNames(prefix: string, afterName: string, limit: number): Promise<readonly string[]> {
    const rows = await this.#read<{ name: string }>(READS.documentNames, [afterName, prefix, atMost(limit)]);
    return rows.map(({ name }) => name);
  }

  async putDocument({ name, text }: DocumentChange): Promise<void> {
    const change =
      text === null
        ? "DELETE FROM documents WHERE name = $2 AND EXISTS (SELECT FROM fence)"
        : `INSERT INTO documents (name, text) SELECT $2, $3 FROM fence
           ON CONFLICT (name) DO UPDATE SET text = excluded.text`;
    const sql = `WITH fence AS MATERIALIZED (${FENCE}), changed AS (${change}) SELECT epoch FROM fence`;
    const parameters = text === null ? [this.epoch, name] : [this.epoch, name, text];
    await this.#write(async () => (await this.#writer.query(sql, parameters)).length > 0);
  }

  onAppended(listener: (head: EventId) => void): () => void {
    return this.#watch.onAppended(listener);
  }

  onDeposed(listener: (error: EventStoreError) => void): void {
    this.#watch.onDeposed(listener);
  }

  async check(): Promise<readonly string[]> {
    const use = { name: "biplane-check", sessions: 1, statementMs: CHECK_MS, wholeTables: true } as const;
    const client = openLogClient(this.#options, use);
    try {
      const findings: string[] = [];
      for (const { finding, sql } of LOG_CHECKS) {
        const rows = await client.read<{ id: Whole }>(`${sql} LIMIT ${FINDINGS_MAX}`);
        findings.push(...rows.map(({ id }) => `${finding} ${id}`));
      }
      return findings;
    } catch (error) {
      throw storeError(error);
    } finally {
      await client.close();
    }
  }

  async close(): Promise<void> {
    this.#watch.close();
    await Promise.all([this.#writer.close(), this.#reader.close()]);
  }

  /** @param step resolves with whether the fence held */
  async #write(step: () => Promise<boolean>): Promise<void> {
    await this.#settle();
    let held: boolean;
    try {
      held = await step();
    } catch (error) {
      if (error instanceof PostgresError && !error.nothingDone) this.#unsettled = true;
      throw storeError(error);
    }
    if (held) return;
    const state = await this.#state();
    this.#watch.told(state);
    throw deposedError(state.epoch, this.epoch);
  }

  /** @throws EventStoreError Deposed when events are gone that were there before this was asked */
  async #state(): Promise<LogState> {
    const known = this.#known;
    const [row] = await this.#read<{ head: Whole; epoch: Whole }>(READS.state);
    const state = { head: Number(row!.head) as EventId, epoch: Number(row!.epoch) };
    if (state.head >= known) return state;
    const error = lostEventsError(state.head, known);
    this.#watch.deposed(error);
    throw error;
  }

  async #read<Row extends object>(sql: string, parameters: readonly (string | number)[] = []): Promise<readonly Row[]> {
    await this.#settle();
    try {
      return await this.#reader.read<Row>(sql, parameters);
    } catch (error) {
      throw storeError(error);
    }
  }

  /**
   * After a write whose answer was lost: what still runs of it on the server is ended and waited for, so that from then on it is either in the log or will never be.
   * Otherwise it could appear after the log was asked whether it is there.
   */
  async #settle(): Promise<void> {
    if (!this.#unsettled) return;
    this.#settling ??= this.#endLostSessions().finally(() => {
      this.#settling = undefined;
    });
    await this.#settling;
  }

  async #endLostSessions(): Promise<void> {
    try {
      const rows = await this.#writer.read<{ ended: boolean }>(
        `SELECT pg_terminate_backend(pid, ${ENDING_MS}) AS ended FROM pg_stat_activity
         WHERE application_name = $1 AND usename = current_user AND pid <> pg_backend_pid()`,
        [this.#writerName],
      );
      if (!rows.every(({ ended }) => ended)) throw new Error("a session of this control plane does not end");
      this.#unsettled = false;
    } catch (error) {
      throw storeError(error);
    }
  }
}

function atMost(limit: number): number {
  return Math.min(limit, READ_ROWS_MAX);
}
