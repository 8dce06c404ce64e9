/** What Query and Scan have in common: which index is read, what is returned of it, and the answer. */
import {
  type Bindings,
  type Condition,
  compileCondition,
  compileProjection,
  lowerAttributesToGet,
  matches,
  type Projection,
  project,
} from "#data-plane/tables/expressions";
import { inTurns, takeTurns } from "#data-plane/tables/turns";
import { type Item, normalizeItem, TableValidation } from "#data-plane/tables/values";
import { type DynamoDB, jsonText } from "#foundation/aws";
import type { Clock } from "#foundation/runtime";
import type { Page, PageItem, PageRequest } from "../../engine/port.ts";
import { ConsumedUnits, type ReadMode, readUnits } from "../../rules/capacity.ts";
import { checkPaths } from "../../rules/document-paths.ts";
import { fetchesItems, type SelectInput } from "../../rules/select.ts";
import { checkStartKey, type StartPlace } from "../../rules/start-key.ts";
import type { IndexView, TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";

/** Parameters of Query and Scan alike. */
export interface PageInput extends SelectInput {
  readonly TableName: string;
  readonly Limit?: number;
  readonly ConsistentRead?: boolean;
  readonly ExclusiveStartKey?: { readonly [name: string]: unknown };
  readonly FilterExpression?: string;
  readonly ReturnConsumedCapacity?: DynamoDB.ReturnConsumedCapacity;
}

/** What a page consists of, once the parameters are read. */
export interface PageParts {
  readonly projection: Projection | undefined;
  readonly filter: Condition | undefined;
  readonly start: Item | undefined;
}

/**
 * The filter and the projection of a request; the caller reads the key condition with the same bindings.
 * @throws TableValidation
 */
export function filterOf(input: PageInput, bindings: Bindings): Condition | undefined {
  return input.FilterExpression === undefined
    ? undefined
    : compileCondition(input.FilterExpression, bindings, "FilterExpression");
}

/** @throws TableValidation */
export function pageProjection(input: PageInput, bindings: Bindings): Projection | undefined {
  if (input.ProjectionExpression !== undefined) return compileProjection(input.ProjectionExpression, bindings);
  return input.AttributesToGet === undefined ? undefined : lowerAttributesToGet(input.AttributesToGet);
}

/** @throws TableValidation */
export function startOf(input: PageInput): Item | undefined {
  return input.ExclusiveStartKey === undefined ? undefined : normalizeItem(input.ExclusiveStartKey);
}

/** The index that a request names. @throws TableValidation */
export function indexOf(view: TableView, input: PageInput): IndexView | undefined {
  if (input.IndexName === undefined) return undefined;
  const index = view.indexes.get(input.IndexName);
  if (index === undefined) {
    throw new TableValidation(`The table does not have the specified index: ${input.IndexName}`);
  }
  if (index.kind === "global" && input.ConsistentRead === true) {
    throw new TableValidation("Consistent reads are not supported on global secondary indexes");
  }
  return index;
}

/** Where a starting key must fit. */
export const startPlace = (view: TableView, index: IndexView | undefined): StartPlace =>
  index === undefined
    ? { table: view.keys, names: view.keys.names }
    : { table: view.keys, index: index.definition.keys, names: index.startKeyNames };

/**
 * The parts of an engine's request that do not depend on what is read of the table.
 * @throws TableValidation
 */
export function pageRequest(
  view: TableView,
  index: IndexView | undefined,
  input: PageInput,
  { filter, projection, start }: PageParts,
): PageRequest {
  if (start !== undefined) checkStartKey(start, startPlace(view, index));
  if (projection !== undefined) checkPaths(view, projection);
  if (filter !== undefined) checkPaths(view, filter);
  const wholeItems = index !== undefined && fetchesItems(index, input.Select, projection?.attributes);
  return {
    tableId: view.record.resourceId,
    ...(index !== undefined && { index: index.name }),
    ...(start !== undefined && { start }),
    ...(input.Limit !== undefined && { limit: input.Limit }),
    ...(filter !== undefined && { filter: (item: Item) => matches(filter, item) }),
    ...(wholeItems && { wholeItems }),
    ...(input.Select === "COUNT" && { countOnly: true }),
  };
}

/**
 * Reads a page within the throughput of what is read.
 *
 * @param read asks the engine
 * @throws AwsError ProvisionedThroughputExceededException
 */
export async function readPage(
  tools: Toolbox,
  view: TableView,
  index: IndexView | undefined,
  input: PageInput,
  read: () => Promise<Page>,
): Promise<{ readonly page: Page; readonly consumed: ConsumedUnits }> {
  if (!view.ready) await tools.tables.ensure(view);
  tools.throttle?.admit(view, "read", index?.kind === "global" ? index.name : undefined);
  const page = await read();
  const consumed = consumedByPage(page, index, input.ConsistentRead === true ? "strong" : "eventual");
  tools.throttle?.charge(view, "read", consumed);
  return { page, consumed };
}

function consumedByPage(page: Page, index: IndexView | undefined, mode: ReadMode): ConsumedUnits {
  const consumed = new ConsumedUnits("read");
  const units = readUnits(page.scannedBytes, mode);
  if (index === undefined) consumed.addTable(units);
  else consumed.addIndex(index.name, index.kind, units);
  for (const size of page.fetchedSizes) consumed.addTable(readUnits(size, mode));
  return consumed;
}

/** The answer of Query and Scan. */
export async function pageAnswer(
  { clock }: Toolbox,
  input: PageInput,
  page: Page,
  projection: Projection | undefined,
  consumed: ConsumedUnits,
): Promise<DynamoDB.QueryOutput> {
  const { ReturnConsumedCapacity: wanted } = input;
  const items = input.Select === "COUNT" ? undefined : await pageItems<Items>(clock, page.items, shown(projection));
  return {
    ...(items !== undefined && { Items: items }),
    Count: page.count,
    ScannedCount: page.scannedCount,
    ...(page.lastKey !== undefined && { LastEvaluatedKey: page.lastKey as DynamoDB.QueryOutput["LastEvaluatedKey"] }),
    ...((wanted === "TOTAL" || wanted === "INDEXES") && {
      ConsumedCapacity: consumed.describe(input.TableName, wanted, false),
    }),
  };
}

type Items = NonNullable<DynamoDB.QueryOutput["Items"]>;

const shown = (projection: Projection | undefined) =>
  projection === undefined ? undefined : (item: Item) => project(projection, item);

/**
 * Items of a page as they go into an answer.
 *
 * @param select what is shown of an item; undefined for whole items
 */
export async function pageItems<Member>(
  clock: Clock,
  items: readonly PageItem[],
  select: ((item: Item) => Item) | undefined,
): Promise<Member> {
  const texts =
    select === undefined
      ? items.map(({ text }) => text)
      : await inTurns(takeTurns(clock), items, ({ item, text }) =>
          JSON.stringify(select(item ?? (JSON.parse(text) as Item))),
        );
  return jsonText<Member>(`[${texts.join(",")}]`);
}
