/**
 * The tables of `objects.db`.
 *
 * - `current` holds exactly the objects that a listing shows: the latest version of each key that is not a delete marker. It is clustered by bucket and
 *   key, so that a page is one seek and a walk, whatever was deleted or superseded around it.
 * - `versions` holds everything else that has a version: superseded versions and delete markers, newest first within a key.
 * - `journal` holds small bodies until they are files; `arrivals` the large ones that are committed but still named `staging/<body>`;
 *   `garbage` what is no longer part of anything and waits to be unlinked.
 * - `outbox` holds events of writes until they are delivered, clustered by destination, oldest first.
 * - `parts` belong to an upload; when it is completed they stay, as the segments of the object (`current.upload`, `versions.upload`).
 *
 * Keys are BLOBs, so that SQLite compares them with memcmp. A `version` of NULL is S3's version "null". Times are milliseconds since 1970.
 */

import type { Migration } from "#foundation/sql";

const VERSION_COLUMNS = `
  seq INTEGER NOT NULL,
  version TEXT,
  modified INTEGER NOT NULL,
  owner TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  body INTEGER,
  upload INTEGER,
  cipher TEXT,
  lock TEXT,
  detail TEXT`;

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "objects",
    sql: `
CREATE TABLE sequences (
  name TEXT PRIMARY KEY,
  next INTEGER NOT NULL
) STRICT;

CREATE TABLE buckets (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  directory TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'dropped')),
  objects INTEGER NOT NULL DEFAULT 0,
  versions INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  uploads INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE current (
  bucket INTEGER NOT NULL,
  key BLOB NOT NULL,${VERSION_COLUMNS},
  PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
  bucket INTEGER NOT NULL,
  key BLOB NOT NULL,${VERSION_COLUMNS},
  marker INTEGER NOT NULL,
  PRIMARY KEY (bucket, key, seq DESC)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX versions_null ON versions (bucket, key) WHERE version IS NULL;

CREATE TABLE uploads (
  bucket INTEGER NOT NULL,
  key BLOB NOT NULL,
  upload INTEGER NOT NULL,
  id TEXT NOT NULL,
  initiated INTEGER NOT NULL,
  owner TEXT NOT NULL,
  initiator TEXT NOT NULL,
  algorithm TEXT,
  type TEXT,
  cipher TEXT,
  lock TEXT,
  detail TEXT,
  PRIMARY KEY (bucket, key, upload)
) STRICT, WITHOUT ROWID;

CREATE INDEX uploads_by_age ON uploads (bucket, initiated);

CREATE TABLE completions (
  bucket INTEGER NOT NULL,
  key BLOB NOT NULL,
  upload INTEGER NOT NULL,
  id TEXT NOT NULL,
  completed INTEGER NOT NULL,
  PRIMARY KEY (bucket, key, upload)
) STRICT, WITHOUT ROWID;

CREATE INDEX completions_by_age ON completions (completed);

CREATE TABLE parts (
  upload INTEGER NOT NULL,
  part INTEGER NOT NULL,
  body INTEGER NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  checksum TEXT,
  modified INTEGER NOT NULL,
  PRIMARY KEY (upload, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
  body INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL,
  key BLOB NOT NULL,
  part INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE arrivals (
  body INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL,
  key BLOB NOT NULL,
  part INTEGER NOT NULL
) STRICT;

CREATE TABLE garbage (
  id INTEGER PRIMARY KEY,
  due INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  key BLOB NOT NULL,
  body INTEGER,
  part INTEGER NOT NULL,
  upload INTEGER
) STRICT;

CREATE INDEX garbage_by_body ON garbage (body) WHERE body IS NOT NULL;
`,
  },
  {
    version: 2,
    name: "outbox",
    sql: `
CREATE TABLE outbox (
  destination TEXT NOT NULL,
  id INTEGER NOT NULL,
  event TEXT NOT NULL,
  key BLOB NOT NULL,
  time INTEGER NOT NULL,
  version TEXT,
  size INTEGER,
  etag TEXT,
  origin TEXT NOT NULL,
  PRIMARY KEY (destination, id)
) STRICT, WITHOUT ROWID;
`,
  },
];
