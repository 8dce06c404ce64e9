/** How INSERT, UPDATE, DELETE and EXISTS are carried out. */
import type { TableDefinition } from "#data-plane/tables/engine";
import {
  assembleUpdate,
  assertKeysNotUpdated,
  type Condition,
  type ConditionNode,
  type Update,
} from "#data-plane/tables/expressions";
import {
  type AttributeValue,
  compareValues,
  type Item,
  type MutableItem,
  setAttribute,
  TableValidation,
  typeOf,
} from "#data-plane/tables/values";
import { type BoundStatement, refusal } from "./bound-statement.ts";
import { conditionOf, conjunction, disjunction, isAlways } from "./condition-nodes.ts";
import { lowerLinks } from "./conditions.ts";
import { comparisonWith } from "./key-predicates.ts";
import { memberName, readValue } from "./literals.ts";
import type { Delete, Exists, Expression, Insert, Returning, Source, Update as UpdateStatement } from "./syntax.ts";
import { lowerUpdate } from "./updates.ts";

/** Keys are of the table's types, but neither their sizes nor what is put has been looked at. */
export type WritePlan =
  | { readonly kind: "put"; readonly item: Item; readonly condition: Condition }
  | {
      readonly kind: "update";
      readonly key: Item;
      readonly update: Update;
      readonly condition: Condition;
      readonly returning?: Returning;
    }
  | { readonly kind: "delete"; readonly key: Item; readonly condition?: Condition; readonly returning?: Returning }
  | { readonly kind: "check"; readonly key: Item; readonly condition: Condition };

/** WHERE does not name exactly one item. Transactions word it in another way. */
export class KeyNotNamed extends TableValidation {}

/** @throws TableValidation in DynamoDB's words; KeyNotNamed */
export function planWrite(
  bound: BoundStatement,
  statement: Insert | UpdateStatement | Delete | Exists,
  table: TableDefinition,
): WritePlan {
  switch (statement.kind) {
    case "insert":
      return planInsert(bound, statement, table);
    case "update":
      return planUpdate(bound, statement, table);
    case "delete":
      return planDelete(bound, statement, table);
    case "exists":
      return planExists(bound, statement, table);
  }
}

function planInsert(bound: BoundStatement, { into, value }: Insert, table: TableDefinition): WritePlan {
  assertNoIndex(into);
  return { kind: "put", item: insertedItem(bound, value), condition: conditionOf(absent(table)) };
}

function insertedItem(bound: BoundStatement, value: Expression): Item {
  if (value.kind !== "tuple") {
    const whole = value.kind === "parameter" ? readValue(bound, value) : undefined;
    if (whole !== undefined && "M" in whole) return whole.M;
    throw refusal(bound, "Expected a tuple in VALUE", value.span);
  }
  const item: MutableItem = {};
  for (const { name, value: member } of value.members) {
    const text = memberName(bound, name);
    if (Object.hasOwn(item, text)) throw refusal(bound, `Duplicate key ${text} under root`, name.span);
    setAttribute(item, text, readValue(bound, member));
  }
  return item;
}

function planUpdate(bound: BoundStatement, statement: UpdateStatement, table: TableDefinition): WritePlan {
  assertNoIndex(statement.table);
  const update = assembleUpdate(lowerUpdate(bound, statement.actions));
  const { key, rest } = singleItem(bound, statement.where, table);
  assertKeysNotUpdated(update, keyNames(table));
  const { returning } = statement;
  return {
    kind: "update",
    key,
    update,
    condition: conditionOf(conjunction([present(table), rest])),
    ...(returning === undefined ? {} : { returning }),
  };
}

function planDelete(bound: BoundStatement, { from, where, returning }: Delete, table: TableDefinition): WritePlan {
  assertNoIndex(from);
  if (returning !== undefined && (returning.which !== "ALL" || returning.version !== "OLD")) {
    throw new TableValidation(
      `Invalid returning clause: RETURNING ${returning.which} ${returning.version} *. Only RETURNING ALL OLD * is allowed in DELETE statements.`,
    );
  }
  const { key, rest } = singleItem(bound, where, table);
  return {
    kind: "delete",
    key,
    // What is not there is deleted already, whatever else was demanded of it.
    ...(isAlways(rest) ? {} : { condition: conditionOf(disjunction([absent(table), rest])) }),
    ...(returning === undefined ? {} : { returning }),
  };
}

function planExists(bound: BoundStatement, { select }: Exists, table: TableDefinition): WritePlan {
  if (select.from.index !== undefined) {
    throw new TableValidation("Reads on indices are not supported within transactions.");
  }
  const named = select.where === undefined ? undefined : splitKey(lowerLinks(bound, select.where), table, "first");
  if (named === undefined || isAlways(named.rest)) {
    throw new TableValidation("EXISTS() must contain a single item read with additional condition");
  }
  return { kind: "check", key: named.key, condition: conditionOf(named.rest) };
}

function assertNoIndex({ index }: Source): void {
  if (index !== undefined) throw new TableValidation("This operation is not supported on an index");
}

interface SingleItem {
  readonly key: Item;
  /** What is demanded of the item besides. */
  readonly rest: ConditionNode;
}

function singleItem(bound: BoundStatement, where: Expression | undefined, table: TableDefinition): SingleItem {
  const found = where === undefined ? undefined : splitKey(lowerLinks(bound, where), table, "only");
  if (found !== undefined) return found;
  throw new KeyNotNamed("Where clause does not contain a mandatory equality on all key attributes");
}

/**
 * Parts the key from the rest of a condition's links; undefined when an attribute of the key is not named.
 * @param which what another value for an attribute of the key is: a mistake, or one more condition
 */
function splitKey(
  links: readonly ConditionNode[],
  table: TableDefinition,
  which: "only" | "first",
): SingleItem | undefined {
  const key: MutableItem = {};
  const names = keyNames(table);
  const rest = links.filter((link) => {
    const found = keyEquality(link, names);
    if (found === undefined) return true;
    const { name, value } = found;
    const known = Object.hasOwn(key, name) ? key[name] : undefined;
    if (known === undefined) setAttribute(key, name, value);
    else if (!isSame(known, value)) {
      if (which === "first") return true;
      throw new KeyNotNamed(
        `Multiple conditions on same key ${name}. Only single item Update/Insert/Delete are supported`,
      );
    }
    return false;
  });
  return names.every((name) => Object.hasOwn(key, name)) ? { key, rest: conjunction(rest) } : undefined;
}

function keyEquality(
  link: ConditionNode,
  names: readonly string[],
): { readonly name: string; readonly value: AttributeValue } | undefined {
  for (const name of names) {
    const comparison = comparisonWith(link, name);
    if (comparison?.operator === "=") return { name, value: comparison.value };
  }
  return undefined;
}

function isSame(a: AttributeValue, b: AttributeValue): boolean {
  return typeOf(a) === typeOf(b) && compareValues(a, b) === 0;
}

function keyNames({ keys }: TableDefinition): readonly string[] {
  return [...keys.hash, ...keys.range].map(({ name }) => name);
}

function present({ keys }: TableDefinition): ConditionNode {
  return { kind: "exists", path: [keys.hash[0]!.name] };
}

function absent({ keys }: TableDefinition): ConditionNode {
  return { kind: "not-exists", path: [keys.hash[0]!.name] };
}
