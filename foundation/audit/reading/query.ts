/** Searching a log, in the order of time. Each page reads a bounded number of rows. */
import type { Database, SqlValue } from "#foundation/sql";
import { AuditError } from "../audit-error.ts";
import type { AuditCategory, AuditDecision, AuditEntry } from "../record.ts";
import { ENTRY_COLUMNS, type EntryRow, entryOfRow } from "./reader.ts";

/** Most records of a page. */
export const QUERY_LIMIT_MAX = 1000;
export const QUERY_LIMIT_DEFAULT = 100;

/** What is searched for: all filters given must match. */
export interface AuditQuery {
  /** Epoch milliseconds, inclusive. */
  readonly from?: number;
  /** Epoch milliseconds, exclusive. */
  readonly to?: number;
  /** `actor.id`, whole. */
  readonly actor?: string;
  /** `actor.accountId`. */
  readonly accountId?: string;
  /** `actor.accessKeyId`. */
  readonly accessKeyId?: string;
  /** `iam:CreateUser`, or with a star at the end all that begin so: `iam:*`. */
  readonly action?: string;
  readonly decision?: AuditDecision;
  /** What the resource begins with. */
  readonly resource?: string;
  readonly category?: AuditCategory;
  readonly requestId?: string;
  /** `next` of the page before. */
  readonly after?: string;
  /** Default {@link QUERY_LIMIT_DEFAULT}; more than {@link QUERY_LIMIT_MAX} counts as that. */
  readonly limit?: number;
  /** By time, then by sequence. Default `newest` first. */
  readonly order?: "newest" | "oldest";
}

/** One page. */
export interface AuditPage {
  readonly items: readonly AuditEntry[];
  /** Where to go on; absent when there is nothing more. A page may hold fewer items than asked for, even none, and yet go on. */
  readonly next?: string;
}

/** How much is read for one page; both bound the time in which the event loop stands still. */
export interface QueryEffort {
  /** Rows looked at when one index cannot answer all filters. What was not found by then is looked for by the next page. */
  readonly scanRows: number;
  /** Matches of a prefix that are sorted by time. When there are more they are looked for along the time instead, as they are frequent enough then. */
  readonly prefixRows: number;
}

/** At about 3 µs a row: 15 ms and 30 ms. */
const EFFORT: QueryEffort = { scanRows: 5000, prefixRows: 10_000 };

/** What `next` looks like; nobody but this file should look inside. */
export const CURSOR = /^(\d{1,15})-(\d{1,15})$/;

interface Place {
  readonly at: number;
  readonly sequence: number;
}

interface Condition {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

interface Filter extends Condition {
  readonly index: string;
  /** The index is in the order of time under this filter. */
  readonly ordered: boolean;
}

/** @throws AuditError AuditQueryInvalid; the driver's error */
export function queryRecords(database: Database, query: AuditQuery, effort: QueryEffort = EFFORT): AuditPage {
  const limit = Math.max(1, Math.min(Math.trunc(query.limit ?? QUERY_LIMIT_DEFAULT), QUERY_LIMIT_MAX));
  const newest = query.order !== "oldest";
  const order = newest ? "ORDER BY at DESC, sequence DESC" : "ORDER BY at, sequence";
  const span = spanOf(query, newest);
  const filters = filtersOf(query);
  const { driver, rest } = chooseDriver(database, filters, span, effort.prefixRows);
  const from = `FROM records INDEXED BY ${driver.index}`;
  const driven = [driver, ...span];

  let edge: Place | undefined;
  if (rest.length > 0 && driver.ordered) {
    const { where, parameters } = allOf(driven);
    const sql = `SELECT at, sequence ${from} ${where} ${order} LIMIT 1 OFFSET ${effort.scanRows - 1}`;
    edge = first<Place>(database, sql, parameters);
  }
  const within = edge === undefined ? [] : [placeCondition(newest ? ">=" : "<=", edge)];
  const { where, parameters } = allOf([...driven, ...rest, ...within]);
  const rows = [
    ...database.iterate<EntryRow & Place>(
      `SELECT at, ${ENTRY_COLUMNS} ${from} ${where} ${order} LIMIT ${limit + 1}`,
      ...parameters,
    ),
  ];
  const items = rows.slice(0, limit).map(entryOfRow);
  if (rows.length > limit) return { items, next: formatPlace(rows[limit - 1]!) };
  return edge === undefined ? { items } : { items, next: formatPlace(edge) };
}

/** Times and cursor. */
function spanOf({ from, to, after }: AuditQuery, newest: boolean): readonly Condition[] {
  const conditions: Condition[] = [];
  if (from !== undefined) conditions.push({ sql: "at >= ?", parameters: [from] });
  if (to !== undefined) conditions.push({ sql: "at < ?", parameters: [to] });
  if (after !== undefined) conditions.push(placeCondition(newest ? "<" : ">", parsePlace(after)));
  return conditions;
}

function placeCondition(operator: string, { at, sequence }: Place): Condition {
  return { sql: `(at, sequence) ${operator} (?, ?)`, parameters: [at, sequence] };
}

function filtersOf(query: AuditQuery): readonly Filter[] {
  const filters: Filter[] = [];
  const equal = (column: string, value: string | undefined): void => {
    if (value === undefined) return;
    filters.push({ index: `by_${column}`, ordered: true, sql: `${column} = ?`, parameters: [value] });
  };
  const prefix = (column: string, start: string | undefined): void => {
    if (start === undefined || start === "") return;
    const end = successor(start);
    filters.push({
      index: `by_${column}`,
      ordered: false,
      sql: end === undefined ? `${column} >= ?` : `${column} >= ? AND ${column} < ?`,
      parameters: end === undefined ? [start] : [start, end],
    });
  };
  // In the order in which they are likely to be rare.
  equal("request_id", query.requestId);
  equal("access_key", query.accessKeyId);
  equal("actor", query.actor);
  prefix("resource", query.resource);
  if (query.action?.endsWith("*")) prefix("action", query.action.slice(0, -1));
  else equal("action", query.action);
  equal("account", query.accountId);
  equal("decision", query.decision);
  equal("category", query.category);
  return filters;
}

/** The least text that is greater than all that begin with `text`, in the order of code points, which is that of UTF-8's bytes. */
function successor(text: string): string | undefined {
  const points = [...text];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const next = last.codePointAt(0)! + 1;
    if (next > 0x10ffff) continue;
    // The range of surrogates is skipped: UTF-8 has none.
    return points.join("") + String.fromCodePoint(next >= 0xd800 && next <= 0xdfff ? 0xe000 : next);
  }
  return undefined;
}

const BY_TIME: Filter = { index: "by_at", ordered: true, sql: "at IS NOT NULL", parameters: [] };

/** The filter with the fewest matches, counted up to a limit; a prefix only if its matches are few enough to be sorted. */
function chooseDriver(
  database: Database,
  filters: readonly Filter[],
  span: readonly Condition[],
  prefixRows: number,
): { readonly driver: Filter; readonly rest: readonly Filter[] } {
  const only = filters[0];
  if (only === undefined || (filters.length === 1 && only.ordered)) return { driver: only ?? BY_TIME, rest: [] };
  const counted = filters.map((filter) => ({ filter, count: countUpTo(database, filter, span, prefixRows + 1) }));
  const usable = counted.filter(({ filter, count }) => filter.ordered || count <= prefixRows);
  const best = usable.reduce<(typeof counted)[number] | undefined>(
    (least, one) => (least === undefined || one.count < least.count ? one : least),
    undefined,
  );
  if (best === undefined) return { driver: BY_TIME, rest: filters };
  return { driver: best.filter, rest: filters.filter((filter) => filter !== best.filter) };
}

function countUpTo(database: Database, filter: Filter, span: readonly Condition[], most: number): number {
  const { where, parameters } = allOf([filter, ...span]);
  const sql = `SELECT count(*) AS count FROM (SELECT 1 FROM records INDEXED BY ${filter.index} ${where} LIMIT ${most})`;
  return first<{ count: number }>(database, sql, parameters)!.count;
}

function allOf(conditions: readonly Condition[]): {
  readonly where: string;
  readonly parameters: readonly SqlValue[];
} {
  return {
    where: conditions.length === 0 ? "" : `WHERE ${conditions.map(({ sql }) => sql).join(" AND ")}`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

function first<Row extends object>(database: Database, sql: string, parameters: readonly SqlValue[]): Row | undefined {
  for (const row of database.iterate<Row>(sql, ...parameters)) return row;
  return undefined;
}

function formatPlace({ at, sequence }: Place): string {
  return `${at}-${sequence}`;
}

function parsePlace(text: string): Place {
  const match = CURSOR.exec(text);
  if (match !== null) return { at: Number(match[1]), sequence: Number(match[2]) };
  throw new AuditError("AuditQueryInvalid", '"after" must be the "next" of a page.');
}
