/** A view of a table's items under the table's own name, for people with an SQLite shell. */
import type { Database } from "#foundation/sql";
import type { TableDefinition } from "../port.ts";
import { itemsTable } from "./schema.ts";

/**
 * Makes the view anew. It is called `123456789012/us-east-1/Music`, or `…/Music~7` (the table's number) while another table has the name in SQLite's eyes, which do not tell upper from lower case.
 * Columns: the key attributes by name, `item` (JSON as the API shows it) and `bytes`.
 * @example
 * sqlite> SELECT "Artist", item ->> '$.Year.N' FROM "123456789012/us-east-1/Music";
 */
export function createItemView(database: Database, definition: TableDefinition, table: number): void {
  dropItemView(database, table);
  const { accountId, region, name, keys } = definition;
  const plain = `${accountId}/${region}/${name}`;
  const taken = database.prepare<{ name: string }>("SELECT name FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE");
  const viewName = taken.get(plain) === undefined ? plain : `${plain}~${table}`;
  const columns = [...keys.hash, ...keys.range]
    // SQLite's JSON paths cannot name a label with a quote or a backslash in it.
    .filter((attribute) => !/["\\]/.test(attribute.name) && !/^(item|bytes)$/i.test(attribute.name))
    .map((attribute) => `item ->> ${literal(`$."${attribute.name}".${attribute.type}`)} AS ${quoted(attribute.name)}`);
  const list = [...columns, "item", "bytes"].join(", ");
  database.exec(`CREATE VIEW ${quoted(viewName)} AS SELECT ${list} FROM ${itemsTable(table)}`);
}

/** Drops the table's view, whatever it is called. */
export function dropItemView(database: Database, table: number): void {
  const views = database
    .prepare<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'view' AND sql LIKE ?1")
    .all(`% FROM ${itemsTable(table)}`);
  for (const { name } of views) database.exec(`DROP VIEW ${quoted(name)}`);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
