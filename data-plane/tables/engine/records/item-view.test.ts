import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openDatabase } from "#foundation/sql";
import { definition, item, keys, openTableFixture, type TableFixture } from "../testing/fixture.ts";

let fixture: TableFixture;
beforeAll(async () => {
  fixture = await openTableFixture("inline");
});
afterAll(() => fixture.close());

/** What a person with an SQLite shell sees. */
function look<Row extends object>(sql: string): Row[] {
  const database = openDatabase({ path: join(fixture.directory, "tables.db"), readOnly: true });
  try {
    return database.prepare<Row>(sql).all();
  } finally {
    database.close();
  }
}

test("a table is a view with its keys as columns, and JSON functions reach everything else", async () => {
  const { engine } = fixture;
  const table = definition({ name: "Music.Songs-1", keys: keys("Artist:S Year:N") });
  const { tableId } = table;
  await engine.ensure(table);
  const song = item({ Artist: "Nina", Year: 1965, Tags: ["live"], Label: { Name: "Philips" } });
  await engine.write({ tableId, action: { kind: "put", item: song } });
  expect(
    look(`SELECT "Artist", "Year", item ->> '$.Label.M.Name.S' AS label, bytes FROM "111122223333/us-east-1/Music.Songs-1"
          WHERE "Artist" = 'Nina' AND json_array_length(item, '$.Tags.L') = 1`),
  ).toEqual([{ Artist: "Nina", Year: "1965", label: "Philips", bytes: expect.any(Number) }]);
});

test("names of attributes that SQL and JSON paths find odd do no harm", async () => {
  const { engine } = fixture;
  for (const [hash, range] of [
    ['a"b', "it's"],
    ["item", "BYTES"],
    ["a.b[0]", "back\\slash"],
    ["pk", "PK"],
  ] as const) {
    const table = definition({ keys: { hash: [{ name: hash, type: "S" }], range: [{ name: range, type: "S" }] } });
    const { tableId } = table;
    await engine.ensure(table);
    const row = item({ [hash]: "h", [range]: "r" });
    await engine.write({ tableId, action: { kind: "put", item: row } });
    const [found] = look<{ item: string }>(`SELECT * FROM "111122223333/us-east-1/${table.name}"`);
    expect(JSON.parse(found!.item)).toEqual(row);
  }
});

test("tables whose names differ in case only have a view each; a dropped table's view goes with it", async () => {
  const { engine } = fixture;
  const names = () =>
    look<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'view'").map(({ name }) => name);
  const upper = definition({ name: "CASE" });
  const lower = definition({ name: "case" });
  await engine.ensure(upper);
  await engine.ensure(lower);
  await engine.write({ tableId: upper.tableId, action: { kind: "put", item: item({ pk: "upper" }) } });
  await engine.write({ tableId: lower.tableId, action: { kind: "put", item: item({ pk: "lower" }) } });
  expect(look(`SELECT pk FROM "111122223333/us-east-1/CASE"`)).toEqual([{ pk: "upper" }]);
  const other = names().find((name) => name.startsWith("111122223333/us-east-1/case~"));
  expect(look(`SELECT pk FROM "${other}"`)).toEqual([{ pk: "lower" }]);
  await engine.drop(upper.tableId);
  expect(names().filter((name) => name.includes("/CASE"))).toEqual([]);
  expect(look(`SELECT pk FROM "${other}"`)).toEqual([{ pk: "lower" }]);
  const again = definition({ name: "CASE" });
  await engine.ensure(again);
  expect(look(`SELECT pk FROM "111122223333/us-east-1/CASE"`)).toEqual([]);
});
