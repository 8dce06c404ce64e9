/** No statement of the engine walks over a table or sorts: every plan is a search in an index. */

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase, type Statement } from "#foundation/sql";
import { openBodyFiles } from "../bodies/body-files.ts";
import { createHousekeeping } from "../bodies/housekeeping.ts";
import { systemHousekeepingFiles } from "../bodies/system-files.ts";
import { openOutboxReader } from "../reading/outbox-reader.ts";
import { openRecordReader } from "../reading/record-reader.ts";
import { createRecords } from "./create-records.ts";

/** Statements that are meant to look at a whole table, and why that is small. */
const WHOLE_TABLES = [
  // Read once, at start; the journal is bounded.
  "SELECT count(*) AS rows, coalesce(sum(length(data)), 0) AS bytes FROM journal",
  // Few buckets, read once at start.
  "SELECT id FROM buckets WHERE state = 'closed' ORDER BY number",
  // The same: which buckets hold something, compared once with the catalog.
  "SELECT id AS bucketId, directory FROM buckets WHERE state = 'open' AND versions > 0 ORDER BY number",
  "SELECT version, checksum FROM schema_migrations ORDER BY version",
  "SELECT 1 AS found FROM sqlite_schema WHERE name = 'schema_migrations'",
];

function recording(database: Database, texts: Set<string>): Database {
  return new Proxy(database, {
    get(target, property) {
      if (property !== "prepare") {
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return <Row extends object>(sql: string): Statement<Row> => {
        texts.add(sql);
        return target.prepare<Row>(sql);
      };
    },
  });
}

test("every statement is answered by a search in an index", () => {
  const directory = mkdtempSync(join(tmpdir(), "biplane-plans-"));
  const database = openDatabase({ path: join(directory, "objects.db") });
  try {
    const texts = new Set<string>();
    const recorder = recording(database, texts);
    createRecords(recorder);
    openRecordReader(recorder);
    openOutboxReader(recorder);
    createHousekeeping(recorder, systemHousekeepingFiles(directory));
    openBodyFiles(recorder, directory);
    expect(texts.size).toBeGreaterThan(40);
    const walks: string[] = [];
    for (const sql of texts) {
      if (WHOLE_TABLES.includes(sql)) continue;
      const plan = database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all();
      for (const { detail } of plan) {
        const bounded = /^SCAN .* USING .*INDEX/.test(detail) || /^SCAN (a|g|j)$/.test(detail);
        const searched = !detail.startsWith("SCAN") && !detail.includes("TEMP B-TREE");
        if (!searched && !(bounded && sql.includes("LIMIT"))) walks.push(`${detail}: ${sql}`);
      }
    }
    expect(walks).toEqual([]);
  } finally {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
