/** The tables of `queues.db`. */

import type { Migration } from "#foundation/sql";

/**
 * A message is one row of `messages`, written once and never updated, so that what changes (where it stands, who has it) costs no page with bodies.
 *
 * - `schedule` says when a message can be taken: `due` 0 means now, in the order of `place`; otherwise it is delayed or in flight until then. On a
 *   standard queue every message has one row. On a FIFO queue one that waits behind others of its group has none: only the first of an unlocked group
 *   stands at 0, so that neither a deep group nor many locked ones are ever walked through.
 * - `since` is what retention counts from: `sent_at`, except in FIFO dead-letter queues.
 * - `receipts` holds what a receive leaves behind, from the first one on.
 * - Rows belong to a `store`, not to a queue: purging gives the queue a new store, dropping takes it away, and the old one is garbage, removed bit by bit.
 *
 * Times are epoch milliseconds.
 *
 * In statements with ORDER BY, LIMIT or joins parameters are written `+?1`. A bare one lets SQLite's planner look at its value (there is a build with
 * SQLITE_ENABLE_STAT4 inside Bun), and then every new value has the statement planned again: 5 to 15 µs where the look-up itself takes 1.
 */
const TABLES = `
CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sequences (
  name TEXT PRIMARY KEY,
  next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Dropped queues stay as tombstones: nothing else remembers that their ids must never work again.
CREATE TABLE queues (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('open', 'marked', 'dropped')),
  settings TEXT NOT NULL,
  store INTEGER NOT NULL,
  visible INTEGER NOT NULL DEFAULT 0,
  in_flight INTEGER NOT NULL DEFAULT 0,
  delayed INTEGER NOT NULL DEFAULT 0,
  tail INTEGER NOT NULL DEFAULT 0,
  served INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX queues_marked ON queues (key) WHERE state = 'marked';
CREATE INDEX queues_kept ON queues (key) WHERE state <> 'dropped';

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  store INTEGER NOT NULL,
  place INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  since INTEGER NOT NULL,
  delayed_until INTEGER,
  group_id TEXT,
  origin INTEGER,
  envelope TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX messages_by_age ON messages (store, since);
CREATE INDEX messages_by_group ON messages (store, group_id, seq) WHERE group_id IS NOT NULL;

CREATE TABLE schedule (
  store INTEGER NOT NULL,
  due INTEGER NOT NULL,
  place INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (store, due, place, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
  seq INTEGER PRIMARY KEY,
  due INTEGER NOT NULL,
  receives INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  changed INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Groups of FIFO queues with messages in flight, and how many.
CREATE TABLE locks (
  store INTEGER NOT NULL,
  group_id TEXT NOT NULL,
  held INTEGER NOT NULL,
  PRIMARY KEY (store, group_id)
) STRICT, WITHOUT ROWID;

-- In the order of acceptance, so that what is over is at the beginning. (AUTOINCREMENT would cost a second write and is not needed: numbers only grow.)
CREATE TABLE deduplication (
  number INTEGER PRIMARY KEY,
  queue INTEGER NOT NULL,
  scope TEXT NOT NULL,
  id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  UNIQUE (queue, scope, id)
) STRICT;

CREATE TABLE attempts (
  number INTEGER PRIMARY KEY,
  queue INTEGER NOT NULL,
  id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  receipts TEXT NOT NULL,
  UNIQUE (queue, id)
) STRICT;

CREATE TABLE garbage (
  store INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE move_tasks (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  source INTEGER NOT NULL,
  destination INTEGER,
  per_second_max INTEGER,
  status TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  before_seq INTEGER NOT NULL,
  moved INTEGER NOT NULL DEFAULT 0,
  to_move INTEGER NOT NULL,
  failure TEXT
) STRICT;
CREATE INDEX move_tasks_by_source ON move_tasks (source, number);
CREATE INDEX move_tasks_running ON move_tasks (number) WHERE status = 'RUNNING';
`;

/**
 * What SQS remembers for a minute (when a queue was purged, when a name was deleted), and how often a message was received before it came into a dead-letter
 * queue: `receipts` counts in the queue that it is in, because that is what is compared with `maxReceiveCount`.
 */
const MEMORY = `
ALTER TABLE queues ADD COLUMN name TEXT;
ALTER TABLE queues ADD COLUMN purged_at INTEGER;
ALTER TABLE queues ADD COLUMN dropped_at INTEGER;
CREATE INDEX queues_by_name ON queues (name, key) WHERE name IS NOT NULL;
ALTER TABLE messages ADD COLUMN received_before INTEGER NOT NULL DEFAULT 0;
`;

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: "queues", sql: TABLES },
  { version: 2, name: "memory", sql: MEMORY },
];
