import { describe, expect, test } from "bun:test";
import { openDatabase } from "./open-database.ts";
import { operationTable, runBatch } from "./run-batch.ts";

describe.each([
  ["with a savepoint for each command", false],
  ["with one for all", true],
])("runBatch() %s", (_, refusesByResult) => {
  test("a transaction that SQLite ends by itself fails every command of it, and nothing is kept", () => {
    const database = openDatabase({ path: ":memory:" });
    database.exec("CREATE TABLE t (x BLOB)");
    const insert = database.prepare("INSERT INTO t VALUES (?1)");
    // A page limit makes SQLITE_FULL happen, as a full disk would.
    const table = operationTable({
      operations: {
        put: (bytes: number) => insert.run(new Uint8Array(bytes)).changes,
        limit: () => database.exec("PRAGMA max_page_count = 20"),
      },
    });
    let rollbacks = 0;
    const run = (...commands: (readonly [string, unknown])[]) =>
      runBatch({ database, table, onRollback: () => rollbacks++, refusesByResult }, commands);
    run(["limit", null]);
    const report = run(["put", 10], ["put", 200_000], ["put", 10]);
    const codes = report.outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.code));
    const kept = database.prepare<{ n: number }>("SELECT count(*) AS n FROM t").get()!.n;
    // Either the command alone was undone, or the whole batch was lost: what is kept must be exactly what was acknowledged.
    expect(kept).toBe(codes.filter((code) => code === "ok").length);
    expect(codes).toContain("SQLITE_FULL");
    expect(report.outcomes.find((outcome) => !outcome.ok)).toMatchObject({ retryable: true });
    expect(report.fatal).toBe(false);
    expect(rollbacks).toBeGreaterThan(0);
    expect(run(["put", 10]).outcomes).toEqual([{ ok: true, value: 1 }]);
    database.close();
  });

  test("an operation that ends the transaction itself loses its batch, and the engine goes on", () => {
    const database = openDatabase({ path: ":memory:" });
    database.exec("CREATE TABLE t (x)");
    const table = operationTable({
      operations: {
        put: () => database.exec("INSERT INTO t VALUES (1)"),
        lose: () => {
          database.exec("ROLLBACK");
          throw new Error("lost");
        },
      },
    });
    const report = runBatch({ database, table, refusesByResult }, [
      ["put", null],
      ["lose", null],
      ["put", null],
    ]);
    expect(report.outcomes.map((outcome) => outcome.ok)).toEqual([false, false, false]);
    expect(database.prepare<{ n: number }>("SELECT count(*) AS n FROM t").get()!.n).toBe(0);
    expect(runBatch({ database, table, refusesByResult }, [["put", null]]).outcomes[0]!.ok).toBe(true);
    database.close();
  });

  test("a command that throws is undone alone, and memory is told", () => {
    const database = openDatabase({ path: ":memory:" });
    database.exec("CREATE TABLE t (x)");
    const insert = database.prepare("INSERT INTO t VALUES (?1)");
    let rows = 0;
    const table = operationTable({
      operations: {
        put: (x: number) => {
          insert.run(x);
          rows += 1;
          if (x < 0) throw new Error("negative");
          return rows;
        },
      },
    });
    const onRollback = () => {
      rows = database.prepare<{ n: number }>("SELECT count(*) AS n FROM t").get()!.n;
    };
    const report = runBatch({ database, table, onRollback, refusesByResult }, [
      ["put", 1],
      ["put", -1],
      ["nothing", 0],
      ["put", 2],
    ]);
    expect(report.outcomes).toMatchObject([
      { ok: true, value: 1 },
      { ok: false, message: "negative" },
      { ok: false, message: 'the engine has no operation "nothing"' },
      { ok: true, value: 2 },
    ]);
    expect(database.prepare("SELECT x FROM t").all()).toEqual([{ x: 1 }, { x: 2 }] as never);
    database.close();
  });
});
