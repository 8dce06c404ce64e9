/** Compares a closed engine's directory with its records: every file that should be there is, and no other. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { type Database, openDatabase } from "#foundation/sql";
import { storedSizeOf } from "../bodies/body-stream.ts";
import { bodyPath } from "../model/body-path.ts";
import { createRecords } from "../records/create-records.ts";

interface BodyRow {
  readonly directory: string;
  readonly key: Uint8Array;
  readonly body: number;
  readonly part: number;
  readonly size: number;
  readonly encrypted: number;
}

/**
 * What is wrong, as sentences; empty when nothing is. The engine must have been settled and closed, so that nothing is in between.
 */
export function auditDirectory(root: string): readonly string[] {
  const database = openDatabase({ path: join(root, "objects.db") });
  try {
    createRecords(database);
    return [
      ...database.integrityCheck("full"),
      ...auditFiles(database, root),
      ...auditLeftovers(database),
      ...auditCounters(database),
    ];
  } finally {
    database.close();
  }
}

function auditFiles(database: Database, root: string): string[] {
  const problems: string[] = [];
  const expected = new Map<string, number>();
  for (const row of referencedBodies(database)) {
    const path = bodyPath(row.directory, row.key, row.body, row.part);
    expected.set(path, storedSizeOf(row.size, row.encrypted === 1));
  }
  for (const path of filesUnder(root, "buckets")) {
    const size = expected.get(path);
    if (size === undefined) problems.push(`${path} belongs to nothing`);
    else if (statSync(join(root, path)).size !== size) problems.push(`${path} has not ${size} bytes`);
    expected.delete(path);
  }
  for (const path of expected.keys()) problems.push(`${path} is missing`);
  for (const path of filesUnder(root, "staging")) problems.push(`${path} was left over`);
  return problems;
}

function referencedBodies(database: Database): readonly BodyRow[] {
  return database
    .prepare<BodyRow>(
      `WITH everything AS (
         SELECT bucket, key, body, upload, size, cipher FROM current
         UNION ALL SELECT bucket, key, body, upload, size, cipher FROM versions
         UNION ALL SELECT bucket, key, NULL, upload, 0, cipher FROM uploads)
       SELECT b.directory, e.key, e.body, 0 AS part, e.size, e.cipher IS NOT NULL AS encrypted
         FROM everything e JOIN buckets b ON b.number = e.bucket WHERE e.body IS NOT NULL
       UNION ALL
       SELECT b.directory, e.key, p.body, p.part, p.size, e.cipher IS NOT NULL AS encrypted
         FROM everything e JOIN buckets b ON b.number = e.bucket JOIN parts p ON p.upload = e.upload`,
    )
    .all();
}

function auditLeftovers(database: Database): string[] {
  const problems: string[] = [];
  for (const table of ["journal", "arrivals", "garbage"]) {
    const rows = database.prepare<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`).get()!.rows;
    if (rows > 0) problems.push(`${rows} rows are left in ${table}`);
  }
  const orphans = database
    .prepare<{ rows: number }>(
      `SELECT count(*) AS rows FROM parts WHERE upload NOT IN (
         SELECT upload FROM uploads UNION SELECT upload FROM current WHERE upload IS NOT NULL
         UNION SELECT upload FROM versions WHERE upload IS NOT NULL)`,
    )
    .get()!.rows;
  if (orphans > 0) problems.push(`${orphans} parts belong to no upload and no object`);
  return problems;
}

function auditCounters(database: Database): string[] {
  const wrong = database
    .prepare<{ id: string }>(
      `SELECT id FROM buckets b WHERE
         objects <> (SELECT count(*) FROM current WHERE bucket = number)
         OR versions <> (SELECT count(*) FROM current WHERE bucket = number)
           + (SELECT count(*) FROM versions v WHERE v.bucket = number)
         OR bytes <> (SELECT coalesce(sum(size), 0) FROM current WHERE bucket = number)
           + (SELECT coalesce(sum(size), 0) FROM versions v WHERE v.bucket = number)
         OR uploads <> (SELECT count(*) FROM uploads u WHERE u.bucket = number)`,
    )
    .all();
  return wrong.map(({ id }) => `the counters of ${id} are wrong`);
}

function filesUnder(root: string, directory: string): string[] {
  if (!existsSync(join(root, directory))) return [];
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
