/**
 * The key of an item as bytes: four bytes of hash, so that a scan walks in hash order and a segment of it is a range, then the key itself.
 *
 * Rows are stored in this order, so nothing here may ever change.
 */
import {
  type AttributeValue,
  attributeOf,
  concatBytes,
  decodeCompositeKey,
  delimitedKey,
  encodeKey,
  endOfKeyPart,
  hashOfBytes,
  type Item,
  type MutableItem,
  setAttribute,
} from "#data-plane/tables/values";
import type { KeyAttribute, KeyDefinition } from "../port.ts";

export const HASH_BYTES = 4;

/** Keys of one table to bytes and back. */
export interface ItemKeys {
  /** All key attributes, hash first. */
  readonly attributes: readonly KeyAttribute[];
  /** The bytes of the key that is in the item, whatever else is in it. @throws TypeError when an attribute is missing or of another type */
  encode(item: Item): Uint8Array;
  /** The key attributes alone. */
  decode(bytes: Uint8Array): Item;
  /** What the bytes of all items with this hash key begin with; for a table without a range key the whole bytes of the one item. */
  partition(hash: AttributeValue): Uint8Array;
  /** The same for the item whose key is in these bytes. */
  partitionOf(bytes: Uint8Array): Uint8Array;
}

export function createItemKeys({ hash, range }: KeyDefinition): ItemKeys {
  const hashAttribute = hash[0];
  if (hashAttribute === undefined) throw new TypeError("a table has a hash attribute");
  const rangeAttribute = range[0];
  const attributes = rangeAttribute === undefined ? [hashAttribute] : [hashAttribute, rangeAttribute];
  const types = attributes.map(({ type }) => type);
  const partition = (value: AttributeValue): Uint8Array => {
    const bare = encodeKey(hashAttribute.type, value);
    return behindHash(hashOfBytes(bare), rangeAttribute === undefined ? bare : delimitedKey(hashAttribute.type, bare));
  };
  return {
    attributes,
    partition,
    partitionOf: (bytes) =>
      rangeAttribute === undefined ? bytes : bytes.subarray(0, endOfKeyPart(hashAttribute.type, bytes, HASH_BYTES)),
    encode(item) {
      const prefix = partition(requiredAttribute(item, hashAttribute.name));
      if (rangeAttribute === undefined) return prefix;
      const rest = encodeKey(rangeAttribute.type, requiredAttribute(item, rangeAttribute.name));
      return concatBytes([prefix, rest]);
    },
    decode(bytes) {
      const item: MutableItem = {};
      const values = decodeCompositeKey(types, bytes.subarray(HASH_BYTES));
      for (let at = 0; at < values.length; at++) setAttribute(item, attributes[at]!.name, values[at]!);
      return item;
    },
  };
}

/** The bytes with the hash before them, most significant byte first. */
export function behindHash(hash: number, bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(HASH_BYTES + bytes.length);
  result[0] = hash >>> 24;
  result[1] = hash >>> 16;
  result[2] = hash >>> 8;
  result[3] = hash;
  result.set(bytes, HASH_BYTES);
  return result;
}

/** @throws TypeError when it is not there */
export function requiredAttribute(item: Item, name: string): AttributeValue {
  const value = attributeOf(item, name);
  if (value === undefined) throw new TypeError(`the key attribute "${name}" is missing`);
  return value;
}
