/** The size of an item (DynamoDB Developer Guide, "Quotas": 400 KB with the names of attributes). Pure. */
import { type Item, itemSize, TableValidation, textSize } from "#data-plane/tables/values";
import { ITEM_BYTES_MAX } from "../engine/port.ts";

const NAME_BYTES_MAX = 65_535;

/**
 * @returns bytes
 * @throws TableValidation for an item or a name of an attribute that is too large
 */
export function checkedItemSize(item: Item): number {
  const size = itemSize(item);
  if (size > NAME_BYTES_MAX) checkNames(item);
  if (size > ITEM_BYTES_MAX) throw new TableValidation("Item size has exceeded the maximum allowed size");
  return size;
}

function checkNames(item: Item): void {
  for (const name in item) {
    if (name.length > NAME_BYTES_MAX / 3 && textSize(name) > NAME_BYTES_MAX) {
      throw new TableValidation(
        "One or more parameter values were invalid: Attribute name is too large, must be less than 65536 bytes",
      );
    }
  }
}

export const UPDATED_ITEM_TOO_LARGE = "Item size to update has exceeded the maximum allowed size";
