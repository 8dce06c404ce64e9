/** TransactGetItems: up to 100 items as they were at one moment. */
import type { Projection } from "#data-plane/tables/expressions";
import { inTurns, takeTurns } from "#data-plane/tables/turns";
import { type Item, normalizeItem, TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import type { StoredItem } from "../../engine/port.ts";
import { validationError } from "../../errors.ts";
import { ConsumedUnits, readUnits } from "../../rules/capacity.ts";
import { checkPaths } from "../../rules/document-paths.ts";
import { checkParameterStyles, GET_STYLES } from "../../rules/expression-parameters.ts";
import { checkKey, EmptyKeyValue, keyIdentity } from "../../rules/keys.ts";
import { selectOf } from "../../rules/select.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { type CancellationReason, transactionCancelled, validationReason } from "./cancellation.ts";
import { itemQuestion } from "./item-questions.ts";
import { projectionOf, returnedItem } from "./projections.ts";

/** Of all items together. */
export const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024;

interface PlannedGet {
  readonly tableName: string;
  readonly view: TableView;
  readonly key: Item;
  readonly projection: Projection | undefined;
}

export function transactGetItems(tools: Toolbox): NonNullable<TableOperations["TransactGetItems"]> {
  const { engine, tables, throttle } = tools;
  return {
    access: (input, context) =>
      input.TransactItems.map(({ Get }) =>
        itemQuestion(tools, "GetItem", Get.TableName, Get, () => [Get.Key as Item], context, {
          select: selectOf(Get),
          enclosingOperation: "TransactGetItems",
          returnConsumedCapacity: input.ReturnConsumedCapacity,
        }),
      ),
    async handle(input, context) {
      const asked = input.TransactItems.map(({ Get }) => {
        checkParameterStyles(Get, GET_STYLES);
        return { tableName: Get.TableName, projection: projectionOf(Get), key: normalizeItem(Get.Key) };
      });
      const planned = asked.map((get): PlannedGet => ({ ...get, view: tables.forItems(get.tableName, context) }));
      checkKeys(planned);
      for (const { view } of planned) if (!view.ready) await tables.ensure(view);
      for (const { view } of planned) throttle?.admit(view, "read");
      const items = engine.getMany(
        planned.map(({ view, key }) => ({ tableId: view.record.resourceId, key })),
        TRANSACTION_BYTES_MAX,
      );
      const consumed = consumedByGets(planned, items);
      for (const { view, units } of consumed.values()) throttle?.charge(view, "read", units);
      if (items.reduce((sum, stored) => sum + (stored?.size ?? 0), 0) > TRANSACTION_BYTES_MAX) {
        throw validationError("Aggregate size of the items in the transaction exceeds the limit of 4 MB");
      }
      return answer(tools, input, planned, items, consumed);
    },
  };
}

/** Mistakes of single actions cancel the transaction. @throws AwsError TransactionCanceledException */
function checkKeys(planned: readonly PlannedGet[]): void {
  const reasons = planned.map(({ view, key, projection }) =>
    mistakeOf(() => {
      checkKey(view.keys, key);
      if (projection !== undefined) checkPaths(view, projection);
    }),
  );
  if (reasons.some((reason) => reason !== undefined)) throw transactionCancelled(reasons);
  const identities = planned.map(({ view, key }) => `${view.record.resourceId} ${keyIdentity(view.keys, key)}`);
  if (new Set(identities).size < planned.length) {
    throw validationError("Transaction request cannot include multiple operations on one item");
  }
}

/**
 * What is wrong with one action, as the reason of a cancellation.
 *
 * @throws EmptyKeyValue, which is said of the request and not of the action
 */
export function mistakeOf(check: () => void): CancellationReason | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof EmptyKeyValue) throw error;
    if (error instanceof TableValidation) return validationReason(error.message);
    throw error;
  }
}

type ByTable = ReadonlyMap<string, { readonly view: TableView; readonly units: ConsumedUnits }>;

function consumedByGets(planned: readonly PlannedGet[], items: readonly (StoredItem | undefined)[]): ByTable {
  const consumed = new Map<string, { readonly view: TableView; readonly units: ConsumedUnits }>();
  for (const [at, { tableName, view }] of planned.entries()) {
    const known = consumed.get(tableName) ?? { view, units: new ConsumedUnits("read") };
    consumed.set(tableName, known);
    known.units.addTable(readUnits(items[at]?.size ?? 0, "transaction"));
  }
  return consumed;
}

async function answer(
  { clock }: Toolbox,
  input: DynamoDB.TransactGetItemsInput,
  planned: readonly PlannedGet[],
  items: readonly (StoredItem | undefined)[],
  consumed: ByTable,
): Promise<DynamoDB.TransactGetItemsOutput> {
  const { ReturnConsumedCapacity: wanted } = input;
  return {
    Responses: await inTurns(takeTurns(clock), items, (stored, at) =>
      stored === undefined ? {} : { Item: returnedItem(stored, planned[at]!.projection) },
    ),
    ...((wanted === "TOTAL" || wanted === "INDEXES") && {
      ConsumedCapacity: [...consumed].map(([tableName, { units }]) => units.describe(tableName, wanted, true)),
    }),
  };
}
