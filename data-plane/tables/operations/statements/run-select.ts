/** Carries out a SELECT: its queries one after the other, or a scan, as one page. */
import { matches, valueAt } from "#data-plane/tables/expressions";
import type { Column, PlannedQuery, SelectPlan } from "#data-plane/tables/partiql";
import { type Item, type MutableItem, setAttribute, TableValidation } from "#data-plane/tables/values";
import { jsonText } from "#foundation/aws";
import type { Page, PageItem, PageRequest, StoredItem } from "../../engine/port.ts";
import { PAGE_BYTES_MAX } from "../../engine/port.ts";
import { checkStartKey } from "../../rules/start-key.ts";
import type { IndexView, TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { ConsumedUnits, pageItems, readPage } from "../items/internals.ts";
import { startPlace } from "../items/read-pages.ts";
import type { ReadPosition } from "./next-token.ts";

export interface SelectRequest {
  readonly tableName: string;
  readonly plan: SelectPlan;
  /** Most items to examine. */
  readonly limit?: number;
  readonly consistent: boolean;
  readonly from?: ReadPosition;
}

/** One page of a SELECT. */
export interface SelectPage<Items> {
  readonly items: Items;
  readonly consumed: ConsumedUnits;
  /** Where to go on; undefined at the end. */
  readonly next?: ReadPosition;
}

/** @throws TableValidation, and what reading throws */
export async function runSelect<Items>(
  tools: Toolbox,
  view: TableView,
  request: SelectRequest,
): Promise<SelectPage<Items>> {
  const { plan, consistent } = request;
  const index = plan.index === undefined ? undefined : view.indexes.get(plan.index);
  if (index?.kind === "global" && consistent) {
    throw new TableValidation("Consistent reads are not supported on global secondary indexes");
  }
  const position = checkedPosition(view, index, request);
  const found: PageItem[] = [];
  const consumed = new ConsumedUnits("read");
  let { query: at, start } = position;
  let examined = 0;
  let bytes = 0;
  const reads = plan.queries?.length ?? 1;
  for (; at < reads; at++) {
    const limit = request.limit === undefined ? undefined : request.limit - examined;
    // What has been examined so far fills the page, though there is more to read.
    if (limit === 0 || bytes >= PAGE_BYTES_MAX) break;
    const { page, consumed: units } = await readPage(
      tools,
      view,
      index,
      { TableName: request.tableName, ConsistentRead: consistent },
      () => readOne(tools, view, plan, plan.queries?.[at], limit, start),
    );
    consumed.add(units);
    found.push(...page.items);
    examined += page.scannedCount;
    bytes += page.scannedBytes;
    start = page.lastKey;
    if (start !== undefined) break;
  }
  return {
    items: await pageItems<Items>(tools.clock, found, shown(plan.columns)),
    consumed,
    ...(at < reads && { next: start === undefined ? { query: at } : { query: at, start } }),
  };
}

function checkedPosition(view: TableView, index: IndexView | undefined, { plan, from }: SelectRequest): ReadPosition {
  if (from === undefined) return { query: 0 };
  if (from.query >= (plan.queries?.length ?? 1)) throw new TableValidation("The provided starting key is invalid");
  if (from.start !== undefined) checkStartKey(from.start, startPlace(view, index));
  return from;
}

function readOne(
  tools: Toolbox,
  view: TableView,
  plan: SelectPlan,
  query: PlannedQuery | undefined,
  limit: number | undefined,
  start: Item | undefined,
): Promise<Page> {
  const filter = query === undefined ? plan.filter : query.filter;
  const request: PageRequest = {
    tableId: view.record.resourceId,
    ...(plan.index !== undefined && { index: plan.index }),
    ...(start !== undefined && { start }),
    ...(limit !== undefined && { limit }),
    ...(filter !== undefined && { filter: (item: Item) => matches(filter, item) }),
    ...(plan.wholeItems && { wholeItems: true }),
  };
  if (query === undefined) return tools.engine.scan(request);
  return tools.engine.query({
    ...request,
    hash: [query.hash],
    ...(query.range !== undefined && { range: [query.range] }),
    ...(plan.backward && { backward: true }),
  });
}

const shown = (columns: readonly Column[] | undefined) =>
  columns === undefined ? undefined : (item: Item) => selectColumns(item, columns);

/** An item as it goes into an answer, or what a SELECT names of it. */
export function selectedItem<Member>({ text, parse }: StoredItem, columns: readonly Column[] | undefined): Member {
  return jsonText<Member>(columns === undefined ? text : JSON.stringify(selectColumns(parse(), columns)));
}

/** The attributes of an item that a SELECT names; those that it has. */
function selectColumns(item: Item, columns: readonly Column[]): Item {
  const selected: MutableItem = {};
  for (const { path, name } of columns) {
    const value = valueAt(item, path);
    if (value !== undefined) setAttribute(selected, name, value);
  }
  return selected;
}
