/** Keys of items: what a request must give, and how AWS words what is wrong with it (DynamoDB Developer Guide, "Constraints"). Pure. */
import {
  type AttributeValue,
  attributeOf,
  base64Size,
  type Item,
  type MutableItem,
  setAttribute,
  TableValidation,
  textSize,
  typeOf,
} from "#data-plane/tables/values";
import type { KeyAttribute, KeyDefinition } from "../engine/port.ts";

export const HASH_BYTES_MAX = 2048;
export const RANGE_BYTES_MAX = 1024;

const INVALID = "One or more parameter values were invalid: ";
const NOT_VALID = "One or more parameter values are not valid. ";
const MISMATCH = "The provided key element does not match the schema";

/** A key as operations use it: tables have one hash attribute and at most one range attribute. */
export interface TableKeys {
  readonly definition: KeyDefinition;
  readonly hash: KeyAttribute;
  readonly range: KeyAttribute | undefined;
  readonly names: readonly string[];
}

export function tableKeys(definition: KeyDefinition): TableKeys {
  const [hash] = definition.hash;
  if (hash === undefined) throw new TypeError("a table without a hash key");
  const range = definition.range[0];
  return { definition, hash, range, names: range === undefined ? [hash.name] : [hash.name, range.name] };
}

/**
 * Checks a `Key` parameter: exactly the key attributes, of their types, neither empty nor too long.
 * @throws TableValidation
 */
export function checkKey(keys: TableKeys, key: Item): void {
  let count = 0;
  for (const _ in key) count += 1;
  if (count !== keys.names.length) throw new TableValidation(MISMATCH);
  checkKeyPart(keys.hash, key, true);
  if (keys.range !== undefined) checkKeyPart(keys.range, key, false);
}

function checkKeyPart(attribute: KeyAttribute, key: Item, isHash: boolean): void {
  const value = attributeOf(key, attribute.name);
  if (value === undefined || typeOf(value) !== attribute.type) throw new TableValidation(MISMATCH);
  checkKeyValue(attribute, value, isHash);
}

/**
 * Checks the key attributes of a whole item.
 * @throws TableValidation
 */
export function checkItemKeys(keys: TableKeys, item: Item): void {
  checkItemKey(keys.hash, item, true);
  if (keys.range !== undefined) checkItemKey(keys.range, item, false);
}

function checkItemKey(attribute: KeyAttribute, item: Item, isHash: boolean): void {
  const { name, type } = attribute;
  const value = attributeOf(item, name);
  if (value === undefined) throw new TableValidation(`${INVALID}Missing the key ${name} in the item`);
  const actual = typeOf(value);
  if (actual !== type) {
    throw new TableValidation(`${INVALID}Type mismatch for key ${name} expected: ${type} actual: ${actual}`);
  }
  checkKeyValue(attribute, value, isHash);
}

/**
 * Checks a value of the right type.
 *
 * @param prefix how the sentence about an empty value begins
 * @throws TableValidation
 */
export function checkKeyValue(
  attribute: KeyAttribute,
  value: AttributeValue,
  isHash: boolean,
  prefix = NOT_VALID,
): void {
  if (attribute.type === "N") return;
  const size = "S" in value ? textSize(value.S) : "B" in value ? base64Size(value.B) : 0;
  if (size === 0) throw new EmptyKeyValue(`${prefix}${emptyKeyValue(attribute.type)} Key: ${attribute.name}`);
  if (isHash ? size > HASH_BYTES_MAX : size > RANGE_BYTES_MAX)
    throw new TableValidation(`${INVALID}${keyTooLong(isHash)}`);
}

/** Transactions are refused as a whole for it, and not with a reason for one action. */
export class EmptyKeyValue extends TableValidation {}

/** A key attribute's value that is empty. Ends with a full stop. */
export const emptyKeyValue = (type: string): string =>
  `The AttributeValue for a key attribute cannot contain an empty ${type === "B" ? "binary" : "string"} value.`;

export const keyTooLong = (isHash: boolean): string =>
  isHash
    ? `Size of hashkey has exceeded the maximum size limit of${HASH_BYTES_MAX} bytes`
    : `Aggregated size of all range keys has exceeded the size limit of ${RANGE_BYTES_MAX} bytes`;

/** The key attributes of an item. */
export function keyOf(keys: TableKeys, item: Item): Item {
  const key: MutableItem = {};
  for (const name of keys.names) {
    const value = attributeOf(item, name);
    if (value !== undefined) setAttribute(key, name, value);
  }
  return key;
}

/** One text for one key, for finding duplicates: values are canonical. */
export function keyIdentity(keys: TableKeys, item: Item): string {
  const hash = JSON.stringify(attributeOf(item, keys.hash.name));
  return keys.range === undefined ? hash : `${hash}${JSON.stringify(attributeOf(item, keys.range.name))}`;
}
