/** What a page shows while others write. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { takeTurns } from "#data-plane/tables/turns";
import { itemSize } from "#data-plane/tables/values";
import { type Database, openDatabase } from "#foundation/sql";
import { packBatch, packWrite } from "../messages/write-commands.ts";
import { createTables } from "../records/create-tables.ts";
import { attribute, definition, item, keys, scratchDirectory } from "../testing/fixture.ts";
import { createPageReader } from "./page-reader.ts";
import { createTableViews } from "./table-views.ts";

let directory: string;
let writing: Database;
let reading: Database;
beforeEach(() => {
  directory = scratchDirectory("biplane-pages-");
  const path = join(directory, "tables.db");
  writing = openDatabase({ path });
  createTables(writing, null);
  reading = openDatabase({ path, readOnly: true });
});
afterEach(() => {
  reading.close();
  writing.close();
  rmSync(directory, { recursive: true, force: true });
});

test("a page of an index shows each item once, though their places in it change between its slices", async () => {
  const { operations } = createTables(writing, null);
  const table = definition({
    globalIndexes: [{ indexId: "i", name: "places", keys: keys("group:S place:N"), projection: { type: "ALL" } }],
  });
  const { tableId } = table;
  operations.ensure({ definition: table, now: 0 });
  const views = createTableViews(reading, { join: () => false });
  const { shape } = views.get(tableId);
  const put = (n: number, place: number): void => {
    const whole = item({ pk: `item ${n}`, group: "all", place });
    const [key, text, size] = [shape.keys.encode(whole), JSON.stringify(whole), itemSize(whole)];
    const command = packWrite({ table: shape.number, kind: "put", wishes: undefined, key, text, size });
    writing.transaction(() => operations.write(packBatch(0, [command])));
  };
  const count = 40;
  for (let n = 0; n < count; n++) put(n, n);

  let looks = 0;
  const clock = {
    now: () => 0,
    monotonicMs() {
      // It is looked at before the first slice and behind each. From its place, which is in the first slice, an item goes behind all others.
      if (++looks === 2) put(0, 1000);
      return 0;
    },
  };
  const pages = createPageReader({ views, takeTurns: () => takeTurns(clock, () => Promise.resolve()) });
  const page = await pages.query({ tableId, index: "places", hash: [attribute("all")] });
  expect(looks).toBeGreaterThan(1);
  expect(page.items.map(({ text }) => Number(JSON.parse(text).place.N))).toEqual(
    Array.from({ length: count }, (_, n) => n),
  );
});

test("an index that shows little of large items reads few of them at a time", async () => {
  const { operations } = createTables(writing, null);
  const table = definition({
    globalIndexes: [{ indexId: "i", name: "keys", keys: keys("group:S"), projection: { type: "KEYS_ONLY" } }],
  });
  const { tableId } = table;
  operations.ensure({ definition: table, now: 0 });
  const views = createTableViews(reading, { join: () => false });
  const { shape, indexes } = views.get(tableId);
  const large = "x".repeat(100_000);
  const commands = Array.from({ length: 40 }, (_, n) => {
    const whole = item({ pk: `item ${n}`, group: "all", large });
    const [key, text, size] = [shape.keys.encode(whole), JSON.stringify(whole), itemSize(whole)];
    return packWrite({ table: shape.number, kind: "put", wishes: undefined, key, text, size });
  });
  writing.transaction(() => operations.write(packBatch(0, commands)));

  const { rows } = indexes.get("keys")!;
  const limits: number[] = [];
  const { range } = rows;
  rows.range = (...parameters) => {
    limits.push(parameters[2]);
    return range(...parameters);
  };
  const clock = { now: () => 0, monotonicMs: () => 0 };
  const pages = createPageReader({ views, takeTurns: () => takeTurns(clock) });
  const query = { tableId, index: "keys", hash: [attribute("all")] };
  expect(await pages.query(query)).toMatchObject({ count: 40 });
  expect(await pages.query(query)).toMatchObject({ count: 40 });
  // A megabyte is 11 of them; the second page knows from the first one that they are large.
  expect(limits).toEqual([8, 11, 11, 11, 2, 11, 11, 11, 11]);
});
