/** ExclusiveStartKey of Query and Scan (DynamoDB API Reference). Pure. */
import type { KeyCondition } from "#data-plane/tables/expressions";
import {
  type AttributeValue,
  attributeOf,
  compareValues,
  equalValues,
  type Item,
  TableValidation,
  typeOf,
} from "#data-plane/tables/values";
import type { KeyDefinition } from "../engine/port.ts";
import { checkKeyValue, type TableKeys } from "./keys.ts";

const INVALID = "The provided starting key is invalid";
const MISMATCH = `${INVALID}: The provided key element does not match the schema`;

/** What is read, as far as a starting key must fit it. */
export interface StartPlace {
  readonly table: TableKeys;
  /** The key of the index that is read. */
  readonly index?: KeyDefinition;
  /** Names of all attributes that the key must have. */
  readonly names: readonly string[];
}

/** @throws TableValidation when names or types are not those of what is read */
export function checkStartKey(start: Item, { table, index, names }: StartPlace): void {
  const given = Object.keys(start);
  if (given.length !== names.length || names.some((name) => attributeOf(start, name) === undefined)) {
    throw new TableValidation(index === undefined ? MISMATCH : INVALID);
  }
  for (const keys of index === undefined ? [table.definition] : [table.definition, index]) {
    for (const role of ["hash", "range"] as const) {
      for (const attribute of keys[role]) {
        const value = attributeOf(start, attribute.name)!;
        if (typeOf(value) !== attribute.type) throw new TableValidation(MISMATCH);
        checkKeyValue(attribute, value, role === "hash", `${INVALID}: One or more parameter values were invalid: `);
      }
    }
  }
}

/** @throws TableValidation when the key is not within what the query reads */
export function checkStartsWithin(start: Item, condition: KeyCondition, keys: KeyDefinition): void {
  const { range = [] } = condition;
  for (const [at, each] of range.entries()) {
    const attribute = keys.range[at];
    const value = attribute === undefined ? undefined : attributeOf(start, attribute.name);
    if (value === undefined || !satisfies(value, each.op, each.values)) {
      throw new TableValidation("The provided starting key does not match the range key predicate");
    }
  }
  for (const [at, { name }] of keys.hash.entries()) {
    const value = attributeOf(start, name);
    const wanted = condition.hash[at];
    if (value === undefined || wanted === undefined || !equalValues(value, wanted)) {
      throw new TableValidation(
        range.length > 0
          ? "The query can return at most one row and cannot be restarted"
          : "The provided starting key is outside query boundaries based on provided conditions",
      );
    }
  }
}

function satisfies(
  value: AttributeValue,
  op: NonNullable<KeyCondition["range"]>[number]["op"],
  [first, second]: readonly AttributeValue[],
): boolean {
  if (first === undefined) return true;
  if (op === "begins_with") return beginsWith(value, first);
  const order = compareValues(value, first);
  if (order === undefined) return false;
  switch (op) {
    case "=":
      return order === 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "BETWEEN":
      return order >= 0 && second !== undefined && (compareValues(value, second) ?? 1) <= 0;
  }
}

function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if ("S" in value && "S" in prefix) return value.S.startsWith(prefix.S);
  if (!("B" in value && "B" in prefix)) return false;
  const [bytes, start] = [Buffer.from(value.B, "base64"), Buffer.from(prefix.B, "base64")];
  return bytes.subarray(0, start.length).equals(start);
}
