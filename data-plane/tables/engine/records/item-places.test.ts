import { expect, test } from "bun:test";
import type { Item } from "#data-plane/tables/values";
import { openDatabase } from "#foundation/sql";
import { createItemKeys } from "../model/item-key.ts";
import { definition, item, keys } from "../testing/fixture.ts";
import { createItemPlaces } from "./item-places.ts";
import { createItemsTable } from "./schema.ts";

const GROUP = 2 ** 20;

/** A table in memory, and how items get into it. */
function table(on: string) {
  const database = openDatabase({ path: ":memory:" });
  const made = definition({ keys: keys(on) });
  const itemKeys = createItemKeys(made.keys);
  const shape = {
    number: 1,
    definition: made,
    revision: 1,
    state: "open",
    keys: itemKeys,
    indexes: [],
    removing: [],
    stream: undefined,
    collections: false,
  } as const;
  createItemsTable(database, 1, false);
  const places = createItemPlaces(database, shape);
  const insert = database.prepare("INSERT INTO items_1 (id, key, bytes, item) VALUES (?1, ?2, 1, '{}')");
  const put = (one: Item, id = places.next(itemKeys.encode(one))): number =>
    insert.run(id, itemKeys.encode(one)).lastInsertRowid;
  return { database, put };
}

test("items of one hash key lie side by side, in the order in which they came", () => {
  const { database, put } = table("pk:S sk:N");
  const ids = [
    put(item({ pk: "a", sk: 5 })),
    put(item({ pk: "b", sk: 1 })),
    put(item({ pk: "a", sk: -1 })),
    put(item({ pk: "c", sk: 1 })),
    put(item({ pk: "a", sk: 9 })),
    put(item({ pk: "b", sk: 0 })),
  ];
  expect(ids).toEqual([GROUP, 2 * GROUP, GROUP + 1, 3 * GROUP, GROUP + 2, 2 * GROUP + 1]);
  database.close();
});

test("a group that is full goes on at the end; a hash key that was emptied begins anew", () => {
  const { database, put } = table("pk:B sk:S");
  const [a, b] = [new Uint8Array([0]), new Uint8Array([0, 1])];
  put(item({ pk: a, sk: "1" }), 2 * GROUP - 1);
  put(item({ pk: b, sk: "1" }));
  expect(put(item({ pk: a, sk: "2" }))).toBe(3 * GROUP);
  expect(put(item({ pk: a, sk: "3" }))).toBe(3 * GROUP + 1);
  database.exec(`DELETE FROM items_1 WHERE id = ${2 * GROUP}`);
  expect(put(item({ pk: b, sk: "1" }))).toBe(4 * GROUP);
  database.close();
});

test("when the numbers run out, places are found all the same", () => {
  const { database, put } = table("pk:S sk:S");
  const last = Number.MAX_SAFE_INTEGER - 10;
  put(item({ pk: "a", sk: "1" }), last);
  expect(put(item({ pk: "b", sk: "1" }))).toBe(last + 1);
  expect(put(item({ pk: "b", sk: "2" }))).toBe(last + 2);
  database.close();
});

test("without a range key new items go to the end", () => {
  const { database, put } = table("pk:S");
  expect(["a", "b", "c"].map((pk) => put(item({ pk })))).toEqual([1, 2, 3]);
  database.close();
});
