/** What the store says to PostgreSQL. Pure. */
import type { EventEnvelope } from "#contracts";
import { arrayLiteral, type PostgresParameters } from "#foundation/sql/postgres";
import { EVENT_COLUMNS, eventValues } from "./event-row.ts";
import type { AppendBatch, ViewRowChange, ViewUpdate } from "./event-store.ts";

/** A statement with its parameters. */
export interface PostgresStatement {
  readonly sql: string;
  readonly parameters: PostgresParameters;
}

/** Expired idempotency records dropped per append: more than an append adds on average, few enough not to delay it. */
const EXPIRED_DROPPED_PER_APPEND = 64;

/** The types of `EVENT_COLUMNS`, in their order. */
const EVENT_TYPES =
  "bigint[], text[], text[], bigint[], text[], int[], bigint[], text[], text[], text[], text[], bigint[], json[]".split(
    ", ",
  );

/** `$3::bigint[], $4::text[] …` */
function columns(first: number, types: readonly string[]): string {
  return types.map((type, index) => `$${first + index}::${type}`).join(", ");
}

/**
 * Holds when this store's epoch ($1) is the current one, and keeps it current until the transaction ends: whoever takes over waits for this row. Where somebody has just
 * taken over, the row is looked at again after the wait (manual, "Read Committed Isolation Level"), and does not hold any more.
 */
export const FENCE = "SELECT epoch FROM control_plane WHERE epoch = $1 FOR SHARE";

/**
 * The whole batch in one statement: one round trip, and never a transaction that stays open because the program has died in the middle. Nothing happens and no row comes back
 * when the fence does not hold. Parts that read what another part writes would see the state before the statement; none does: the same row is changed by one part only.
 */
const APPEND = `
WITH fence AS MATERIALIZED (${FENCE}),
appended AS (
  INSERT INTO events (${EVENT_COLUMNS}, epoch)
  SELECT e.*, fence.epoch FROM fence, unnest(${columns(2, EVENT_TYPES)}) AS e
), remembered AS (
  INSERT INTO idempotency (scope, fingerprint, answer, expires_at)
  SELECT r.* FROM fence, unnest(${columns(15, ["text[]", "text[]", "text[]", "bigint[]"])}) AS r
  ON CONFLICT (scope) DO UPDATE
    SET fingerprint = excluded.fingerprint, answer = excluded.answer, expires_at = excluded.expires_at
), forgotten AS (
  DELETE FROM idempotency USING fence WHERE scope IN (
    SELECT scope FROM idempotency WHERE expires_at <= $19 AND scope <> ALL ($15::text[])
    ORDER BY expires_at LIMIT ${EXPIRED_DROPPED_PER_APPEND})
), written AS (
  INSERT INTO view_rows (view, key, "row")
  SELECT w.* FROM fence, unnest(${columns(20, ["text[]", "text[]", "text[]"])}) AS w
  ON CONFLICT (view, key) DO UPDATE SET "row" = excluded."row"
), removed AS (
  DELETE FROM view_rows v USING fence, unnest(${columns(23, ["text[]", "text[]"])}) AS d (view, key)
  WHERE v.view = d.view AND v.key = d.key
), kept AS (
  INSERT INTO documents (name, text)
  SELECT k.* FROM fence, unnest(${columns(28, ["text[]", "text[]"])}) AS k
  ON CONFLICT (name) DO UPDATE SET text = excluded.text
), dropped AS (
  DELETE FROM documents USING fence WHERE name = ANY ($30::text[])
), moved AS (
  UPDATE view_checkpoints SET through = $26 FROM fence WHERE view = ANY ($25::text[]) AND $26::bigint IS NOT NULL
)
SELECT CASE WHEN $26::bigint IS NOT NULL THEN pg_notify($27, fence.epoch || ' ' || $26)::text END FROM fence`;

/** @param channel on which the new state of the log is told, see `stateOfHint` */
export function appendStatement(batch: AppendBatch, epoch: number, channel: string): PostgresStatement {
  const { events, views } = batch;
  const remembered = [...new Map(batch.idempotency.map((record) => [record.scope, record])).values()];
  const rows = lastChanges(views);
  const written = rows.filter(({ row }) => row !== null);
  const removed = rows.filter(({ row }) => row === null);
  const documents = [...new Map((batch.documents ?? []).map((change) => [change.name, change])).values()];
  const kept = documents.filter(({ text }) => text !== null);
  const dropped = documents.filter(({ text }) => text === null);
  return {
    sql: APPEND,
    parameters: [
      epoch,
      ...eventColumns(events),
      arrayLiteral(remembered.map(({ scope }) => scope)),
      arrayLiteral(remembered.map(({ fingerprint }) => fingerprint)),
      arrayLiteral(remembered.map(({ answer }) => answer)),
      arrayLiteral(remembered.map(({ expiresAt }) => expiresAt)),
      batch.now,
      arrayLiteral(written.map(({ view }) => view)),
      arrayLiteral(written.map(({ key }) => key)),
      arrayLiteral(written.map(({ row }) => row)),
      arrayLiteral(removed.map(({ view }) => view)),
      arrayLiteral(removed.map(({ key }) => key)),
      arrayLiteral(views.map(({ view }) => view)),
      events.at(-1)?.id ?? null,
      channel,
      arrayLiteral(kept.map(({ name }) => name)),
      arrayLiteral(kept.map(({ text }) => text)),
      arrayLiteral(dropped.map(({ name }) => name)),
    ],
  };
}

/** Rows of one view, in the transaction of `saveView`. */
export function changeRows(view: string, changes: readonly ViewRowChange[]): readonly PostgresStatement[] {
  const rows = lastChanges([{ view, changes }]);
  const written = rows.filter(({ row }) => row !== null);
  const removed = rows.filter(({ row }) => row === null);
  const statements: PostgresStatement[] = [];
  if (removed.length > 0) {
    const keys = arrayLiteral(removed.map(({ key }) => key));
    statements.push({
      sql: "DELETE FROM view_rows WHERE view = $1 AND key = ANY ($2::text[])",
      parameters: [view, keys],
    });
  }
  if (written.length > 0) {
    const keys = arrayLiteral(written.map(({ key }) => key));
    statements.push({
      sql: `INSERT INTO view_rows (view, key, "row") SELECT $1, w.* FROM unnest($2::text[], $3::text[]) AS w
            ON CONFLICT (view, key) DO UPDATE SET "row" = excluded."row"`,
      parameters: [view, keys, arrayLiteral(written.map(({ row }) => row))],
    });
  }
  return statements;
}

/** The last change of each row: the ones before it are not seen by anybody, and one statement changes a row once. */
function lastChanges(updates: readonly ViewUpdate[]) {
  const last = new Map<string, { readonly view: string; readonly key: string; readonly row: string | null }>();
  for (const { view, changes } of updates) {
    for (const { key, row } of changes) last.set(`${view}\u0000${key}`, { view, key, row });
  }
  return [...last.values()];
}

/** A column of each value of the events, each an array. */
function eventColumns(events: readonly EventEnvelope[]): readonly string[] {
  const rows = events.map((event) => eventValues(event) as readonly (string | number | null)[]);
  return EVENT_TYPES.map((_, column) => arrayLiteral(rows.map((row) => row[column]!)));
}

/** The payload as the text that was written, not as the client would parse it. */
const READ_COLUMNS = EVENT_COLUMNS.replace("payload", "payload::text AS payload");

/** Reads; whole numbers of type `bigint` come back as text. */
export const READS = {
  head: "SELECT coalesce(max(id), 0) AS head FROM events",
  state: "SELECT coalesce((SELECT max(id) FROM events), 0) AS head, epoch FROM control_plane",
  lastSequences: `
    SELECT coalesce((SELECT max(e.aggregate_sequence) FROM events e
      WHERE e.aggregate_type = asked.type AND e.aggregate_id = asked.id), 0) AS last
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (type, id, place) ORDER BY asked.place`,
  read: `SELECT ${READ_COLUMNS} FROM events WHERE id > $1 ORDER BY id LIMIT $2`,
  readAggregate: `
    SELECT ${READ_COLUMNS} FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND aggregate_sequence > $3
    ORDER BY aggregate_sequence LIMIT $4`,
  idempotency: "SELECT fingerprint, answer, expires_at FROM idempotency WHERE scope = $1 AND expires_at > $2",
  firstViewRows: `SELECT key, "row" FROM view_rows WHERE view = $1 ORDER BY key LIMIT $2`,
  viewRowsAfter: `SELECT key, "row" FROM view_rows WHERE view = $1 AND key > $2 ORDER BY key LIMIT $3`,
  checkpoints: "SELECT view, version, through FROM view_checkpoints ORDER BY view",
  quarantine: "SELECT view, event_id, reason FROM view_quarantine ORDER BY event_id, view",
  document: "SELECT text FROM documents WHERE name = $1",
  documentNames: "SELECT name FROM documents WHERE name > $1 AND starts_with(name, $2) ORDER BY name LIMIT $3",
  note: "SELECT value FROM notes WHERE name = $1",
} as const;
