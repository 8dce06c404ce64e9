/**
 * The tables of the event store in PostgreSQL, and what the role of the running program may do with them.
 *
 * All texts are compared by their bytes (`COLLATE "C"`): rows are paged in that order, and an index does not depend on the rules of a language, which change when
 * the server's operating system is renewed.
 */
import type { Migration } from "#foundation/sql";

/** SQLSTATEs of our own, by which the store recognises what the triggers refuse. */
export const MISNUMBERED = "BP001";
export const DEPOSED = "BP002";
export const APPEND_ONLY = "BP003";

/**
 * The triggers make the log append-only, gapless and fenced for everybody who has a role, also for the owner with `psql`. They look at all rows of a statement at once.
 *
 * Each new event must find the one before it (its number less one; in its aggregate, the sequence less one at a lower number). By induction nothing is missing. The look-ups are
 * scalar on purpose: the planner cannot turn them into a join that reads the whole log.
 */
const EVENT_LOG = `
CREATE TABLE control_plane (
  single integer PRIMARY KEY CHECK (single = 1),
  control_plane_id text NOT NULL,
  epoch bigint NOT NULL
);

CREATE TABLE events (
  id bigint PRIMARY KEY CHECK (id > 0),
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  aggregate_sequence bigint NOT NULL CHECK (aggregate_sequence > 0),
  type text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  occurred_at bigint NOT NULL,
  actor text COLLATE "C" NOT NULL,
  org text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  correlation_id text COLLATE "C" NOT NULL,
  causation_id bigint,
  payload json NOT NULL,
  epoch bigint NOT NULL,
  UNIQUE (aggregate_type, aggregate_id, aggregate_sequence)
);

CREATE FUNCTION events_continue() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  culprit bigint;
BEGIN
  -- Shared with other appends, not with who takes over: the epoch stands until this transaction ends.
  PERFORM FROM control_plane FOR SHARE;
  SELECT a.id INTO culprit FROM appended a WHERE a.epoch <> coalesce((SELECT c.epoch FROM control_plane c), 0) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'deposed: the epoch of event % is not the current one', culprit USING ERRCODE = '${DEPOSED}';
  END IF;
  SELECT a.id INTO culprit FROM appended a
   WHERE a.id <> 1 + coalesce((SELECT e.id FROM events e WHERE e.id = a.id - 1), 0) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'misnumbered: there is no event before event %', culprit USING ERRCODE = '${MISNUMBERED}';
  END IF;
  SELECT a.id INTO culprit FROM appended a
   WHERE a.aggregate_sequence <> 1 + coalesce((
     SELECT e.aggregate_sequence FROM events e
      WHERE e.aggregate_type = a.aggregate_type AND e.aggregate_id = a.aggregate_id
        AND e.aggregate_sequence = a.aggregate_sequence - 1 AND e.id < a.id), 0) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'misnumbered: the aggregate sequence of event % is not the next', culprit USING ERRCODE = '${MISNUMBERED}';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER events_continue AFTER INSERT ON events
  REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION events_continue();

CREATE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are append-only' USING ERRCODE = '${APPEND_ONLY}';
END $$;

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events
  FOR EACH STATEMENT EXECUTE FUNCTION events_stay();

CREATE FUNCTION control_plane_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.epoch >= OLD.epoch AND NEW.control_plane_id = OLD.control_plane_id THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION 'the epoch never decreases and the identity of the log stays' USING ERRCODE = '${APPEND_ONLY}';
END $$;

CREATE TRIGGER control_plane_stays BEFORE UPDATE OR DELETE ON control_plane
  FOR EACH ROW EXECUTE FUNCTION control_plane_stays();
CREATE TRIGGER control_plane_is_kept BEFORE TRUNCATE ON control_plane
  FOR EACH STATEMENT EXECUTE FUNCTION control_plane_stays();
`;

const IDEMPOTENCY = `
CREATE TABLE idempotency (
  scope text COLLATE "C" PRIMARY KEY,
  fingerprint text NOT NULL,
  answer text NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
`;

const VIEWS = `
CREATE TABLE view_checkpoints (
  view text COLLATE "C" PRIMARY KEY,
  version integer NOT NULL,
  through bigint NOT NULL
);

CREATE TABLE view_rows (
  view text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "row" text NOT NULL,
  PRIMARY KEY (view, key)
);

CREATE TABLE view_quarantine (
  view text COLLATE "C" NOT NULL,
  event_id bigint NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (view, event_id)
);

CREATE TABLE notes (
  name text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);
`;

const DOCUMENTS = `
CREATE TABLE documents (
  name text COLLATE "C" PRIMARY KEY,
  text text NOT NULL
);
`;

export const POSTGRES_EVENT_STORE_MIGRATIONS: readonly Migration[] = [
  { version: 1, name: "event log", sql: EVENT_LOG },
  { version: 2, name: "idempotency records", sql: IDEMPOTENCY },
  { version: 3, name: "views", sql: VIEWS },
  { version: 4, name: "documents", sql: DOCUMENTS },
];

/**
 * What the running program may do, and nothing else: add events, take over, keep views. Given again after each migration.
 * @param role quoted already
 */
export function grantsTo(role: string, schema: string): string {
  return `
    REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM PUBLIC, ${role};
    GRANT USAGE ON SCHEMA ${schema} TO ${role};
    GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role};
    GRANT INSERT ON events, control_plane TO ${role};
    GRANT UPDATE (epoch) ON control_plane TO ${role};
    GRANT INSERT, UPDATE, DELETE ON idempotency, view_checkpoints, view_rows, view_quarantine, notes, documents TO ${role};
  `;
}
