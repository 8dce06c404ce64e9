import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "./database.ts";
import { openDatabase } from "./open-database.ts";
import { errorCode, isUniqueViolation } from "./sql-error.ts";
import { withDirectory } from "./testing/temporary-directory.ts";

function withDatabase(body: (database: Database, path: string) => void): Promise<void> {
  return withDirectory((directory) => {
    const path = join(directory, "new", "test.sqlite");
    const database = openDatabase({ path });
    try {
      database.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT UNIQUE, body BLOB) STRICT");
      body(database, path);
    } finally {
      database.close();
    }
  });
}

function codeOf(body: () => unknown): string | undefined {
  try {
    body();
  } catch (error) {
    return errorCode(error);
  }
  return undefined;
}

function names(database: Database): readonly string[] {
  return database
    .prepare<{ name: string }>("SELECT name FROM items ORDER BY id")
    .all()
    .map((row) => row.name);
}

describe("openDatabase()", () => {
  test("runs with the log fsynced at every commit, and for the owner only", () =>
    withDatabase((database, path) => {
      const pragma = (name: string) =>
        Object.values(database.prepare<Record<string, unknown>>(`PRAGMA ${name}`).get()!)[0];
      expect(pragma("journal_mode")).toBe("wal");
      expect(pragma("synchronous")).toBe(2);
      expect(pragma("foreign_keys")).toBe(1);
      expect(pragma("busy_timeout")).toBe(5000);
      for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    }));

  test("forgetStatements() forgets those that name the table, and no others", () =>
    withDatabase((database) => {
      database.exec("CREATE TABLE items_1 (id INTEGER)");
      const kept = database.prepare<{ id: number }>("SELECT id FROM items_1");
      const forgotten = database.prepare("SELECT id FROM items");
      database.forgetStatements("items");
      expect(kept.all()).toEqual([]);
      expect(database.prepare<{ id: number }>("SELECT id FROM items_1")).toBe(kept);
      expect(database.prepare("SELECT id FROM items")).not.toBe(forgotten);
      expect(names(database)).toEqual([]);
    }));

  test("a read-only connection sees commits, cannot write, and does not create files", () =>
    withDatabase((database, path) => {
      const reader = openDatabase({ path, readOnly: true });
      database.prepare("INSERT INTO items (name) VALUES ('a')").run();
      expect(names(reader)).toEqual(["a"]);
      expect(codeOf(() => reader.prepare("INSERT INTO items (name) VALUES ('b')").run())).toBe("SQLITE_READONLY");
      reader.close();
      expect(codeOf(() => openDatabase({ path: `${path}.absent`, readOnly: true }))).toBe("SQLITE_CANTOPEN");
      expect(existsSync(`${path}.absent`)).toBe(false);
    }));

  test("a file that is no database is Corrupt", () =>
    withDirectory(async (directory) => {
      const path = join(directory, "x.sqlite");
      await Bun.write(path, "x".repeat(5000));
      expect(codeOf(() => openDatabase({ path }))).toBe("Corrupt");
    }));

  test("bytes, null, text and numbers come back as they went in", () =>
    withDatabase((database) => {
      const body = new Uint8Array([0, 1, 255]);
      database.prepare("INSERT INTO items (id, name, body) VALUES (?1, ?2, ?3)").run(7, "ü\u0000💥", body);
      database.prepare("INSERT INTO items (id, name, body) VALUES (?1, ?2, ?3)").run(2 ** 53 - 1, null, null);
      expect(database.prepare<object>("SELECT * FROM items ORDER BY id").all()).toEqual([
        { id: 7, name: "ü\u0000💥", body },
        { id: 2 ** 53 - 1, name: null, body: null },
      ]);
    }));

  test("a unique violation is told apart", () =>
    withDatabase((database) => {
      const insert = database.prepare("INSERT INTO items (name) VALUES (?1)");
      insert.run("a");
      let thrown: unknown;
      try {
        insert.run("a");
      } catch (error) {
        thrown = error;
      }
      expect(isUniqueViolation(thrown)).toBe(true);
      expect(isUniqueViolation(new Error("x"))).toBe(false);
    }));

  test("use after close() is refused", () =>
    withDatabase((database) => {
      const statement = database.prepare("SELECT 1");
      database.close();
      database.close();
      expect(codeOf(() => database.exec("SELECT 1"))).toBe("Closed");
      expect(codeOf(() => statement.run())).toBe("Closed");
      expect(database.inTransaction).toBe(false);
    }));
});

describe("transactions", () => {
  test("transaction() keeps all or nothing", () =>
    withDatabase((database) => {
      const insert = database.prepare("INSERT INTO items (name) VALUES (?1)");
      database.transaction(() => insert.run("a"));
      expect(() =>
        database.transaction(() => {
          insert.run("b");
          throw new Error("no");
        }),
      ).toThrow("no");
      expect(names(database)).toEqual(["a"]);
      expect(database.inTransaction).toBe(false);
    }));

  test("savepoint() undoes itself alone, at any depth", () =>
    withDatabase((database) => {
      const insert = database.prepare("INSERT INTO items (name) VALUES (?1)");
      database.transaction(() => {
        insert.run("a");
        expect(() =>
          database.savepoint(() => {
            insert.run("b");
            database.savepoint(() => insert.run("c"));
            throw new Error("no");
          }),
        ).toThrow("no");
        database.transaction(() => insert.run("d"));
      });
      expect(names(database)).toEqual(["a", "d"]);
    }));

  test("iterate() steps through rows and may be left early", () =>
    withDatabase((database) => {
      const insert = database.prepare("INSERT INTO items (name) VALUES (?1)");
      database.transaction(() => {
        for (let index = 0; index < 100; index++) insert.run(`n${index}`);
      });
      let seen = 0;
      for (const row of database.iterate<{ name: string }>("SELECT name FROM items ORDER BY id")) {
        expect(row.name).toBe(`n${seen}`);
        if (++seen === 10) break;
      }
      expect(seen).toBe(10);
    }));
});

describe("care of the file", () => {
  test("integrityCheck() finds a broken foreign key and a damaged page", () =>
    withDirectory(async (directory) => {
      const path = join(directory, "x.sqlite");
      const database = openDatabase({ path });
      database.exec("CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent(id))");
      database.exec("CREATE TABLE filler (id INTEGER PRIMARY KEY, t TEXT); CREATE INDEX filler_t ON filler (t)");
      const insert = database.prepare("INSERT INTO filler (t) VALUES (?1)");
      database.transaction(() => {
        for (let index = 0; index < 500; index++) insert.run(`${index}`.padStart(60, "x"));
      });
      expect(database.integrityCheck("full")).toEqual([]);
      database.exec("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (1)");
      expect(database.integrityCheck("quick")).toEqual(["row 1 of child refers to a missing row of parent"]);
      database.checkpoint("truncate");
      database.close();
      const bytes = await Bun.file(path).bytes();
      bytes.fill(0xa5, 4096 * 6, 4096 * 8);
      await Bun.write(path, bytes);
      const damaged = openDatabase({ path });
      expect(damaged.integrityCheck("full").length).toBeGreaterThan(1);
      damaged.close();
    }));

  test("backupTo() writes a copy that opens", () =>
    withDatabase((database, path) => {
      database.prepare("INSERT INTO items (name) VALUES ('a')").run();
      database.backupTo(`${path}.copy`);
      const copy = openDatabase({ path: `${path}.copy` });
      expect(names(copy)).toEqual(["a"]);
      copy.close();
    }));

  test("checkpoint(truncate) empties the log", () =>
    withDatabase((database, path) => {
      database.prepare("INSERT INTO items (name) VALUES ('a')").run();
      expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
      database.checkpoint("truncate");
      expect(statSync(`${path}-wal`).size).toBe(0);
    }));
});
