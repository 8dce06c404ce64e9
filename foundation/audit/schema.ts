/** The tables of an audit log. */
import type { Migration } from "#foundation/sql";

/**
 * The record's text is all that is kept of it: what is searched for is computed from that text (virtual columns, kept in indexes only), so that there is nothing beside
 * the hashed bytes that could say something else.
 *
 * Each index ends in the time, and in the sequence, which SQLite adds: one filter is answered in the order of time by reading only what is asked for.
 *
 * The triggers make the log append-only for everybody who opens the file, also for a person with the `sqlite3` shell. Whoever drops them is found out by `verify`. A
 * replacing INSERT cannot slip past: it would have to bear the next number.
 */
const AUDIT_LOG = `
CREATE TABLE chain (
  single INTEGER PRIMARY KEY CHECK (single = 1),
  -- hash(0) in hex
  name TEXT NOT NULL,
  -- the last record that retention has removed, 0 before it ever did
  start_sequence INTEGER NOT NULL,
  start_hash BLOB NOT NULL
) STRICT;

CREATE TABLE records (
  sequence INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  record TEXT NOT NULL,
  at INTEGER GENERATED ALWAYS AS (record ->> '$.at') VIRTUAL,
  category TEXT GENERATED ALWAYS AS (record ->> '$.category') VIRTUAL,
  decision TEXT GENERATED ALWAYS AS (record ->> '$.decision') VIRTUAL,
  actor TEXT GENERATED ALWAYS AS (record ->> '$.actor.id') VIRTUAL,
  account TEXT GENERATED ALWAYS AS (record ->> '$.actor.accountId') VIRTUAL,
  access_key TEXT GENERATED ALWAYS AS (record ->> '$.actor.accessKeyId') VIRTUAL,
  action TEXT GENERATED ALWAYS AS (record ->> '$.action') VIRTUAL,
  resource TEXT GENERATED ALWAYS AS (record ->> '$.resource') VIRTUAL,
  request_id TEXT GENERATED ALWAYS AS (record ->> '$.requestId') VIRTUAL
) STRICT;

CREATE INDEX by_at ON records (at);
CREATE INDEX by_category ON records (category, at);
CREATE INDEX by_decision ON records (decision, at);
CREATE INDEX by_actor ON records (actor, at);
CREATE INDEX by_account ON records (account, at) WHERE account IS NOT NULL;
CREATE INDEX by_access_key ON records (access_key, at) WHERE access_key IS NOT NULL;
CREATE INDEX by_action ON records (action, at);
CREATE INDEX by_resource ON records (resource, at) WHERE resource IS NOT NULL;
CREATE INDEX by_request_id ON records (request_id, at);

CREATE TRIGGER records_are_numbered BEFORE INSERT ON records
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM records)
BEGIN SELECT RAISE(ABORT, 'misnumbered: the sequence is not the next'); END;

CREATE TRIGGER records_do_not_change BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;

CREATE TRIGGER records_stay BEFORE DELETE ON records
WHEN OLD.sequence > (SELECT start_sequence FROM chain)
BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;

CREATE TRIGGER chain_goes_forward BEFORE UPDATE ON chain
WHEN NEW.name <> OLD.name OR NEW.start_sequence < OLD.start_sequence
BEGIN SELECT RAISE(ABORT, 'the name of the log stays, its start only moves on'); END;

CREATE TRIGGER chain_stays BEFORE DELETE ON chain
BEGIN SELECT RAISE(ABORT, 'the name of the log stays'); END;
`;

export const AUDIT_MIGRATIONS: readonly Migration[] = [{ version: 1, name: "audit log", sql: AUDIT_LOG }];
