/**
 * Writing one item: what PutItem, UpdateItem, DeleteItem and their PartiQL counterparts have in common once their parameters are read.
 */
import { type AttributeValue, attributeOf, type Item } from "#data-plane/tables/values";
import { AwsError, type DynamoDB, jsonText } from "#foundation/aws";
import type { ItemWrite, WriteDone, WriteRefused, WriteWishes } from "../../engine/port.ts";
import { conditionFailed, validationError } from "../../errors.ts";
import { ConsumedUnits, indexWriteUnits, writeUnits } from "../../rules/capacity.ts";
import { indexKeyProblem, updatedIndexKeyProblem } from "../../rules/index-keys.ts";
import { UPDATED_ITEM_TOO_LARGE } from "../../rules/item-size.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";

/** What a request wants to hear about a write beside the items themselves. */
export interface WriteReport {
  readonly ReturnConsumedCapacity?: DynamoDB.ReturnConsumedCapacity;
  readonly ReturnItemCollectionMetrics?: DynamoDB.ReturnItemCollectionMetrics;
}

export type ItemWishes = Pick<WriteWishes, "old" | "new" | "oldOnFailure">;

/** The wishes that follow from what a request wants to hear. */
export function wishesOf(tools: Toolbox, view: TableView, report: WriteReport, items: ItemWishes): WriteWishes {
  return {
    ...items,
    indexes: view.indexes.size > 0 && (wantsCapacity(report) || tools.throttle !== undefined),
    collection: wantsCollection(view, report),
  };
}

export const wantsCapacity = ({ ReturnConsumedCapacity: wanted }: WriteReport): boolean =>
  wanted === "TOTAL" || wanted === "INDEXES";

export const wantsCollection = (view: TableView, { ReturnItemCollectionMetrics: wanted }: WriteReport): boolean =>
  wanted === "SIZE" && view.hasLocalIndexes;

/**
 * Does one write.
 *
 * @throws AwsError ConditionalCheckFailedException, ValidationException for what the item as it is does not allow,
 *   ItemCollectionSizeLimitExceededException, ProvisionedThroughputExceededException
 */
export async function writeItem(tools: Toolbox, view: TableView, write: ItemWrite): Promise<WriteDone> {
  if (!view.ready) await tools.tables.ensure(view);
  tools.throttle?.admit(view, "write");
  const result = await tools.engine.write(write);
  if (result.refused === undefined) {
    tools.throttle?.charge(view, "write", consumedByWrite(view, result));
    return result;
  }
  if (tools.throttle !== undefined && result.refused === "ConditionFailed") {
    const consumed = new ConsumedUnits("write");
    consumed.addTable(writeUnits(result.oldSize, 0));
    tools.throttle.charge(view, "write", consumed);
  }
  throw refusalError(view, write, result);
}

/** A refusal as the error of an operation on one item. */
export function refusalError(view: TableView, write: Pick<ItemWrite, "action">, refused: WriteRefused): AwsError {
  switch (refused.refused) {
    case "ConditionFailed":
      return conditionFailed(refused.old === undefined ? undefined : jsonText(refused.old));
    case "CollectionTooLarge":
      return new AwsError("ItemCollectionSizeLimitExceededException", "Collection size exceeded.");
    default:
      return validationError(refusalMessage(view, write, refused));
  }
}

type InvalidWrite = Exclude<WriteRefused, { readonly refused: "ConditionFailed" | "CollectionTooLarge" }>;

/** The sentence about a write that the item as it is does not allow. */
export function refusalMessage(view: TableView, { action }: Pick<ItemWrite, "action">, refused: InvalidWrite): string {
  switch (refused.refused) {
    case "InvalidUpdate":
      return refused.message;
    case "ItemTooLarge":
      return UPDATED_ITEM_TOO_LARGE;
    case "IndexKeyInvalid": {
      const index = view.indexes.get(refused.index)?.definition;
      const isHash = index?.keys.hash.some(({ name }) => name === refused.attribute) ?? true;
      return action.kind === "update"
        ? updatedIndexKeyProblem(refused, isHash, action.update.origin).message
        : indexKeyProblem(refused, isHash).message;
    }
  }
}

/** What a write that was done consumed; indexes only when they were wished for. */
export function consumedByWrite(view: TableView, done: WriteDone, transaction = false): ConsumedUnits {
  const consumed = new ConsumedUnits("write");
  addWrite(consumed, view, done, transaction);
  return consumed;
}

export function addWrite(consumed: ConsumedUnits, view: TableView, done: WriteDone, transaction: boolean): void {
  consumed.addTable(writeUnits(done.oldSize, done.newSize, transaction));
  for (const change of done.indexes ?? []) {
    consumed.addIndex(
      change.name,
      view.indexes.get(change.name)?.kind ?? "global",
      indexWriteUnits(change, transaction),
    );
  }
}

/** The members of an answer that a request asked for beside the item. */
export function writeReport(
  view: TableView,
  tableName: string,
  report: WriteReport,
  done: WriteDone,
  hash: AttributeValue,
): Pick<DynamoDB.PutItemOutput, "ConsumedCapacity" | "ItemCollectionMetrics"> {
  const { ReturnConsumedCapacity: wanted } = report;
  if ((wanted === undefined || wanted === "NONE") && !wantsCollection(view, report)) return NOTHING;
  return {
    ...((wanted === "TOTAL" || wanted === "INDEXES") && {
      ConsumedCapacity: consumedByWrite(view, done).describe(tableName, wanted, false),
    }),
    ...(wantsCollection(view, report) && { ItemCollectionMetrics: collectionMetrics(view, hash, done) }),
  };
}

const NOTHING = Object.freeze({});

const GB = 1024 ** 3;

/** Sizes of collections are estimated in whole gigabytes, as a range. */
export function collectionMetrics(
  view: TableView,
  hash: AttributeValue,
  { collectionSize = 0 }: WriteDone,
): DynamoDB.ItemCollectionMetrics {
  const lower = Math.floor(collectionSize / GB);
  return {
    ItemCollectionKey: { [view.keys.hash.name]: hash } as DynamoDB.ItemCollectionMetrics["ItemCollectionKey"],
    SizeEstimateRangeGB: [lower, lower + 1],
  };
}

/** The hash key's value of a key or item that was checked. */
export function hashOf(view: TableView, item: Item): AttributeValue {
  const value = attributeOf(item, view.keys.hash.name);
  if (value === undefined) throw new TypeError("a checked key without its hash attribute");
  return value;
}
