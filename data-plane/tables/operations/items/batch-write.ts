/** BatchWriteItem: up to 25 puts and deletes in several tables, each on its own. Nothing is written unless all of it may be. */
import { inTurns, takeTurns } from "#data-plane/tables/turns";
import { type Item, normalizeItem } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import type { ItemAction, ItemWrite, WriteResult } from "../../engine/port.ts";
import { validationError } from "../../errors.ts";
import { ConsumedUnits } from "../../rules/capacity.ts";
import { checkedItemSize } from "../../rules/item-size.ts";
import { keyIdentity } from "../../rules/keys.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { deleteAction, putAction } from "./actions.ts";
import { itemQuestion } from "./item-questions.ts";
import {
  addWrite,
  collectionMetrics,
  hashOf,
  refusalError,
  wantsCapacity,
  wantsCollection,
  wishesOf,
} from "./write-item.ts";

const WRITES_MAX = 25;

/** One write of a request, before it is known what the table wants. */
type AskedWrite = { readonly put: Item; readonly size: number } | { readonly delete: Item };

interface TableWrites {
  readonly tableName: string;
  readonly requests: readonly DynamoDB.WriteRequest[];
  readonly asked: readonly AskedWrite[];
}

interface PlannedWrite {
  readonly tableName: string;
  readonly view: TableView;
  readonly item: Item;
  readonly write: ItemWrite;
}

export function batchWriteItem(tools: Toolbox): NonNullable<TableOperations["BatchWriteItem"]> {
  const { tables } = tools;
  return {
    check({ RequestItems: requests }) {
      if (requests === undefined || Object.keys(requests).length === 0) {
        throw validationError("The requestItems parameter is required for BatchWriteItem");
      }
      for (const [tableName, writes] of Object.entries(requests)) {
        if (writes.length === 0 || writes.length > WRITES_MAX) throw wrongLength(tableName, writes.length);
      }
    },
    access: (input, context) =>
      Object.entries(input.RequestItems).map(([tableName, requests]) =>
        itemQuestion(tools, "BatchWriteItem", tableName, input, () => requests.map(itemOrKey), context),
      ),
    async handle(input, context) {
      const turn = takeTurns(tools.clock);
      const byTable: TableWrites[] = [];
      for (const [tableName, requests] of Object.entries(input.RequestItems)) {
        byTable.push({ tableName, requests, asked: await inTurns(turn, requests, askedWrite) });
      }
      if (byTable.reduce((sum, { asked }) => sum + asked.length, 0) > WRITES_MAX) {
        throw validationError("Too many items requested for the BatchWriteItem call");
      }
      const planned = byTable.flatMap((writes) =>
        planTable(tools, tables.forItems(writes.tableName, context), writes, input),
      );
      // A table may be there twice, by its name and by its ARN.
      const items = new Set(
        planned.map(({ view, item }) => `${view.record.resourceId} ${keyIdentity(view.keys, item)}`),
      );
      if (items.size < planned.length) throw validationError("Provided list of item keys contains duplicates");
      for (const { view } of planned) if (!view.ready) await tables.ensure(view);
      if (tools.throttle !== undefined) for (const { view } of planned) tools.throttle.admit(view, "write");
      const results = await tools.engine.writeMany(planned.map(({ write }) => write));
      return report(tools, planned, results, input);
    },
  };
}

const itemOrKey = ({ PutRequest, DeleteRequest }: DynamoDB.WriteRequest): Item =>
  (PutRequest?.Item ?? DeleteRequest?.Key ?? {}) as Item;

function wrongLength(tableName: string, length: number) {
  const shown = length === 0 ? "[]" : "[WriteRequest(…)]";
  return validationError(
    `1 validation error detected: Value '{${tableName.slice(0, 1024)}=${shown}}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to ${WRITES_MAX}, Member must have length greater than or equal to 1]`,
  );
}

function askedWrite({ PutRequest, DeleteRequest }: DynamoDB.WriteRequest): AskedWrite {
  if (PutRequest !== undefined && DeleteRequest === undefined) {
    const item = normalizeItem(PutRequest.Item);
    return { put: item, size: checkedItemSize(item) };
  }
  if (DeleteRequest !== undefined && PutRequest === undefined) return { delete: normalizeItem(DeleteRequest.Key) };
  throw validationError(
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
  );
}

function planTable(
  tools: Toolbox,
  view: TableView,
  { tableName, asked }: TableWrites,
  input: DynamoDB.BatchWriteItemInput,
): readonly PlannedWrite[] {
  const wishes = wishesOf(tools, view, input, {});
  return asked.map((each): PlannedWrite => {
    const [action, item]: [ItemAction, Item] =
      "put" in each ? [putAction(view, each.put, each.size), each.put] : [deleteAction(view, each.delete), each.delete];
    return { tableName, view, item, write: { tableId: view.record.resourceId, action, wishes } };
  });
}

function report(
  tools: Toolbox,
  planned: readonly PlannedWrite[],
  results: readonly WriteResult[],
  input: DynamoDB.BatchWriteItemInput,
): DynamoDB.BatchWriteItemOutput {
  const consumed = new Map<string, { readonly view: TableView; readonly units: ConsumedUnits }>();
  const metrics = new Map<string, DynamoDB.ItemCollectionMetrics[]>();
  for (const [at, { tableName, view, item, write }] of planned.entries()) {
    const result = results[at]!;
    // Everything that a request can get wrong was looked at before: only the size of a collection is known to the engine alone.
    if (result.refused !== undefined) throw refusalError(view, write, result);
    const known = consumed.get(tableName) ?? { view, units: new ConsumedUnits("write") };
    consumed.set(tableName, known);
    addWrite(known.units, view, result, false);
    if (wantsCollection(view, input)) {
      const ofTable = metrics.get(tableName) ?? [];
      metrics.set(tableName, ofTable);
      ofTable.push(collectionMetrics(view, hashOf(view, item), result));
    }
  }
  for (const { view, units } of consumed.values()) tools.throttle?.charge(view, "write", units);
  const wanted = input.ReturnConsumedCapacity === "INDEXES" ? "INDEXES" : "TOTAL";
  return {
    UnprocessedItems: {},
    ...(metrics.size > 0 && { ItemCollectionMetrics: Object.fromEntries(metrics) }),
    ...(wantsCapacity(input) && {
      ConsumedCapacity: [...consumed].map(([tableName, { units }]) => units.describe(tableName, wanted, false)),
    }),
  };
}
