/**
 * The key of an entry of an index: the hash, all key attributes of the index, each saying where it ends, then the bytes of the item's own key, which make entries unique and
 * order those with the same index key.
 *
 * The index of expiry times has no hash attributes and no hash: its entries are in the order of time.
 */
import {
  type AttributeValue,
  attributeOf,
  base64Size,
  concatBytes,
  encodeKey,
  encodeKeyPart,
  hashOfBytes,
  type Item,
  numberSize,
  textSize,
  typeOf,
} from "#data-plane/tables/values";
import type { KeyAttribute, KeyDefinition, WriteRefused } from "../port.ts";
import { behindHash, requiredAttribute } from "./item-key.ts";

/** Bytes of the values of a hash key and of a range key of an index (DynamoDB Developer Guide, Quotas). */
export const HASH_KEY_BYTES_MAX = 2048;
export const RANGE_KEY_BYTES_MAX = 1024;

/** Keys of one index to bytes. */
export interface IndexKeys {
  /** Undefined when the index does not show this item: a key attribute is missing or, where that is no refusal, of a wrong kind. */
  entry(item: Item, itemKey: Uint8Array): Uint8Array | undefined;
  /** Why an item may not be stored in a table with this index. */
  problem(item: Item): KeyProblem | undefined;
  /** What the bytes of all entries with these hash values begin with. */
  partition(hash: readonly AttributeValue[]): Uint8Array;
  /** Where an item with these attributes would be, without its own key: for start keys. @throws TypeError when an attribute is missing or of another type */
  place(item: Item): Uint8Array;
}

type IndexKeyInvalid = Extract<WriteRefused, { refused: "IndexKeyInvalid" }>;
export type KeyProblem = Pick<IndexKeyInvalid, "attribute" | "expected" | "actual" | "problem">;

export function createIndexKeys({ hash, range }: KeyDefinition): IndexKeys {
  const partition = (values: readonly AttributeValue[]): Uint8Array => {
    if (hash.length === 0) return new Uint8Array(0);
    const parts = hash.map(({ type }, at) => encodeKeyPart(type, values[at]!));
    const hashed = hash.length === 1 ? encodeKey(hash[0]!.type, values[0]!) : concatBytes(parts);
    return behindHash(hashOfBytes(hashed), parts.length === 1 ? parts[0]! : concatBytes(parts));
  };
  const place = (item: Item): Uint8Array => {
    const parts = [partition(hash.map(({ name }) => requiredAttribute(item, name)))];
    for (const { name, type } of range) parts.push(encodeKeyPart(type, requiredAttribute(item, name)));
    return concatBytes(parts);
  };
  const all = [...hash, ...range];
  const shows = (item: Item): boolean => all.every(({ name }) => attributeOf(item, name) !== undefined);
  const problem = (item: Item): KeyProblem | undefined =>
    problemOf(item, hash, HASH_KEY_BYTES_MAX) ?? problemOf(item, range, RANGE_KEY_BYTES_MAX);
  return {
    partition,
    place,
    problem,
    entry: (item, itemKey) =>
      shows(item) && problem(item) === undefined ? concatBytes([place(item), itemKey]) : undefined,
  };
}

function problemOf(item: Item, attributes: readonly KeyAttribute[], bytesMax: number): KeyProblem | undefined {
  let bytes = 0;
  for (const { name, type } of attributes) {
    const value = attributeOf(item, name);
    if (value === undefined) continue;
    const actual = typeOf(value);
    if (actual !== type) return { attribute: name, expected: type, actual, problem: "type" };
    const size = sizeOf(value);
    if (size === 0) return { attribute: name, expected: type, actual, problem: "empty" };
    bytes += size;
    if (bytes > bytesMax) return { attribute: name, expected: type, actual, problem: "size" };
  }
  return undefined;
}

function sizeOf(value: AttributeValue): number {
  if ("S" in value) return textSize(value.S);
  if ("N" in value) return numberSize(value.N);
  return "B" in value ? base64Size(value.B) : 0;
}
