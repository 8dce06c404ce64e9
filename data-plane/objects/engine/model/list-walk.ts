/**
 * How one page of a listing is found: a walk over keys in order that jumps over each common prefix instead of through it.
 *
 * Pure: rows come from a source that can seek. The cost of a page is a seek for each common prefix and a step for each entry, wherever the page lies.
 */

import type { ListQuery } from "../port.ts";
import { compareBytes, encodeKey, PAST_EVERY_KEY, pastKey, pastPrefix } from "./key-order.ts";

/** Where a walk stands: at the first row whose key is not less than `key`; within that very key only at rows past `pastSeq`, when given. */
export interface Position {
  readonly key: Uint8Array;
  readonly pastSeq?: number;
}

/** Rows in order of key, and of time within a key. */
export interface RowSource<Row> {
  /** At most `limit` rows from `from` on, all with keys below `end`. */
  scan(from: Position, end: Uint8Array, limit: number): readonly Row[];
  /** The key of the first of those rows: cheaper than a scan where only the key will be needed. */
  peek(from: Position, end: Uint8Array): string | undefined;
  keyOf(row: Row): string;
  seqOf(row: Row): number;
}

/** A page before its rows are decoded. */
export interface WalkedPage<Row> {
  readonly rows: readonly Row[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  /** The last key or common prefix of the page. */
  readonly next?: string;
  /** The last row, when `next` is its key. */
  readonly last?: Row;
}

/** The most entries a page can have (ListObjectsV2, `max-keys`). */
export const PAGE_ENTRIES_MAX = 1000;

/** Rows fetched at once with a delimiter: few after a jump, since another may be near, then doubling. */
const CHUNK_AFTER_JUMP = 8;
const CHUNK_MAX = 256;

/** Where the walk of a query starts. `pastSeq` continues within the key `after`. */
export function startOf(query: ListQuery, pastSeq?: number): Position {
  const first: Position = { key: encodeKey(query.prefix) };
  const { after, prefix, delimiter, inclusive } = query;
  if (after === undefined) return first;
  const position = afterPosition(after, prefix, delimiter, inclusive === true, pastSeq);
  return compareBytes(position.key, first.key) < 0 ? first : position;
}

function afterPosition(
  after: string,
  prefix: string,
  delimiter: string,
  inclusive: boolean,
  pastSeq: number | undefined,
): Position {
  const group = after.startsWith(prefix) ? commonPrefixOf(after, prefix, delimiter) : undefined;
  // Keys under a common prefix are represented by it: when it is not greater than `after`, all of them are behind us.
  if (group !== undefined && !(inclusive && group === after)) return { key: pastPrefix(group) };
  if (pastSeq !== undefined) return { key: encodeKey(after), pastSeq };
  return { key: inclusive ? encodeKey(after) : pastKey(after) };
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** Collects one page. `pastSeq` as in {@link startOf}. */
export function walkPage<Row>(source: RowSource<Row>, query: ListQuery, pastSeq?: number): WalkedPage<Row> {
  const limit = Math.min(query.limit, PAGE_ENTRIES_MAX);
  const rows: Row[] = [];
  const commonPrefixes: string[] = [];
  if (limit <= 0) return { rows, commonPrefixes, truncated: false };

  const { prefix, delimiter } = query;
  const end = prefix === "" ? PAST_EVERY_KEY : pastPrefix(prefix);
  let from = startOf(query, pastSeq);
  let chunk = delimiter === "" ? limit + 1 : Math.min(limit + 1, CHUNK_MAX / 8);
  let group: string | undefined;
  let next: string | undefined;
  let last: Row | undefined;

  for (;;) {
    if (group !== undefined) {
      // After a common prefix comes, more often than not, another.
      const key = source.peek(from, end);
      if (key === undefined) return { rows, commonPrefixes, truncated: false };
      const following = commonPrefixOf(key, prefix, delimiter);
      if (following !== undefined) {
        if (rows.length + commonPrefixes.length === limit) {
          return { rows, commonPrefixes, truncated: true, next, last };
        }
        commonPrefixes.push(following);
        group = following;
        next = following;
        last = undefined;
        from = { key: pastPrefix(following) };
        continue;
      }
      group = undefined;
    }
    const found = source.scan(from, end, chunk);
    for (const row of found) {
      const key = source.keyOf(row);
      if (group !== undefined && key.startsWith(group)) continue;
      if (rows.length + commonPrefixes.length === limit) return { rows, commonPrefixes, truncated: true, next, last };
      group = commonPrefixOf(key, prefix, delimiter);
      if (group === undefined) {
        rows.push(row);
        next = key;
        last = row;
      } else {
        commonPrefixes.push(group);
        next = group;
        last = undefined;
      }
    }
    if (found.length < chunk) return { rows, commonPrefixes, truncated: false };
    if (group !== undefined) {
      from = { key: pastPrefix(group) };
      chunk = CHUNK_AFTER_JUMP;
    } else {
      const lastRow = found[found.length - 1]!;
      from = { key: encodeKey(source.keyOf(lastRow)), pastSeq: source.seqOf(lastRow) };
      chunk = Math.min(chunk * 2, CHUNK_MAX);
    }
  }
}
