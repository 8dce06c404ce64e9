/**
 * The engine's database. Fixed tables keep the books; each DynamoDB table, index and stream has an SQL table of its own, named by its number.
 *
 * | name | rows |
 * |---|---|
 * | `items_<table>` | items: JSON text, key bytes, size |
 * | `entries_<index>` | entries of an index: key bytes → `items_<table>.id` |
 * | `collections_<table>` | bytes of each hash key's items, for tables with local indexes |
 * | `records_<stream>` | change records |
 * | `<account>/<region>/<name>` | a view of the items, for people with an SQLite shell |
 *
 * Items are rows of a rowid table with a unique index on the key. Measured for new items of 1 KB: a put costs half of what it costs in a WITHOUT ROWID table, where such rows either spill into
 * pages of their own (4 KiB pages) or make each commit write larger pages. What that table would have been good for, items of one hash key lying side by side, comes from how rowids are
 * given (`item-places.ts`). Entries of indexes are small and go WITHOUT ROWID.
 */
import type { Database, Migration } from "#foundation/sql";

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "books",
    sql: `
CREATE TABLE tables (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  table_id TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  -- A TableDefinition as JSON.
  definition TEXT NOT NULL,
  -- closed: marked for deletion, takes no writes. dropped: rows are being removed. gone: nothing is left but this row, so that the id is never used again.
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'restoring', 'dropped', 'gone')),
  -- The stream that is enabled.
  stream INTEGER
) STRICT;
CREATE INDEX tables_by_place ON tables (account_id, region, name);
CREATE INDEX tables_left ON tables (number) WHERE state <> 'gone';
CREATE INDEX tables_dropped ON tables (number) WHERE state = 'dropped';

CREATE TABLE table_counters (
  number INTEGER PRIMARY KEY,
  items INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- The last sequence number of any stream of the table.
  sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE indexes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  table_number INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('local', 'global', 'expiry')),
  -- Name of a local index, indexId of a global one, the attribute of expiry times.
  identity TEXT NOT NULL,
  -- An IndexDefinition as JSON.
  definition TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('building', 'active', 'removing')),
  -- While building: items up to this id have been visited, and those up to the last one were there before the index. Newer ones are entered by their own writes.
  visited INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT;
CREATE INDEX indexes_of_table ON indexes (table_number);
CREATE INDEX indexes_waiting ON indexes (number) WHERE state <> 'active';

CREATE TABLE index_counters (
  number INTEGER PRIMARY KEY,
  items INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE streams (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  table_number INTEGER NOT NULL,
  table_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  table_name TEXT NOT NULL,
  label TEXT NOT NULL,
  view_type TEXT NOT NULL,
  -- A KeyDefinition as JSON.
  keys TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- Since when it takes no records, in milliseconds; null while it is enabled.
  ended_at INTEGER,
  UNIQUE (table_id, label)
) STRICT;
CREATE INDEX streams_by_place ON streams (account_id, region, number);
CREATE INDEX streams_by_name ON streams (account_id, region, table_name, number);

CREATE TABLE shards (
  stream_number INTEGER NOT NULL,
  -- 1, 2, 3 … within the stream.
  ordinal INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  -- Sequence numbers: records of the shard are after \`behind\`, up to \`last\` (null while it is open).
  behind INTEGER NOT NULL,
  last INTEGER,
  ended_at INTEGER,
  -- Records up to this sequence number have been trimmed.
  trimmed INTEGER NOT NULL,
  PRIMARY KEY (stream_number, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE transact_tokens (
  scope TEXT NOT NULL,
  token TEXT NOT NULL,
  digest TEXT NOT NULL,
  done_at INTEGER NOT NULL,
  -- Sizes of the actions as JSON: [[old, new], …].
  sizes TEXT NOT NULL,
  PRIMARY KEY (scope, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX transact_tokens_by_time ON transact_tokens (done_at);

-- Whole copies, each in a file of its own; a file without a row here was never finished.
CREATE TABLE backups (
  backup_id TEXT PRIMARY KEY,
  -- A TableDefinition as JSON.
  definition TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  items INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- What whoever made the backup wants to know of it later.
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
  {
    version: 2,
    name: "tombstones that are removed",
    sql: `
-- When the last row of a dropped table was removed, in milliseconds.
ALTER TABLE tables ADD COLUMN gone_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tables_gone ON tables (gone_at) WHERE state = 'gone';
`,
  },
];

/** Before every item's id. */
export const BEFORE_ALL = Number.MIN_SAFE_INTEGER;

export const itemsTable = (table: number): string => `items_${table}`;
export const collectionsTable = (table: number): string => `collections_${table}`;
export const entriesTable = (index: number): string => `entries_${index}`;
export const recordsTable = (stream: number): string => `records_${stream}`;

/** @param collections whether sizes of item collections are kept (tables with local indexes) */
export function createItemsTable(database: Database, table: number, collections: boolean): void {
  // Small columns first: a look at the size does not read the pages into which a long item spills.
  database.exec(`CREATE TABLE ${itemsTable(table)} (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, bytes INTEGER NOT NULL, item TEXT NOT NULL
  ) STRICT`);
  database.exec(`CREATE UNIQUE INDEX ${itemsTable(table)}_by_key ON ${itemsTable(table)} (key)`);
  if (!collections) return;
  database.exec(
    `CREATE TABLE ${collectionsTable(table)} (partition BLOB PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  );
}

export function createEntriesTable(database: Database, index: number): void {
  database.exec(
    `CREATE TABLE ${entriesTable(index)} (key BLOB PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  );
}

export function createRecordsTable(database: Database, stream: number): void {
  // Rows are only added at the end and removed at the beginning.
  database.exec(`CREATE TABLE ${recordsTable(stream)} (
    sequence INTEGER PRIMARY KEY, created_at INTEGER NOT NULL,
    event TEXT NOT NULL, expired INTEGER NOT NULL, bytes INTEGER NOT NULL,
    keys TEXT NOT NULL, old_image TEXT, new_image TEXT
  ) STRICT`);
}
