/** Actions on one item, checked against the table: what the engine is asked to do, whichever operation asked for it. */
import { assertKeysNotUpdated, type Condition, type Update } from "#data-plane/tables/expressions";
import type { Item } from "#data-plane/tables/values";
import type { ItemAction } from "../../engine/port.ts";
import { checkPaths } from "../../rules/document-paths.ts";
import { checkIndexKeys, checkUpdatedIndexKeys } from "../../rules/index-keys.ts";
import { checkItemKeys, checkKey } from "../../rules/keys.ts";
import type { TableView } from "../../service/table-view.ts";

type Action<Kind extends ItemAction["kind"]> = Extract<ItemAction, { readonly kind: Kind }>;

/**
 * @param item normalised
 * @param size of the item, as `checkedItemSize` gives it
 * @throws TableValidation when a key attribute of the table or of an index is not as it must be
 */
export function putAction(view: TableView, item: Item, size: number): Action<"put"> {
  checkItemKeys(view.keys, item);
  if (view.indexKeys.length > 0) checkIndexKeys(view.indexKeys, item);
  return { kind: "put", item, size };
}

/**
 * @param key normalised
 * @throws TableValidation when the key is not one of the table's, or the update touches it or makes of an index's what it may not be
 */
export function updateAction(view: TableView, key: Item, update: Update): Action<"update"> {
  checkKey(view.keys, key);
  assertKeysNotUpdated(update, view.keys.names);
  if (view.indexKeys.length > 0) checkUpdatedIndexKeys(view.indexKeys, update);
  checkPaths(view, update);
  return { kind: "update", key, update };
}

/** @throws TableValidation when the key is not one of the table's */
export function deleteAction(view: TableView, key: Item): Action<"delete"> {
  checkKey(view.keys, key);
  return { kind: "delete", key };
}

/** @throws TableValidation when the condition takes a key attribute for a document */
export function checkCondition(view: TableView, condition: Condition | undefined): void {
  if (condition !== undefined) checkPaths(view, condition);
}
