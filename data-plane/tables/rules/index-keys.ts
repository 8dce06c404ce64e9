/** Key attributes of indexes: absent is fine (the item is not in the index then), of another type is not. Pure. */

import type { SetValue, Update, UpdateAction } from "#data-plane/tables/expressions";
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
import { EmptyKeyValue, emptyKeyValue, HASH_BYTES_MAX, keyTooLong, RANGE_BYTES_MAX } from "./keys.ts";

type IndexKeyInvalid = Extract<WriteRefused, { readonly refused: "IndexKeyInvalid" }>;

const INVALID = "One or more parameter values were invalid: ";

/** One key attribute of an index that is no key attribute of the table. */
export interface IndexKeyAttribute {
  readonly index: string;
  readonly attribute: string;
  readonly type: "S" | "N" | "B";
  readonly isHash: boolean;
}

/** What has to be looked at in each item that is put into the table. What is wrong with two indexes is said of the first by name. */
export function indexKeyAttributes(definition: TableDefinition): readonly IndexKeyAttribute[] {
  const own = new Set([...definition.keys.hash, ...definition.keys.range].map(({ name }) => name));
  return [...definition.localIndexes, ...definition.globalIndexes]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name: index, keys }) =>
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

/**
 * Checks what can be told of an update without the item. The engine checks the rest, when it knows what comes of it.
 *
 * @throws TableValidation
 */
export function checkUpdatedIndexKeys(attributes: readonly IndexKeyAttribute[], { actions }: Update): void {
  for (const { index, attribute, type, isHash } of attributes) {
    for (const action of actions) {
      if (action.path.length !== 1 || action.path[0] !== attribute) continue;
      const { actual = type, isEmpty } = outcomeOf(action);
      const problem = { index, attribute, expected: type, actual };
      if (actual !== type) throw indexKeyProblem({ ...problem, problem: "type" }, isHash);
      if (isEmpty) throw updatedIndexKeyProblem({ ...problem, problem: "empty" }, isHash, "UpdateExpression");
    }
  }
}

type Outcome = { readonly actual?: IndexKeyInvalid["actual"]; readonly isEmpty: boolean };

/** What an action makes of its attribute, as far as it does not depend on the item. */
function outcomeOf(action: UpdateAction): Outcome {
  if (action.kind === "set") return outcomeOfSet(action.value);
  return action.kind === "add" ? outcomeOfSet({ kind: "value", value: action.value }) : UNKNOWN;
}

function outcomeOfSet(set: SetValue): Outcome {
  switch (set.kind) {
    case "value": {
      const actual = typeOf(set.value);
      return { actual, isEmpty: (actual === "S" || actual === "B") && sizeOf(set.value) === 0 };
    }
    case "add":
    case "subtract":
      return { actual: "N", isEmpty: false };
    case "list-append":
      return { actual: "L", isEmpty: false };
    default:
      return UNKNOWN;
  }
}

const UNKNOWN: Outcome = { isEmpty: false };

/** DynamoDB's sentence about what an update makes of a key attribute of an index. */
export function updatedIndexKeyProblem(
  problem: Omit<IndexKeyInvalid, "refused">,
  isHash: boolean,
  origin: Update["origin"],
): TableValidation {
  switch (problem.problem) {
    case "empty":
      return new EmptyKeyValue(
        `One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. ${emptyKeyValue(problem.actual)}`,
      );
    case "type":
      if (origin === "AttributeUpdates") return indexKeyProblem(problem, isHash);
      return new TableValidation(
        "The update expression attempted to update the secondary index key to unsupported type",
      );
    case "size":
      if (origin === "AttributeUpdates") return indexKeyProblem(problem, isHash);
      return new TableValidation(
        "The update expression attempted to update the secondary index key beyond allowed size limits",
      );
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
      return new EmptyKeyValue(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. ${emptyKeyValue(actual)} IndexName: ${index}, IndexKey: ${attribute}`,
      );
    case "size":
      return new TableValidation(`${INVALID}${keyTooLong(isHash)}`);
  }
}
