/** A view of a table's items under the table's own name, for people with an SQLite shell. */
import type { Database } from "#foundation/sql";
import type { TableDefinition } from "../port.ts";
import { itemsTable } from "./schema.ts";

/** `123456789012/us-east-1/Music`; table names have letters, digits, `_`, `-` and `.` only. */
export function viewName({ accountId, region, name }: Pick<TableDefinition, "accountId" | "region" | "name">): string {
  return `${accountId}/${region}/${name}`;
}

/**
 * Replaces the view of that name. Columns: the key attributes by name, `item` (JSON as the API shows it) and `bytes`.
 * @example
 * sqlite> SELECT "Artist", item ->> '$.Year.N' FROM "123456789012/us-east-1/Music";
 */
export function createItemView(database: Database, definition: TableDefinition, table: number): void {
  dropItemView(database, definition);
  const { hash, range } = definition.keys;
  const columns = [...hash, ...range]
    // SQLite's JSON paths cannot name a label with a quote or a backslash in it.
    .filter(({ name }) => !/["\\]/.test(name) && name !== "item" && name !== "bytes")
    .map(({ name, type }) => `item ->> ${literal(`$."${name}".${type}`)} AS ${quoted(name)}`);
  const list = [...columns, "item", "bytes"].join(", ");
  database.exec(`CREATE VIEW ${quoted(viewName(definition))} AS SELECT ${list} FROM ${itemsTable(table)}`);
}

export function dropItemView(database: Database, place: Pick<TableDefinition, "accountId" | "region" | "name">): void {
  database.exec(`DROP VIEW IF EXISTS ${quoted(viewName(place))}`);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
