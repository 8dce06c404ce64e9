/** Fills a table of the engine's file directly, where the engine would put each item: millions of them in minutes. */
import { concatBytes, encodeKey, encodeKeyPart, hashOfKey, type Item, itemSize } from "#data-plane/tables/values";
import { openDatabase } from "#foundation/sql";

/** Items of one hash key. */
const PER_PARTITION = 10;

/** Items of about `bytes`, with the key attributes `pk` (S) and `sk` (N). */
export function itemsOf(bytes: number) {
  const padding = "x".repeat(Math.max(0, bytes - 60));
  const keyOf = (index: number): Item => ({
    pk: { S: `partition#${Math.floor(index / PER_PARTITION)}` },
    sk: { N: String(index % PER_PARTITION) },
  });
  const itemOf = (index: number, version: number): Item => ({
    ...keyOf(index),
    version: { N: String(version) },
    padding: { S: padding },
  });
  return { keyOf, itemOf };
}

/**
 * Rows are put in by SQL and the index is built afterwards: what is measured later is the engine.
 *
 * @param path of the engine's database, which nobody has open
 * @param number of the table there
 */
export function fill(
  path: string,
  number: number,
  count: number,
  itemOf: (index: number, version: number) => Item,
): void {
  const database = openDatabase({ path });
  const table = `items_${number}`;
  database.exec("PRAGMA cache_size = -262144");
  database.exec(`DROP INDEX ${table}_by_key`);
  const insert = database.prepare(`INSERT INTO ${table} (id, key, bytes, item) VALUES (?1, ?2, ?3, ?4)`);
  let bytes = 0;
  for (let begin = 0; begin < count; begin += 100_000) {
    database.transaction(() => {
      for (let index = begin; index < Math.min(count, begin + 100_000); index++) {
        const item = itemOf(index, 1);
        const size = itemSize(item);
        const prefix = Buffer.alloc(4);
        prefix.writeUInt32BE(hashOfKey("S", item.pk!));
        const key = concatBytes([prefix, encodeKeyPart("S", item.pk!), encodeKey("N", item.sk!)]);
        const id = (Math.floor(index / PER_PARTITION) + 1) * 2 ** 20 + (index % PER_PARTITION);
        insert.run(id, key, size, JSON.stringify(item));
        bytes += size;
      }
    });
  }
  database.exec(`CREATE UNIQUE INDEX ${table}_by_key ON ${table} (key)`);
  database.prepare("UPDATE table_counters SET items = ?2, bytes = ?3 WHERE number = ?1").run(number, count, bytes);
  database.checkpoint("truncate");
  database.close();
}
