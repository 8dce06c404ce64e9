import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Migration } from "./migration-plan.ts";
import { migrate } from "./migrations.ts";
import { openDatabase } from "./open-database.ts";
import { errorCode } from "./sql-error.ts";
import { withDirectory } from "./testing/temporary-directory.ts";

const FIRST: Migration = { version: 1, name: "a", sql: "CREATE TABLE a (x); INSERT INTO a VALUES (1)" };
const SECOND: Migration = { version: 2, name: "b", sql: "CREATE TABLE b (y); INSERT INTO b SELECT x FROM a" };

function codeOf(body: () => unknown): string | undefined {
  try {
    body();
  } catch (error) {
    return errorCode(error);
  }
  return undefined;
}

describe("migrate()", () => {
  test("applies what is missing, once", () => {
    const database = openDatabase({ path: ":memory:" });
    expect(migrate(database, [FIRST])).toEqual({ version: 1, applied: [1] });
    expect(migrate(database, [FIRST, SECOND])).toEqual({ version: 2, applied: [2] });
    expect(migrate(database, [FIRST, SECOND])).toEqual({ version: 2, applied: [] });
    expect(database.prepare<object>("SELECT y FROM b").all()).toEqual([{ y: 1 }]);
    database.close();
  });

  test("refuses a newer schema, a changed step and a gap in the numbers", () => {
    const database = openDatabase({ path: ":memory:" });
    migrate(database, [FIRST, SECOND]);
    expect(codeOf(() => migrate(database, [FIRST]))).toBe("SchemaTooNew");
    expect(codeOf(() => migrate(database, [FIRST, { ...SECOND, sql: "SELECT 1" }]))).toBe("MigrationChanged");
    expect(codeOf(() => migrate(database, [SECOND]))).toBe("MigrationsMisnumbered");
    database.close();
  });

  test("keeps nothing of a step that fails", () => {
    const database = openDatabase({ path: ":memory:" });
    const broken: Migration = { version: 2, name: "broken", sql: "CREATE TABLE c (z); INSERT INTO nowhere VALUES (1)" };
    expect(() => migrate(database, [FIRST, broken])).toThrow("nowhere");
    expect(migrate(database, [FIRST]).applied).toEqual([]);
    expect(database.prepare<object>("SELECT name FROM sqlite_schema WHERE name = 'c'").all()).toEqual([]);
    database.close();
  });

  test("applies nothing while the gate is closed, nor on a read-only connection", () =>
    withDirectory((directory) => {
      const path = join(directory, "x.sqlite");
      const database = openDatabase({ path });
      expect(codeOf(() => migrate(database, [FIRST], { gate: "closed" }))).toBe("MigrationsPending");
      migrate(database, [FIRST]);
      expect(migrate(database, [FIRST], { gate: "closed" }).version).toBe(1);
      const reader = openDatabase({ path, readOnly: true });
      expect(migrate(reader, [FIRST]).applied).toEqual([]);
      expect(codeOf(() => migrate(reader, [FIRST, SECOND]))).toBe("MigrationsPending");
      reader.close();
      database.close();
    }));
});
