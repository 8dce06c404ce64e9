import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Database, type EngineHost, openDatabase } from "#foundation/sql";
import type { TableOperations } from "../records/commands.ts";
import { definition, item, openTableFixture, scratchDirectory } from "../testing/fixture.ts";
import { createTurnSnapshot, endedByCommits } from "./turn-snapshot.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let directory: string;
let writing: Database;
let reading: Database;
beforeEach(() => {
  directory = scratchDirectory("biplane-snapshot-");
  const path = join(directory, "numbers.db");
  writing = openDatabase({ path });
  writing.exec("CREATE TABLE numbers (n INTEGER NOT NULL); INSERT INTO numbers VALUES (1)");
  reading = openDatabase({ path, readOnly: true });
});
afterEach(() => {
  reading.close();
  writing.close();
  rmSync(directory, { recursive: true, force: true });
});

const read = (): number => reading.prepare<{ n: number }>("SELECT n FROM numbers").get()!.n;
const write = (n: number): void => void writing.prepare("UPDATE numbers SET n = ?1").run(n);

test("reads of one turn are of one moment, from the second one on; those of the next turn are of theirs", async () => {
  const snapshot = createTurnSnapshot(reading);
  expect([snapshot.join(), read()]).toEqual([false, 1]);
  expect([snapshot.join(), read()]).toEqual([true, 1]);
  write(2);
  expect([snapshot.join(), read()]).toEqual([true, 1]);
  await turn();
  expect(reading.inTransaction).toBe(false);
  expect([snapshot.join(), read()]).toEqual([false, 2]);
  await turn();
});

test("whoever hears of a commit reads what it wrote, also in the same turn", async () => {
  const snapshot = createTurnSnapshot(reading);
  const applied = async (): Promise<void> => write(2);
  const host = endedByCommits({ apply: applied } as unknown as EngineHost<TableOperations>, snapshot);
  for (const _ of [1, 2]) snapshot.join();
  expect(read()).toBe(1);
  await host.apply("write", "");
  snapshot.join();
  expect(read()).toBe(2);
  await turn();
});

test("a read inside of a transaction joins that", () => {
  const snapshot = createTurnSnapshot(reading);
  reading.transaction(() => {
    for (const _ of [1, 2, 3]) expect(snapshot.join()).toBe(true);
    expect(read()).toBe(1);
  });
  expect(reading.inTransaction).toBe(false);
});

test("an engine that has just been read from many times can be closed", async () => {
  const fixture = await openTableFixture("inline");
  const table = definition();
  await fixture.engine.ensure(table);
  for (let n = 0; n < 5; n++) fixture.engine.get(table.tableId, item({ pk: "a" }));
  await fixture.close();
  await turn();
});
