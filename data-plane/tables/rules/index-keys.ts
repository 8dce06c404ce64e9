/** Key attributes of indexes: absent is fine (the item is not in the index then), of another type is not. Pure. */
import {
  type AttributeValue,
  attributeOf,
  base64Size,
  type Item,
  TableValidation,
  textSize,
  typeOf,
} from "#data-plane/tables/values";
import type { TableDefinition, WriteRefused } from "../engine/port.ts";
import { emptyKeyValue, HASH_BYTES_MAX, keyTooLong, RANGE_BYTES_MAX } from "./keys.ts";

type IndexKeyInvalid = Extract<WriteRefused, { readonly refused: "IndexKeyInvalid" }>;

const INVALID = "One or more parameter values were invalid: ";

/** One key attribute of an index that is no key attribute of the table. */
export interface IndexKeyAttribute {
  readonly index: string;
  readonly attribute: string;
  readonly type: "S" | "N" | "B";
  readonly isHash: boolean;
}

/** What has to be looked at in each item that is put into the table. */
export function indexKeyAttributes(definition: TableDefinition): readonly IndexKeyAttribute[] {
  const own = new Set([...definition.keys.hash, ...definition.keys.range].map(({ name }) => name));
  return [...definition.localIndexes, ...definition.globalIndexes].flatMap(({ name: index, keys }) =>
    (["hash", "range"] as const).flatMap((role) =>
      keys[role]
        .filter(({ name }) => !own.has(name))
        .map(({ name: attribute, type }) => ({ index, attribute, type, isHash: role === "hash" })),
    ),
  );
}

/** @throws TableValidation */
export function checkIndexKeys(attributes: readonly IndexKeyAttribute[], item: Item): void {
  for (const { index, attribute, type, isHash } of attributes) {
    const value = attributeOf(item, attribute);
    if (value === undefined) continue;
    const actual = typeOf(value);
    if (actual !== type) throw indexKeyProblem({ index, attribute, expected: type, actual, problem: "type" }, isHash);
    if (type === "N") continue;
    const size = sizeOf(value);
    if (size === 0) throw indexKeyProblem({ index, attribute, expected: type, actual, problem: "empty" }, isHash);
    if (size > (isHash ? HASH_BYTES_MAX : RANGE_BYTES_MAX)) {
      throw indexKeyProblem({ index, attribute, expected: type, actual, problem: "size" }, isHash);
    }
  }
}

const sizeOf = (value: AttributeValue): number =>
  "S" in value ? textSize(value.S) : "B" in value ? base64Size(value.B) : 0;

/** DynamoDB's sentence about a key attribute of an index. */
export function indexKeyProblem(
  { index, attribute, expected, actual, problem }: Omit<IndexKeyInvalid, "refused">,
  isHash: boolean,
): TableValidation {
  switch (problem) {
    case "type":
      return new TableValidation(
        `${INVALID}Type mismatch for Index Key ${attribute} Expected: ${expected} Actual: ${actual} IndexName: ${index}`,
      );
    case "empty":
      return new TableValidation(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. ${emptyKeyValue(actual)} IndexName: ${index}, IndexKey: ${attribute}`,
      );
    case "size":
      return new TableValidation(`${INVALID}${keyTooLong(isHash)}`);
  }
}
