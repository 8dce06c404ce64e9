import { expect, test } from "bun:test";
import { openDatabase } from "#foundation/sql";
import { createItemFinder, createItemPlaces } from "./item-places.ts";
import { createItemsTable } from "./schema.ts";

const PER_HASH = 2 ** 21;

/** A table in memory, and how items get into it: by the four bytes of their hash. */
function table() {
  const database = openDatabase({ path: ":memory:" });
  createItemsTable(database, 1, false);
  const places = createItemPlaces(database, "items_1");
  const insert = database.prepare("INSERT INTO items_1 (id, key, bytes, item) VALUES (?1, ?2, 1, '{}')");
  let keys = 0;
  const put = (hash: readonly number[], id = places.next(Uint8Array.from([...hash, 1]))): number => {
    insert.run(id, Uint8Array.from([...hash, ++keys]));
    return id;
  };
  return { database, put };
}

test("items of one hash lie side by side, in the order of the hashes", () => {
  const { database, put } = table();
  const ids = [
    put([0, 0, 0, 0]),
    put([0, 0, 0, 1]),
    put([255, 255, 255, 255]),
    put([0, 0, 0, 0]),
    put([255, 255, 255, 255]),
  ];
  expect(ids).toEqual([0, PER_HASH, 2 ** 53 - PER_HASH, 1, 2 ** 53 - PER_HASH + 1]);
  const stored = database.prepare<{ id: number }>("SELECT id FROM items_1 ORDER BY id").all();
  expect(stored.map(({ id }) => id)).toEqual([...ids].sort((a, b) => a - b));
  database.close();
});

test("items are found at the first place of their hash, and elsewhere", () => {
  const { database, put } = table();
  const find = createItemFinder<{ id: number }>(database, "items_1", "id", false);
  const hash = [1, 2, 3, 4];
  const ids = [put(hash), put(hash), put(hash)];
  const found = ids.map((_, at) => find(Uint8Array.from([...hash, at + 1]))?.id);
  expect(found).toEqual(ids);
  database.exec(`DELETE FROM items_1 WHERE id = ${ids[0]}`);
  expect(find(Uint8Array.from([...hash, 1]))).toBeUndefined();
  expect(find(Uint8Array.from([...hash, 3]))?.id).toBe(ids[2]!);
  database.close();
});

test("a hash that is full goes on before everything", () => {
  const { database, put } = table();
  put([0, 0, 0, 7], 8 * PER_HASH - 1);
  put([0, 0, 0, 8]);
  expect([put([0, 0, 0, 7]), put([0, 0, 0, 7]), put([0, 0, 0, 8])]).toEqual([-1, -2, 8 * PER_HASH + 1]);
  put([255, 255, 255, 255], Number.MAX_SAFE_INTEGER);
  expect(put([255, 255, 255, 255])).toBe(-3);
  database.close();
});
