/** No statement of the engine walks over a table or sorts: every plan is a search in an index. */

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase, type Statement } from "#foundation/sql";
import { createRecords } from "./create-records.ts";
import { PEEK_SQL } from "./looking.ts";
import { HANDLE_KEY_BYTES } from "./receipt-handles.ts";

/** Statements that look at a whole table, and why that is all right. */
const WHOLE_TABLES = [
  // Asked once at start, through a small index of its own; the answer is all queues.
  "SELECT id, state, settings, visible + in_flight + delayed AS messages FROM queues WHERE state <> 'dropped' ORDER BY key",
  "SELECT version, checksum FROM schema_migrations ORDER BY version",
  "SELECT 1 AS found FROM sqlite_schema WHERE name = 'schema_migrations'",
];

/** Partial indexes that hold nothing but what is wanted. */
const WANTED_ONLY = /USING INDEX (queues_marked|move_tasks_running)\b/;

function recording(database: Database, texts: Set<string>): Database {
  return new Proxy(database, {
    get(target, property) {
      if (property === "prepare") {
        return <Row extends object>(sql: string): Statement<Row> => {
          texts.add(sql);
          return target.prepare<Row>(sql);
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function withStatements(body: (database: Database, texts: ReadonlySet<string>) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "biplane-plans-"));
  const database = openDatabase({ path: join(directory, "queues.db") });
  try {
    const texts = new Set<string>([PEEK_SQL]);
    createRecords(recording(database, texts), { newHandleKey: new Uint8Array(HANDLE_KEY_BYTES), inFlightMax: 1 });
    body(database, texts);
  } finally {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

test("every statement is answered by a search in an index", () => {
  withStatements((database, texts) => {
    expect(texts.size).toBeGreaterThan(60);
    const walks: string[] = [];
    for (const sql of texts) {
      if (WHOLE_TABLES.includes(sql)) continue;
      for (const { detail } of database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all()) {
        const searched = !detail.startsWith("SCAN") && !detail.includes("TEMP B-TREE");
        const bounded = WANTED_ONLY.test(detail) || (detail.startsWith("SCAN") && sql.includes("LIMIT"));
        if (!searched && !bounded) walks.push(`${detail}: ${sql}`);
      }
    }
    expect(walks).toEqual([]);
  });
});

test("no parameter of an ordered or joined query has it planned again at every value", () => {
  withStatements((_, texts) => {
    const bare = [...texts].filter(
      (sql) => /^SELECT/.test(sql) && /ORDER BY|JOIN|LIMIT/.test(sql) && /[^+]\?\d/.test(sql),
    );
    expect(bare).toEqual([]);
  });
});
