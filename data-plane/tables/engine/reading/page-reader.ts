/** Query and Scan: pages of items in key order. */
import type { Turn } from "#data-plane/tables/turns";
import { attributeOf, concatBytes, type Item, type MutableItem, setAttribute } from "#data-plane/tables/values";
import { ALL, type ByteRange, contains, exactly, rangeOf, restBehind, segmentOf } from "../model/byte-range.ts";
import { SHOWS_ALL } from "../model/projection.ts";
import {
  PAGE_BYTES_MAX,
  type Page,
  type PageItem,
  type PageRequest,
  type QueryRequest,
  type ScanRequest,
} from "../port.ts";
import { TableEngineError } from "../table-engine-error.ts";
import type { ItemRow } from "./row-source.ts";
import type { IndexView, TableView, TableViews } from "./table-views.ts";

/** Rows of the first slice of a page when nothing is known about their size: 8 items of 400 KB are 3 MB. */
const FIRST_ROWS = 8;
/** When something is known, it may still be wrong for these rows: of the largest ones a hundred are 41 MB. The limit that most pages have is one statement then. */
const FIRST_ROWS_MAX = 100;
const FIRST_BYTES = 128 * 1024;
/** Of the later slices. What an index shows of its items may be little; they are read whole. */
const ROWS_MAX = 256;
const SLICE_BYTES = 1024 * 1024;

export interface PageReader {
  query(request: QueryRequest): Promise<Page>;
  scan(request: ScanRequest): Promise<Page>;
}

export interface PageReaderParts {
  readonly views: TableViews;
  /** A page of many small items is read in several turns. */
  readonly takeTurns: () => Turn;
}

export function createPageReader({ views, takeTurns }: PageReaderParts): PageReader {
  const read = async (source: PageSource, range: ByteRange, backward: boolean, request: PageRequest): Promise<Page> => {
    const page = createPage(source, request);
    let { rows } = source;
    let rest = startOf(source, range, backward, request);
    const turn = takeTurns();
    /** Reads on until the page is complete, or other requests have waited long enough. */
    const readOn = (): Page | undefined => {
      do {
        const wanted = page.rowsWanted();
        const slice = rows.range(rest, backward, wanted);
        for (const row of slice) if (page.add(row)) return page.end(row);
        const last = slice.at(-1);
        if (last === undefined || slice.length < wanted) return page.end(undefined);
        rest = restBehind(rest, startKey(source, JSON.parse(last.item) as Item), backward);
      } while (!turn.isOver);
      return undefined;
    };
    // A single slice is one statement, and by that of one moment. Several are not: an item whose index key changes between two would be there twice, or not at
    // all. A page that lasts longer is of several moments all the same, which DynamoDB allows (read-committed isolation of Query and Scan).
    const single = request.limit !== undefined && request.limit <= firstRows(rows.typicalBytes);
    for (;;) {
      const whole = single ? views.read(readOn) : views.snapshot(readOn);
      if (whole !== undefined) return whole;
      await turn.next();
      // Meanwhile the table or the index may have been removed.
      ({ rows } = sourceOf(views.get(request.tableId), request.index));
    }
  };
  return {
    async query(request) {
      const source = sourceOf(views.get(request.tableId), request.index);
      return read(source, queryRange(source, request), request.backward === true, request);
    },
    async scan(request) {
      const source = sourceOf(views.get(request.tableId), request.index);
      const { segment } = request;
      const range = segment === undefined ? ALL : segmentOf(segment.index, segment.total);
      return read(source, range, false, request);
    },
  };
}

/** A table or an index of it. */
interface PageSource {
  readonly table: TableView;
  readonly index: IndexView | undefined;
  readonly rows: TableView["rows"];
}

function sourceOf(table: TableView, name: string | undefined): PageSource {
  if (name === undefined) return { table, index: undefined, rows: table.rows };
  const index = table.indexes.get(name);
  if (index === undefined) throw new TableEngineError("NoSuchIndex");
  if (index.shape.state === "building") throw new TableEngineError("IndexNotReady");
  return { table, index, rows: index.rows };
}

function queryRange({ table, index }: PageSource, { hash, range = [] }: QueryRequest): ByteRange {
  const { keys, definition } = table.shape;
  if (index !== undefined) {
    return rangeOf(index.shape.keys.partition(hash), index.shape.definition.keys.range, range, false);
  }
  const partition = keys.partition(hash[0]!);
  return definition.keys.range.length === 0
    ? exactly(partition)
    : rangeOf(partition, definition.keys.range, range, true);
}

function startOf(source: PageSource, range: ByteRange, backward: boolean, { start }: PageRequest): ByteRange {
  if (start === undefined) return range;
  const key = startKey(source, start);
  if (!contains(range, key)) throw new TableEngineError("InvalidStartKey");
  return restBehind(range, key, backward);
}

function startKey({ table, index }: PageSource, start: Item): Uint8Array {
  try {
    const own = table.shape.keys.encode(start);
    return index === undefined ? own : concatBytes([index.shape.keys.place(start), own]);
  } catch (error) {
    throw new TableEngineError("InvalidStartKey", error);
  }
}

function firstRows(typicalBytes: number | undefined): number {
  if (typicalBytes === undefined) return FIRST_ROWS;
  return Math.max(2, Math.min(FIRST_ROWS_MAX, Math.floor(FIRST_BYTES / typicalBytes)));
}

/** Gathers a page. */
function createPage(
  source: PageSource,
  { limit = Number.POSITIVE_INFINITY, filter, countOnly, wholeItems }: PageRequest,
) {
  const projector = source.index?.shape.projector ?? SHOWS_ALL;
  const fetchesItems = wholeItems === true && !projector.all;
  const items: PageItem[] = [];
  const fetchedSizes: number[] = [];
  let count = 0;
  let scannedCount = 0;
  let scannedBytes = 0;
  /** Of the whole items. */
  let readBytes = 0;

  const examine = (row: ItemRow): void => {
    readBytes += row.bytes;
    if (projector.all) {
      scannedBytes += row.bytes;
      const item = filter === undefined ? undefined : (JSON.parse(row.item) as Item);
      if (item === undefined) keep({ text: row.item });
      else if (filter?.(item)) keep({ text: row.item, item });
      return;
    }
    const whole = JSON.parse(row.item) as Item;
    scannedBytes += projector.sizeOf(whole, row.bytes);
    if (fetchesItems) fetchedSizes.push(row.bytes);
    const item = fetchesItems ? whole : projector.project(whole);
    if (filter === undefined || filter(item)) keep({ text: fetchesItems ? row.item : JSON.stringify(item), item });
  };
  const keep = (item: PageItem): void => {
    count++;
    if (countOnly !== true) items.push(item);
  };

  return {
    rowsWanted(): number {
      if (scannedCount === 0) return Math.min(limit, firstRows(source.rows.typicalBytes));
      const room = Math.ceil((PAGE_BYTES_MAX - scannedBytes) / (scannedBytes / scannedCount)) + 1;
      const slice = Math.ceil(SLICE_BYTES / (readBytes / scannedCount));
      return Math.max(1, Math.min(limit - scannedCount, room, slice, ROWS_MAX));
    },
    /** Answers whether the page is full. */
    add(row: ItemRow): boolean {
      scannedCount++;
      examine(row);
      return scannedCount === limit || scannedBytes >= PAGE_BYTES_MAX;
    },
    /** @param last the row behind which to go on */
    end(last: ItemRow | undefined): Page {
      if (scannedCount > 0) source.rows.typicalBytes = readBytes / scannedCount;
      const page = { items, count, scannedCount, scannedBytes, fetchedSizes };
      return last === undefined ? page : { ...page, lastKey: keyAttributes(source, JSON.parse(last.item) as Item) };
    },
  };
}

/** The attributes of the item that a start key has. */
function keyAttributes({ table, index }: PageSource, item: Item): Item {
  const key: MutableItem = {};
  const { hash, range } = table.shape.definition.keys;
  const own = index?.shape.definition.keys;
  for (const { name } of [...hash, ...range, ...(own?.hash ?? []), ...(own?.range ?? [])]) {
    const value = attributeOf(item, name);
    if (value !== undefined) setAttribute(key, name, value);
  }
  return key;
}
