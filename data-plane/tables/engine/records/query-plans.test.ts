/** No statement of the engine walks over a table or sorts: every plan is a search in an index, or a walk in key order that ends at a LIMIT. */

import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { takeTurns } from "#data-plane/tables/turns";
import { type Database, openDatabase, type Statement } from "#foundation/sql";
import { createPageReader } from "../reading/page-reader.ts";
import { createStreamReader } from "../reading/stream-reader.ts";
import { createTableViews } from "../reading/table-views.ts";
import { attribute, definition, keys, scratchDirectory } from "../testing/fixture.ts";
import { createBackupReader } from "./backup-book.ts";
import { createTables } from "./create-tables.ts";

/** Statements that are meant to look at a whole table, and why that is small. */
const WHOLE_TABLES = [
  "SELECT version, checksum FROM schema_migrations ORDER BY version",
  "SELECT 1 AS found FROM sqlite_schema WHERE name = 'schema_migrations'",
  // The schema has some rows for each table; it is looked at when one is made or dropped.
  "SELECT name FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE",
  "SELECT name FROM sqlite_schema WHERE type = 'view' AND sql LIKE ?1",
  // All streams are looked at for old records, once a minute.
  "SELECT number, ended_at FROM streams ORDER BY number",
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

test("every statement is answered by a search in an index", async () => {
  const directory = scratchDirectory("biplane-plans-");
  const database = openDatabase({ path: join(directory, "tables.db") });
  try {
    const texts = new Set<string>();
    const recorder = recording(database, texts);
    const { operations } = createTables(recorder, null);
    const table = definition({
      keys: keys("pk:S sk:S"),
      localIndexes: [{ name: "local", keys: keys("pk:S l:S"), projection: { type: "ALL" } }],
      globalIndexes: [{ name: "global", indexId: "g", keys: keys("g:S"), projection: { type: "KEYS_ONLY" } }],
      stream: { label: "s", viewType: "NEW_IMAGE" },
      timeToLive: { attribute: "ttl" },
    });
    const dropped = definition();
    const now = 0;
    operations.ensure({ definition: table, now });
    operations.ensure({ definition: dropped, now });
    operations.drop({ tableId: dropped.tableId, now });
    for (let more = true; more; ) ({ more } = operations.chore({ now }));
    operations.expire({ now });
    operations.trim({ now });

    const views = createTableViews(recorder, { join: () => false });
    const clock = { now: () => 0, monotonicMs: () => 0 };
    const pages = createPageReader({ views, takeTurns: () => takeTurns(clock) });
    const { tableId } = table;
    views.get(tableId).rows.one(new Uint8Array(1));
    for (const index of [undefined, "local", "global"]) {
      for (const backward of [false, true]) await pages.query({ tableId, index, hash: [attribute("x")], backward });
      await pages.scan({ tableId, index });
    }
    const streams = createStreamReader(recorder);
    const [stream] = streams.streams(table);
    streams.readStream({ tableId, label: "s" }, stream!.shards[0]!.shardId, { from: "TRIM_HORIZON" }, 1);
    streams.readStream({ tableId, label: "s" }, stream!.shards[0]!.shardId, { from: "LATEST" }, 1);
    createBackupReader(recorder);

    expect(texts.size).toBeGreaterThan(50);
    const walks: string[] = [];
    for (const sql of texts) {
      // The list of backups is answered whole.
      if (WHOLE_TABLES.includes(sql) || sql.includes("FROM backups ORDER BY") || isOfDroppedTable(database, sql))
        continue;
      for (const { detail } of database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all()) {
        // In the order of the primary key until the LIMIT, or through a partial index that holds nothing else.
        const isLimited = /^SCAN \w+$/.test(detail) && / FROM \w+ ORDER BY \w+ LIMIT/.test(sql);
        const isBounded =
          isLimited || /^SCAN \w+ USING INDEX (indexes_waiting|tables_left|tables_dropped)$/.test(detail);
        const isSearch = !detail.startsWith("SCAN") && !detail.includes("TEMP B-TREE");
        if (!isSearch && !isBounded) walks.push(`${sql}\n  ${detail}`);
      }
    }
    expect(walks).toEqual([]);
  } finally {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

/** Its SQL tables are no more. */
function isOfDroppedTable(database: Database, sql: string): boolean {
  const names = sql.match(/\b(items|entries|collections|records)_\d+\b/g) ?? [];
  const exists = database.prepare<{ name: string }>("SELECT name FROM sqlite_schema WHERE name = ?1");
  return names.some((name) => exists.get(name) === undefined);
}
