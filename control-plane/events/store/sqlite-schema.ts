/** The tables of the embedded event store. */
import type { Migration } from "#foundation/sql";

/**
 * The triggers make the log append-only, gapless and fenced for everybody who opens the file, also for a person with the `sqlite3` shell. A replacing INSERT
 * cannot slip past them: the first trigger refuses any id but the next.
 */
const EVENT_LOG = `
CREATE TABLE control_plane (
  single INTEGER PRIMARY KEY CHECK (single = 1),
  control_plane_id TEXT NOT NULL,
  epoch INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  aggregate_type TEXT NOT NULL,
  aggregate_id TEXT NOT NULL,
  aggregate_sequence INTEGER NOT NULL,
  type TEXT NOT NULL,
  version INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  org TEXT NOT NULL,
  request_id TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  causation_id INTEGER,
  epoch INTEGER NOT NULL,
  payload TEXT NOT NULL,
  UNIQUE (aggregate_type, aggregate_id, aggregate_sequence)
) STRICT;

CREATE TRIGGER events_are_numbered BEFORE INSERT ON events
WHEN NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM events)
BEGIN SELECT RAISE(ABORT, 'misnumbered: the id is not the next'); END;

CREATE TRIGGER events_are_sequenced BEFORE INSERT ON events
WHEN NEW.aggregate_sequence <> (
  SELECT coalesce(max(aggregate_sequence), 0) + 1 FROM events
  WHERE aggregate_type = NEW.aggregate_type AND aggregate_id = NEW.aggregate_id)
BEGIN SELECT RAISE(ABORT, 'misnumbered: the aggregate sequence is not the next'); END;

CREATE TRIGGER events_are_fenced BEFORE INSERT ON events
WHEN NEW.epoch <> (SELECT epoch FROM control_plane)
BEGIN SELECT RAISE(ABORT, 'deposed: the epoch is not the current one'); END;

CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER events_do_not_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER epoch_never_decreases BEFORE UPDATE ON control_plane
WHEN NEW.epoch < OLD.epoch OR NEW.control_plane_id <> OLD.control_plane_id
BEGIN SELECT RAISE(ABORT, 'the epoch never decreases and the identity never changes'); END;

CREATE TRIGGER control_plane_stays BEFORE DELETE ON control_plane
BEGIN SELECT RAISE(ABORT, 'the identity of the log stays'); END;
`;

const IDEMPOTENCY = `
CREATE TABLE idempotency (
  scope TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  answer TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
`;

const VIEWS = `
CREATE TABLE view_checkpoints (
  view TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  through INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE view_rows (
  view TEXT NOT NULL,
  key TEXT NOT NULL,
  row TEXT NOT NULL,
  PRIMARY KEY (view, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_quarantine (
  view TEXT NOT NULL,
  event_id INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (view, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

const DOCUMENTS = `
CREATE TABLE documents (
  name TEXT PRIMARY KEY,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const EVENT_STORE_MIGRATIONS: readonly Migration[] = [
  { version: 1, name: "event log", sql: EVENT_LOG },
  { version: 2, name: "idempotency records", sql: IDEMPOTENCY },
  { version: 3, name: "views", sql: VIEWS },
  { version: 4, name: "documents", sql: DOCUMENTS },
];
