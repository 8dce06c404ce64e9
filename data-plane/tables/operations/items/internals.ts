/**
 * What other operations on items are made of: those that say in PartiQL what to do.
 *
 * Everything here takes a `TableView` and normalised values; parameters, names of tables and policies are the business of the operation.
 *
 * @example
 * const view = tools.tables.forItems(tableName, context);
 * const size = checkedItemSize(item);
 * const write = { tableId: view.record.resourceId, action: putAction(view, item, size), condition, wishes: wishesOf(tools, view, input, {}) };
 * const done = await writeItem(tools, view, write);
 * return writeReport(view, tableName, input, done, hashOf(view, item));
 */

export { ConsumedUnits, type ReadMode, readUnits } from "../../rules/capacity.ts";
export { checkedItemSize } from "../../rules/item-size.ts";
export { checkKey, keyIdentity, keyOf } from "../../rules/keys.ts";
export { checkCondition, deleteAction, putAction, updateAction } from "./actions.ts";
export {
  type CancellationReason,
  conditionalCheckFailed,
  transactionCancelled,
  validationReason,
} from "./cancellation.ts";
export { consumedByRead, readItem } from "./get-item.ts";
export { type PageInput, pageItems, readPage } from "./read-pages.ts";
export { mistakeOf, TRANSACTION_BYTES_MAX } from "./transact-get.ts";
export { type PlannedAction, runTransaction, transactToken } from "./transact-write.ts";
export {
  addWrite,
  consumedByWrite,
  hashOf,
  refusalError,
  refusalMessage,
  type WriteReport,
  wantsCapacity,
  wishesOf,
  writeItem,
  writeReport,
} from "./write-item.ts";
